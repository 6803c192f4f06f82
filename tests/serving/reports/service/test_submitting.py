"""Reports: each listing has one result, by the rules of a confirmation."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Row, Select, func, select

from features.message import from_json
from models.case import CaseLane
from models.errors import Conflict, Invalid, NoRightCarries
from models.verdict import Judgement
from serving.audit.store import audit
from serving.audit.tables import audit_entry, audit_payload
from serving.brands.rules.rights import RightKind
from serving.cases.service.case_access import lease
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import cases
from serving.cases.tables import review_case, verdict
from serving.listings.service.intake import receive_rows
from serving.platform.idempotency.service import KeyReuse
from serving.reports.policy import ReportPolicy
from serving.reports.rules.outcomes import Code, ListingResult
from serving.reports.service import submitting
from serving.reports.service.previewing import preview_report
from serving.reports.service.waiting import decide_arrived_listings
from serving.reports.tables import report_outcome
from serving.standing.policy import StandingPolicy
from serving.standing.rules.standing import Level
from serving.takedowns.tables import action, evidence_part
from serving.webhooks.rules.action import ActionState
from serving.webhooks.service import dead_letters
from serving.webhooks.service.delivery import deliver_due, marketplaces_with_due
from serving.webhooks.service.letters import moving_count
from serving.webhooks.store import delivery_counts as outgoing
from serving.webhooks.store.listing_requests import StoredListingRequest, in_state
from tests.fixtures.receivers import Receiver, a_receiver, deliver
from tests.fixtures.reporting import a_draft, a_rival, action_states, on_sale, report, right_of
from tests.fixtures.runtimes import Site, a_case, a_row, having, judge, open_cases
from tests.fixtures.stepping_up import HOUR, in_level, with_a_small_hour
from tests.fixtures.submitting import SubmittedReport, submit_report
from tests.serving.web.visits import visit_as, words
from tests.serving.webhooks.service.test_delivery import register


def rows(site: Site, query: Select[Any]) -> list[Row[Any]]:
    return list(site.rows(query))


def test_twenty_reported_listings_are_scheduled_without_a_case_in_a_queue_or_a_question(any_site: Site) -> None:
    names = having(any_site, on_sale, 20)
    assert report(any_site, [f"https://bazaar.example/item/{name}" for name in names]).counts == {
        ListingResult.SCHEDULED: 20,
        ListingResult.PENDING_APPROVAL: 0,
        ListingResult.CASE: 0,
        ListingResult.UNKNOWN: 0,
        ListingResult.REFUSED: 0,
    }
    assert action_states(any_site) == {"scheduled": 20}
    assert open_cases(any_site) == []
    with any_site.runtime.store.read() as connection:
        messages = connection.execute(select(action.c.statement_messages)).scalars().all()
        parts = connection.execute(select(func.count()).select_from(evidence_part)).scalar_one()
        marked = connection.execute(select(verdict.c.reported, verdict.c.passed_on)).all()
        assert audit.check_chain(connection)[1] is None
    assert {from_json(message["source"]).code for message in messages} == {"statement.source.notice"}
    assert parts == 20 * 5
    assert set(map(tuple, marked)) == {(True, False)}


def test_a_repeated_key_has_the_same_answer_and_a_changed_request_is_refused(any_site: Site) -> None:
    names = having(any_site, on_sale, 3)
    first = report(any_site, names)
    assert report(any_site, names) == first
    with pytest.raises(KeyReuse, match="another report"):
        report(any_site, names[:2])
    assert action_states(any_site) == {"scheduled": 3}


def test_an_interrupted_report_goes_on_where_it_ended(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    names = having(site, on_sale, 25)
    in_level(site, Level.FULL)
    take, calls = submitting.decide_listings, Counter[str]()

    def killed(*arguments: object) -> None:
        calls["take"] += 1
        if calls["take"] == 2:
            raise KeyboardInterrupt
        take(*arguments)  # type: ignore[arg-type]  # the arguments of the real function

    monkeypatch.setattr(submitting, "decide_listings", killed)
    with pytest.raises(KeyboardInterrupt):
        report(site, names)
    monkeypatch.undo()
    done = report(site, names)
    assert [outcome.number for outcome in done.outcomes] == list(range(1, 26))
    assert done.counts[ListingResult.SCHEDULED] + done.counts[ListingResult.PENDING_APPROVAL] == 25
    assert len(rows(site, select(report_outcome))) == 25


@pytest.mark.both_engines
def test_eight_clients_with_one_key_have_one_report_and_one_answer(any_site: Site) -> None:
    names = having(any_site, on_sale, 6)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: report(any_site, [*names, names[0], "XX-1"]), range(8)))
    assert all(reply == replies[0] for reply in replies)
    assert [outcome.number for outcome in replies[0].outcomes] == list(range(1, 9))
    assert sum(action_states(any_site).values()) == 6


def test_beyond_the_burst_cap_a_removal_is_pending_approval(any_site: Site) -> None:
    site = with_a_small_hour(any_site)
    done = report(site, having(site, on_sale, HOUR + 3))
    assert (done.counts[ListingResult.SCHEDULED], done.counts[ListingResult.PENDING_APPROVAL]) == (HOUR, 3)
    assert action_states(site) == {"scheduled": HOUR, "pending_approval": 3}
    assert {outcome.code for outcome in done.outcomes if outcome.result is ListingResult.PENDING_APPROVAL} == {
        Code.PENDING_APPROVAL
    }


def test_of_a_capped_brand_the_quota_leaves_and_an_analyst_decides_the_rest(any_site: Site) -> None:
    in_level(any_site, Level.CAPPED)
    daily = any_site.runtime.policies[StandingPolicy].capped_daily
    done = report(any_site, having(any_site, on_sale, daily + 2))
    assert (done.counts[ListingResult.SCHEDULED], done.counts[ListingResult.CASE]) == (daily, 2)
    assert len(open_cases(any_site, CaseLane.ANALYST)) == 2


def test_of_a_suspended_brand_an_analyst_decides_and_the_brand_is_not_asked_again(any_site: Site) -> None:
    in_level(any_site, Level.SUSPENDED)
    before = len(rows(any_site, select(action)))
    done = report(any_site, having(any_site, on_sale, 2))
    assert done.counts[ListingResult.CASE] == 2
    opened = [case for case in open_cases(any_site, CaseLane.ANALYST) if case.report_id == done.report.report_id]
    assert len(opened) == 2
    for case in opened:
        judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    assert len(rows(any_site, select(action))) == before + 2
    assert open_cases(any_site, CaseLane.ASK_BRAND) == []


def test_each_kind_of_listing_has_an_answer_of_its_own(any_site: Site) -> None:
    (plain,) = on_sale(any_site, 1)
    on_sale(any_site, 1, 10, seller="maison-brandt")
    having(any_site, a_rival)
    receive_of(any_site, "RP-20", "Nordfjell", "Nordfjell parka, blue, size M")
    receive_of(any_site, "RP-30", None, "Leather tote, grey, as new")
    done = report(any_site, [plain, plain, "RP-10", "RP-20", "RP-30", "RP-99"])
    assert [(outcome.result, outcome.code) for outcome in done.outcomes] == [
        (ListingResult.SCHEDULED, Code.REMOVED_AT_ONCE),
        (ListingResult.REFUSED, Code.NAMED_TWICE),
        (ListingResult.REFUSED, Code.AUTHORISED_SELLER),
        (ListingResult.REFUSED, Code.OTHER_BRAND),
        (ListingResult.CASE, Code.BRAND_UNRESOLVED),
        (ListingResult.UNKNOWN, Code.NOT_KNOWN),
    ]
    again = report(any_site, [plain, "RP-30"], key="second")
    assert [outcome.code for outcome in again.outcomes] == [Code.ALREADY_REMOVED, Code.REPORTED_BEFORE]


def receive_of(site: Site, name: str, brand: str | None, title: str) -> None:
    row = a_row(external_id=name, brand=brand, title=title, description="Ships in two days.")
    receive_rows(site.runtime, site.marketplace, [row], source="test")


@pytest.mark.parametrize("lane", [CaseLane.ANALYST, CaseLane.ASK_BRAND])
def test_a_report_answers_the_open_case_or_question(any_site: Site, lane: CaseLane) -> None:
    case = a_case(any_site, lane, brand="Aurelle")
    done = report(any_site, ["MP-9"])
    assert [outcome.result for outcome in done.outcomes] == [ListingResult.SCHEDULED]
    assert done.outcomes[0].case_id == case.case_id
    assert open_cases(any_site) == []


def test_the_holder_of_a_lease_is_told(any_site: Site) -> None:
    case = a_case(any_site, brand="Aurelle")
    assert lease(any_site.runtime, any_site.analyst, case.case_id) is not None
    report(any_site, ["MP-9"])
    history = [event["what"] for event in any_site.read(cases.timeline, any_site.marketplace_id, case.case_id)]
    assert "The brand reported this listing as counterfeit. The lease of this case ended." in history
    with pytest.raises(Conflict, match="decided"):
        judge(any_site, any_site.analyst, case, Judgement.GENUINE)


def test_the_holder_of_a_lease_reads_on_the_page_that_the_brand_answered(site: Site) -> None:
    case = a_case(site, brand="Aurelle")
    analyst = visit_as(site, site.analyst)
    assert "The brand reported this listing" not in analyst.get(f"/cases/{case.case_id}").text
    report(site, ["MP-9"])
    sentence = "The brand reported this listing as counterfeit. Its report decided this case"
    assert sentence in words(analyst.get(f"/cases/{case.case_id}").text)
    assert analyst.answer(case.case_id, case.version_id, "genuine").status_code == 409


def test_each_outcome_has_an_audit_entry_that_says_what_and_by_whom(any_site: Site) -> None:
    (plain,) = on_sale(any_site, 1)
    done = report(any_site, [plain, plain, "RP-99"])
    any_site.clock.forward(days=31)
    decide_arrived_listings(any_site.runtime)
    query = (
        select(audit_entry.c.actor, audit_payload.c.payload)
        .join(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .where(audit_entry.c.act == "report.outcome", audit_entry.c.subject == done.report.report_id)
        .order_by(audit_entry.c.sequence)
    )
    by = f"user:{any_site.brand_person.user_id}"
    acts = [(row.actor, json.loads(row.payload)) for row in rows(any_site, query)]
    lines = [(actor, *(payload[name] for name in ("number", "result", "code"))) for actor, payload in acts]
    assert lines == [
        (by, 1, "scheduled", "removed_at_once"),
        (by, 2, "refused", "named_twice"),
        (by, 3, "unknown", "not_known"),
        ("system", 3, "expired", "not_known"),
    ]


def test_a_report_without_good_faith_or_listings_is_refused_whole(site: Site) -> None:
    draft = a_draft(site, having(site, on_sale, 1))
    for wrong in (
        replace(draft, good_faith=False),
        replace(draft, locations=(" ",)),
        replace(draft, request_key=""),
        replace(draft, note="x" * 5_001),
    ):
        with pytest.raises(Invalid):
            submit_report(site.runtime, site.brand_person, wrong)
    with pytest.raises(Invalid, match="at most 300 listings, not 301"):
        report(site, [f"RP-{number}" for number in range(301)])
    assert rows(site, select(review_case)) == []


def test_a_report_under_a_right_that_does_not_carry_its_reason_is_not_stored(site: Site) -> None:
    draft = replace(a_draft(site, on_sale(site, 1)), right_id=right_of(site, RightKind.COPYRIGHT))
    with pytest.raises(NoRightCarries, match="needs a mark"):
        submit_report(site.runtime, site.brand_person, draft)
    assert rows(site, select(report_outcome)) == []


def test_a_listing_whose_open_case_is_of_an_earlier_version_is_reported_later(site: Site) -> None:
    case = a_case(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    receive_rows(site.runtime, site.marketplace, [a_row(external_id="MP-9")], source="test")
    undo_verdict(site.runtime, site.analyst, case.case_id)
    (outcome,) = report(site, ["MP-9"]).outcomes
    assert (outcome.result, outcome.case_id) == (ListingResult.REFUSED, None)
    assert str(outcome.refusal) == "The listing has changed since its case was opened. Report it again in a minute."


# A report that names an unknown listing asks the marketplace for it, through the outbox of all messages.

ADDRESS = "https://bazaar.example/item/RP-0"
ASKED = "report.not_known"


@pytest.fixture
def receiver(any_site: Site) -> Iterator[Receiver]:
    with a_receiver() as marketplace:
        register(any_site, marketplace)
        yield marketplace


def requests(site: Site) -> list[StoredListingRequest]:
    with site.runtime.store.read() as connection:
        return [request for state in ActionState for request in in_state(connection, site.marketplace_id, state, 100)]


def reasons(done: SubmittedReport) -> list[str]:
    return [outcome.reasons[0].code for outcome in done.outcomes]


def test_the_marketplace_is_asked_at_once_by_a_signed_message(any_site: Site, receiver: Receiver) -> None:
    done = report(any_site, [ADDRESS])
    assert (done.counts[ListingResult.UNKNOWN], reasons(done)) == (1, [ASKED])
    (request,) = requests(any_site)
    assert marketplaces_with_due(any_site.runtime) == [any_site.marketplace_id]
    assert deliver(any_site.runtime, any_site.marketplace_id, request.action_id) == "acknowledged"
    (message,) = receiver.deliveries
    assert (message["type"], message["id"]) == ("listing.requested", request.action_id)
    assert message["data"] == {
        "action": "requested",
        "action_id": request.action_id,
        "listing": ADDRESS,
        "sequence": 1,
        "waits_until": request.waits_until.isoformat(),
    }
    with any_site.runtime.store.read() as connection:
        acts = connection.execute(select(audit_entry.c.act).where(audit_entry.c.subject == request.action_id)).scalars()
        assert list(acts) == ["requested.scheduled", "requested.acknowledged"]


def test_a_listing_is_asked_for_once_in_thirty_days_however_many_reports_name_it(any_site: Site) -> None:
    report(any_site, [ADDRESS, "http://www.bazaar.example/item/RP-0#photos"])
    any_site.clock.forward(days=29)
    again = report(any_site, [ADDRESS], key="second")
    assert (len(requests(any_site)), reasons(again)) == (1, [ASKED])
    any_site.clock.forward(days=1)
    report(any_site, [ADDRESS], key="third")
    assert [request.sequence for request in requests(any_site)] == [1, 2]


@pytest.mark.both_engines
def test_reports_at_the_same_moment_ask_once(any_site: Site) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: report(any_site, [ADDRESS, "RP-1"], key=f"key {number}"), range(4)))
    assert sorted(request.location for request in requests(any_site)) == ["RP-1", ADDRESS]


def test_a_known_listing_and_a_preview_ask_for_nothing(any_site: Site) -> None:
    foreseen = preview_report(any_site.runtime, any_site.brand_person, a_draft(any_site, ["RP-1"]))
    assert foreseen[0].outcome.reasons[0].code == ASKED
    report(any_site, on_sale(any_site, 1))
    assert requests(any_site) == []


def test_a_request_is_tried_again_with_the_same_id_and_ends_as_a_dead_letter(
    any_site: Site, receiver: Receiver
) -> None:
    receiver.answer = lambda _number: 500
    report(any_site, [ADDRESS])
    (request,) = requests(any_site)
    assert deliver(any_site.runtime, any_site.marketplace_id, request.action_id) == "failed"
    with any_site.runtime.store.read() as connection:
        (failing,) = outgoing.failing_messages(connection, any_site.marketplace_id, 10)
        assert (failing.kind, failing.about, moving_count(connection)) == ("requested", ADDRESS, 1)
    any_site.clock.forward(days=8)
    assert deliver(any_site.runtime, any_site.marketplace_id, request.action_id) == "dead"
    assert {delivery["id"] for delivery in receiver.deliveries} == {request.action_id}
    assert any_site.read(outgoing.counts_by_state, any_site.marketplace_id)[ActionState.DEAD] == 1
    receiver.answer = lambda _number: 204
    assert dead_letters.replay(any_site.runtime, any_site.marketplace, None, by="test") == [request.action_id]
    assert deliver(any_site.runtime, any_site.marketplace_id, request.action_id) == "acknowledged"


def test_a_receiver_that_recovers_gets_the_waiting_requests(any_site: Site, receiver: Receiver) -> None:
    receiver.answer = lambda number: 503 if number < 10 else 204
    names = [f"RP-{number}" for number in range(12)]
    report(any_site, names)
    outcomes = [deliver(any_site.runtime, any_site.marketplace_id, request.action_id) for request in requests(any_site)]
    assert outcomes == ["failed"] * 10 + ["scheduled"] * 2
    any_site.clock.forward(hours=1)
    pending = [request for request in requests(any_site) if request.state is not ActionState.ACKNOWLEDGED]
    assert deliver(any_site.runtime, any_site.marketplace_id, pending[0].action_id) == "acknowledged"
    assert list(deliver_due(any_site.runtime, any_site.marketplace_id).values()) == ["acknowledged"] * 11


def test_the_report_goes_on_when_the_marketplace_sends_what_it_was_asked_for(
    any_site: Site, receiver: Receiver
) -> None:
    report(any_site, [ADDRESS])
    (request,) = requests(any_site)
    deliver(any_site.runtime, any_site.marketplace_id, request.action_id)
    address = receiver.deliveries[0]["data"]["listing"]
    receive_rows(any_site.runtime, any_site.marketplace, [a_row(external_id=address.rpartition("/")[2])], source="test")
    assert decide_arrived_listings(any_site.runtime) == 1
    assert action_states(any_site) == {"scheduled": 1}


def test_beyond_a_brands_limit_the_report_waits_without_a_request(any_site: Site) -> None:
    policies = any_site.runtime.policies
    few = policies.changed(replace(policies[ReportPolicy], most_requests_a_day=2))
    site = replace(any_site, runtime=replace(any_site.runtime, policies=few))
    assert reasons(report(site, ["RP-0", "RP-1", "RP-2"])) == [ASKED, ASKED, "report.waits"]
    site.clock.forward(hours=24)
    report(site, ["RP-2"], key="second")
    assert len(requests(site)) == 3


def test_the_message_names_neither_the_brand_nor_the_person(any_site: Site, receiver: Receiver) -> None:
    report(any_site, [ADDRESS])
    (request,) = requests(any_site)
    deliver(any_site.runtime, any_site.marketplace_id, request.action_id)
    text = str(receiver.deliveries)
    assert request.brand_id == any_site.brand_id
    assert not [name for name in (any_site.brand_id, any_site.brand_person.user_id, right_of(any_site)) if name in text]
