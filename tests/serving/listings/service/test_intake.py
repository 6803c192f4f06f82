import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from features.message import Message
from models.case import CaseLane
from models.routing import Lane
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewEnrolment
from serving.cases.tables import review_case
from serving.listings.service.intake import RowAnswer, RowStatus, receive_rows
from serving.listings.service.precheck import precheck
from serving.listings.store import listings, scores
from serving.listings.tables import listing_version, observation, quarantine, score
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.marketplaces.store import kill_switches
from serving.marketplaces.store.kill_switches import KillSwitchOff
from serving.takedowns.rules.statement import OverturnCause, reinstatement_statement
from serving.takedowns.service.takedown import Cause, schedule
from serving.webhooks.rules.action import ActionKind
from tests.fixtures.facts import a_listing
from tests.fixtures.promoting import promote
from tests.fixtures.receivers import Receiver, a_receiver, deliver
from tests.fixtures.runtimes import EVIDENCE, Site, a_case, a_row, a_suspect_row, open_cases
from tests.serving.sellers.service.test_contacts import a_contact, tell
from tests.serving.takedowns.service.test_removal_checks import an_acknowledged_removal, register
from tests.serving.web.reports import admit_model


def take_in(site: Site, *rows: Any, **options: Any) -> list[RowAnswer]:
    return receive_rows(site.runtime, site.marketplace, list(rows), source="test", **options)


def test_a_new_listing_is_accepted_as_version_one(any_site: Site) -> None:
    (answer,) = take_in(any_site, a_row())
    assert (answer.status, answer.version, answer.new_version) == (RowStatus.ACCEPTED, 1, True)


def test_the_same_row_again_is_unchanged_and_adds_nothing(any_site: Site) -> None:
    take_in(any_site, a_row())
    (answer,) = take_in(any_site, a_row())
    assert answer.status is RowStatus.UNCHANGED
    assert (any_site.count(listing_version), any_site.count(observation), any_site.count(score)) == (1, 1, 1)


def test_a_price_that_goes_down_and_up_again_is_three_versions(any_site: Site) -> None:
    versions = [take_in(any_site, a_row(price=price))[0].version for price in ("100.00", "20.00", "100.00")]
    assert versions == [1, 2, 3]


def test_a_change_of_counters_is_an_observation_that_scores_anew_but_no_version(any_site: Site) -> None:
    take_in(any_site, a_row(sales={"d7": 1}))
    (answer,) = take_in(any_site, a_row(sales={"d7": 9}))
    assert (answer.status, answer.version, answer.new_version) == (RowStatus.ACCEPTED, 1, False)
    assert (any_site.count(listing_version), any_site.count(observation), any_site.count(score)) == (1, 2, 2)


def test_an_observation_never_opens_a_second_case(any_site: Site) -> None:
    a_case(any_site)
    take_in(any_site, a_suspect_row(sales={"d7": 50}))
    assert any_site.count(review_case) == 1


def test_a_new_version_makes_the_open_case_stale_and_opens_one_for_what_is_shown_now(any_site: Site) -> None:
    first = a_case(any_site)
    take_in(any_site, a_suspect_row(price="95.00"))
    (second,) = open_cases(any_site)
    assert second.follows_case_id == first.case_id
    assert second.version_id != first.version_id


def test_a_listing_that_is_cleaned_up_under_review_stays_under_review(any_site: Site) -> None:
    a_case(any_site)
    (answer,) = take_in(any_site, a_row(external_id="MP-9"))
    assert answer.lane is Lane.ANALYST
    assert [case.lane for case in open_cases(any_site)] == [CaseLane.ANALYST]


def test_a_batch_answers_each_row_in_order(any_site: Site) -> None:
    answers = take_in(
        any_site, a_row(), {"external_id": "MP-2", "price": "-1", "currency": "EUR"}, a_row(external_id="MP-3")
    )
    assert [answer.status.value for answer in answers] == ["accepted", "quarantined", "accepted"]


def test_a_refused_row_is_kept_with_its_reason(any_site: Site) -> None:
    take_in(any_site, a_row(price="NaN"))
    (row,) = any_site.read(listings.quarantined_rows, any_site.marketplace_id, 10)
    assert (row["code"], row["field"]) == ("wrong_type", "price")
    assert "MP-1" in row["row_head"]


def test_a_huge_refused_row_is_kept_by_its_beginning_with_hash_and_length(any_site: Site) -> None:
    take_in(any_site, a_row(description="x" * 1_000_000))
    (row,) = any_site.read(listings.quarantined_rows, any_site.marketplace_id, 10)
    assert row["code"] == "too_long"
    assert len(row["row_head"]) == 16_384
    assert row["row_length"] > 1_000_000
    assert len(row["row_hash"]) == 64


@pytest.mark.both_engines
@pytest.mark.parametrize("hostile", ["\ud800", "a\0b", "\uffff"], ids=["half a surrogate", "NUL", "noncharacter"])
def test_text_that_no_database_stores_is_quarantined_on_both_engines(any_site: Site, hostile: str) -> None:
    (answer,) = take_in(any_site, a_row(title=hostile))
    assert answer.rejection is not None
    assert answer.rejection.code == "bad_characters"
    assert any_site.count(quarantine) == 1


def test_two_changes_of_one_listing_in_a_batch_are_two_versions(any_site: Site) -> None:
    assert [answer.version for answer in take_in(any_site, a_row(price="100.00"), a_row(price="90.00"))] == [1, 2]


@pytest.mark.both_engines
def test_the_same_listing_sent_by_many_at_once_is_one_listing(any_site: Site) -> None:
    statuses: Counter[RowStatus] = Counter()
    start = threading.Barrier(6)

    def send() -> None:
        start.wait()
        statuses.update(answer.status for answer in take_in(any_site, a_row()))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == {RowStatus.ACCEPTED: 1, RowStatus.UNCHANGED: 5}


def test_facts_are_kept_verbatim_with_every_score(any_site: Site) -> None:
    take_in(any_site, a_row())
    with any_site.runtime.store.read() as connection:
        row = connection.execute(select(score.c.facts_digest)).one()
        facts = scores.facts_of(connection, any_site.marketplace_id, row.facts_digest)
    assert facts.digest == row.facts_digest
    assert facts.listing.title == a_row()["title"]
    assert facts.as_of == any_site.clock.now()


def test_an_authorised_seller_is_never_sent_to_an_analyst_by_a_score(any_site: Site) -> None:
    (answer,) = take_in(any_site, a_suspect_row(brand="Aurelle", seller={"external_id": "maison-brandt"}))
    assert answer.lane in {Lane.NO_ACTION, Lane.AUDIT}


def test_the_draw_belongs_to_the_version_and_is_not_repeated_for_an_observation(any_site: Site) -> None:
    take_in(any_site, a_row(sales={"d7": 1}))
    first = any_site.read(listings.latest_states, any_site.marketplace_id, ["MP-1"])["MP-1"].draw
    take_in(any_site, a_row(sales={"d7": 2}))
    assert any_site.read(listings.latest_states, any_site.marketplace_id, ["MP-1"])["MP-1"].draw == first


def test_a_backfilled_row_counts_as_known_when_it_occurred(any_site: Site) -> None:
    take_in(any_site, a_row(occurred_at="2026-01-05T00:00:00+00:00"), backfill=True)
    listing = any_site.read(listings.latest_states, any_site.marketplace_id, ["MP-1"])["MP-1"]
    assert listing.first_known_at.isoformat() == "2026-01-05T00:00:00+00:00"


def test_without_the_backfill_scope_the_receipt_counts(any_site: Site) -> None:
    take_in(any_site, a_row(occurred_at="2026-01-05T00:00:00+00:00"))
    assert (
        any_site.read(listings.latest_states, any_site.marketplace_id, ["MP-1"])["MP-1"].first_known_at
        == any_site.clock.now()
    )


def test_another_marketplace_has_listings_of_its_own(any_site: Site) -> None:
    other = provisioning.add_marketplace(any_site.runtime, name="Souk", base_currency="EUR", by="test")
    take_in(any_site, a_row())
    (answer,) = receive_rows(any_site.runtime, other, [a_row()], source="test")
    assert answer.status is RowStatus.ACCEPTED
    with any_site.runtime.store.read() as connection:
        assert listings.counts(connection, other.marketplace_id)["listings"] == 1
        assert listings.counts(connection, any_site.marketplace_id)["listings"] == 1


BRAND = {"title": "Aurelle Colline tote in grained leather, grey", "brand": "Aurelle", "description": "Worn twice."}


@pytest.fixture
def receiver(any_site: Site) -> Iterator[Receiver]:
    with a_receiver() as marketplace:
        register(any_site, marketplace, None)
        yield marketplace


def comes_in(site: Site, **changes: Any) -> RowAnswer:
    """A listing that the score routes to no action, outside the random sample."""
    site.clock.forward(seconds=1)
    quiet = replace(site.runtime, draw=lambda: 1.0)
    (answer,) = receive_rows(
        quiet, site.marketplace, [a_row(**{"external_id": "MP-20", **BRAND, **changes})], source="test"
    )
    return answer


def reason_of(site: Site) -> Message:
    """The first reason of the newest analyst's case."""
    case = max(open_cases(site, CaseLane.ANALYST), key=lambda open_case: open_case.case_id)
    with site.runtime.store.read() as connection:
        reason: Message = scores.get(connection, site.marketplace_id, case.score_id)["route_reasons"][0]
        return reason


def test_who_comes_back_under_another_account_goes_to_an_analyst_who_is_told_of_the_removed_listing(
    any_site: Site, receiver: Receiver
) -> None:
    an_acknowledged_removal(any_site)  # MP-9 of lumo-trade-88.
    tell(any_site, a_contact("lumo-trade-88"), a_contact("fresh"))
    assert comes_in(any_site, seller={"external_id": "fresh"}).lane is Lane.ANALYST
    reason = reason_of(any_site)
    assert (reason.code, reason.parameters["seller"]) == ("relist.linked_new_seller", "lumo-trade-88")
    assert reason.parameters["listing"] == "MP-9"
    assert len(receiver.deliveries) == 1, "nothing is removed by itself"


def test_somebody_else_is_not_meant(any_site: Site, receiver: Receiver) -> None:
    an_acknowledged_removal(any_site)
    tell(any_site, a_contact("lumo-trade-88"), a_contact("maison-brandt"))
    assert comes_in(any_site, seller={"external_id": "stranger"}).lane is Lane.NO_ACTION
    assert comes_in(any_site, external_id="MP-21", seller={"external_id": "maison-brandt"}).lane is Lane.NO_ACTION, (
        "the brand has authorised them"
    )
    known = {"external_id": "fresh", "age_days": 900}
    tell(any_site, a_contact("fresh"))
    assert comes_in(any_site, external_id="MP-22", seller=known).lane is Lane.NO_ACTION, "an account from long before"


def test_what_was_given_back_is_not_watched_for(any_site: Site, receiver: Receiver) -> None:
    removal = an_acknowledged_removal(any_site)
    tell(any_site, a_contact("lumo-trade-88"), a_contact("fresh"))
    cause = Cause(any_site.marketplace_id, removal.listing_id, removal.verdict_id, "test")
    with any_site.runtime.store.write() as connection:
        statement = reinstatement_statement(OverturnCause.APPEAL)
        back = schedule(any_site.runtime, connection, ActionKind.REINSTATE, cause, statement, any_site.clock.now())
    any_site.clock.forward(hours=1)
    deliver(any_site.runtime, any_site.marketplace_id, back.action_id)
    assert comes_in(any_site, seller={"external_id": "fresh"}).lane is Lane.NO_ACTION


def test_the_watch_can_be_switched_off(any_site: Site, receiver: Receiver) -> None:
    an_acknowledged_removal(any_site)
    tell(any_site, a_contact("lumo-trade-88"), a_contact("fresh"))
    rule = AutomaticRule.RELIST_WATCH
    switch_rule(any_site.runtime, any_site.marketplace, rule, on=False, by="test", reason="It names the wrong people.")
    assert comes_in(any_site, seller={"external_id": "fresh"}).lane is Lane.NO_ACTION


def test_of_the_same_seller_in_the_same_words_an_analyst_is_told_which_listing_was_removed(
    any_site: Site, receiver: Receiver
) -> None:
    removal = an_acknowledged_removal(any_site)
    any_site.clock.forward(seconds=1)
    receive_rows(any_site.runtime, any_site.marketplace, [a_suspect_row(external_id="MP-30")], source="test")
    assert removal.external_id == "MP-9"
    reason = reason_of(any_site)
    assert (reason.code, reason.parameters["listing"], reason.parameters["share"]) == ("relist.own_text", "MP-9", 1.0)


@pytest.mark.parametrize(("sold_on", "lane"), [(False, Lane.ANALYST), (True, Lane.NO_ACTION)], ids=["kept", "sold on"])
def test_a_batch_knows_who_sells_the_removed_listing_since_an_earlier_row(
    any_site: Site, receiver: Receiver, lane: Lane, *, sold_on: bool
) -> None:
    an_acknowledged_removal(any_site)  # MP-9 of lumo-trade-88.
    tell(any_site, a_contact("lumo-trade-88"), a_contact("fresh"))
    any_site.clock.forward(seconds=1)
    rows = [
        *([a_suspect_row(price="88.00", seller={"external_id": "another-shop"})] if sold_on else []),
        a_row(**{"external_id": "MP-20", **BRAND}),
        a_row(**{"external_id": "MP-20", **BRAND, "seller": {"external_id": "fresh"}}),
    ]
    quiet = replace(any_site.runtime, draw=lambda: 1.0)
    assert receive_rows(quiet, any_site.marketplace, rows, source="test")[-1].lane is lane


def with_question_limit(site: Site, daily_questions: int | None) -> Site:
    """A model that would ask Aurelle about everything, and Aurelle's daily number of questions."""
    promote(site, admit_model(site, ask_brand_from=0.001))
    enrolment = NewEnrolment("Aurelle", site.account_manager.email, True, daily_questions=daily_questions)
    provisioning.enrol(site.runtime, enrolment, by="test")
    return site


def send(site: Site, *prices: str, named: str = "MP") -> list[RowAnswer]:
    rows = [a_row(external_id=f"{named}-{i}", price=price, **EVIDENCE) for i, price in enumerate(prices)]
    return receive_rows(site.runtime, site.marketplace, rows, source="test")


def test_a_brand_is_asked_no_more_than_it_answers_in_a_day(any_site: Site) -> None:
    site = with_question_limit(any_site, 2)
    assert [answer.lane for answer in send(site, "400.00")] == [Lane.ASK_BRAND]
    assert [answer.lane for answer in send(site, "400.00", "400.00", named="more")].count(Lane.ASK_BRAND) == 1
    assert [answer.lane for answer in send(site, "400.00", named="late")] == [Lane.ANALYST]


def test_the_next_day_it_can_be_asked_again(site: Site) -> None:
    site = with_question_limit(site, 1)
    send(site, "400.00")
    site.clock.forward(hours=14)  # From nine in the morning to eleven at night.
    assert send(site, "400.00", named="night")[0].lane is Lane.ANALYST
    site.clock.forward(hours=1)
    assert send(site, "400.00", named="midnight")[0].lane is Lane.ASK_BRAND


def test_of_one_batch_the_most_harmful_are_asked(site: Site) -> None:
    site = with_question_limit(site, 1)
    assert [answer.lane for answer in send(site, "10.00", "9000.00", "20.00")] == [
        Lane.ANALYST,
        Lane.ASK_BRAND,
        Lane.ANALYST,
    ]


def test_what_asks_nobody_uses_up_no_question(site: Site) -> None:
    """The most expensive listing belongs to an authorised seller, so the brand is not asked about it."""
    rows = [
        a_row(external_id="MP-1", price="9000.00", seller={"external_id": "maison-brandt"}),
        a_row(external_id="MP-2", price="20.00", **EVIDENCE),
    ]
    answers = receive_rows(site.runtime, with_question_limit(site, 1).marketplace, rows, source="test")
    assert [answer.lane for answer in answers][1] is Lane.ASK_BRAND
    assert answers[0].lane not in {Lane.ASK_BRAND, Lane.ANALYST}


def test_a_brand_that_takes_no_part_is_not_asked(site: Site) -> None:
    promote(site, admit_model(site, ask_brand_from=0.001))
    row = a_row(title="Solenne tote in grained leather, grey", brand="Solenne", **EVIDENCE)
    (answer,) = receive_rows(site.runtime, site.marketplace, [row], source="test")
    assert answer.lane is Lane.ANALYST


@pytest.mark.parametrize(
    ("limit", "question_count"), [(None, 3), (0, 0), (3, 3)], ids=["no limit", "none", "as many as come"]
)
def test_a_limit_may_be_absent_or_nothing(site: Site, limit: int | None, question_count: int) -> None:
    answers = send(with_question_limit(site, limit), "10.00", "20.00", "30.00")
    assert [answer.lane for answer in answers].count(Lane.ASK_BRAND) == question_count


def test_whoever_is_passed_over_reads_why(site: Site) -> None:
    send(with_question_limit(site, 0), "400.00")
    assert site.read(scores.lane_counts, site.marketplace_id) == {"analyst": 1}
    scoring = precheck(
        site.runtime, site.marketplace, a_listing(title="Aurelle Colline tote", brand="Aurelle", **EVIDENCE)
    )
    assert scoring.route.reasons[0].code == "route.high.used_up"


def test_a_precheck_asks_no_brand_while_questions_are_switched_off(any_site: Site) -> None:
    site = with_question_limit(any_site, None)
    row = a_listing(title="Aurelle Colline tote", brand="Aurelle", **EVIDENCE)
    before = precheck(site.runtime, site.marketplace, row)
    with site.runtime.store.write() as connection:
        off = KillSwitchOff(site.marketplace_id, AutomaticRule.MODEL_QUESTIONS, site.clock.now(), "test", "x")
        kill_switches.switch_off(connection, off)
    after = precheck(site.runtime, site.marketplace, row)
    assert (before.route.lane, after.route.lane) == (Lane.ASK_BRAND, Lane.ANALYST)
    assert after.route.reasons[0].code == "route.high.paused"
