"""Leases of open cases; deferrals with reasons, ends and history; and the return of cases to the queue."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Update, bindparam, literal_column, or_, select, true, update

from models.case import CaseState
from serving.accounts.tables import account
from serving.cases.rules.case_note import Snooze
from serving.cases.store.cases import Case
from serving.cases.tables import case_deferral, review_case
from serving.platform.database.scope import HERE, inside
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class StoredDeferral:
    """The last deferral of a case: its author, and the statement."""

    by: str
    snooze: Snooze
    known_at: datetime


def defer(connection: Connection, case: Case, user_id: str, deferral_id: str, snooze: Snooze, at: datetime) -> bool:
    """Defer an open case and release its lease; False where another person holds it."""
    free = or_(
        review_case.c.leased_until.is_(None), review_case.c.leased_until <= at, review_case.c.leased_by == user_id
    )
    changed = connection.execute(
        update(review_case)
        .where(inside(review_case, case.marketplace_id, case_id=case.case_id, state=CaseState.OPEN.value), free)
        .values(snoozed_until=snooze.until, wakes_on_news=snooze.on_news, leased_by=None, leased_until=None)
    )
    if changed.rowcount != 1:
        return False
    row = {
        "marketplace_id": case.marketplace_id,
        "deferral_id": deferral_id,
        "case_id": case.case_id,
        "user_id": user_id,
        "kind": snooze.kind.value,
        "missing": snooze.missing,
        "asked": snooze.source,
        "until": snooze.until,
        "on_news": snooze.on_news,
        "known_at": at,
    }
    add(connection, case_deferral, [row])
    return True


def resume_cases(
    connection: Connection, marketplace_id: str, listing_ids: Collection[str], at: datetime, *, news: bool = False
) -> int:
    """Return the deferred cases of these listings to the queue; with `news`, only those that news wakes."""
    if not listing_ids:
        return 0
    parameters = {"here": marketplace_id, "listings": sorted(listing_ids), "moment": at}
    return connection.execute(_resume_statement(news=news), parameters).rowcount


@cache
def _resume_statement(*, news: bool) -> Update:
    awake = [review_case.c.wakes_on_news.is_(true())] if news else []
    # In the terms of the unique index on the one open case of each listing.
    decides = review_case.c.state == literal_column("'open'"), review_case.c.lane != literal_column("'second_review'")
    return (
        update(review_case)
        .where(
            inside(review_case, HERE),
            review_case.c.listing_id.in_(bindparam("listings", expanding=True)),
            *decides,
            review_case.c.snoozed_until > bindparam("moment"),
            *awake,
        )
        .values(snoozed_until=None, wakes_on_news=False)
    )


def resume_case(connection: Connection, case: Case, at: datetime) -> bool:
    """Return one case to the queue; False where it is not deferred."""
    changed = connection.execute(
        update(review_case)
        .where(inside(review_case, case.marketplace_id, case_id=case.case_id), review_case.c.snoozed_until > at)
        .values(snoozed_until=None, wakes_on_news=False)
    )
    return changed.rowcount == 1


def latest(connection: Connection, marketplace_id: str, case_id: str) -> StoredDeferral | None:
    """The last deferral of a case."""
    query = (
        select(case_deferral, account.c.name)
        .join(account, account.c.user_id == case_deferral.c.user_id)
        .where(inside(case_deferral, marketplace_id, case_id=case_id))
        .order_by(case_deferral.c.known_at.desc(), case_deferral.c.deferral_id.desc())
    )
    row = connection.execute(query.limit(1)).mappings().first()
    if row is None:
        return None
    snooze = Snooze(row["until"], row["on_news"], row["missing"], row["asked"])
    return StoredDeferral(row["name"], snooze, row["known_at"])


LeasedCase = tuple[str, str]


def leases_of_person(
    connection: Connection, marketplaces: Collection[str], user_id: str, at: datetime
) -> list[LeasedCase]:
    """The open cases that a person has leased now, as (marketplace, case)."""
    query = select(review_case.c.marketplace_id, review_case.c.case_id).where(
        review_case.c.marketplace_id.in_(marketplaces),
        review_case.c.state == CaseState.OPEN.value,
        review_case.c.leased_by == user_id,
        review_case.c.leased_until > at,
    )
    return [(row.marketplace_id, row.case_id) for row in connection.execute(query.order_by(review_case.c.case_id))]


def move_leases(
    connection: Connection, cases: Collection[LeasedCase], user_id: str, to: str | None, until: datetime | None
) -> int:
    """Give a person's leases to another person, or free them; returns how many the person still had."""
    moved = 0
    for marketplace_id, case_id in cases:
        changed = update(review_case).where(
            review_case.c.marketplace_id == marketplace_id,
            review_case.c.case_id == case_id,
            review_case.c.leased_by == user_id,
        )
        moved += connection.execute(changed.values(leased_by=to, leased_until=until)).rowcount
    return moved
