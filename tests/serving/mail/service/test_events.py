"""Alarms, failing deliveries, deadlines, standing and models reach those who can act: once an event, in one mail."""

import re
from datetime import timedelta

import pytest

from models.case import CaseLane
from serving.accounts.rules.access import Person, Role
from serving.accounts.store import accounts, people
from serving.appeals.service.counter_notices import submit
from serving.appeals.service.deadline_mails import mail_due_counter_notices
from serving.learning.service.learn import request_training, retrain
from serving.learning.service.monitoring import acknowledge, measure
from serving.mail.policy import DEFAULT_MAIL
from serving.mail.rules.kinds import MailKind
from serving.mail.rules.quiet_hours import quiet_hours
from serving.mail.service.queueing import queue_to_roles
from serving.mail.service.rendering import render
from serving.mail.service.unsubscribing import choose_mails
from serving.mail.store.mails import StoredMail
from serving.operations.service.breaker import check_breakers, close_breaker
from serving.operations.service.housekeeping import mail_due_cases
from serving.reports.service.campaigns import watch_campaigns
from tests.fixtures.mails import send_due_mails, site_with_mail, stored_mails
from tests.fixtures.receivers import a_receiver
from tests.fixtures.reporting import on_sale, report
from tests.fixtures.runtimes import Site, a_case, having
from tests.serving.appeals.service.test_counter_notices import WORDS, a_removal, counter_notice_of
from tests.serving.learning.service.test_monitoring import send
from tests.serving.operations.service.test_breaker import flooded_site
from tests.serving.standing.test_service import lose, settle
from tests.serving.takedowns.service import test_removal_checks as checks
from tests.serving.web.visits import an_administrator, visit_as
from tests.serving.webhooks.service.test_delivery import DOWN, delivery_results, register, removals


def mailed(site: Site, kind: MailKind) -> list[tuple[str, str]]:
    """The name of each person who was mailed, with the subject."""
    return sorted((mail.name or "", text_of(site, mail).splitlines()[0]) for mail in stored_mails(site, kind))


def to_all(site: Site, subject: str, *roles: Role) -> list[tuple[str, str]]:
    """What `mailed` is if everybody with one of these roles gets one mail."""
    with site.runtime.store.read() as connection:
        ids = {user_id for role in roles for user_id in people.with_role(connection, site.marketplace_id, role)}
        return sorted((name, subject) for name in accounts.names(connection, list(ids)).values())


def text_of(site: Site, mail: StoredMail) -> str:
    return render(site.runtime, mail, with_secret=True).text


def opens(site: Site, person: Person, kind: MailKind) -> str:
    """The path of the button of a person's latest mail, which the person may open."""
    mail = next(mail for mail in stored_mails(site, kind) if mail.user_id == person.user_id)
    path: str = re.findall(r"^http://[^/]+(/\S*)$", text_of(site, mail), re.MULTILINE)[0]
    assert visit_as(site, person).get(path.partition("#")[0]).status_code in {200, 303}
    return path


def test_questions_leave_as_one_mail_when_quiet_hours_end_and_an_alarm_leaves_in_them(any_site: Site) -> None:
    with site_with_mail(any_site) as (site, box):
        person, start = site.brand_person, site.clock.now()
        begins, ends = (f"{start + timedelta(hours=hours):%H:%M}" for hours in (0, 9))
        choose_mails(site.runtime, person.user_id, {}, quiet_hours(begins, ends, DEFAULT_MAIL))
        for number in (1, 2):
            a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{number}")
            send_due_mails(site)
            site.clock.forward(hours=4)
        assert box.to(person.email) == []
        about = {"what": "still_shown", "path": "/pending-removals", "listing": "MP-9"}
        choose_mails(site.runtime, site.analyst.user_id, {}, quiet_hours(begins, ends, DEFAULT_MAIL))
        with site.runtime.store.write() as connection:
            queue_to_roles(site.runtime, connection, MailKind.ALARM, site.marketplace_id, about)
        send_due_mails(site)
        assert [message["Subject"] for message in box.to(site.analyst.email)] == [
            "Alarm: a removed listing is still shown"
        ]
        site.clock.forward(hours=1)
        send_due_mails(site)
        assert [message["Subject"] for message in box.to(person.email)] == ["2 new questions to your brand"]


@pytest.mark.parametrize(("status", "number"), [(503, DOWN + 2), (410, 1)])
def test_an_outage_of_the_receiver_is_told_to_administrators_once(any_site: Site, status: int, number: int) -> None:
    an_administrator(any_site)
    with a_receiver() as receiver:
        register(any_site, receiver)
        receiver.answer = lambda _number: status
        removals(any_site, number)
        for _ in range(4):
            delivery_results(any_site)
            expected = [("Ada Roth", f"Removals do not reach {any_site.marketplace.name}")]
            assert mailed(any_site, MailKind.DELIVERIES_FAIL) == expected
            any_site.clock.forward(hours=1)


def test_those_who_can_end_a_pause_of_questions_are_told_of_each(site: Site) -> None:
    admin, flooded = an_administrator(site), flooded_site(site)
    for _ in range(2):
        check_breakers(flooded.runtime)
    subject = f"Questions to brands are paused at {site.marketplace.name}"
    expected = to_all(site, subject, Role.DATA_SCIENTIST, Role.ADMIN)
    assert mailed(site, MailKind.QUESTIONS_PAUSED) == expected
    for person in (admin, site.data_scientist):
        assert opens(site, person, MailKind.QUESTIONS_PAUSED) == "/models"
    close_breaker(flooded.runtime, site.marketplace, by="test", reason="Looked at.")
    assert mailed(site, MailKind.QUESTIONS_PAUSED) == expected


def test_alarms_are_told_to_those_who_see_them_once_an_alarm(site: Site) -> None:
    an_administrator(site)
    readers = (Role.ADMIN, Role.ANALYST, Role.ACCOUNT_MANAGER)
    with a_receiver() as receiver:
        checks.register(site, receiver, f"{receiver.url}/status/{{listing}}")
        action = checks.an_acknowledged_removal(site)
        receiver.shows = lambda _listing: True
        for _ in range(2):
            site.clock.forward(hours=1)
            assert checks.look(site, action) in {"asked", "still_shown"}
    assert mailed(site, MailKind.ALARM) == to_all(site, "Alarm: a removed listing is still shown", *readers)
    assert opens(site, site.analyst, MailKind.ALARM) == "/pending-removals#still-shown"
    report(site, on_sale(site, 15, seller="rival-shop"))
    assert [watch_campaigns(site.runtime), watch_campaigns(site.runtime)] == [1, 0]
    campaign = to_all(site, "Alarm: Aurelle names many listings of one seller", *readers)
    assert [mail for mail in mailed(site, MailKind.ALARM) if mail in campaign] == campaign
    opens(site, site.account_manager, MailKind.ALARM)


def test_analysts_are_told_of_cases_due_within_a_day_once_a_day(any_site: Site) -> None:
    site = any_site
    due_at = a_case(site).due_at
    a_case(site, CaseLane.ASK_BRAND, external_id="MP-2")
    site.clock.forward(seconds=(due_at - site.clock.now()).total_seconds() - 25 * 3600)
    assert mail_due_cases(site.runtime) == 0
    site.clock.forward(hours=2)
    assert [mail_due_cases(site.runtime), mail_due_cases(site.runtime)] == [2, 0]
    assert mailed(site, MailKind.CASES_DUE) == to_all(site, "1 case is due within a day", Role.ANALYST)
    assert opens(site, site.analyst, MailKind.CASES_DUE) == "/queue?due=24"
    site.clock.forward(days=5)  # The question is overdue as well, and passes on by itself.
    an_administrator(site)
    assert mail_due_cases(site.runtime) == 3
    assert mailed(site, MailKind.OVERDUE_CASES) == [("Ada Roth", "1 case is overdue")]


def test_a_brand_and_its_manager_are_told_two_days_before_a_counter_notice_is_lost(any_site: Site) -> None:
    site, removal = any_site, a_removal(any_site)
    submit(site.runtime, site.marketplace_id, removal.action_id, WORDS)
    due_at = counter_notice_of(site, removal).due_at
    assert due_at is not None
    site.clock.forward(seconds=(due_at - site.clock.now()).total_seconds() - 49 * 3600)
    assert mail_due_counter_notices(site.runtime) == 0
    site.clock.forward(hours=2)
    assert [mail_due_counter_notices(site.runtime), mail_due_counter_notices(site.runtime)] == [2, 0]
    subject = "1 counter-notice is due soon"
    assert mailed(site, MailKind.COUNTER_NOTICES_DUE) == sorted(
        [(site.brand_person.name, subject), (site.account_manager.name, subject)]
    )
    assert opens(site, site.brand_person, MailKind.COUNTER_NOTICES_DUE) == "/counter-notices"
    assert opens(site, site.account_manager, MailKind.COUNTER_NOTICES_DUE) == "/brands"
    site.clock.forward(days=1)
    assert mail_due_counter_notices(site.runtime) == 2
    site.clock.forward(days=1)
    assert mail_due_counter_notices(site.runtime) == 0, "it is too late"


def test_an_account_manager_is_told_that_a_brand_lost_its_level(any_site: Site) -> None:
    having(any_site, lose)
    settle(any_site)
    settle(any_site)
    assert mailed(any_site, MailKind.STANDING_CHANGED) == [
        (any_site.account_manager.name, "Aurelle lost a level of standing")
    ]
    (mail,) = stored_mails(any_site, MailKind.STANDING_CHANGED)
    assert "- Level now: Good standing lost: a few removals a day at once" in text_of(any_site, mail)
    opens(any_site, any_site.account_manager, MailKind.STANDING_CHANGED)


def test_data_scientists_are_told_of_a_training_that_failed_and_of_signals_that_have_shifted(site: Site) -> None:
    send(site, 100)
    job_id = request_training(site.runtime, site.marketplace, by="test")
    assert [retrain(site.runtime, site.marketplace_id, job_id) for _ in range(2)] == ["failed"] * 2
    assert mailed(site, MailKind.TRAINING_ENDED) == to_all(site, "A training failed", Role.DATA_SCIENTIST)
    assert opens(site, site.data_scientist, MailKind.TRAINING_ENDED) == "/models"
    site.clock.forward(days=31)
    send(site, 100, first=100, price=800.0)
    for _ in range(2):
        measure(site.runtime, site.marketplace)
        site.clock.forward(minutes=1)
    expected = to_all(site, f"Signals have shifted at {site.marketplace.name}", Role.DATA_SCIENTIST)
    assert mailed(site, MailKind.FEATURES_SHIFTED) == expected, "the next report repeats it"
    mail = stored_mails(site, MailKind.FEATURES_SHIFTED)[0]
    assert "price_log" in text_of(site, mail)
    assert opens(site, site.data_scientist, MailKind.FEATURES_SHIFTED) == "/models/live"
    acknowledge(site.runtime, site.marketplace, feature="price_log", note="A sale.", by="test")
    measure(site.runtime, site.marketplace)
    assert mailed(site, MailKind.FEATURES_SHIFTED) == expected
