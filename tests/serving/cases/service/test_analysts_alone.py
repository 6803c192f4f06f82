"""Attacks by an analyst's stolen session, and by an administrator with invited analysts: each was seen to succeed."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from models.errors import Conflict, Forbidden, Invalid
from models.verdict import Judgement
from serving.accounts.rules.access import LOCAL, Person, Role
from serving.audit.store import audit
from serving.cases.service.decision_context import Answer
from serving.cases.service.opening import open_by_choice
from serving.cases.service.removal_approvals import pending_removals, record_vote
from serving.cases.service.review import record_verdict
from serving.cases.store import cases, queues
from serving.cases.store.cases import Case
from serving.cases.store.queues import QueueFilter
from serving.commands.every import run
from serving.listings.service.intake import receive_rows
from serving.listings.store import listings
from serving.mail.rules.kinds import MailKind
from serving.mail.service.wording import content
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.takedowns.policy import DEFAULT_BURSTS
from serving.takedowns.rules.approval import Decision
from tests.fixtures.mails import stored_mails
from tests.fixtures.naming import VELA
from tests.fixtures.puppets import invited_person
from tests.fixtures.reporting import action_states, confirm, questions
from tests.fixtures.runtimes import Site, a_drawn_case, a_row, judge
from tests.fixtures.runtimes import invite as added

CAP = 5


def sampled_cases(site: Site, many: int, *, draw: float) -> list[Case]:
    """Ordinary listings of a brand that does not take part, and the cases that the random audit sample drew of them."""
    block = {"title": "Solenne tote in grained leather, grey", "brand": "Solenne"}
    rows = [a_row(external_id=f"MP-{i}", seller={"external_id": f"shop-{i}"}, **block) for i in range(many)]
    receive_rows(replace(site.runtime, draw=lambda: draw), site.marketplace, rows, source="test")
    with site.runtime.store.read() as connection:
        drawn = queues.queue(connection, QueueFilter(frozenset({site.marketplace_id})), most=10_000)
        return [cases.get(connection, site.marketplace_id, row["case_id"]) for row in drawn]


def chosen_cases(site: Site, person: Person, many: int) -> list[str]:
    """Cases that a person opens on listings that nobody had flagged."""
    assert not sampled_cases(site, many, draw=0.999)
    with site.runtime.store.read() as connection:
        known = [listings.id_of(connection, site.marketplace_id, f"MP-{i}") for i in range(many)]
    return [open_by_choice(site.runtime, person, listing_id) for listing_id in known if listing_id is not None]


def puppets_of(site: Site, role: Role = Role.ANALYST) -> list[Person]:
    """Three analysts whom one administrator invited, and whose accounts they opened themselves."""
    admin = added(site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)
    return [invited_person(site, admin, name, role) for name in ("one", "two", "three")]


def confirm_cases(site: Site, people: Sequence[Person], cases: Sequence[Case]) -> None:
    """Each person in turn confirms one of these cases."""
    for number, case in enumerate(cases):
        judge(site, people[number % len(people)], case, Judgement.COUNTERFEIT)


@pytest.mark.attack
def test_nothing_that_an_analyst_opened_by_choice_leaves_on_their_own_confirmation(any_site: Site) -> None:
    """With a typed mark and owner, as the session of one analyst could do it all day."""
    for case_id in chosen_cases(any_site, any_site.analyst, 4):
        case = any_site.read(cases.get, any_site.marketplace_id, case_id)
        answer = Answer(case_id, case.version_id, Judgement.COUNTERFEIT, naming=VELA)
        record_verdict(any_site.runtime, any_site.analyst, answer)
        any_site.clock.forward(hours=2)
    assert action_states(any_site) == {"pending_approval": 4}


def test_another_person_or_an_administrator_approves_what_an_analyst_opened_by_choice(site: Site) -> None:
    first, second, third = (removal_by_choice(site, case_id) for case_id in chosen_cases(site, site.analyst, 3))
    admin = added(site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)
    with pytest.raises(Forbidden):
        record_vote(site.runtime, site.analyst, first, Decision.APPROVE, "Mine.")
    for person, action_id in ((site.second_analyst, first), (admin, second)):
        assert record_vote(site.runtime, person, action_id, Decision.APPROVE, "Looked at it.") is Decision.APPROVE
    (pending,) = pending_removals(site.runtime, admin)
    assert pending.action.action_id == third
    assert {"Ada Falk", site.second_analyst.name} <= set(pending.able)
    assert action_states(site) == {"scheduled": 2, "pending_approval": 1}


def test_the_owner_of_the_data_directory_approves_where_nobody_else_can(site: Site) -> None:
    action_id = removal_by_choice(site, chosen_cases(site, site.analyst, 1)[0])
    assert run(site.runtime, "list_pending_removals", {}) == [
        f"{action_id}: An analyst opened this case by choice. A second person approves the removal."
    ]
    with pytest.raises(Invalid):
        run(site.runtime, "approve_removal", {"action_id": action_id, "reason": " "})
    arguments = {"action_id": action_id, "reason": "I work alone."}
    assert run(site.runtime, "approve_removal", arguments) == f"{action_id} is approved."
    with pytest.raises(Conflict):
        run(site.runtime, "approve_removal", arguments)
    entries = site.read(audit.of_subject, {site.marketplace_id}, action_id, most=9)
    (release,) = [audit_entry for audit_entry in entries if audit_entry.act == "approval_vote.approve"]
    assert (release.actor, release.payload["reason"]) == (LOCAL, "I work alone.")
    assert action_states(site) == {"scheduled": 1}


def test_the_owner_of_the_data_directory_does_not_approve_for_a_brand(site: Site) -> None:
    switch_rule(site.runtime, site.marketplace, AutomaticRule.BRAND_REMOVALS, on=False, by="test", reason="x")
    (case,) = questions(site, 1)
    action = confirm(site, site.brand_person, case).action
    assert action is not None
    with pytest.raises(Forbidden, match="A brand confirmed"):
        run(site.runtime, "approve_removal", {"action_id": action.action_id, "reason": "x"})


def test_a_switch_of_its_own_holds_what_analysts_confirm(site: Site) -> None:
    (question,) = questions(site, 1)
    switch_rule(site.runtime, site.marketplace, AutomaticRule.ANALYST_REMOVALS, on=False, by="test", reason="x")
    judge(site, site.analyst, a_drawn_case(site), Judgement.COUNTERFEIT)
    confirm(site, site.brand_person, question)
    assert action_states(site) == {"pending_approval": 1, "scheduled": 1}
    switch_rule(site.runtime, site.marketplace, AutomaticRule.BRAND_REMOVALS, on=False, by="test", reason="x")
    switch_rule(site.runtime, site.marketplace, AutomaticRule.ANALYST_REMOVALS, on=True, by="test", reason="x")
    judge(site, site.analyst, a_drawn_case(site, external_id="MP-51"), Judgement.COUNTERFEIT)
    assert action_states(site) == {"pending_approval": 1, "scheduled": 2}


def removal_by_choice(site: Site, case_id: str) -> str:
    """The removal that the analyst requests of a case that they opened."""
    answer = Answer(case_id, site.read(cases.get, site.marketplace_id, case_id).version_id, Judgement.COUNTERFEIT)
    action = record_verdict(site.runtime, site.analyst, answer).action
    assert action is not None
    return action.action_id


@pytest.mark.attack
def test_nothing_leaves_on_the_first_day_of_three_invited_analysts(site: Site) -> None:
    cases = sampled_cases(site, 6, draw=0.0)
    puppets = puppets_of(site)
    confirm_cases(site, puppets, cases[:3])
    site.clock.forward(hours=23, minutes=59)
    confirm_cases(site, puppets, cases[3:])
    assert action_states(site) == {"pending_approval": 6}


@pytest.mark.attack
def test_three_analysts_of_one_administrator_share_a_cap_and_its_alarm(site: Site) -> None:
    policies = site.runtime.policies.changed(replace(DEFAULT_BURSTS, per_user=CAP))
    site = replace(site, runtime=replace(site.runtime, policies=policies))
    cases = sampled_cases(site, CAP + 5, draw=0.0)
    puppets = puppets_of(site)
    site.clock.forward(days=2)
    confirm_cases(site, puppets, cases[: CAP + 2])
    site.clock.forward(hours=1, minutes=1)
    confirm_cases(site, puppets, cases[CAP + 2 :])
    assert action_states(site) == {"scheduled": CAP, "pending_approval": 5}
    (mail,) = stored_mails(site, MailKind.BURST_ALARM)
    assert (mail.name, mail.parameters["by"]) == ("Ada Falk", "three")
    assert content(mail.kind, mail.parameters).subject == "Removals of three are pending approval"
    mails = stored_mails(site, MailKind.PENDING_REMOVALS)
    assert "Ada Falk" in {mail.name for mail in mails}
    assert all(mail.name != removal["by"] for mail in mails for removal in mail.parameters["entries"])
