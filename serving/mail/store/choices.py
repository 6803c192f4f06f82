"""Which kinds of mail a person wants."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select, update

from serving.mail.rules.kinds import MailKind
from serving.mail.tables import mail_choice
from serving.platform.database.store import insert_or_ignore


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
