"""Mails: queued with what they tell of, claimed for one attempt at a time, and ended."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, exists, func, or_, select, update

from models.errors import NotFound, require
from serving.accounts.store import display_settings
from serving.accounts.tables import account, display_setting, role_grant
from serving.mail.rules.kinds import MailKind, MailState
from serving.mail.tables import mail
from serving.platform.database.erasing import delete_some
from serving.platform.database.store import add
from serving.platform.display import DEFAULT_DISPLAY, Display
from serving.platform.languages import Language


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail as stored, with its recipient as they are now.

    `address` is None where the recipient's account is disabled. `display` is the reader's language and time zone.
    """

    mail_id: str
    marketplace_id: str | None
    user_id: str | None
    address: str | None
    name: str | None
    display: Display
    kind: MailKind
    subject_id: str | None
    parameters: Mapping[str, Any]
    secret_link: str | None
    message_id: str
    state: MailState
    attempts: int
    due_at: datetime | None
    queued_at: datetime
    ended_at: datetime | None
    last_error: str | None


_OWN = [column for column in mail.c if column.name not in {"address", "language"}]
_CHOSEN = [column for column in display_setting.c if column.name != "user_id"]
_SHOWN = (
    select(
        *_OWN,
        mail.c.address.label("written_to"),
        mail.c.language.label("written_in"),
        account.c.email,
        account.c.name,
        account.c.disabled_at,
        *_CHOSEN,
    )
    .outerjoin(account, account.c.user_id == mail.c.user_id)
    .outerjoin(display_setting, display_setting.c.user_id == mail.c.user_id)
)


def add_mail(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a queued mail."""
    add(connection, mail, [row])


def get(connection: Connection, mail_id: str) -> StoredMail:
    """One mail. Raises NotFound (there is no such mail; it may have been erased)."""
    row = connection.execute(_SHOWN.where(mail.c.mail_id == mail_id)).one_or_none()
    return _read_mail(require(row, "There is no such mail."))


def _read_mail(row: Row[*tuple[Any, ...]]) -> StoredMail:
    if row.user_id is None:
        address, name = row.written_to, None
        display = Display(language=Language(row.written_in)) if row.written_in else DEFAULT_DISPLAY
    else:
        address, name = None if row.disabled_at is not None else row.email, row.name
        display = display_settings.of_row(row)
    return StoredMail(
        mail_id=row.mail_id,
        marketplace_id=row.marketplace_id,
        user_id=row.user_id,
        address=address,
        name=name,
        display=display,
        kind=MailKind(row.kind),
        subject_id=row.subject_id,
        parameters=row.parameters,
        secret_link=row.secret_link,
        message_id=row.message_id,
        state=MailState(row.state),
        attempts=row.attempts,
        due_at=row.due_at,
        queued_at=row.queued_at,
        ended_at=row.ended_at,
        last_error=row.last_error,
    )


def claim_mail(connection: Connection, stored_mail: StoredMail, until: datetime) -> bool:
    """Begin an attempt that ends at the latest at a moment; False where another process has begun one."""
    return _change(connection, stored_mail, {"attempts": stored_mail.attempts + 1, "due_at": until})


def postpone_mail(connection: Connection, stored_mail: StoredMail, due_at: datetime, **values: object) -> bool:
    """Leave a mail for later; False where another process has changed it."""
    return _change(connection, stored_mail, {"due_at": due_at, **values})


def end_mail(
    connection: Connection, stored_mail: StoredMail, state: MailState, at: datetime, error: str | None = None
) -> bool:
    """End a mail. A link that opens an account is erased; False where another process has ended it."""
    values = {"state": state.value, "due_at": None, "ended_at": at, "secret_link": None, "last_error": error}
    return _change(connection, stored_mail, values)


def _change(connection: Connection, stored_mail: StoredMail, values: Mapping[str, object]) -> bool:
    this = (
        mail.c.mail_id == stored_mail.mail_id,
        mail.c.state == MailState.QUEUED.value,
        mail.c.attempts == stored_mail.attempts,
    )
    return connection.execute(update(mail).where(*this).values(**values)).rowcount == 1


def waiting_summary(connection: Connection, user_id: str, kind: MailKind) -> StoredMail | None:
    """The summary for a person that no attempt has begun to send."""
    unsent = (mail.c.user_id == user_id, mail.c.kind == kind.value, mail.c.state == MailState.QUEUED.value)
    query = _SHOWN.where(*unsent, mail.c.attempts == 0).order_by(mail.c.queued_at.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _read_mail(row)


def replace_content(connection: Connection, stored_mail: StoredMail, parameters: Mapping[str, Any]) -> bool:
    """Replace the content of a mail that no attempt has begun to send; False where one has."""
    return _change(connection, stored_mail, {"parameters": parameters})


def last_summary_at(connection: Connection, stored_mail: StoredMail) -> datetime | None:
    """When the last mail of this kind left for the same person; None where none did."""
    query = select(func.max(mail.c.ended_at)).where(
        mail.c.user_id == stored_mail.user_id,
        mail.c.kind == stored_mail.kind.value,
        mail.c.state.in_([MailState.SENT.value, MailState.KEPT.value]),
    )
    # The maximum of a column of its own type.
    last: datetime | None = connection.execute(query).scalar()
    return last


def due_mails(connection: Connection, at: datetime, most: int) -> list[StoredMail]:
    """Queued mails whose next step is due, the longest waiting first."""
    ready = (mail.c.state == MailState.QUEUED.value, mail.c.due_at <= at)
    query = _SHOWN.where(*ready).order_by(mail.c.due_at, mail.c.mail_id).limit(most)
    return [_read_mail(row) for row in connection.execute(query)]


def mailed_accounts(connection: Connection, kind: MailKind, subject_id: str) -> frozenset[str]:
    """The accounts that were mailed about a subject."""
    query = select(mail.c.user_id).where(
        mail.c.kind == kind.value, mail.c.subject_id == subject_id, mail.c.user_id.is_not(None)
    )
    return frozenset(connection.execute(query).scalars())


def language_of(connection: Connection, kind: MailKind, subject_id: str) -> Language | None:
    """The language of a mail to an address about a subject; None where there is none any more."""
    query = select(mail.c.language).where(mail.c.kind == kind.value, mail.c.subject_id == subject_id)
    language = connection.execute(query.limit(1)).scalar()
    return None if language is None else Language(language)


def _readable_by(marketplace_id: str, administered: Collection[str]) -> ColumnElement[bool]:
    """Mails of a marketplace to addresses, and to its people whose other roles lie in these marketplaces too."""
    theirs = role_grant.c.user_id == mail.c.user_id
    inside, outside = role_grant.c.marketplace_id == marketplace_id, role_grant.c.marketplace_id.not_in(administered)
    people = exists().where(theirs, inside) & ~exists().where(theirs, outside)
    return or_(mail.c.marketplace_id == marketplace_id, mail.c.user_id.is_not(None) & people)


def latest_mails(
    connection: Connection, marketplace_id: str, administered: Collection[str], *, state: MailState | None, most: int
) -> list[StoredMail]:
    """The latest mails of a marketplace that an administrator of these marketplaces may read, newest first."""
    query = _SHOWN.where(_readable_by(marketplace_id, administered))
    if state is not None:
        query = query.where(mail.c.state == state.value)
    rows = connection.execute(query.order_by(mail.c.queued_at.desc(), mail.c.mail_id.desc()).limit(most))
    return [_read_mail(row) for row in rows]


def readable_mail(
    connection: Connection, marketplace_id: str, administered: Collection[str], mail_id: str
) -> StoredMail:
    """One mail of a marketplace that an administrator of these marketplaces may read.

    Raises NotFound (there is none with this id, or it is not theirs to read).
    """
    row = connection.execute(
        _SHOWN.where(mail.c.mail_id == mail_id, _readable_by(marketplace_id, administered))
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such mail.")
    return _read_mail(row)


def counts_by_state(connection: Connection, marketplace_id: str, administered: Collection[str]) -> dict[MailState, int]:
    """The number of mails of a marketplace in each state that an administrator of these marketplaces may read."""
    query = (
        select(mail.c.state, func.count().label("n"))
        .where(_readable_by(marketplace_id, administered))
        .group_by(mail.c.state)
    )
    return dict.fromkeys(MailState, 0) | {MailState(row.state): row.n for row in connection.execute(query)}


def erase_address(connection: Connection, marketplace_id: str, address: str) -> int:
    """Delete the mails of a marketplace to an address; returns how many."""
    theirs = (mail.c.marketplace_id == marketplace_id, func.lower(mail.c.address) == address.strip().lower())
    return connection.execute(delete(mail).where(*theirs)).rowcount


def delete_about(connection: Connection, kind: MailKind, subject_ids: Collection[str], *, unsent: bool = False) -> None:
    """Delete the mails of a kind about these subjects; with `unsent` those that no attempt has begun to send."""
    about = [mail.c.kind == kind.value, mail.c.subject_id.in_(subject_ids)]
    if unsent:
        about += [mail.c.state == MailState.QUEUED.value, mail.c.attempts == 0]
    connection.execute(delete(mail).where(*about))


def delete_ended(connection: Connection, before: datetime, most: int) -> int:
    """Delete mails that ended before a moment; returns how many."""
    return delete_some(connection, mail, mail.c.mail_id, (mail.c.ended_at <= before,), most)


def existing_ids(connection: Connection, mail_ids: Collection[str]) -> frozenset[str]:
    query = select(mail.c.mail_id).where(mail.c.mail_id.in_(set(mail_ids)))
    return frozenset(connection.execute(query).scalars()) if mail_ids else frozenset()
