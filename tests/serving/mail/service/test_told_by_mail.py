"""What the service tells by mail: invitations, resets, notices and their decisions, and overdue cases."""

from email.message import EmailMessage

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.rules.access import Grant, Role
from serving.accounts.store import accounts
from serving.administration.service.inviting import accept, invite
from serving.administration.service.passwords import choose_anew
from serving.administration.service.reset_links import make_link, make_link_as_owner
from serving.mail.rules.kinds import MailKind
from serving.mail.store import mails
from serving.notices.service.notice_mails import confirm
from serving.notices.service.reporter_erasure import erase_reporter
from serving.platform.display import Display, shown_as
from serving.platform.languages import Language
from serving.privacy.service.retention import erase_what_is_past_its_time
from tests.fixtures.brand_people import answers_at, elsewhere
from tests.fixtures.mail_server import MailBox
from tests.fixtures.mails import by_mail, post, stored
from tests.fixtures.notifying import EMAIL, a_listing, notify
from tests.fixtures.reviewing import a_case, judge, open_cases
from tests.fixtures.runtimes import PASSWORD, Site
from tests.serving.web.operating import an_administrator

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
    with by_mail(site) as (mailed, box):
        invite(mailed.runtime, an_administrator(mailed), INVITEE, Grant(Role.BRAND, site.here, site.brand_id))
        post(mailed)
        message = the_mail(box, INVITEE)
        assert message["Subject"] == f"Invitation to Touchstone at {site.marketplace.name}"
        assert "Aurelle" in text_of(message)
        accept(mailed.runtime, link_in(message, "/join/"), name="Nia Neu", password=PASSWORD)
    assert site.read(accounts.is_known, INVITEE)


def test_a_reset_link_is_mailed_and_the_operators_is_not(site: Site) -> None:
    with by_mail(site) as (mailed, box):
        make_link_as_owner(mailed.runtime, site.brand_person.email, by="local")
        make_link(mailed.runtime, an_administrator(mailed), site.analyst.user_id)
        post(mailed)
        assert box.to(site.brand_person.email) == []
        message = the_mail(box, site.analyst.email)
        choose_anew(
            mailed.runtime, link_in(message, "/reset/"), wanted="another horse battery", again="another horse battery"
        )


def test_the_receipt_asks_a_stranger_to_confirm_and_repeats_nothing_they_typed(site: Site) -> None:
    a_listing(site)
    with by_mail(site) as (mailed, box):
        with shown_as(Display(language=Language("fr"))):
            receipt = notify(mailed, explanation="Buy pills at evil.example", name="Buy pills")
        post(mailed)
        message = the_mail(box, EMAIL)
        assert message["Content-Language"] == "fr"
        assert "pills" not in message.as_string()
        confirm(mailed.runtime, link_in(message, "/notice/confirm/"))
        assert receipt.notice_id in text_of(message)


def test_a_decision_is_mailed_once_it_is_final_and_confirmed(site: Site) -> None:
    a_listing(site)
    with by_mail(site) as (mailed, box):
        notify(mailed)
        post(mailed)
        [case] = open_cases(mailed, CaseLane.ANALYST)
        judge(mailed, site.analyst, case, Judgement.GENUINE)
        post(mailed)
        confirm(mailed.runtime, link_in(the_mail(box, EMAIL), "/notice/confirm/"))
        mailed.clock.forward(seconds=179)
        post(mailed)
        assert len(box.to(EMAIL)) == 1, "it can still be undone"
        mailed.clock.forward(seconds=1)
        post(mailed)
        assert [one["Subject"].partition(" your ")[0] for one in box.to(EMAIL)] == ["Please confirm", "Decision on"]
        mailed.clock.forward(days=1)
        post(mailed)
        assert len(box.to(EMAIL)) == 2, "each decision is told once"


def test_an_address_that_nobody_confirmed_gets_no_decision(site: Site) -> None:
    with by_mail(site) as (mailed, box):
        notify(mailed, "MP-unknown")
        mailed.clock.forward(days=1)
        post(mailed)
        assert [one["Subject"].partition(" your ")[0] for one in box.to(EMAIL)] == ["Please confirm"]


def test_overdue_cases_are_told_to_administrators_once_a_day(site: Site) -> None:
    admin = an_administrator(site)
    site.clock.forward(seconds=int((a_case(site).due_at - site.clock.now()).total_seconds()) + 60)
    for _ in range(3):
        post(site)
    assert [one.user_id for one in stored(site, MailKind.OVERDUE_CASES)] == [admin.user_id]
    site.clock.forward(days=1)
    post(site)
    assert len(stored(site, MailKind.OVERDUE_CASES)) == 2


def test_the_erasure_of_a_notifier_erases_their_mails(site: Site) -> None:
    notify(site, "MP-unknown")
    post(site)
    assert [one.address for one in stored(site)] == [EMAIL]
    erase_reporter(site.runtime, site.marketplace, EMAIL, carry_out=True, by="test")
    assert stored(site) == []


def test_mails_are_deleted_ninety_days_after_they_left(site: Site) -> None:
    notify(site, "MP-unknown")
    post(site)
    site.clock.forward(days=89)
    erase_what_is_past_its_time(site.runtime)
    assert len(stored(site)) == 1
    site.clock.forward(days=2)
    erase_what_is_past_its_time(site.runtime)
    assert stored(site) == []


def test_an_administrator_reads_no_mail_of_people_who_work_elsewhere_too(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    post(site)
    assert len(stored(site, MailKind.QUESTIONS)) == 1
    souk = elsewhere(site)
    answers_at(site, site.brand_person, souk)
    assert stored(site, MailKind.QUESTIONS) == []
    with site.runtime.store.read() as connection:
        assert mails.latest(connection, souk, {souk}, state=None, most=10) == []
        assert len(mails.latest(connection, souk, {souk, site.here}, state=None, most=10)) == 1


def test_an_invitation_is_read_by_administrators_of_its_marketplace_alone(site: Site) -> None:
    invite(site.runtime, an_administrator(site), INVITEE, Grant(Role.BRAND, site.here, site.brand_id))
    souk = elsewhere(site)
    with site.runtime.store.read() as connection:
        assert [one.address for one in mails.latest(connection, site.here, {site.here}, state=None, most=10)] == [
            INVITEE
        ]
        assert mails.latest(connection, souk, {souk}, state=None, most=10) == []
