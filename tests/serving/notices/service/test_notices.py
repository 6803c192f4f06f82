"""Notices on both engines: storage, queue place, and the messages to the notifier."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models.case import CaseLane
from models.errors import Invalid, NotFound
from models.verdict import Judgement
from serving.audit.store import audit
from serving.audit.tables import audit_entry, audit_payload
from serving.cases.service.removal_approvals import record_vote
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import queues
from serving.cases.store.queues import QueueFilter
from serving.learning.store import learning, monitoring
from serving.listings.service.intake import receive_rows
from serving.listings.store import listings
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.notices.policy import NoticePolicy
from serving.notices.rules.decision_notice import DecisionNotice
from serving.notices.rules.notice_counts import TooManyNotices
from serving.notices.rules.notices import ItemState, NoticeOutcome, ReporterKind
from serving.notices.service.admission import network_token
from serving.notices.service.notice_decisions import notifier_message
from serving.notices.service.notice_links import notice_of_link
from serving.notices.service.notice_list import changed_notices
from serving.notices.service.notice_mails import confirm_address
from serving.notices.store import notices
from serving.notices.store.notices import NoticeItem
from serving.notices.tables import notice, notice_network, reporter
from serving.platform.clock import Window
from serving.privacy.service.erasure import erase_seller
from serving.takedowns.rules.approval import Decision
from serving.takedowns.rules.evidence import Part
from serving.takedowns.rules.public_statement import Source
from serving.takedowns.service.evidence import verify
from serving.takedowns.store import evidence
from serving.transparency.store import restrictions
from serving.webhooks.rules.action import ActionState
from tests.fixtures.links import path_of
from tests.fixtures.notifying import EMAIL, WORDS, a_listing, a_reporter, confirm_notice, items_of, notify
from tests.fixtures.reporting import (
    UNDO_SECONDS,
    a_marketplace_that_listens,
    carry_out_action,
    reinstate_on_appeal,
    removal_by_analyst,
)
from tests.fixtures.runtimes import Site, a_case, a_drawn_case, a_row, judge, open_cases

SOLENNE = {"title": "Solenne tote in grained leather, grey", "brand": "Solenne"}  # No enrolled brand can be asked.


def message_to_notifier(site: Site, notice_item: NoticeItem) -> DecisionNotice | None:
    with site.runtime.store.read() as connection:
        return notifier_message(site.runtime, connection, notice_item)


def log_entries(site: Site, subject: str) -> dict[str, object]:
    """The audit log's entries about a subject."""
    query = select(audit_payload.c.payload).join(audit_entry, audit_entry.c.sequence == audit_payload.c.sequence)
    payload: dict[str, object] = json.loads(site.scalar(query.where(audit_entry.c.subject == subject)))
    return payload


def test_a_notice_is_kept_and_opens_a_case_for_an_analyst(any_site: Site) -> None:
    a_listing(any_site)
    assert open_cases(any_site) == [], "nothing else had a reason to look"
    receipt = notify(any_site, "MP-1")
    (case,) = open_cases(any_site, CaseLane.ANALYST)
    (notice_item,) = items_of(any_site, receipt)
    assert (notice_item.state, notice_item.case_id, notice_item.opened_case, notice_item.location) == (
        ItemState.WAITING,
        case.case_id,
        True,
        "MP-1",
    )
    assert receipt.listings == (("MP-1", ItemState.WAITING),)
    assert case.due_at == any_site.clock.now() + timedelta(days=3)
    with any_site.runtime.store.read() as connection:
        (notice,) = notices.notices_on_case(connection, any_site.marketplace_id, case.case_id)
        assert (notice.explanation, notice.reason_code.value) == (WORDS, "trademark_counterfeit")
        assert audit.check_chain(connection)[1] is None


def test_the_listing_as_it_was_is_kept_with_a_digest_that_the_log_holds(any_site: Site) -> None:
    a_listing(any_site)
    (notice_item,) = items_of(any_site, notify(any_site, "MP-1"))
    with any_site.runtime.store.read() as connection:
        (taken,) = evidence.of_listing(connection, any_site.marketplace_id, notice_item.listing_id or "")
        assert (taken.subject, taken.version_id) == (notice_item.item_id, notice_item.version_id)
        assert evidence.vouched_digest(connection, taken) == taken.snapshot.digest
    a_listing(any_site, title="Something else altogether, which the seller wrote afterwards")
    assert b"Colline" in next(part.body or b"" for part in taken.snapshot.parts if part.part is Part.TEXT)
    assert verify(any_site.runtime, any_site.marketplace) == {"snapshots": 1, "erased": 0, "differing": []}


def test_nothing_of_a_notice_that_lacks_an_element_is_kept(any_site: Site) -> None:
    a_listing(any_site)
    with pytest.raises(Invalid) as refused:
        notify(any_site, "MP-1", explanation="A fake.", email="", good_faith=False)
    assert "Explain" in refused.value.sentence
    assert "e-mail" in refused.value.sentence
    assert "good faith" in refused.value.sentence
    assert (any_site.count(notice), any_site.count(reporter), open_cases(any_site)) == (0, 0, [])


@pytest.mark.parametrize(
    ("location", "link", "state"),
    [
        pytest.param("MP-1", None, ItemState.WAITING, id="its id"),
        pytest.param("https://bazaar.example/item/MP-1?ref=x", None, ItemState.WAITING, id="an address with its id"),
        pytest.param(
            "https://www.bazaar.example/p/MP-1", "https://bazaar.example/item/9", ItemState.WAITING, id="of its host"
        ),
        pytest.param(
            "https://elsewhere.example/MP-1",
            "https://bazaar.example/item/9",
            ItemState.UNKNOWN_LISTING,
            id="of another host",
        ),
        pytest.param("https://bazaar.example/MP-1/MP-2", None, ItemState.UNKNOWN_LISTING, id="two ids are none"),
        pytest.param("https://[bazaar/MP-1", None, ItemState.WAITING, id="an address that cannot be parsed"),
        pytest.param("MP-777", None, ItemState.UNKNOWN_LISTING, id="nothing here is called so"),
        pytest.param("mp-1", None, ItemState.UNKNOWN_LISTING, id="ids are exact"),
    ],
)
def test_which_listing_is_meant(site: Site, location: str, link: str | None, state: ItemState) -> None:
    a_listing(site, "MP-1", link=link)
    a_listing(site, "MP-2", title="Aurelle Colline tote in smooth leather, black, never worn")
    (notice_item,) = items_of(site, notify(site, location))
    assert notice_item.state is state


def test_a_listing_that_is_not_known_here_is_kept_as_it_was_named_and_told(any_site: Site) -> None:
    (notice_item,) = items_of(any_site, notify(any_site, "https://bazaar.example/gone"))
    assert (notice_item.state, notice_item.location, notice_item.listing_id) == (
        ItemState.UNKNOWN_LISTING,
        "https://bazaar.example/gone",
        None,
    )
    text = message_to_notifier(any_site, notice_item)
    assert text is not None
    assert text.decision.code == "notice.decision.unknown_listing"


def test_trusted_flaggers_then_brands_in_good_standing_then_everybody_else(any_site: Site) -> None:
    for number in range(1, 5):
        a_listing(any_site, f"MP-{number}", title=f"Aurelle Colline tote, leather number {number * 1111}", price="9000")
    a_case(any_site)
    notify(any_site, "MP-1")
    notify(any_site, "MP-2", by=a_reporter(any_site, ReporterKind.REGISTERED))
    notify(any_site, "MP-3", by=a_reporter(any_site, ReporterKind.BRAND, "Aurelle"))
    notify(any_site, "MP-4", by=a_reporter(any_site, ReporterKind.TRUSTED_FLAGGER))
    rows = any_site.read(queues.queue, QueueFilter(frozenset({any_site.marketplace_id})), most=10)
    assert [row["external_id"] for row in rows][:2] == ["MP-4", "MP-3"]
    assert {row["external_id"] for row in rows if row["notified"]} == {"MP-1", "MP-2", "MP-3", "MP-4"}
    hours = {row["external_id"]: (row["due_at"] - row["opened_at"]) / timedelta(hours=1) for row in rows}
    assert hours == {"MP-4": 24, "MP-3": 24, "MP-1": 72, "MP-2": 72, "MP-9": 24}


def test_a_brand_is_before_others_with_its_own_listings_alone(any_site: Site) -> None:
    aurelle = a_reporter(any_site, ReporterKind.BRAND, "Aurelle")
    a_listing(any_site, "MP-1", **SOLENNE)
    notify(any_site, "MP-1", by=aurelle)
    (case,) = open_cases(any_site)
    assert case.priority < 2e9


def test_a_notice_of_a_listing_under_review_joins_its_case_and_brings_it_forward(any_site: Site) -> None:
    case = a_case(any_site)
    receipt = notify(any_site, "MP-9", by=a_reporter(any_site, ReporterKind.TRUSTED_FLAGGER))
    (after,) = open_cases(any_site)
    (notice_item,) = items_of(any_site, receipt)
    assert (after.case_id, notice_item.case_id, notice_item.opened_case) == (case.case_id, case.case_id, False)
    assert after.priority > 3e9 > case.priority
    notify(any_site, "MP-9", email="another@example.org")
    assert open_cases(any_site)[0].priority == after.priority, "a stranger's notice lowers nothing"


def test_a_seller_that_changes_the_listing_does_not_shake_the_notice_off(any_site: Site) -> None:
    a_listing(any_site)
    receipt = notify(any_site, "MP-1", by=a_reporter(any_site, ReporterKind.TRUSTED_FLAGGER))
    (before,) = open_cases(any_site)
    a_listing(any_site, description="Worn once. The pictures are new, and so is every word of this text.")
    (after,) = open_cases(any_site)
    (notice_item,) = items_of(any_site, receipt)
    assert after.follows_case_id == before.case_id
    assert (notice_item.case_id, after.priority) == (after.case_id, before.priority)
    judge(any_site, any_site.analyst, after, Judgement.GENUINE)
    assert items_of(any_site, receipt)[0].outcome is NoticeOutcome.NO_ACTION


def test_the_same_reporters_second_notice_of_a_waiting_listing_is_kept_and_does_not_count_twice(any_site: Site) -> None:
    a_listing(any_site)
    notify(any_site, "MP-1")
    again = notify(any_site, "MP-1", "https://bazaar.example/item/MP-1", email=EMAIL.upper())
    assert [notice_item.state for notice_item in items_of(any_site, again)] == [ItemState.REPEATED] * 2
    other = notify(any_site, "MP-1", email="another@example.org")
    assert [notice_item.state for notice_item in items_of(any_site, other)] == [ItemState.WAITING]
    assert len(open_cases(any_site)) == 1


def test_one_listing_named_in_two_ways_is_one(any_site: Site) -> None:
    a_listing(any_site)
    receipt = notify(any_site, "MP-1", "https://bazaar.example/item/MP-1", "MP-1", " ")
    assert [state for _, state in receipt.listings] == [ItemState.WAITING, ItemState.REPEATED]


def test_what_is_down_already_is_told_so_and_opens_nothing(any_site: Site) -> None:
    with a_marketplace_that_listens(any_site):
        removal_by_analyst(any_site, "MP-50")
    (notice_item,) = items_of(any_site, notify(any_site, "MP-50"))
    assert (notice_item.state, notice_item.outcome, open_cases(any_site)) == (
        ItemState.DECIDED,
        NoticeOutcome.ALREADY_REMOVED,
        [],
    )
    text = message_to_notifier(any_site, notice_item)
    assert text is not None
    assert text.automated_means.code == "notice.means.automated"


def test_a_decision_is_told_when_it_can_no_longer_be_undone(any_site: Site) -> None:
    a_listing(any_site)
    receipt = notify(any_site, "MP-1")
    (case,) = open_cases(any_site)
    assert message_to_notifier(any_site, items_of(any_site, receipt)[0]) is None
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    assert message_to_notifier(any_site, items_of(any_site, receipt)[0]) is None
    any_site.clock.forward(seconds=UNDO_SECONDS)
    text = message_to_notifier(any_site, items_of(any_site, receipt)[0])
    assert text is not None
    assert text.facts.code == "notice.found.genuine.marketplace"
    assert text.automated_means.code == "notice.means.scored"
    assert text.redress.code == "notice.redress.complaint"


def test_a_decision_that_is_undone_was_never_told_and_the_notice_waits_again(any_site: Site) -> None:
    a_listing(any_site)
    receipt = notify(any_site, "MP-1")
    (case,) = open_cases(any_site)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    undo_verdict(any_site.runtime, any_site.analyst, case.case_id)
    (notice_item,) = items_of(any_site, receipt)
    assert (notice_item.state, notice_item.outcome, notice_item.verdict_id, notice_item.decided_at) == (
        ItemState.WAITING,
        None,
        None,
        None,
    )


def test_a_listing_that_is_asked_of_the_brand_waits_until_the_brand_has_spoken(any_site: Site) -> None:
    a_listing(any_site)
    receipt = notify(any_site, "MP-1")
    (case,) = open_cases(any_site)
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    assert items_of(any_site, receipt)[0].state is ItemState.WAITING
    judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)
    any_site.clock.forward(seconds=UNDO_SECONDS)
    (notice_item,) = items_of(any_site, receipt)
    assert (notice_item.outcome, notice_item.action_id is not None) == (NoticeOutcome.REMOVED, True)
    text = message_to_notifier(any_site, notice_item)
    assert text is not None
    assert text.facts.code == "notice.found.counterfeit.brand"
    assert any_site.brand_person.name not in str(text)


@pytest.mark.parametrize("decision", Decision)
def test_a_removal_that_waits_for_people_is_told_when_they_let_it_go(any_site: Site, decision: Decision) -> None:
    a_listing(any_site)
    receipt = notify(any_site, "MP-1")
    (case,) = open_cases(any_site)
    judge(any_site, any_site.analyst, case, Judgement.CANNOT_TELL)
    rule, runtime = AutomaticRule.BRAND_REMOVALS, any_site.runtime
    switch_rule(runtime, any_site.marketplace, rule, on=False, by="test", reason="An account was taken over.")
    removal = judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT).action
    assert removal is not None
    assert removal.state is ActionState.PENDING_APPROVAL
    any_site.clock.forward(days=1)
    assert message_to_notifier(any_site, items_of(any_site, receipt)[0]) is None
    record_vote(runtime, any_site.analyst, removal.action_id, decision, "I called the brand.")
    (notice_item,) = items_of(any_site, receipt)
    text = message_to_notifier(any_site, notice_item)
    if decision is Decision.APPROVE:
        assert text is not None
        assert text.decision.code == "notice.decision.removed"
    else:
        assert (notice_item.state, notice_item.action_id, text) == (ItemState.WAITING, None, None)
        assert notice_item.case_id == open_cases(any_site)[0].case_id


def removal_after_notice(site: Site, external_id: str, kind: ReporterKind | None, **words: str) -> str:
    """A listing that was notified, judged counterfeit by an analyst, and removed; returns the action's id."""
    a_listing(site, external_id, **SOLENNE | words, seller={"external_id": f"closet-{external_id}"})
    notify(site, external_id, by=a_reporter(site, kind) if kind else None)
    (case,) = open_cases(site)
    return carry_out_action(site, judge(site, site.analyst, case, Judgement.COUNTERFEIT).action).action_id


def test_the_public_statement_says_that_a_notice_led_to_the_removal(any_site: Site) -> None:
    begins = any_site.clock.now()
    with a_marketplace_that_listens(any_site):
        by_anybody = removal_after_notice(any_site, "MP-1", None)
        # A copy of the first would be found without a notice.
        apart = {"title": "Solenne bucket bag, olive", "description": "A gift that I never used, with its dust bag."}
        by_flagger = removal_after_notice(any_site, "MP-2", ReporterKind.TRUSTED_FLAGGER, **apart)
        other = {"title": "Solenne shopper, navy", "description": "Bought in May at the shop in Turin, carried twice."}
        drawn = a_drawn_case(any_site, external_id="MP-3", seller={"external_id": "closet-3"}, **other)
        notify(any_site, "MP-3", email="late@example.org")
        found_by_us = carry_out_action(any_site, judge(any_site, any_site.analyst, drawn, Judgement.COUNTERFEIT).action)
    with any_site.runtime.store.read() as connection:
        until = any_site.clock.now() + timedelta(seconds=1)
        told_there, _ = restrictions.restrictions_carried_out(
            connection, any_site.marketplace_id, since=begins, until=until, after=None, most=10
        )
    assert {restriction.action_id: (restriction.source, restriction.found_by_model) for restriction in told_there} == {
        by_anybody: (Source.NOTICE, False),
        by_flagger: (Source.TRUSTED_FLAGGER, False),
        found_by_us.action_id: (Source.VOLUNTARY, False),
    }


def test_the_seller_is_told_that_there_was_a_notice_and_never_whose(any_site: Site) -> None:
    a_listing(any_site, **SOLENNE)
    notify(any_site, "MP-1")
    (case,) = open_cases(any_site)
    action = judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT).action
    assert action is not None
    assert action.state is ActionState.SCHEDULED
    assert action.statement["automated_means"].startswith("The marketplace received a notice about the listing.")
    for hidden in (EMAIL, "Anna", WORDS):
        assert hidden not in str(action.statement)


def test_who_is_not_registered_names_ten_listings_and_thirty_a_day(any_site: Site) -> None:
    with pytest.raises(Invalid, match="at most 10 listings; this one names 11"):
        notify(any_site, *(f"MP-{n}" for n in range(11)))
    for day in range(3):
        confirm_notice(any_site, notify(any_site, *(f"MP-{day}-{n}" for n in range(10))))
    with pytest.raises(TooManyNotices, match="so far you have sent 30"):
        notify(any_site, "MP-1")
    notify(any_site, "MP-1", email="another@example.org")
    any_site.clock.forward(days=1)
    notify(any_site, "MP-1")
    flagger = a_reporter(any_site, ReporterKind.TRUSTED_FLAGGER)
    assert len(notify(any_site, *(f"MP-{n}" for n in range(60)), by=flagger).listings) == 60


def test_a_stranger_under_anothers_address_does_not_use_up_their_notices(any_site: Site) -> None:
    for day in range(3):
        notify(any_site, *(f"MP-{day}-{n}" for n in range(10)), address="203.0.113.9")
    receipt = notify(any_site, "MP-1", address="192.0.2.1")
    confirm_notice(any_site, receipt)
    confirm_notice(any_site, receipt)
    assert len(notify(any_site, *(f"MP-{n}" for n in range(10))).listings) == 10


def test_a_network_names_three_hundred_listings_a_day_under_whatever_addresses(any_site: Site) -> None:
    """IPv6 addresses of one customer are one network. The next day counts from zero."""
    for number in range(30):
        names = [f"MP-{number}-{n}" for n in range(10)]
        notify(any_site, *names, email=f"{number}@example.org", address=f"2001:db8:1:2::{number:x}")
    with pytest.raises(TooManyNotices, match="from your network today"):
        notify(any_site, "MP-1", email="31@example.org", address="2001:db8:1:2:ffff::1")
    notify(any_site, "MP-1", address="2001:db8:1:3::1")
    notify(any_site, "MP-1", by=a_reporter(any_site, ReporterKind.REGISTERED), address="2001:db8:1:2::1")
    any_site.clock.forward(days=1, seconds=1)
    notify(any_site, "MP-1", email="31@example.org", address="2001:db8:1:2::1")
    assert len(any_site.rows(select(notice_network))) == 1, "of the day before nothing is kept"


def test_the_stored_network_is_no_address_and_another_on_another_day(site: Site) -> None:
    now = site.clock.now()
    token = network_token(site.runtime, "203.0.113.9", now)
    assert token == network_token(site.runtime, "203.0.113.9", now + timedelta(hours=1))
    assert token != network_token(site.runtime, "203.0.113.9", now + timedelta(days=1))
    assert token != network_token(site.runtime, "203.0.113.8", now)
    assert network_token(site.runtime, "testclient", now) != network_token(site.runtime, "", now)


@pytest.mark.both_engines
def test_eight_at_once_from_one_network_pass_no_limit_together(any_site: Site) -> None:
    policy = replace(any_site.runtime.policies[NoticePolicy], most_listings_a_day_network=30)
    site = replace(any_site, runtime=replace(any_site.runtime, policies=any_site.runtime.policies.changed(policy)))

    def send(number: int) -> bool:
        try:
            notify(site, *(f"MP-{number}-{n}" for n in range(10)), email=f"{number}@example.org")
        except TooManyNotices:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(8))) == 3


def test_the_link_of_the_receipt_confirms_nothing_and_the_marketplace_gets_the_one_that_does(site: Site) -> None:
    begins = site.clock.now()
    receipt = notify(site, "MP-1")
    (changed_notice,) = changed_notices(site.runtime, site.marketplace, begins)["notices"]
    assert changed_notice["confirm_link"] not in {None, changed_notice["link"]}
    with pytest.raises(NotFound):
        confirm_address(site.runtime, receipt.link.rpartition("/")[2])
    with pytest.raises(NotFound), site.runtime.store.read() as connection:
        notice_of_link(site.runtime, connection, changed_notice["confirm_link"].rpartition("/")[2])
    assert confirm_address(site.runtime, changed_notice["confirm_link"].rpartition("/")[2]) == path_of(receipt.link)
    (changed_notice,) = changed_notices(site.runtime, site.marketplace, begins)["notices"]
    assert changed_notice["confirm_link"] is None
    notify(site, "MP-2", by=a_reporter(site, ReporterKind.REGISTERED))
    *_, registered = changed_notices(site.runtime, site.marketplace, begins)["notices"]
    assert registered["confirm_link"] is None, "the marketplace knows who it registered"


def test_a_flood_of_strangers_is_slowed_and_keeps_no_registered_reporter_out(any_site: Site) -> None:
    policy = replace(any_site.runtime.policies[NoticePolicy], most_notices_an_hour_unregistered=3)
    site = replace(any_site, runtime=replace(any_site.runtime, policies=any_site.runtime.policies.changed(policy)))
    for number in range(3):
        notify(site, "MP-1", email=f"{number}@example.org")
    with pytest.raises(TooManyNotices, match="in an hour"):
        notify(site, "MP-1", email="4@example.org")
    notify(site, "MP-1", by=a_reporter(site, ReporterKind.REGISTERED))
    site.clock.forward(hours=1)
    notify(site, "MP-1", email="4@example.org")


@pytest.mark.both_engines
def test_eight_who_notify_one_listing_at_once_open_one_case(any_site: Site) -> None:
    a_listing(any_site)
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda n: notify(any_site, "MP-1", email=f"{n}@example.org"), range(8)))
    assert len({notice_item.case_id for receipt in receipts for notice_item in items_of(any_site, receipt)}) == 1
    assert len(open_cases(any_site)) == 1


def test_who_is_muted_gets_a_receipt_and_no_case_with_the_reason_on_record(any_site: Site) -> None:
    a_listing(any_site)
    notify(any_site, "MP-777")
    until = any_site.clock.now() + timedelta(days=1)
    any_site.execute(update(reporter).values(muted_until=until, muted_because="Forty of forty were unfounded."))
    receipt = notify(any_site, "MP-1", "MP-778")
    assert [state for _, state in receipt.listings] == [ItemState.MUTED, ItemState.UNKNOWN_LISTING]
    assert open_cases(any_site) == []
    text = message_to_notifier(any_site, items_of(any_site, receipt)[0])
    assert text is not None
    assert text.decision.code == "notice.decision.muted"
    assert log_entries(any_site, receipt.notice_id)["muted_because"] == "Forty of forty were unfounded."
    any_site.clock.forward(days=1)
    assert items_of(any_site, notify(any_site, "MP-1"))[0].state is ItemState.WAITING


def test_what_was_looked_at_for_a_notice_stands_for_itself_alone_in_training(any_site: Site) -> None:
    """Its score had a sampling probability of 1 in 33, but sampling did not cause the review."""
    a_listing(any_site, "MP-1", **SOLENNE)
    notify(any_site, "MP-1")
    (noticed,) = open_cases(any_site)
    judge(any_site, any_site.analyst, noticed, Judgement.GENUINE)
    drawn = a_drawn_case(any_site, external_id="MP-2")
    judge(any_site, any_site.analyst, drawn, Judgement.GENUINE)
    any_site.clock.forward(seconds=1)
    notify(any_site, "MP-2")
    (again,) = open_cases(any_site)
    judge(any_site, any_site.analyst, again, Judgement.GENUINE)
    now = any_site.clock.now()
    with any_site.runtime.store.read() as connection:
        rows = list(learning.scored_reviewed_versions(connection, any_site.marketplace_id, now))
        window = Window.of_days(1, now)
        measured = {
            score.version_id: score for score in monitoring.first_scores(connection, any_site.marketplace_id, window)
        }
    chances = {row["version_id"]: row["inclusion_probability"] for row in rows}
    assert len(rows) == 2, "a version is one row, however often it was looked at"
    assert chances[noticed.version_id] == 1.0
    assert 0 < chances[drawn.version_id] < 1.0
    assert measured[noticed.version_id].inclusion_probability == 1.0
    assert measured[drawn.version_id].inclusion_probability == chances[drawn.version_id]


def test_a_seller_that_is_forgotten_stays_in_the_evidence_while_the_notifier_can_complain(any_site: Site) -> None:
    a_listing(any_site)
    notify(any_site, "MP-1")
    seller, runtime = "closet-mia", any_site.runtime

    def erased() -> dict[str, int]:
        erasure = erase_seller(runtime, any_site.marketplace, seller, carry_out=True, by="test")
        return {**erasure["kept_for_now"], "parts": erasure["erased"]["parts of evidence that show the seller"]}

    assert erased() == {"A notice about it is being decided.": 1, "parts": 0}
    (case,) = open_cases(any_site)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    assert erased() == {"Its notifier can still complain.": 1, "parts": 0}
    any_site.clock.forward(days=190)
    assert erased() == {"parts": 2}
    assert verify(runtime, any_site.marketplace) == {"snapshots": 1, "erased": 1, "differing": []}


def test_the_marketplace_reads_whom_to_tell_and_what(any_site: Site) -> None:
    a_listing(any_site)
    begins = any_site.clock.now()
    receipt = notify(any_site, "MP-1")
    (changed_notice,) = changed_notices(any_site.runtime, any_site.marketplace, begins)["notices"]
    assert (changed_notice["email"], changed_notice["link"], changed_notice["listings"]) == (
        EMAIL,
        receipt.link,
        [{"location": "MP-1", "state": "waiting", "outcome": None, "decision": None, "decided_at": None}],
    )
    any_site.clock.forward(hours=1)
    later = any_site.clock.now()
    assert changed_notices(any_site.runtime, any_site.marketplace, later)["notices"] == []
    (case,) = open_cases(any_site)
    judge(any_site, any_site.analyst, case, Judgement.LICENSED)
    any_site.clock.forward(seconds=UNDO_SECONDS)
    (changed_notice,) = changed_notices(any_site.runtime, any_site.marketplace, later)["notices"]
    assert changed_notice["listings"][0]["decision"]["decision"] == "The listing stays."


def test_whoever_asks_again_and_again_misses_no_decision(any_site: Site) -> None:
    """Each poll starts at the previous one, also between the verdict and the end of its undo window."""
    a_listing(any_site, **SOLENNE)
    notify(any_site, "MP-1")
    runtime, marketplace = any_site.runtime, any_site.marketplace
    told_so_far: list[str] = []
    since = any_site.clock.now()

    def ask() -> None:
        nonlocal since
        for changed_notice in changed_notices(runtime, marketplace, since)["notices"]:
            told_so_far.extend(
                listing["decision"]["decision"] for listing in changed_notice["listings"] if listing["decision"]
            )
        since = any_site.clock.now()

    any_site.clock.forward(hours=1)
    ask()
    (case,) = open_cases(any_site)
    with a_marketplace_that_listens(any_site):
        action = judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT).action
        any_site.clock.forward(seconds=60)
        ask()
        assert told_so_far == []
        removal = carry_out_action(any_site, action)
        any_site.clock.forward(seconds=1)
        ask()
        assert told_so_far == ["The listing is removed."]
        any_site.clock.forward(hours=1)
        ask()
        assert told_so_far == ["The listing is removed."], "once"
        reinstate_on_appeal(any_site, removal)
        ask()
    assert told_so_far == ["The listing is removed.", "The listing was removed and is now reinstated."]


def test_a_case_that_is_opened_while_a_change_is_scored_is_not_left_behind(site: Site) -> None:
    """The change was routed to no action before the notice came in."""
    a_listing(site)

    def draw() -> float:
        notify(site, "MP-1")
        return 0.9

    changed = a_row(description="An ordinary change, and the draw does not fall on it.")
    receive_rows(replace(site.runtime, draw=draw), site.marketplace, [changed], source="test")
    (case,) = open_cases(site)
    assert case.version_id == site.read(listings.versions, site.marketplace_id, case.listing_id)[-1]["version_id"]
