"""A test buy from its order to its verdict, with every holder of the goods."""

import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from features.message import message
from models.case import CaseLane, CaseState
from models.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from models.verdict import Evidence, Judgement, Outcome, ReasonCode
from serving.cases.rules.test_buy import CustodyEvent, Examiner, TestBuyState
from serving.cases.service.decision_context import Answer
from serving.cases.service.review import record_verdict
from serving.cases.service.test_buys import Finding, Order, Step, close, place_order, read, take_step
from serving.cases.store import cases, verdicts
from serving.cases.store.cases import Case
from serving.cases.tables import verdict
from serving.webhooks.rules.action import ActionState
from tests.fixtures.runtimes import Site, a_case, judge

LAB = "Laboratoire Duval"
FAKE = Finding(Examiner.LABORATORY, LAB, Judgement.COUNTERFEIT, "Stitching and hardware.", ReasonCode.MARK_MISUSE)
WAY = (
    Step(CustodyEvent.RECEIVE, "Ines Moreau", "Parcel intact, seal 0471."),
    Step(CustodyEvent.INSPECT, "Ines Moreau", "No serial number, logo off centre."),
    Step(CustodyEvent.HAND_OVER, LAB, "By courier, seal 0472."),
)


def ordered_test_buy(site: Site, case: Case, **changes: Any) -> str:
    """A test buy of a case."""
    arrives = site.clock.now() + timedelta(days=5)
    new_order = Order(case.case_id, case.version_id, "BZ-991", arrives, Decimal("89.00"), "EUR")
    return place_order(site.runtime, site.analyst, replace(new_order, **changes))


def examined_test_buy(site: Site, case: Case) -> str:
    """A test buy whose goods are with the laboratory."""
    test_buy_id = ordered_test_buy(site, case)
    for step in WAY:
        site.clock.forward(days=1)
        take_step(site.runtime, site.analyst, test_buy_id, step)
    return test_buy_id


def test_goods_found_counterfeit_take_the_listing_down_and_the_log_names_every_hand(any_site: Site) -> None:
    test_buy_id = examined_test_buy(any_site, a_case(any_site))
    done = close(any_site.runtime, any_site.analyst, test_buy_id, FAKE)
    assert done.consequence.outcome is Outcome.REMOVE
    assert done.consequence.reasons == (message("verdict.examined"),)
    assert done.action is not None
    assert done.action.state is ActionState.SCHEDULED
    test_buy, log = read(any_site.runtime, any_site.analyst, test_buy_id)
    assert (test_buy.custody.state, test_buy.verdict_id) == (TestBuyState.CLOSED, done.verdict_id)
    assert [(line.number, line.event.value, line.holder) for line in log] == [
        (1, "order", None),
        (2, "receive", "Ines Moreau"),
        (3, "inspect", "Ines Moreau"),
        (4, "hand_over", LAB),
        (5, "examine", LAB),
    ]
    assert log[-1].text == "Laboratory: counterfeit. Stitching and hardware."
    assert all(before.occurred_at <= after.occurred_at for before, after in itertools.pairwise(log))


def test_goods_found_genuine_or_grey_leave_the_listing_where_it_is(site: Site) -> None:
    for number, judgement in enumerate((Judgement.GENUINE, Judgement.GREY_MARKET)):
        test_buy_id = examined_test_buy(site, a_case(site, external_id=f"MP-9{number}"))
        done = close(site.runtime, site.analyst, test_buy_id, replace(FAKE, judgement=judgement))
        assert (done.consequence.outcome, done.action) == (Outcome.NONE, None)


def test_a_case_with_a_test_buy_is_queued_for_analysts_and_not_for_the_brand(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    test_buy_id = ordered_test_buy(site, case)
    queued_case = site.read(cases.get, site.marketplace_id, case.case_id)
    assert (queued_case.state, queued_case.lane) == (CaseState.OPEN, CaseLane.ANALYST)
    assert queued_case.due_at == read(site.runtime, site.analyst, test_buy_id)[0].due_at > case.due_at
    with pytest.raises(Conflict, match="running for this case"):
        ordered_test_buy(site, queued_case)


REFUSED: list[tuple[tuple[Step, ...], Step, type[DomainError], str, str]] = [
    ((), WAY[1], Conflict, "have not been received", "inspected before receipt"),
    (WAY[:1], replace(WAY[1], holder=LAB), Conflict, "are with Ines Moreau", "by somebody who does not hold it"),
    (WAY[:1], replace(WAY[2], holder=" "), Invalid, "The holder must have", "handed to nobody"),
    (WAY[:1], replace(WAY[1], text=""), Invalid, "The note must have", "no observation"),
    ((), Step(CustodyEvent.EXAMINE, LAB, "x"), Invalid, "neither is a custody step", "a verdict is no step"),
]


@pytest.mark.parametrize(("before", "then", "error", "expected", "_why"), REFUSED)
def test_a_step_that_breaks_the_chain_is_refused_and_leaves_no_line(
    site: Site, before: tuple[Step, ...], then: Step, error: type[DomainError], expected: str, _why: str
) -> None:
    test_buy_id = ordered_test_buy(site, a_case(site))
    for step in before:
        take_step(site.runtime, site.analyst, test_buy_id, step)
    with pytest.raises(error, match=expected):
        take_step(site.runtime, site.analyst, test_buy_id, then)
    assert len(read(site.runtime, site.analyst, test_buy_id)[1]) == 1 + len(before)


@pytest.mark.both_engines
@pytest.mark.parametrize("change", ["UPDATE custody_entry SET description = 'x'", "DELETE FROM custody_entry"])
def test_the_database_refuses_to_change_a_line(any_site: Site, change: str) -> None:
    ordered_test_buy(any_site, a_case(any_site))
    with pytest.raises(DBAPIError, match="append-only"), any_site.runtime.store.write() as connection:
        connection.execute(text(change))


def test_a_step_is_not_dated_into_the_future_or_before_the_last(site: Site) -> None:
    test_buy_id = ordered_test_buy(site, a_case(site))
    for days in (-1, 1):
        at = site.clock.now() + timedelta(days=days)
        with pytest.raises(Invalid, match="cannot be earlier than the one before it, or in the future"):
            take_step(site.runtime, site.analyst, test_buy_id, replace(WAY[0], occurred_at=at))


def test_a_case_decided_meanwhile_is_not_decided_again_and_the_log_stays(site: Site) -> None:
    case = a_case(site)
    test_buy_id = examined_test_buy(site, case)
    judge(site, site.second_analyst, case, Judgement.GENUINE)
    with pytest.raises(Conflict, match="decided already"):
        close(site.runtime, site.analyst, test_buy_id, FAKE)
    test_buy, log = read(site.runtime, site.analyst, test_buy_id)
    assert (test_buy.custody.state, len(log)) == (TestBuyState.INSPECTED, 4)
    cancel = Step(CustodyEvent.CANCEL, "", "The case was decided.")
    assert take_step(site.runtime, site.analyst, test_buy_id, cancel) is TestBuyState.CANCELLED


def test_a_brand_orders_none_and_reads_none(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    arrives = site.clock.now() + timedelta(days=5)
    with pytest.raises(Forbidden, match="Only analysts order test buys"):
        place_order(site.runtime, site.brand_person, Order(case.case_id, case.version_id, "BZ-1", arrives))
    test_buy_id = ordered_test_buy(site, case)
    with pytest.raises(NotFound):
        read(site.runtime, site.brand_person, test_buy_id)


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"reference": " "}, "The order reference must have", "no reference"),
    ({"cost": None}, "an amount and a currency", "a currency without an amount"),
    ({"currency": "eur"}, "zero or more in a currency", "no currency"),
    ({"cost": Decimal(-1)}, "zero or more", "a negative price"),
]


@pytest.mark.parametrize(("changes", "expected", "_why"), WRONG)
def test_an_order_is_refused(site: Site, changes: dict[str, Any], expected: str, _why: str) -> None:
    with pytest.raises(Invalid, match=expected):
        ordered_test_buy(site, a_case(site), **changes)


def test_nobody_judges_by_a_test_buy_that_is_not_on_file(any_site: Site) -> None:
    case = a_case(any_site)
    answer = Answer(case.case_id, case.version_id, Judgement.COUNTERFEIT, evidence=Evidence.TEST_BUY)
    with pytest.raises(Invalid, match="no test buy of this listing on file"):
        record_verdict(any_site.runtime, any_site.analyst, answer)
    test_buy_id = ordered_test_buy(any_site, case)
    with pytest.raises(Conflict, match=r"is running. Record the finding there"):
        record_verdict(any_site.runtime, any_site.analyst, answer)
    assert any_site.read(verdicts.latest_of_case, any_site.marketplace_id, case.case_id) is None
    for step in WAY:
        any_site.clock.forward(days=1)
        take_step(any_site.runtime, any_site.analyst, test_buy_id, step)
    close(any_site.runtime, any_site.analyst, test_buy_id, replace(FAKE, judgement=Judgement.GENUINE))
    # The seller changes the listing and it is reviewed again; the earlier test buy is on file.
    later = a_case(any_site, price="79.00")
    judged = replace(answer, case_id=later.case_id, version_id=later.version_id, judgement=Judgement.GENUINE)
    record_verdict(any_site.runtime, any_site.analyst, judged)
    with any_site.runtime.store.read() as connection:
        query = select(verdict.c.evidence).where(verdict.c.case_id == later.case_id)
        assert connection.execute(query).scalars().all() == ["test_buy"]


def test_a_test_buy_is_ordered_of_the_current_version_and_arrives_later(site: Site) -> None:
    case = a_case(site)
    with pytest.raises(Invalid, match="must be in the future"):
        ordered_test_buy(site, case, arrives_by=site.clock.now())
    with pytest.raises(Conflict, match="The listing has changed"):
        ordered_test_buy(site, case, version_id="ver_of_another_time")
