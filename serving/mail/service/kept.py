"""Mails that no server sends, as files of the data directory that only its owner may read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import islice
from typing import Final

from serving.mail.store import mails
from serving.platform.database.lists import chunks
from serving.platform.home import Home
from serving.platform.runtime import Runtime

_ENDING: Final = ".eml"
_AGAIN: Final = timedelta(hours=1)
_MOST_AT_ONCE: Final = 5_000


@dataclass(slots=True)
class KeptMails:
    """When this process last compared its files with the stored mails; None before the first time."""

    compared_at: datetime | None = None


def write_mail_file(home: Home, mail_id: str, message: EmailMessage) -> None:
    """Write a mail to a file of mode 600; a file of the same mail is replaced."""
    home.mails.mkdir(mode=0o700, exist_ok=True)
    home.replace_secret(f"{home.mails.name}/{mail_id}{_ENDING}", message.as_bytes())


def delete_erased(runtime: Runtime) -> int:
    """Delete the files of mails that are no longer stored, hourly and at the start; returns how many."""
    state, now = runtime.services[KeptMails], runtime.wall.now()
    if state.compared_at is not None and now - state.compared_at < _AGAIN:
        return 0
    state.compared_at = now
    files = {path.stem: path for path in islice(runtime.home.mails.glob(f"*{_ENDING}"), _MOST_AT_ONCE)}
    with runtime.store.read() as connection:
        stored = {mail_id for chunk in chunks(list(files)) for mail_id in mails.existing_ids(connection, chunk)}
    gone = files.keys() - stored
    for mail_id in gone:
        files[mail_id].unlink(missing_ok=True)
    return len(gone)
