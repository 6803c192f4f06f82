"""Mails that a running worker sends."""

import time
from pathlib import Path

from serving.mail.rules.kinds import MailKind, MailState
from serving.mail.service.queueing import queue_to_accounts
from serving.platform.settings import Settings
from tests.fixtures.mail_server import ACCEPTED, a_mail_server, mail_settings
from tests.fixtures.mails import stored_mails
from tests.fixtures.runtimes import DATABASE, PopulatedDatabase
from tests.fixtures.working import running_site

ENTRIES = {"lanes": [{"marketplace": "Bazaar", "lane": "audit", "n": 3, "due": "2026-03-01T12:00:00+00:00"}]}


def test_a_worker_sends_mails_at_once_and_keeps_a_failed_one_queued(
    tmp_path: Path, populated_sqlite: PopulatedDatabase
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert populated_sqlite.sqlite is not None
    (home / DATABASE).write_bytes(populated_sqlite.sqlite.read_bytes())
    with a_mail_server() as box:
        box.reply = lambda number: "451 4.3.0 Try later" if number == 1 else ACCEPTED
        settings = mail_settings(Settings(home=home, queue_poll_seconds=0.05, sweep_seconds=0.2), box)
        with running_site(settings, populated_sqlite) as site:
            people = [site.analyst.user_id, site.brand_person.user_id]
            with site.runtime.store.write() as connection:
                queue_to_accounts(site.runtime, connection, MailKind.OVERDUE_CASES, people, ENTRIES)
            while sorted(
                mail.attempts for mail in stored_mails(site) if mail.last_error or mail.state is MailState.SENT
            ) != [1, 1]:
                time.sleep(0.05)
            states = sorted(mail.state for mail in stored_mails(site))
    assert states == [MailState.QUEUED, MailState.SENT]
    assert len(box.received) == 1
