"""Who is told of removals: the mails, the link that stops them, and what happens where no mail arrives."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from models.errors import Conflict, NotFound
from models.verdict import Judgement
from serving.accounts.rules.access import Person, Role, Secret
from serving.accounts.service.auth import NotSignedIn, session_of, sign_in
from serving.cases.service import removal_stops
from serving.cases.service.removal_approvals import pending_removals, record_vote
from serving.cases.service.undoing import undo_verdict
from serving.cases.store.cases import Case
from serving.mail.rules.kinds import MailKind
from serving.mail.service.rendering import render
from serving.mail.store.mails import StoredMail
from serving.platform.clock import SimulatedClock
from serving.takedowns.policy import TellingPolicy
from serving.takedowns.rules.approval import Decision
from serving.takedowns.rules.budgets import UsualDay
from serving.takedowns.rules.bursts import PendingCause
from serving.takedowns.service import telling
from serving.takedowns.service.stop_links import REMOVALS
from serving.takedowns.service.telling import is_unreachable, mail_day, report_departure
from serving.takedowns.store import alerts, removal_notices
from serving.takedowns.store.removal_notices import Remover
from tests.fixtures.clients import a_client
from tests.fixtures.mails import send_due_mails, site_with_mail, stored_mails
from tests.fixtures.reporting import a_leader, action_states, confirm, questions
from tests.fixtures.runtimes import PASSWORD, Site, a_drawn_case, a_second_review, judge
from tests.fixtures.runtimes import invite as added
from tests.fixtures.signing import a_tool
from tests.serving.web.visits import a_visitor, visit_as, words


def in_known_browser(site: Site, person: Person) -> Person:
    """The person in a browser that carries our mark."""
    return replace(person, secret=Secret("session:x", site.clock.now()))


def removal_mails(site: Site, reason: str) -> list[StoredMail]:
    """The mails about a person's removals for a reason."""
    return [mail for mail in stored_mails(site, MailKind.REMOVALS_TOLD) if mail.parameters["reason"] == reason]


def link(site: Site, mail: StoredMail) -> str:
    """The path of a mail's link."""
    return REMOVALS + render(site.runtime, mail, with_secret=True).text.partition(REMOVALS)[2].split()[0]


def with_leads(site: Site) -> Sequence[str]:
    """Aurelle with a lead and its account manager; the names of the people who are told."""
    return sorted({a_leader(site).name, site.account_manager.name, site.brand_person.name})


def confirm_removals(site: Site, many: int, person: Person | None = None) -> None:
    """Removals that the brand's person confirms, in a browser that is known."""
    for case in questions(site, many):
        confirm(site, person or in_known_browser(site, site.brand_person), case)


@pytest.mark.attack
def test_the_owner_of_a_stolen_session_is_told_of_its_first_removal_within_the_hour(site: Site) -> None:
    case = a_drawn_case(site)
    with site_with_mail(site) as (mailing, box):
        stolen = session_of(mailing.runtime, sign_in(mailing.runtime, site.analyst.email, PASSWORD).token)
        judge(mailing, stolen.person, case, Judgement.COUNTERFEIT)
        site.clock.forward(minutes=1)
        send_due_mails(mailing)
        assert box.to(site.analyst.email)


def test_an_administrator_is_told_once_a_day_of_an_analyst_in_a_new_browser(site: Site) -> None:
    admin = added(site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)
    for number in range(3):
        judge(site, site.analyst, a_drawn_case(site, external_id=f"MP-{number}"), Judgement.COUNTERFEIT)
    assert {mail.user_id for mail in removal_mails(site, "new_device")} == {admin.user_id, site.analyst.user_id}
    assert len(removal_mails(site, "new_device")) == 2
    site.clock.forward(days=1)
    judge(site, in_known_browser(site, site.analyst), a_drawn_case(site, external_id="MP-8"), Judgement.COUNTERFEIT)
    assert len(removal_mails(site, "new_device")) == 2, "not of a known one"
    judge(site, site.analyst, a_drawn_case(site, external_id="MP-9"), Judgement.COUNTERFEIT)
    assert len(removal_mails(site, "new_device")) == 4


def test_a_withdrawal_in_the_undo_window_takes_no_mail_back_and_the_mail_is_the_removals_own(site: Site) -> None:
    case = a_drawn_case(site)
    judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    undo_verdict(site.runtime, site.analyst, case.case_id)
    (mail,) = removal_mails(site, "new_device")
    assert mail.queued_at == site.clock.now()


def test_the_leads_are_told_of_the_tenth_removal_of_a_day_without_a_record(site: Site) -> None:
    names = with_leads(site)
    confirm_removals(site, 10)
    assert sorted(mail.name or "" for mail in removal_mails(site, "above_usual")) == names
    assert not removal_mails(site, "new_device")
    (mail, *_) = removal_mails(site, "above_usual")
    assert mail.parameters["n"] == 10


def test_each_evening_names_what_left_once(site: Site) -> None:
    names = with_leads(site)
    confirm_removals(site, 2)
    site.clock.forward(days=1)
    assert [mail_day(site.runtime) for _ in range(2)] == [1, 0]
    assert sorted(mail.name or "" for mail in removal_mails(site, "evening")) == names
    text = render(site.runtime, removal_mails(site, "evening")[0], with_secret=True)
    assert text.subject == f"2 removals of a day in the name of {site.brand_person.name}"
    assert "MP-0, MP-1" in text.text


@pytest.mark.attack
def test_only_the_button_of_the_link_stops_and_it_ends_what_the_account_could_do(any_site: Site) -> None:
    site, lead = any_site, a_leader(any_site)
    client, tool = a_client(site.runtime), a_tool(site)
    assert client.get("/api/v1/reason-codes", auth=tool).status_code == 200
    session = sign_in(site.runtime, lead.email, PASSWORD)
    first, second, *rest = questions(site, 4)
    for case in (first, second):
        confirm(site, lead, case)
    (mail,) = [mail for mail in removal_mails(site, "new_device") if mail.user_id == site.account_manager.user_id]
    address, visitor = link(site, mail), a_visitor(site)
    assert "Do you want to stop these removals?" in words(visitor.get(address).text)
    assert action_states(site) == {"scheduled": 2}
    assert visitor.post(address, None, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert "2 removals were withdrawn." in words(visitor.post(address).text)
    assert action_states(site) == {"withdrawn": 2}
    assert visitor.post(address).status_code == 409
    with pytest.raises(NotSignedIn):
        session_of(site.runtime, session.token)
    paused = client.get("/api/v1/reason-codes", auth=tool)
    assert (paused.status_code, "is paused" in paused.json()["error"]["sentence"]) == (403, True)
    action = confirm(site, lead, rest[0]).action
    assert action is not None
    assert action_states(site) == {"withdrawn": 2, "pending_approval": 1}
    assert [alert.subject for alert in site.read(alerts.open_alerts, {site.marketplace_id})] == [lead.user_id]
    assert (
        record_vote(site.runtime, site.analyst, action.action_id, Decision.APPROVE, "It is them.") is Decision.APPROVE
    )
    confirm(site, lead, rest[1])
    assert action_states(site) == {"withdrawn": 2, "scheduled": 2}
    assert not site.read(alerts.open_alerts, {site.marketplace_id})
    site.clock.forward(days=1)
    assert mail_day(site.runtime) == 1


def test_what_an_independent_person_confirmed_too_stays(site: Site) -> None:
    first, second = (a_drawn_case(site, external_id=name) for name in ("MP-1", "MP-2"))
    action = judge(site, site.analyst, first, Judgement.COUNTERFEIT).action
    judge(site, site.analyst, second, Judgement.COUNTERFEIT)
    assert action is not None
    judge(site, site.second_analyst, a_second_review(site, first, label=1), Judgement.COUNTERFEIT)
    (mail,) = removal_mails(site, "new_device")
    person, removals = removal_stops.removals_by_link(site.runtime, link(site, mail).removeprefix(REMOVALS))
    assert (person.user_id, len(removals.unsent)) == (site.analyst.user_id, 2)
    assert removal_stops.stop_removals(site.runtime, person, removals.notice.notice_id) == 1
    assert action_states(site) == {"withdrawn": 1, "scheduled": 1}
    with pytest.raises(Conflict):
        removal_stops.stop_removals(site.runtime, person, removals.notice.notice_id)
    with pytest.raises(NotFound):
        removal_stops.stop_removals(site.runtime, site.second_analyst, removals.notice.notice_id)


@pytest.mark.parametrize("failing", [None, False, True], ids=["no server", "a server", "no mail arrives"])
def test_above_twenty_a_day_removals_wait_where_nobody_can_be_told(site: Site, failing: bool | None) -> None:
    policies = site.runtime.policies.changed(TellingPolicy(untold_a_day=2))
    limited_site = replace(site, runtime=replace(site.runtime, policies=policies))
    cases = questions(limited_site, 3)
    if failing is None:
        causes = causes_of(limited_site, cases)
    else:
        with site_with_mail(limited_site) as (mailing, box):
            box.reply = lambda _number: "550 no" if failing else "250 OK"
            confirm(mailing, limited_site.brand_person, cases[0])
            send_due_mails(mailing)
            causes = causes_of(mailing, cases[1:])
    assert action_states(limited_site) == (
        {"scheduled": 3} if failing is False else {"scheduled": 2, "pending_approval": 1}
    )
    assert (PendingCause.UNTOLD in causes) is (failing is not False)


def test_without_a_mail_the_notice_stands_on_every_page_of_those_who_can_stop_it(site: Site) -> None:
    lead = a_leader(site)
    with site_with_mail(site) as (mailing, _):
        confirm_removals(mailing, 1, lead)
        send_due_mails(mailing)
        assert "in the name of" not in words(visit_as(mailing, lead).get("/brand").text)
    page = visit_as(site, lead).get("/brand").text
    assert f"Removals in the name of {lead.name}: review or stop them" in words(page)
    assert 'href="/stop-removals/usr_' in page
    assert "Removals in the name of" in words(visit_as(site, site.account_manager).get("/brands").text)
    assert "Removals in the name of" not in words(visit_as(site, site.analyst).get("/queue").text)
    site.clock.forward(days=4)
    assert "Removals in the name of" not in words(visit_as(site, lead).get("/brand").text)


def causes_of(site: Site, cases: Sequence[Case]) -> set[PendingCause]:
    """Why removals are pending after the brand's person has confirmed these cases."""
    for case in cases:
        confirm(site, site.brand_person, case)
    return {cause for removal in pending_removals(site.runtime, site.analyst) for cause in removal.approval.causes}


def test_of_two_runs_of_an_evening_one_tells(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    confirm_removals(site, 1)
    site.clock.forward(days=1)
    monkeypatch.setattr(removal_notices, "reasons_of_day", lambda *_: set())  # As if both had read before.
    mail_day(site.runtime)
    mails = len(removal_mails(site, "evening"))
    mail_day(site.runtime)
    assert len(removal_mails(site, "evening")) == mails > 0


@pytest.mark.parametrize(("more", "waits"), [(5, False), (6, True)])
def test_at_night_a_large_report_within_the_usual_day_does_not_wait(
    site: Site, monkeypatch: pytest.MonkeyPatch, more: int, waits: bool
) -> None:
    monkeypatch.setattr(telling, "usual_day", lambda *_: UsualDay(removals=5, working_days=99))
    remover, night = (
        Remover(site.marketplace_id, site.brand_person.user_id, site.brand_id),
        site.clock.now().replace(hour=1),
    )
    with site.runtime.store.read() as connection:
        assert (report_departure(site.runtime, connection, remover, night, more) is not None) is waits


def test_a_simulated_marketplace_has_nobody_to_tell(site: Site) -> None:
    simulated = replace(site.runtime, clock=SimulatedClock(timedelta(0)))
    remover = Remover(site.marketplace_id, site.analyst.user_id, None)
    with site.runtime.store.read() as connection:
        reached = [
            not is_unreachable(runtime, connection, remover, site.clock.now()) for runtime in (site.runtime, simulated)
        ]
    assert reached == [False, True]
