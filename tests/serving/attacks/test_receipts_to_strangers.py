"""A stranger's address gets one mail a day until its owner has confirmed it, however many notices name it."""

import pytest

from serving.mail.rules.kinds import MailKind
from tests.fixtures.mails import stored_mails
from tests.fixtures.notifying import EMAIL, a_listing, confirm_notice, notify
from tests.fixtures.runtimes import Site

pytestmark = pytest.mark.attack


def receipts(site: Site) -> list[str | None]:
    """The notices that have a receipt, in order."""
    return [mail.subject_id for mail in reversed(stored_mails(site, MailKind.NOTICE_RECEIPT))]


def test_many_notices_under_one_strangers_address_queue_one_receipt_a_day(site: Site) -> None:
    a_listing(site)
    sent = [notify(site, "MP-1", address=f"192.0.2.{number}") for number in range(26)]
    notify(site, "MP-1", email=EMAIL.upper(), address="192.0.2.99")
    assert receipts(site) == [sent[0].notice_id]
    site.clock.forward(days=1)
    later = notify(site, "MP-1")
    assert receipts(site) == [sent[0].notice_id, later.notice_id]


def test_who_confirms_one_notice_gets_the_receipt_of_the_next(site: Site) -> None:
    a_listing(site)
    first, second, third = (notify(site, "MP-1") for _ in range(3))
    confirm_notice(site, first)
    assert receipts(site) == [first.notice_id, second.notice_id]
    confirm_notice(site, first)
    assert len(receipts(site)) == 2
    confirm_notice(site, second)
    confirm_notice(site, third)
    assert receipts(site) == [first.notice_id, second.notice_id, third.notice_id]
    fourth = notify(site, "MP-1")
    assert receipts(site)[3:] == [fourth.notice_id], "nothing waits for a confirmation"
