"""The reviewers' notes on cases, and the people mentioned in them. Brands and sellers cannot read them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from serving.accounts.rules.access import Role
from serving.accounts.tables import account, role_grant
from serving.cases.tables import case_note, note_mention, review_case
from serving.listings.tables import listing
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A note as stored, with the names of its writer and of the people mentioned."""

    note_id: str
    author: str
    text: str
    mentioned: tuple[str, ...]
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Mention:
    """A note in which somebody is mentioned; `external_id` is that of the listing."""

    case_id: str
    external_id: str
    author: str
    text: str
    known_at: datetime
    seen: bool


def colleagues(connection: Connection, marketplace_id: str) -> dict[str, str]:
    """The people of a marketplace who may see its cases, by id: names."""
    query = (
        select(account.c.user_id, account.c.name)
        .join(role_grant, role_grant.c.user_id == account.c.user_id)
        .where(inside(role_grant, marketplace_id, role=Role.ANALYST.value), account.c.disabled_at.is_(None))
        .order_by(account.c.name, account.c.user_id)
    )
    return {row.user_id: row.name for row in connection.execute(query)}


def add_note(connection: Connection, row: Mapping[str, Any], mentioned: Sequence[str]) -> None:
    """Store a note, unseen by everybody whom it mentions."""
    add(connection, case_note, [row])
    key = {name: row[name] for name in ("marketplace_id", "note_id")}
    add(connection, note_mention, [{**key, "user_id": user_id, "seen_at": None} for user_id in mentioned])


def of_case(connection: Connection, marketplace_id: str, case_id: str) -> list[StoredNote]:
    """The notes on a case, oldest first."""
    query = (
        select(case_note, account.c.name)
        .join(account, account.c.user_id == case_note.c.user_id)
        .where(inside(case_note, marketplace_id, case_id=case_id))
        .order_by(case_note.c.known_at, case_note.c.note_id)
    )
    rows = connection.execute(query).mappings().all()
    names = _mentioned_names(connection, marketplace_id, [row["note_id"] for row in rows]) if rows else {}
    return [
        StoredNote(row["note_id"], row["name"], row["text"], tuple(names.get(row["note_id"], ())), row["known_at"])
        for row in rows
    ]


def _mentioned_names(connection: Connection, marketplace_id: str, note_ids: Collection[str]) -> dict[str, list[str]]:
    query = (
        select(note_mention.c.note_id, account.c.name)
        .join(account, account.c.user_id == note_mention.c.user_id)
        .where(note_mention.c.marketplace_id == marketplace_id, note_mention.c.note_id.in_(note_ids))
        .order_by(account.c.name)
    )
    names_by_note: dict[str, list[str]] = {}
    for row in connection.execute(query):
        names_by_note.setdefault(row.note_id, []).append(row.name)
    return names_by_note


def unseen_count(connection: Connection, user_id: str, marketplaces: Collection[str]) -> int:
    """How many notes mention somebody and have not been seen."""
    query = select(func.count()).where(
        note_mention.c.user_id == user_id,
        note_mention.c.seen_at.is_(None),
        note_mention.c.marketplace_id.in_(sorted(marketplaces)),
    )
    return connection.execute(query).scalar_one()


def inbox(connection: Connection, user_id: str, marketplaces: Collection[str], most: int) -> list[Mention]:
    """The notes that mention somebody, unseen ones first and then the newest."""
    query = (
        select(case_note, account.c.name, listing.c.external_id, note_mention.c.seen_at)
        .join(note_mention, same(note_mention, case_note, "note_id"))
        .join(account, account.c.user_id == case_note.c.user_id)
        .join(review_case, same(review_case, case_note, "case_id"))
        .join(listing, same(listing, review_case, "listing_id"))
        .where(note_mention.c.user_id == user_id, note_mention.c.marketplace_id.in_(sorted(marketplaces)))
        .order_by(note_mention.c.seen_at.is_not(None), case_note.c.known_at.desc(), case_note.c.note_id.desc())
        .limit(most)
    )
    return [
        Mention(
            row["case_id"], row["external_id"], row["name"], row["text"], row["known_at"], row["seen_at"] is not None
        )
        for row in connection.execute(query).mappings()
    ]


def mark_all_seen(connection: Connection, user_id: str, at: datetime) -> int:
    """Mark all notes that mention a person as seen; returns how many were not."""
    changed = connection.execute(
        update(note_mention)
        .where(note_mention.c.user_id == user_id, note_mention.c.seen_at.is_(None))
        .values(seen_at=at)
    )
    return changed.rowcount
