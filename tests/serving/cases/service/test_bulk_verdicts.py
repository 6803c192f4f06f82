"""Bulk answers, on both engines: each case has its own transaction, rules and result."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from models.case import CaseLane, CaseState
from models.errors import Conflict, Invalid, NotFound
from models.verdict import Judgement
from serving.cases.policy import BulkVerdictPolicy
from serving.cases.rules.bulk_verdicts import BulkItemResult, NamedCase
from serving.cases.service.bulk_verdicts import BulkAnswer, decide_all, of_person, withdraw_all
from serving.cases.service.case_access import lease
from serving.cases.store import cases
from serving.cases.store.bulk_verdicts import StoredBulkItem
from serving.cases.store.cases import Case
from serving.listings.service.intake import receive_rows
from tests.fixtures.runtimes import Site, a_case, a_drawn_case, a_suspect_row, having, judge


def some_cases(site: Site, number: int) -> list[Case]:
    return [a_case(site, external_id=f"MP-{number}") for number in range(number)]


def bulk_answer_of(site: Site, cases: list[Case], judgement: Judgement = Judgement.GREY_MARKET) -> BulkAnswer:
    items = tuple(NamedCase(case.case_id, case.version_id) for case in cases)
    return BulkAnswer(site.runtime.ids.new("blk"), judgement, None, "Parallel imports.", items)


def decide(site: Site, bulk_answer: BulkAnswer) -> list[StoredBulkItem]:
    decide_all(site.runtime, site.analyst, bulk_answer)
    return of_person(site.runtime, site.analyst, bulk_answer.bulk_id)[1]


def state(site: Site, case: Case) -> CaseState:
    return site.read(cases.get, site.marketplace_id, case.case_id).state


def test_every_case_is_answered_and_has_its_own_line(any_site: Site) -> None:
    cases = having(any_site, some_cases, 3)
    items = decide(any_site, bulk_answer_of(any_site, cases))
    assert [(case.case_id, case.outcome) for case in items] == [
        (case.case_id, BulkItemResult.RECORDED) for case in cases
    ]
    assert all(line.verdict_id and line.reason for line in items)
    assert [state(any_site, case) for case in cases] == [CaseState.DECIDED] * 3


def test_a_refused_case_affects_no_other(any_site: Site) -> None:
    decided, leased_case, changed, asked_case, fine = having(any_site, some_cases, 5)
    judge(any_site, any_site.second_analyst, decided, Judgement.GENUINE)
    lease(any_site.runtime, any_site.second_analyst, leased_case.case_id)
    receive_rows(
        any_site.runtime, any_site.marketplace, [a_suspect_row(external_id="MP-2", price="3.00")], source="test"
    )
    judge(any_site, any_site.second_analyst, asked_case, Judgement.COUNTERFEIT)
    items = decide(any_site, bulk_answer_of(any_site, [decided, leased_case, changed, asked_case, fine]))
    assert [line.outcome for line in items] == [BulkItemResult.REFUSED] * 4 + [BulkItemResult.RECORDED]
    assert [line.reason for line in items[:4]] == [
        "This case has already been decided.",
        "Tomás Rey is working on this case.",
        "The listing was changed; a new case shows the current version.",
        "The brand has been asked and must answer this question.",
    ]
    assert state(any_site, leased_case) is CaseState.OPEN


def test_an_answer_needs_an_id_of_its_form(site: Site) -> None:
    with pytest.raises(Invalid, match="26 letters"):
        decide_all(site.runtime, site.analyst, replace(bulk_answer_of(site, some_cases(site, 1)), bulk_id="blk_short"))


def test_a_case_of_an_authorised_seller_is_left_out(site: Site) -> None:
    listing = {"title": "Aurelle Colline tote", "brand": "Aurelle", "seller": {"external_id": "maison-brandt"}}
    [line] = decide(site, bulk_answer_of(site, [a_drawn_case(site, **listing)]))
    assert (line.outcome, line.reason) == (
        BulkItemResult.REFUSED,
        "The brand authorised this seller. Decide this case on its own.",
    )


@pytest.mark.both_engines
def test_one_form_counts_once_and_what_was_interrupted_is_finished(any_site: Site) -> None:
    first, second = having(any_site, some_cases, 2)
    bulk_answer = bulk_answer_of(any_site, [first, second])
    decide(any_site, replace(bulk_answer, items=bulk_answer.items[:1]))  # As if the process ended here.
    items = decide(any_site, bulk_answer)
    assert [line.outcome for line in items] == [BulkItemResult.RECORDED, BulkItemResult.RECORDED]
    assert decide(any_site, bulk_answer) == items, "sent a third time"


@pytest.mark.both_engines
def test_one_form_sent_twice_in_the_same_moment_counts_once(any_site: Site) -> None:
    """Both begin without a result; the second then finds each case as the first left it."""
    bulk_answer = bulk_answer_of(any_site, having(any_site, some_cases, 6))
    start = threading.Barrier(2)

    def send() -> list[StoredBulkItem]:
        start.wait()
        return decide(any_site, bulk_answer)

    with ThreadPoolExecutor(2) as pool:
        first, second = [future.result() for future in [pool.submit(send), pool.submit(send)]]
    assert first == second
    assert [line.outcome for line in first] == [BulkItemResult.RECORDED] * 6


def test_other_ticks_in_a_form_that_was_sent_are_decided_beside_the_first(any_site: Site) -> None:
    first, second = having(any_site, some_cases, 2)
    bulk_answer = bulk_answer_of(any_site, [first])
    decide(any_site, bulk_answer)
    items = decide(any_site, replace(bulk_answer, items=(NamedCase(second.case_id, second.version_id),)))
    assert [(line.case_id, line.outcome) for line in items] == [
        (first.case_id, BulkItemResult.RECORDED),
        (second.case_id, BulkItemResult.RECORDED),
    ]


def test_another_answer_in_a_form_that_was_sent_is_refused(site: Site) -> None:
    first, second = having(site, some_cases, 2)
    bulk_answer = bulk_answer_of(site, [first])
    decide(site, bulk_answer)
    other = replace(bulk_answer, judgement=Judgement.GENUINE, items=(NamedCase(second.case_id, second.version_id),))
    with pytest.raises(Conflict, match="already sent with another answer"):
        decide(site, other)
    assert state(site, second) is CaseState.OPEN


def test_all_verdicts_are_undone_within_the_window(any_site: Site) -> None:
    cases = having(any_site, some_cases, 3)
    bulk_answer = bulk_answer_of(any_site, cases)
    decide(any_site, bulk_answer)
    any_site.clock.forward(seconds=60)
    assert withdraw_all(any_site.runtime, any_site.analyst, bulk_answer.bulk_id) == 3
    assert [state(any_site, case) for case in cases] == [CaseState.OPEN] * 3
    assert all(line.undone for line in of_person(any_site.runtime, any_site.analyst, bulk_answer.bulk_id)[1])
    with pytest.raises(Conflict, match="Nothing in this request is left to undo"):
        withdraw_all(any_site.runtime, any_site.analyst, bulk_answer.bulk_id)


def test_no_verdict_is_undone_after_the_window(site: Site) -> None:
    bulk_answer = bulk_answer_of(site, having(site, some_cases, 1))
    decide(site, bulk_answer)
    site.clock.forward(seconds=181)
    with pytest.raises(Conflict, match="undo window has closed"):
        withdraw_all(site.runtime, site.analyst, bulk_answer.bulk_id)


def test_an_answer_is_its_own_persons_alone(site: Site) -> None:
    bulk_answer = bulk_answer_of(site, having(site, some_cases, 1))
    decide(site, bulk_answer)
    with pytest.raises(NotFound):
        of_person(site.runtime, site.second_analyst, bulk_answer.bulk_id)
    with pytest.raises(NotFound):
        decide_all(site.runtime, site.second_analyst, bulk_answer)
    with pytest.raises(NotFound):
        withdraw_all(site.runtime, site.second_analyst, bulk_answer.bulk_id)


def test_one_too_many_is_refused_as_a_whole(site: Site) -> None:
    strict = replace(site.runtime, policies=site.runtime.policies.changed(BulkVerdictPolicy(1)))
    cases = having(site, some_cases, 2)
    with pytest.raises(Invalid, match="at most 1"):
        decide_all(strict, site.analyst, bulk_answer_of(site, cases))
    assert [state(site, case) for case in cases] == [CaseState.OPEN] * 2


def test_a_brands_person_answers_no_case_in_bulk(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    with pytest.raises(NotFound):
        decide_all(site.runtime, site.brand_person, bulk_answer_of(site, [case]))
