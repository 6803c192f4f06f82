import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.errors import Conflict, Forbidden, Invalid, NotFound
from models.outcomes import outcomes
from models.verdict import Judgement
from serving.audit.store import audit
from serving.audit.tables import audit_entry
from serving.cases.service.removal_approvals import pending_removals, record_vote
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import verdicts
from serving.learning.store import verdict_history
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.scoring.store import histories
from serving.standing.rules.standing import Level
from serving.standing.store import standings
from serving.takedowns.policy import DEFAULT_BURSTS, BurstPolicy
from serving.takedowns.rules.approval import Decision
from serving.takedowns.rules.bursts import PendingCause
from serving.takedowns.service.takedown import send_approved
from serving.takedowns.store import actions, alerts
from serving.takedowns.store.alerts import Alert
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionState
from tests.fixtures.complaining import end_answering_time
from tests.fixtures.guests import an_invited_user
from tests.fixtures.receivers import deliver
from tests.fixtures.reporting import a_rival, action_states, confirm, questions
from tests.fixtures.runtimes import Site, a_case, having, judge, open_cases
from tests.fixtures.stepping_up import HOUR, in_level, standing_of, with_a_small_hour
from tests.serving.listings.service.test_near_duplicates import unstored_duplicates
from tests.serving.reports.service.test_withdrawing import carry_out_all

CAP = HOUR
WHY = "Looked at the listings."


@pytest.fixture
def site(site: Site) -> Site:
    return with_a_small_hour(site)


@pytest.fixture
def any_site(any_site: Site) -> Site:
    return with_a_small_hour(any_site)


def with_the_usual_hour(site: Site) -> Site:
    return replace(site, runtime=replace(site.runtime, policies=site.runtime.policies.changed(DEFAULT_BURSTS)))


def open_alerts(site: Site) -> list[Alert]:
    return site.read(alerts.open_alerts, {site.marketplace_id})


def drill(site: Site, many: int) -> None:
    """A compromised brand account confirms everything within ten minutes."""
    site, cap = with_the_usual_hour(site), DEFAULT_BURSTS.per_user
    cases, first_pending = questions(site, many), None
    in_level(site, Level.FULL)
    for number, case in enumerate(cases):
        recorded = confirm(site, site.brand_person, case)
        if first_pending is None and recorded.action and recorded.action.state is ActionState.PENDING_APPROVAL:
            assert number == cap
            first_pending = site.clock.now()
        site.clock.forward(seconds=600 / many)
    assert first_pending is not None
    (alert,) = open_alerts(site)
    assert (alert.cause, alert.subject) == (PendingCause.USER_BURST, site.brand_person.user_id)
    assert alert.raised_at - first_pending <= timedelta(minutes=1)
    assert action_states(site) == {"scheduled": cap, "pending_approval": many - cap}
    with site.runtime.store.read() as connection:
        acts = connection.execute(select(audit_entry.c.act)).scalars().all()
    assert acts.count("alert.raised") == 1, "it is open already"
    site.clock.forward(hours=30)
    removals = site.read(actions.latest, site.marketplace_id, kind=None, state=None, most=many)
    outcomes = [deliver(site.runtime, site.marketplace_id, removal.action_id) for removal in removals]
    assert outcomes.count("pending_approval") == many - cap
    assert action_states(site) == {"sending": cap, "pending_approval": many - cap}


def test_removals_beyond_the_cap_of_a_compromised_brand_are_pending(any_site: Site) -> None:
    drill(any_site, 30)


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_of_five_hundred_confirmations_in_ten_minutes_those_beyond_the_cap_are_pending(any_site: Site) -> None:
    drill(any_site, 500)


@pytest.mark.both_engines
def test_concurrent_confirmations_send_at_most_the_cap(any_site: Site) -> None:
    cap, cases = 4, questions(any_site, 10)
    policies = any_site.runtime.policies.changed(BurstPolicy(per_user=cap))
    capped = replace(any_site, runtime=replace(any_site.runtime, policies=policies))
    for case in cases[:2]:
        confirm(capped, any_site.brand_person, case)
    start = threading.Barrier(8)

    def confirm_one(number: int) -> None:
        start.wait()
        confirm(capped, any_site.brand_person, cases[2 + number])

    threads = [threading.Thread(target=confirm_one, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert action_states(any_site) == {"scheduled": cap, "pending_approval": 6}
    assert len(open_alerts(any_site)) == 1


def test_an_hour_after_the_cap_was_reached_without_a_burst_the_whole_cap_is_sent_again(site: Site) -> None:
    for number, case in enumerate(questions(site, 2 * CAP)):
        if number == CAP:
            site.clock.forward(minutes=60, seconds=1)
        confirm(site, site.brand_person, case)
    assert action_states(site) == {"scheduled": 2 * CAP}


def test_the_eleventh_listing_of_one_seller_is_pending(site: Site) -> None:
    site = with_the_usual_hour(site)
    for case in questions(site, 11, seller="lumo-trade-88"):
        confirm(site, site.brand_person, case)
    assert action_states(site) == {"scheduled": 10, "pending_approval": 1}
    assert [(alert.cause, alert.subject) for alert in open_alerts(site)] == [
        (PendingCause.SELLER_SHARE, "lumo-trade-88")
    ]


def a_burst(site: Site) -> str:
    """Confirm one removal more than the cap; returns its action's id."""
    return having(site, burst)


def burst(site: Site) -> str:
    last = None
    for case in questions(site, site.runtime.policies[BurstPolicy].per_user + 1):
        last = confirm(site, site.brand_person, case).action
    assert last is not None
    return last.action_id


def test_a_pending_removal_does_not_use_the_daily_cap(any_site: Site) -> None:
    """Neither before nor after its approval."""
    since = any_site.clock.now()

    def used_up() -> int:
        return any_site.read(standings.count_at_once_since, any_site.marketplace_id, any_site.brand_id, since)

    action_id = a_burst(any_site)
    assert action_states(any_site) == {"scheduled": CAP, "pending_approval": 1}
    assert used_up() == CAP
    for person in (any_site.analyst, any_site.account_manager):
        record_vote(any_site.runtime, person, action_id, Decision.APPROVE, WHY)
    assert action_states(any_site) == {"scheduled": CAP + 1}
    assert used_up() == CAP


def a_pending_verdict(site: Site, action_id: str) -> tuple[str, str]:
    with site.runtime.store.read() as connection:
        verdict_id = actions.get(connection, site.marketplace_id, action_id).verdict_id
        return verdict_id, verdicts.get(connection, site.marketplace_id, verdict_id).version_id


def counts_for_training(site: Site, verdict_id: str, version_id: str, as_of: datetime) -> bool:
    """Whether a verdict counts for training, as known at a moment."""
    version_verdicts = site.read(verdict_history.of_marketplace, site.marketplace_id, as_of)[version_id].verdicts
    (verdict,) = [verdict.verdict for verdict in version_verdicts if verdict.verdict.verdict_id == verdict_id]
    return not verdict.superseded


@pytest.mark.parametrize("decision", Decision)
def test_the_verdict_behind_a_pending_removal_counts_from_the_approval(any_site: Site, decision: Decision) -> None:
    action_id, clock = a_burst(any_site), any_site.clock
    pending_verdict = a_pending_verdict(any_site, action_id)
    confirmed = clock.now()
    assert not counts_for_training(any_site, *pending_verdict, confirmed)
    clock.forward(days=30)
    pending = clock.now()
    assert not counts_for_training(any_site, *pending_verdict, pending)
    clock.forward(days=1)
    for person in (any_site.analyst, any_site.account_manager):
        record_vote(any_site.runtime, person, action_id, decision, WHY)
    assert counts_for_training(any_site, *pending_verdict, clock.now()) is (decision is Decision.APPROVE)
    # Point-in-time results for the earlier moments are unchanged.
    assert not counts_for_training(any_site, *pending_verdict, confirmed)
    assert not counts_for_training(any_site, *pending_verdict, pending)


def a_pending_removal_on_the_brands_confirmation_alone(site: Site) -> str:
    """The brand confirms MP-9 of lumo-trade-88, on which the analyst could not tell; returns the action's id."""
    judge(site, site.analyst, a_case(site, external_id="MP-9"), Judgement.CANNOT_TELL)
    (question,) = open_cases(site, CaseLane.ASK_BRAND)
    rule = AutomaticRule.BRAND_REMOVALS
    switch_rule(site.runtime, site.marketplace, rule, on=False, by="test", reason="An account was taken over.")
    removal = confirm(site, site.brand_person, question).action
    assert removal is not None
    return removal.action_id


def counted_against_the_seller(site: Site, as_of: datetime) -> tuple[int, int]:
    """The confirmed counterfeits of the seller, and of listings with the text of a new one, as known at a moment."""
    rulings = site.read(histories.rulings, site.marketplace_id, ["lumo-trade-88"]).get("lumo-trade-88", [])
    return sum(outcome.counterfeit for outcome in outcomes(rulings, as_of=as_of)), unstored_duplicates(
        site, as_of=as_of
    ).counterfeit


@pytest.mark.parametrize("decision", Decision)
def test_a_pending_confirmation_does_not_count_before_its_approval(any_site: Site, decision: Decision) -> None:
    action_id, clock = a_pending_removal_on_the_brands_confirmation_alone(any_site), any_site.clock
    clock.forward(days=30)
    pending = clock.now()
    assert counted_against_the_seller(any_site, pending) == (0, 0)
    clock.forward(days=1)
    record_vote(any_site.runtime, any_site.analyst, action_id, decision, WHY)
    clock.forward(seconds=1)
    expected = (1, 1) if decision is Decision.APPROVE else (0, 0)
    assert counted_against_the_seller(any_site, clock.now()) == expected
    # The point-in-time result for the earlier moment is unchanged.
    assert counted_against_the_seller(any_site, pending) == (0, 0)


def test_verdicts_of_sent_removals_count_while_others_are_pending(any_site: Site) -> None:
    a_burst(any_site)
    removals = any_site.read(actions.latest, any_site.marketplace_id, kind=None, state=ActionState.SCHEDULED, most=CAP)
    verdict_pairs = [a_pending_verdict(any_site, removal.action_id) for removal in removals]
    assert [counts_for_training(any_site, *pair, any_site.clock.now()) for pair in verdict_pairs] == [True] * CAP


def test_a_pending_removal_counts_for_a_brands_standing_after_its_approval(any_site: Site) -> None:
    action_id = a_burst(any_site)

    def stood() -> int:
        carry_out_all(any_site)
        end_answering_time(any_site)
        return standing_of(any_site).overall.removals.stood

    assert stood() == CAP
    for person in (any_site.analyst, any_site.account_manager):
        record_vote(any_site.runtime, person, action_id, Decision.APPROVE, WHY)
    assert stood() == CAP + 1


def test_another_brand_has_no_role_and_a_removal_that_is_not_pending_no_vote(site: Site) -> None:
    action_id, rival = a_burst(site), a_rival(site)
    with site.runtime.store.read() as connection:
        pending = actions.get(connection, site.marketplace_id, action_id)
        scheduled = (
            connection.execute(select(action.c.action_id).where(action.c.state == "scheduled")).scalars().first()
        )
    assert pending_removals(site.runtime, rival) == []
    for person, removal in ((rival, action_id), (site.analyst, str(scheduled))):
        with pytest.raises(NotFound, match="There is no such removal"):
            record_vote(site.runtime, person, removal, Decision.APPROVE, WHY)
    with site.runtime.store.write() as connection:
        send_approved(site.runtime, connection, pending, "user:x", site.clock.now())
        with pytest.raises(Conflict, match="in the meantime"):
            send_approved(site.runtime, connection, pending, "user:x", site.clock.now())


def test_after_a_burst_the_review_team_and_account_management_approve_a_removal(any_site: Site) -> None:
    action_id, runtime = a_burst(any_site), any_site.runtime
    assert record_vote(runtime, any_site.analyst, action_id, Decision.APPROVE, WHY) is None
    assert action_states(any_site)["pending_approval"] == 1
    assert record_vote(runtime, any_site.account_manager, action_id, Decision.APPROVE, WHY) is Decision.APPROVE
    assert action_states(any_site) == {"scheduled": CAP + 1}
    assert open_alerts(any_site) == []
    with runtime.store.read() as connection:
        removal = actions.get(connection, any_site.marketplace_id, action_id)
        acts = list(connection.execute(select(audit_entry.c.act).order_by(audit_entry.c.sequence)).scalars())
        assert audit.check_chain(connection)[1] is None
    assert removal.due_at == removal.leaves_at >= removal.created_at + timedelta(seconds=180)
    assert acts[-5:] == [
        "remove.pending_approval",
        "alert.raised",
        "approval_vote.approve",
        "approval_vote.approve",
        "remove.approved",
    ]
    any_site.clock.forward(minutes=4)
    assert (
        deliver(runtime, any_site.marketplace_id, action_id) == "failed"
    )  # It is sent, but no endpoint is registered.


def test_two_of_the_review_team_are_one_organisation(site: Site) -> None:
    action_id = a_burst(site)
    record_vote(site.runtime, site.analyst, action_id, Decision.APPROVE, WHY)
    assert record_vote(site.runtime, site.second_analyst, action_id, Decision.APPROVE, WHY) is None
    assert action_states(site)["pending_approval"] == 1


def test_a_confirmer_has_no_vote(site: Site) -> None:
    action_id = a_burst(site)
    with pytest.raises(Forbidden, match="You confirmed this removal"):
        record_vote(site.runtime, site.brand_person, action_id, Decision.APPROVE, WHY)


def test_two_accounts_of_one_person_do_not_both_count(any_site: Site) -> None:
    action_id, runtime = a_burst(any_site), any_site.runtime
    an_invited_user(any_site, any_site.account_manager, any_site.analyst)
    for person in (any_site.analyst, any_site.account_manager):
        assert record_vote(runtime, person, action_id, Decision.APPROVE, WHY) is None
    (pending_removal,) = pending_removals(runtime, any_site.analyst)
    assert [vote.user_id for vote in pending_removal.votes if vote.user_id in pending_removal.left_out] == [
        any_site.account_manager.user_id
    ]
    assert pending_removal.able == ("Tomás Rey",)
    assert action_states(any_site)["pending_approval"] == 1
    assert record_vote(runtime, any_site.second_analyst, action_id, Decision.APPROVE, WHY) is Decision.APPROVE


def test_an_account_that_counts_as_the_confirmers_can_only_withdraw_the_removal(site: Site) -> None:
    action_id = a_burst(site)
    an_invited_user(site, site.brand_person, site.analyst)
    with pytest.raises(Forbidden, match="count as one person"):
        record_vote(site.runtime, site.analyst, action_id, Decision.APPROVE, WHY)
    (pending_removal,) = pending_removals(site.runtime, site.analyst)
    assert (pending_removal.no_vote, "count as one person" in str(pending_removal.no_approval)) == (None, True)
    assert record_vote(site.runtime, site.analyst, action_id, Decision.WITHDRAW, WHY) is None
    assert record_vote(site.runtime, site.account_manager, action_id, Decision.WITHDRAW, WHY) is Decision.WITHDRAW


def test_a_vote_without_a_reason_is_refused_and_not_stored(site: Site) -> None:
    action_id = a_burst(site)
    with pytest.raises(Invalid, match="Give a reason"):
        record_vote(site.runtime, site.analyst, action_id, Decision.APPROVE, "  ")
    assert pending_removals(site.runtime, site.analyst)[0].votes == ()


def test_a_withdrawn_removal_voids_its_verdict_and_an_analyst_decides_again(any_site: Site) -> None:
    action_id, runtime = a_burst(any_site), any_site.runtime
    with runtime.store.read() as connection:
        verdict_id = actions.get(connection, any_site.marketplace_id, action_id).verdict_id
    record_vote(runtime, any_site.analyst, action_id, Decision.WITHDRAW, "The brand's account was taken over.")
    agreed = record_vote(runtime, any_site.account_manager, action_id, Decision.WITHDRAW, "I have called the brand.")
    assert agreed is Decision.WITHDRAW
    assert action_states(any_site) == {"scheduled": CAP, "withdrawn": 1}
    with runtime.store.read() as connection:
        assert verdicts.get(connection, any_site.marketplace_id, verdict_id).superseded_by is not None
    (again,) = open_cases(any_site, CaseLane.ANALYST)
    assert judge(any_site, any_site.second_analyst, again, Judgement.GENUINE).action is None


def test_a_decided_removal_is_not_decided_again(site: Site) -> None:
    action_id = a_burst(site)
    record_vote(site.runtime, site.analyst, action_id, Decision.APPROVE, WHY)
    record_vote(site.runtime, site.account_manager, action_id, Decision.APPROVE, WHY)
    with pytest.raises(Conflict, match="in the meantime"):
        record_vote(site.runtime, site.second_analyst, action_id, Decision.WITHDRAW, WHY)


def test_people_without_a_role_do_not_see_a_pending_removal(site: Site) -> None:
    action_id = a_burst(site)
    assert pending_removals(site.runtime, site.data_scientist) == []
    with pytest.raises(NotFound):
        record_vote(site.runtime, site.data_scientist, action_id, Decision.APPROVE, WHY)


def test_a_brand_sees_that_a_removal_is_pending_but_not_why(site: Site) -> None:
    a_burst(site)
    assert pending_removals(site.runtime, site.brand_person)[0].reasons == ()
    assert pending_removals(site.runtime, site.analyst)[0].reasons != ()


def test_a_pending_confirmation_can_be_undone_within_its_window(site: Site) -> None:
    cases = questions(site, CAP + 1)
    for case in cases:
        confirm(site, site.brand_person, case)
    undo_verdict(site.runtime, site.brand_person, cases[-1].case_id)
    assert action_states(site) == {"scheduled": CAP, "withdrawn": 1}
    assert (pending_removals(site.runtime, site.analyst), open_alerts(site)) == ([], [])


def test_a_kill_switch_makes_removals_pending_until_it_is_switched_on(any_site: Site) -> None:
    first, second = questions(any_site, 2)
    rule = AutomaticRule.BRAND_REMOVALS
    switch_rule(any_site.runtime, any_site.marketplace, rule, on=False, by="test", reason="An account was taken over.")
    removal = confirm(any_site, any_site.brand_person, first).action
    assert removal is not None
    assert (removal.state, open_alerts(any_site)[0].cause) == (ActionState.PENDING_APPROVAL, PendingCause.SWITCHED_OFF)
    # The confirmer's approval counts; one person of another organisation is the second.
    assert record_vote(any_site.runtime, any_site.analyst, removal.action_id, Decision.APPROVE, WHY) is Decision.APPROVE
    switch_rule(any_site.runtime, any_site.marketplace, rule, on=True, by="test", reason="It is the brand's again.")
    assert confirm(any_site, any_site.brand_person, second).action is not None
    assert action_states(any_site) == {"scheduled": 2}


def test_an_alert_ends_with_the_last_removal_of_its_cause_and_others_stay(any_site: Site) -> None:
    any_site, rule = with_the_usual_hour(any_site), AutomaticRule.BRAND_REMOVALS
    cases = questions(any_site, 12, seller="lumo-trade-88")
    switch_rule(any_site.runtime, any_site.marketplace, rule, on=False, by="test", reason="An account was taken over.")
    first = confirm(any_site, any_site.brand_person, cases[0]).action
    assert first is not None
    switch_rule(any_site.runtime, any_site.marketplace, rule, on=True, by="test", reason="It is the brand's again.")
    for case in cases[1:]:
        confirm(any_site, any_site.brand_person, case)
    assert {alert.cause for alert in open_alerts(any_site)} == {PendingCause.SWITCHED_OFF, PendingCause.SELLER_SHARE}
    record_vote(any_site.runtime, any_site.analyst, first.action_id, Decision.APPROVE, WHY)
    assert [alert.cause for alert in open_alerts(any_site)] == [PendingCause.SELLER_SHARE]


def test_a_rule_is_switched_with_a_reason_and_once(site: Site) -> None:
    rule = AutomaticRule.UNANSWERED_QUESTIONS
    with pytest.raises(Invalid, match="Give a reason"):
        switch_rule(site.runtime, site.marketplace, rule, on=False, by="test", reason=" ")
    switch_rule(site.runtime, site.marketplace, rule, on=False, by="test", reason="A feast in the brand's country.")
    with pytest.raises(Conflict, match="off already"):
        switch_rule(site.runtime, site.marketplace, rule, on=False, by="test", reason="Again.")
