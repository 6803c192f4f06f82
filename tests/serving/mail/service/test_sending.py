"""Mails through a real SMTP server: none lost, repeats only where a connection or a worker was lost, one Message-ID."""

import stat
from collections import Counter
from contextlib import ExitStack
from email.message import EmailMessage
from typing import Final

import pytest

from models.case import CaseLane
from models.errors import NotFound
from models.verdict import Judgement
from serving.accounts.rules.access import Grant, Role
from serving.accounts.service.inviting import accept, invite
from serving.accounts.service.passwords import reset_by_link
from serving.accounts.service.reset_links import make_link, make_link_as_owner
from serving.accounts.store import accounts
from serving.mail.client import send as transmit
from serving.mail.rules.kinds import MailKind, MailState
from serving.mail.service import sending
from serving.mail.service.kept import KeptMails, delete_erased
from serving.mail.service.queueing import queue_to_accounts, queue_to_address
from serving.mail.service.rendering import message_of, render
from serving.mail.service.sending import CUT_OFF_AFTER, send_mail
from serving.mail.service.unsubscribing import choose_mails, read_link, unsubscribe, unsubscribe_link
from serving.mail.store import mails
from serving.notices.service.notice_mails import confirm_address
from serving.notices.service.reporter_erasure import erase_reporter
from serving.platform.display import Display, showing_as
from serving.platform.languages import Language
from serving.platform.runtime import Runtime
from serving.privacy.service.retention import erase_expired
from tests.fixtures.links import AT_HOME
from tests.fixtures.mail_server import ACCEPTED, DROPPED, MailBox
from tests.fixtures.mails import attempt_due, send_due_mails, site_with_mail, stored_mails
from tests.fixtures.notifying import EMAIL, a_listing, notify
from tests.fixtures.processes import Process, ProcessKilled, a_process
from tests.fixtures.reporting import second_marketplace, with_brand_grant_at
from tests.fixtures.runtimes import PASSWORD, Site, a_case, judge, open_cases
from tests.serving.web.visits import an_administrator

READER: Final = "anna.berg@example.org"
_OVERDUE: Final = {"lanes": [{"marketplace": "Bazaar", "lane": "audit", "n": 3, "due": "2026-03-01T12:00:00+00:00"}]}


class WorkerKilled(BaseException):
    """The process ends here."""


def a_decision(site: Site, number: str = "ntc_1", address: str = READER) -> None:
    """A queued mail to an address."""
    with site.runtime.store.write() as connection:
        queue_to_address(
            site.runtime,
            connection,
            MailKind.NOTICE_DECISION,
            marketplace_id=site.marketplace_id,
            address=address,
            language=Language("en"),
            parameters={
                "notice_id": number,
                "decisions": [{"code": "notice.decision.removed", "n": 2}],
                "path": f"/notice/{number}",
            },
            subject_id=number,
        )


def add_account_mail(site: Site, kind: MailKind = MailKind.OVERDUE_CASES) -> None:
    """A queued mail to the brand's person."""
    with site.runtime.store.write() as connection:
        queue_to_accounts(site.runtime, connection, kind, [site.brand_person.user_id], _OVERDUE)


def test_a_mail_has_plain_text_and_html_and_a_stable_message_id(any_site: Site) -> None:
    with site_with_mail(any_site) as (site, box):
        a_decision(site)
        assert attempt_due(site) == ["sent"]
        [message] = box.to(READER)
        [mail] = stored_mails(site)
    assert (mail.state, mail.attempts, mail.due_at) == (MailState.SENT, 1, None)
    assert message["Message-ID"] == mail.message_id == f"<{mail.mail_id}@localhost>"
    assert message["Subject"] == "Decision on your notice ntc_1"
    assert message["From"] == "Touchstone <touchstone@market.example>"
    assert message["List-Unsubscribe"] is None
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    for part in (plain, html):
        assert "2 listings" in part.get_content()
        assert f"{AT_HOME}/notice/ntc_1" in part.get_content()


def test_a_mail_is_not_queued_where_what_it_tells_of_was_not_stored(site: Site) -> None:
    def fails() -> None:
        with site.runtime.store.write() as connection:
            queue_to_accounts(site.runtime, connection, MailKind.OVERDUE_CASES, [site.analyst.user_id], _OVERDUE)
            raise NotFound("It was not stored.")

    with pytest.raises(NotFound):
        fails()
    assert stored_mails(site) == []


def test_a_failed_mail_is_tried_again_when_it_is_due(site: Site) -> None:
    with site_with_mail(site) as (mailed, box):
        box.reply = lambda number: "451 4.3.0 Try later" if number == 1 else ACCEPTED
        a_decision(mailed)
        assert attempt_due(mailed) == ["retries"]
        [mail] = stored_mails(mailed)
        assert mail.last_error == "The mail server refused the mail: 451 4.3.0 Try later"
        assert attempt_due(mailed) == []
        mailed.clock.forward(seconds=75)
        assert attempt_due(mailed) == ["sent"]
        assert len(box.received) == 1


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nobody@example.org", "the server knows no such recipient"),
        ("eve@example.org, anna@example.org", "two addresses are not one recipient"),
        ("eve@example.org\r\nBcc: anna@example.org", "a line break would begin another header"),
        ("@", "no address at all"),
    ],
)
def test_a_mail_that_can_never_arrive_fails_at_once(site: Site, address: str, reason: str) -> None:
    with site_with_mail(site) as (mailed, box):
        a_decision(mailed, address=address)
        assert attempt_due(mailed) == ["failed"], reason
        assert box.received == []


def test_a_server_that_is_down_for_days_gets_a_mail_no_longer(site: Site) -> None:
    with site_with_mail(site) as (mailed, _):
        pass
    a_decision(mailed)
    results = []
    for _ in range(40):
        results += attempt_due(mailed)
        mailed.clock.forward(hours=5)
    assert set(results) == {"retries", "failed"}
    assert results[-1] == "failed"


def test_ten_workers_send_a_mail_once(any_site: Site) -> None:
    with site_with_mail(any_site) as (site, box):
        a_decision(site)
        [mail] = stored_mails(site)
        assert Counter(send_mail(site.runtime, mail.mail_id) for _ in range(10)) == {"sent": 10}
        assert len(box.received) == 1


def test_of_a_worker_that_is_killed_after_the_data_the_mail_is_repeated_once(
    any_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends after the server has the mail and before the answer is stored."""

    def killed(*arguments: object) -> None:
        transmit(*arguments)  # type: ignore[arg-type]  # the arguments of the function that it replaces
        raise WorkerKilled

    with site_with_mail(any_site) as (site, box):
        a_decision(site)
        [mail] = stored_mails(site)
        monkeypatch.setattr(sending, "send", killed)
        with pytest.raises(WorkerKilled):
            send_mail(site.runtime, mail.mail_id)
        monkeypatch.undo()
        assert send_mail(site.runtime, mail.mail_id) == "early", "another worker may still be sending it"
        site.clock.forward(seconds=int(CUT_OFF_AFTER.total_seconds()))
        assert attempt_due(site) == ["sent"]
        assert [message["Message-ID"] for message in box.to(READER)] == [mail.message_id] * 2


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("number", "every"), [(60, 13), pytest.param(10_000, 101, marks=[pytest.mark.soak, pytest.mark.timeout(1_800)])]
)
def test_lost_connections_and_killed_workers_lose_no_mail(any_site: Site, number: int, every: int) -> None:
    """Every fifth connection is lost after the data, and some workers are killed by SIGKILL before they are answered.

    Another worker goes on.
    """
    with site_with_mail(any_site) as (site, box), ExitStack() as running:
        workers, killed = list[Process](), 0

        def reply(n: int) -> str:
            nonlocal killed
            if n % 5 == 0:
                return DROPPED
            if n % every == 0:
                workers[-1].kill()
                killed += 1
            return ACCEPTED

        box.reply = reply
        for n in range(number):
            a_decision(site, f"ntc_{n}")
        workers.append(running.enter_context(a_process(attempt_all, site.runtime.settings)))
        while any(mail.state is MailState.QUEUED for mail in stored_mails(site)):
            try:
                workers[-1].ask(None, site.clock.now())
            except ProcessKilled:
                workers.append(running.enter_context(a_process(attempt_all, site.runtime.settings)))
            else:
                site.clock.forward(minutes=10)
        deliveries = Counter(message["Message-ID"] for message in box.to(READER))
        assert deliveries.keys() == {mail.message_id for mail in stored_mails(site)}
        assert {mail.state for mail in stored_mails(site)} == {MailState.SENT}
        assert min(killed, box.dropped_after_data) > 0
        assert killed == len(workers) - 1
        assert sum(deliveries.values()) - number == box.dropped_after_data + killed


def attempt_all(runtime: Runtime, _request: object, _pipe: object) -> None:
    """Attempt each due mail once in a worker's process."""
    with runtime.store.read() as connection:
        due = mails.due_mails(connection, runtime.clock.now(), 20_000)
    for mail in due:
        send_mail(runtime, mail.mail_id)


def test_without_a_server_mails_are_files_that_only_the_owner_reads(site: Site) -> None:
    a_decision(site)
    send_due_mails(site)
    [mail] = stored_mails(site)
    assert mail.state is MailState.KEPT
    [file] = site.runtime.home.mails.glob("*.eml")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert mail.message_id in file.read_text()


def test_the_file_of_an_erased_mail_is_deleted(site: Site) -> None:
    a_decision(site)
    a_decision(site, "ntc_2", "other@example.org")
    send_due_mails(site)
    assert site.write(mails.erase_address, site.marketplace_id, READER.upper()) == 1
    site.runtime.services[KeptMails].compared_at = None
    assert delete_erased(site.runtime) == 1
    assert [file.stem for file in site.runtime.home.mails.glob("*.eml")] == [
        mail.mail_id for mail in stored_mails(site)
    ]


def test_a_person_gets_no_mail_that_they_have_turned_off(site: Site) -> None:
    add_account_mail(site)
    choose_mails(site.runtime, site.brand_person.user_id, dict.fromkeys(MailKind, False), None)
    add_account_mail(site)
    assert len(stored_mails(site)) == 1, "queued before the choice"
    send_due_mails(site)
    assert [mail.state for mail in stored_mails(site, MailKind.OVERDUE_CASES)] == [MailState.DROPPED]


def test_a_mandatory_kind_cannot_be_turned_off(site: Site) -> None:
    choose_mails(site.runtime, site.brand_person.user_id, dict.fromkeys(MailKind, False), None)
    with site.runtime.store.write() as connection:
        parameters = {"by": "Ada", "expires": site.clock.now().isoformat()}
        people = [site.brand_person.user_id]
        assert queue_to_accounts(site.runtime, connection, MailKind.PASSWORD_RESET, people, parameters) == 1
    with pytest.raises(NotFound):
        read_link(site.runtime, unsubscribe_link(site.runtime, people[0], MailKind.PASSWORD_RESET).rpartition("/")[2])


def test_an_unsubscribe_link_turns_off_its_kind_for_its_person_alone(site: Site) -> None:
    token = unsubscribe_link(site.runtime, site.brand_person.user_id, MailKind.OVERDUE_CASES).rpartition("/")[2]
    for wrong in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.replace(site.brand_person.user_id, site.analyst.user_id),
        token.replace("overdue_cases", "questions"),
        "x",
    ):
        with pytest.raises(NotFound):
            unsubscribe(site.runtime, wrong)
    assert unsubscribe(site.runtime, token) is MailKind.OVERDUE_CASES
    add_account_mail(site)
    add_account_mail(site, MailKind.QUESTIONS)
    assert [mail.kind for mail in stored_mails(site)] == [MailKind.QUESTIONS]


def test_an_optional_mail_carries_the_headers_of_one_click(site: Site) -> None:
    with site_with_mail(site) as (mailed, box):
        add_account_mail(mailed)
        assert attempt_due(mailed) == ["sent"]
        [message] = box.to(site.brand_person.email)
    link = unsubscribe_link(site.runtime, site.brand_person.user_id, MailKind.OVERDUE_CASES)
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_names_are_escaped_in_html_and_begin_no_header(site: Site) -> None:
    hostile = "<img src=x onerror=alert(1)>\r\nBcc: eve@example.org\u202e"
    with site.runtime.store.write() as connection:
        queue_to_address(
            site.runtime,
            connection,
            MailKind.INVITATION,
            marketplace_id=site.marketplace_id,
            address=READER,
            language=Language("de"),
            parameters={
                "marketplace": hostile,
                "brand": hostile,
                "role": "brand",
                "by": hostile,
                "expires": site.clock.now().isoformat(),
            },
            subject_id="inv_1",
            secret_path="/join/abc",
        )
    [mail] = stored_mails(site)
    message = message_of(site.runtime, mail)
    assert message["Bcc"] is None
    assert b"\nBcc:" not in message.as_bytes()
    html = render(site.runtime, mail, with_secret=True).html
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "\u202e" not in html


def test_a_link_that_opens_an_account_is_sealed_and_erased_once_it_has_left(site: Site) -> None:
    link = "/reset/very-secret"
    with site_with_mail(site) as (mailed, box):
        with mailed.runtime.store.write() as connection:
            parameters = {"by": "Ada", "expires": site.clock.now().isoformat()}
            people = [site.brand_person.user_id]
            queue_to_accounts(mailed.runtime, connection, MailKind.PASSWORD_RESET, people, parameters, secret_path=link)
        [mail] = stored_mails(mailed)
        assert mail.secret_link is not None
        assert "very-secret" not in mail.secret_link
        assert "very-secret" not in render(mailed.runtime, mail, with_secret=False).text
        attempt_due(mailed)
        [message] = box.to(site.brand_person.email)
        body = message.get_body(("plain",))
        assert body is not None
        assert f"{AT_HOME}{link}" in body.get_content()
        assert stored_mails(mailed)[0].secret_link is None


def test_a_question_is_mailed_in_the_first_minute_and_later_ones_join_the_next_summary(any_site: Site) -> None:
    with site_with_mail(any_site) as (site, box):
        reader = site.brand_person.email
        a_case(site, CaseLane.ASK_BRAND, external_id="MP-1")
        site.clock.forward(seconds=30)
        send_due_mails(site)
        assert [message["Subject"] for message in box.to(reader)] == ["1 new question to your brand"]
        for number in (2, 3):
            a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{number}")
            site.clock.forward(minutes=3)
            send_due_mails(site)
        assert len(box.to(reader)) == 1, "the next summary waits for a quarter of an hour"
        site.clock.forward(minutes=15)
        send_due_mails(site)
        assert [message["Subject"] for message in box.to(reader)][1:] == ["2 new questions to your brand"]
        site.clock.forward(minutes=20)
        send_due_mails(site)
        assert len(box.to(reader)) == 2


def test_people_of_other_brands_get_no_question(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    send_due_mails(site)
    assert {mail.user_id for mail in stored_mails(site, MailKind.QUESTIONS)} == {site.brand_person.user_id}


def test_a_question_that_waits_is_reminded_of_and_then_its_account_manager_is_told(site: Site) -> None:
    time_left = a_case(site, CaseLane.ASK_BRAND).due_at - site.clock.now()
    site.clock.forward(seconds=int(time_left.total_seconds()) - 47 * 3600)
    send_due_mails(site)
    assert [mail.user_id for mail in stored_mails(site, MailKind.REMINDERS)] == [site.brand_person.user_id]
    site.clock.forward(hours=24)
    send_due_mails(site)
    assert [mail.user_id for mail in stored_mails(site, MailKind.ESCALATIONS)] == [site.account_manager.user_id]


def test_a_mail_that_was_queued_without_a_server_is_sent_once_there_is_one(site: Site) -> None:
    a_decision(site)
    with site_with_mail(site) as (mailed, box):
        assert attempt_due(mailed) == ["sent"]
        assert len(box.received) == 1


# What the service tells by mail: invitations, resets, notices and their decisions, and overdue cases.

INVITEE = "new@aurelle.example"


def text_of(message: EmailMessage) -> str:
    """The plain text of a mail."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(message: EmailMessage, place: str) -> str:
    """The token of the link to a page, as the reader of the mail has it."""
    [line] = [line for line in text_of(message).splitlines() if place in line]
    return line.rpartition("/")[2]


def the_mail(box: MailBox, address: str) -> EmailMessage:
    """The only mail to an address."""
    [message] = box.to(address)
    return message


def test_an_invitation_is_mailed_and_its_link_opens_the_account(site: Site) -> None:
    with site_with_mail(site) as (mailed, box):
        invite(mailed.runtime, an_administrator(mailed), INVITEE, Grant(Role.BRAND, site.marketplace_id, site.brand_id))
        send_due_mails(mailed)
        message = the_mail(box, INVITEE)
        assert message["Subject"] == f"Invitation to Touchstone at {site.marketplace.name}"
        assert "Aurelle" in text_of(message)
        accept(mailed.runtime, link_in(message, "/join/"), name="Nia Neu", password=PASSWORD)
    assert site.read(accounts.is_known, INVITEE)


def test_a_reset_link_is_mailed_and_the_operators_is_not(site: Site) -> None:
    with site_with_mail(site) as (mailed, box):
        make_link_as_owner(mailed.runtime, site.brand_person.email, by="local")
        make_link(mailed.runtime, an_administrator(mailed), site.analyst.user_id)
        send_due_mails(mailed)
        assert box.to(site.brand_person.email) == []
        message = the_mail(box, site.analyst.email)
        reset_by_link(
            mailed.runtime,
            link_in(message, "/reset/"),
            new_password="another horse battery",
            again="another horse battery",
        )


def test_the_receipt_asks_a_stranger_to_confirm_and_repeats_nothing_they_typed(site: Site) -> None:
    a_listing(site)
    with site_with_mail(site) as (mailed, box):
        with showing_as(Display(language=Language("fr"))):
            receipt = notify(mailed, explanation="Buy pills at evil.example", name="Buy pills")
        send_due_mails(mailed)
        message = the_mail(box, EMAIL)
        assert message["Content-Language"] == "fr"
        assert "pills" not in message.as_string()
        confirm_address(mailed.runtime, link_in(message, "/notice/confirm/"))
        assert receipt.notice_id in text_of(message)


def test_a_decision_is_mailed_once_it_is_final_and_confirmed(site: Site) -> None:
    a_listing(site)
    with site_with_mail(site) as (mailed, box):
        notify(mailed)
        send_due_mails(mailed)
        [case] = open_cases(mailed, CaseLane.ANALYST)
        judge(mailed, site.analyst, case, Judgement.GENUINE)
        send_due_mails(mailed)
        confirm_address(mailed.runtime, link_in(the_mail(box, EMAIL), "/notice/confirm/"))
        mailed.clock.forward(seconds=179)
        send_due_mails(mailed)
        assert len(box.to(EMAIL)) == 1, "it can still be undone"
        mailed.clock.forward(seconds=1)
        send_due_mails(mailed)
        assert [message["Subject"].partition(" your ")[0] for message in box.to(EMAIL)] == [
            "Please confirm",
            "Decision on",
        ]
        mailed.clock.forward(days=1)
        send_due_mails(mailed)
        assert len(box.to(EMAIL)) == 2, "each decision is told once"


def test_an_address_that_nobody_confirmed_gets_no_decision(site: Site) -> None:
    with site_with_mail(site) as (mailed, box):
        notify(mailed, "MP-unknown")
        mailed.clock.forward(days=1)
        send_due_mails(mailed)
        assert [message["Subject"].partition(" your ")[0] for message in box.to(EMAIL)] == ["Please confirm"]


def test_overdue_cases_are_told_to_administrators_once_a_day(site: Site) -> None:
    admin = an_administrator(site)
    site.clock.forward(seconds=int((a_case(site).due_at - site.clock.now()).total_seconds()) + 60)
    for _ in range(3):
        send_due_mails(site)
    assert [mail.user_id for mail in stored_mails(site, MailKind.OVERDUE_CASES)] == [admin.user_id]
    site.clock.forward(days=1)
    send_due_mails(site)
    assert len(stored_mails(site, MailKind.OVERDUE_CASES)) == 2


def test_the_erasure_of_a_notifier_erases_their_mails(site: Site) -> None:
    notify(site, "MP-unknown")
    send_due_mails(site)
    assert [mail.address for mail in stored_mails(site)] == [EMAIL]
    erase_reporter(site.runtime, site.marketplace, EMAIL, carry_out=True, by="test")
    assert stored_mails(site) == []


def test_mails_are_deleted_ninety_days_after_they_left(site: Site) -> None:
    notify(site, "MP-unknown")
    send_due_mails(site)
    site.clock.forward(days=89)
    erase_expired(site.runtime)
    assert len(stored_mails(site)) == 1
    site.clock.forward(days=2)
    erase_expired(site.runtime)
    assert stored_mails(site) == []


def test_an_administrator_reads_no_mail_of_people_who_work_elsewhere_too(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    send_due_mails(site)
    assert len(stored_mails(site, MailKind.QUESTIONS)) == 1
    souk = second_marketplace(site)
    with_brand_grant_at(site, site.brand_person, souk)
    assert stored_mails(site, MailKind.QUESTIONS) == []
    with site.runtime.store.read() as connection:
        assert mails.latest_mails(connection, souk, {souk}, state=None, most=10) == []
        assert len(mails.latest_mails(connection, souk, {souk, site.marketplace_id}, state=None, most=10)) == 1


def test_an_invitation_is_read_by_administrators_of_its_marketplace_alone(site: Site) -> None:
    invite(site.runtime, an_administrator(site), INVITEE, Grant(Role.BRAND, site.marketplace_id, site.brand_id))
    souk = second_marketplace(site)
    with site.runtime.store.read() as connection:
        assert [
            mail.address
            for mail in mails.latest_mails(connection, site.marketplace_id, {site.marketplace_id}, state=None, most=10)
        ] == [INVITEE]
        assert mails.latest_mails(connection, souk, {souk}, state=None, most=10) == []
