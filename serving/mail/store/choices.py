"""Which kinds of mail a person wants, and between which times none that can wait."""

from collections.abc import Collection
from datetime import datetime, time

from sqlalchemy import Connection, delete, select, update

from serving.mail.rules.kinds import MailKind
from serving.mail.rules.quiet_hours import QuietHours
from serving.mail.tables import mail_choice, mail_quiet
from serving.platform.database.store import add, insert_or_ignore


def save(connection: Connection, user_id: str, kind: MailKind, *, is_wanted: bool, at: datetime) -> None:
    """Store a choice; it replaces the one before."""
    row = {"user_id": user_id, "kind": kind.value, "wanted": is_wanted, "changed_at": at}
    added = insert_or_ignore(connection, mail_choice).values(row).returning(mail_choice.c.user_id)
    if connection.execute(added).first() is None:
        this = (mail_choice.c.user_id == user_id, mail_choice.c.kind == kind.value)
        connection.execute(update(mail_choice).where(*this).values(wanted=is_wanted, changed_at=at))


def refused_kinds(connection: Connection, user_id: str) -> frozenset[MailKind]:
    """The kinds that a person has turned off."""
    query = select(mail_choice.c.kind).where(mail_choice.c.user_id == user_id, mail_choice.c.wanted.is_(False))
    return frozenset(map(MailKind, connection.execute(query).scalars()))


def people_refusing(connection: Connection, kind: MailKind, user_ids: Collection[str]) -> frozenset[str]:
    """Those of these people who have turned a kind off."""
    query = select(mail_choice.c.user_id).where(
        mail_choice.c.kind == kind.value, mail_choice.c.wanted.is_(False), mail_choice.c.user_id.in_(set(user_ids))
    )
    return frozenset(connection.execute(query).scalars()) if user_ids else frozenset()


def save_quiet_hours(connection: Connection, user_id: str, quiet: QuietHours | None, at: datetime) -> None:
    """Store a person's quiet hours in place of those before; None is none."""
    connection.execute(delete(mail_quiet).where(mail_quiet.c.user_id == user_id))
    if quiet is not None:
        times = {"begins": f"{quiet.begins:%H:%M}", "ends": f"{quiet.ends:%H:%M}"}
        add(connection, mail_quiet, [{"user_id": user_id, **times, "changed_at": at}])


def quiet_hours_of(connection: Connection, user_id: str) -> QuietHours | None:
    query = select(mail_quiet.c.begins, mail_quiet.c.ends).where(mail_quiet.c.user_id == user_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else QuietHours(time.fromisoformat(row.begins), time.fromisoformat(row.ends))
