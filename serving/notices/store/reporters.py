"""Notifiers: strangers, identified by a keyed hash, and those that the marketplace registered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update

from models.errors import NotFound
from serving.notices.rules.notices import ItemState, ReporterKind
from serving.notices.tables import notice, notice_item, reporter
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add, insert_or_ignore


@dataclass(frozen=True, slots=True)
class Reporter:
    """A reporter as stored; name and address are None once they are erased."""

    marketplace_id: str
    reporter_id: str
    kind: ReporterKind
    name: str | None
    email: str | None
    brand_id: str | None
    secret_hash: str | None
    known_at: datetime
    revoked_at: datetime | None
    warned_at: datetime | None
    muted_until: datetime | None
    muted_because: str | None
    erasure_requested_at: datetime | None
    erased_at: datetime | None

    def is_muted(self, at: datetime) -> bool:
        """Whether the reporter's notices open no case at a moment."""
        return self.muted_until is not None and at < self.muted_until


def add_reporter(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a registered reporter."""
    add(connection, reporter, [row])


def lock_stranger(connection: Connection, row: Mapping[str, Any]) -> Reporter:
    """The stranger with the row's `email_token`, inserted if missing; locked until the transaction ends."""
    connection.execute(insert_or_ignore(connection, reporter).values(**row))
    query = (
        select(reporter)
        .where(
            inside(
                reporter, row["marketplace_id"], email_token=row["email_token"], kind=ReporterKind.UNREGISTERED.value
            )
        )
        .with_for_update()
    )
    return reader(Reporter).of(connection.execute(query).mappings().one())


def by_id(connection: Connection, reporter_id: str) -> Reporter | None:
    """A reporter in any marketplace; ids are unique across marketplaces."""
    return reader(Reporter).single(connection, select(reporter).where(reporter.c.reporter_id == reporter_id))


def get(connection: Connection, marketplace_id: str, reporter_id: str) -> Reporter:
    """One reporter. Raises NotFound (this marketplace has no such reporter)."""
    known_reporter = by_id(connection, reporter_id)
    if known_reporter is None or known_reporter.marketplace_id != marketplace_id:
        raise NotFound("There is no such reporter.")
    return known_reporter


def change(connection: Connection, known_reporter: Reporter, **values: Any) -> None:
    """Set columns of a reporter."""
    connection.execute(
        update(reporter)
        .where(inside(reporter, known_reporter.marketplace_id, reporter_id=known_reporter.reporter_id))
        .values(**values)
    )


def all_reporters(connection: Connection, marketplace_id: str, most: int) -> list[Reporter]:
    """The reporters of a marketplace, newest first."""
    query = (
        select(reporter)
        .where(reporter.c.marketplace_id == marketplace_id)
        .order_by(reporter.c.known_at.desc(), reporter.c.reporter_id.desc())
        .limit(most)
    )
    return reader(Reporter).all(connection, query)


def by_email_token(connection: Connection, marketplace_id: str, token: str) -> Reporter | None:
    """The stranger with the keyed hash of an address."""
    return reader(Reporter).single(
        connection, select(reporter).where(inside(reporter, marketplace_id, email_token=token))
    )


def reporters_to_erase(connection: Connection, most: int) -> list[Reporter]:
    """Reporters whose requested erasure is not complete, oldest request first."""
    query = (
        select(reporter)
        .where(reporter.c.erasure_requested_at.is_not(None), reporter.c.erased_at.is_(None))
        .order_by(reporter.c.erasure_requested_at)
        .limit(most)
    )
    return reader(Reporter).all(connection, query)


def quiet_strangers(
    connection: Connection, marketplace_id: str, last: datetime, *, open_until: datetime, most: int
) -> list[Reporter]:
    """Strangers whose last notice came before `last`, with all notices decided by `open_until`."""
    theirs = (
        select(notice.c.notice_id)
        .outerjoin(notice_item, same(notice_item, notice, "notice_id"))
        .where(
            same(notice, reporter, "reporter_id"),
            or_(
                notice.c.known_at >= last,
                notice_item.c.decided_at > open_until,
                notice_item.c.state == ItemState.WAITING.value,
            ),
        )
    )
    query = (
        select(reporter)
        .where(
            inside(reporter, marketplace_id, kind=ReporterKind.UNREGISTERED.value),
            reporter.c.known_at < last,
            reporter.c.erased_at.is_(None),
            ~theirs.exists(),
        )
        .order_by(reporter.c.known_at, reporter.c.reporter_id)
        .limit(most)
    )
    return reader(Reporter).all(connection, query)


def forget_ended_mutes(connection: Connection, at: datetime) -> None:
    """Delete the hashes of erased reporters whose mute has ended."""
    connection.execute(
        update(reporter)
        .where(reporter.c.erased_at.is_not(None), reporter.c.email_token.is_not(None), reporter.c.muted_until <= at)
        .values(email_token=None)
    )
