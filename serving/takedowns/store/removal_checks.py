"""Checks of removed listings: one row per removal, changed only by the check that was due."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update

from serving.cases.tables import verdict
from serving.listings.tables import listing
from serving.marketplaces.store import marketplaces
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside, same
from serving.platform.database.store import insert_or_ignore
from serving.takedowns.rules.removal_check import CheckState
from serving.takedowns.tables import action, removal_check


@dataclass(frozen=True, slots=True)
class RemovalCheck:
    """The verification of a removal. `gone_at` is the first check that found the listing gone, unless it came back.

    `seconds_to_removal` is the time from the confirmation to that check, including the undo window and every wait.
    """

    marketplace_id: str
    action_id: str
    state: CheckState
    check_count: int
    acknowledged_at: datetime
    due_at: datetime | None
    looked_at: datetime | None
    gone_at: datetime | None
    seconds_to_removal: float | None
    last_error: str | None


def _is_due(marketplace_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a check at a marketplace, given by a column, is due at the moment of the parameter `at`."""
    due_at = removal_check.c.due_at
    first = select(due_at).where(removal_check.c.marketplace_id == marketplace_id, due_at.is_not(None))
    return first.order_by(due_at).limit(1).scalar_subquery() <= bindparam("at", type_=due_at.type)


# Built once, because each process asks each second.
_WAITING: Final = marketplaces.marketplaces_where(_is_due)


def start(
    connection: Connection, marketplace_id: str, action_ids: Sequence[str], acknowledged_at: datetime, due_at: datetime
) -> None:
    rows = [
        {
            "marketplace_id": marketplace_id,
            "action_id": action_id,
            "state": CheckState.ASKED.value,
            "acknowledged_at": acknowledged_at,
            "due_at": due_at,
        }
        for action_id in action_ids
    ]
    connection.execute(insert_or_ignore(connection, removal_check), rows)


def of_actions(connection: Connection, marketplace_id: str, action_ids: Collection[str]) -> dict[str, RemovalCheck]:
    query = select(removal_check).where(
        inside(removal_check, marketplace_id), removal_check.c.action_id.in_(action_ids)
    )
    return {check.action_id: check for check in reader(RemovalCheck).all(connection, query)}


def marketplaces_due(connection: Connection, at: datetime) -> list[str]:
    return [str(row.marketplace_id) for row in connection.execute(_WAITING, {"at": at})]


def due_count(connection: Connection, at: datetime) -> int:
    """The number of due checks, of all marketplaces."""
    query = select(func.count()).select_from(removal_check)
    query = query.where(
        removal_check.c.marketplace_id.in_(marketplaces_due(connection, at)), removal_check.c.due_at <= at
    )
    return connection.execute(query).scalar_one()


def due_checks(connection: Connection, marketplace_id: str, at: datetime, most: int) -> list[RemovalCheck]:
    """The removals of a marketplace with a due check, the longest due first."""
    query = select(removal_check).where(inside(removal_check, marketplace_id), removal_check.c.due_at <= at)
    query = query.order_by(removal_check.c.due_at, removal_check.c.action_id).limit(most)
    return reader(RemovalCheck).all(connection, query)


def claim(connection: Connection, check: RemovalCheck, until: datetime) -> bool:
    """Claim a due check; it is due again at `until` if it does not complete. False where another process has it."""
    changed = connection.execute(
        update(removal_check).where(_same_check(check), removal_check.c.due_at == check.due_at).values(due_at=until)
    )
    return changed.rowcount == 1


def record_look(connection: Connection, check: RemovalCheck, after: RemovalCheck) -> bool:
    """Store the row `after` a check; False where another check came first."""
    values = {name: getattr(after, name) for name in RemovalCheck.__slots__[3:]}
    changed = connection.execute(
        update(removal_check).where(_same_check(check)).values(state=after.state.value, **values)
    )
    return changed.rowcount == 1


def _same_check(check: RemovalCheck) -> ColumnElement[bool]:
    return inside(removal_check, check.marketplace_id, action_id=check.action_id, check_count=check.check_count)


@dataclass(frozen=True, slots=True)
class StillShownListing:
    """A listing that is shown although its removal was acknowledged."""

    external_id: str
    case_id: str
    check: RemovalCheck


def still_shown(connection: Connection, marketplaces: Collection[str], most: int) -> list[StillShownListing]:
    """The removed listings that are still shown, by time of acknowledgement."""
    query = (
        select(removal_check, listing.c.external_id, verdict.c.case_id)
        .join(action, same(removal_check, action, "action_id"))
        .join(listing, same(action, listing, "listing_id"))
        .join(verdict, same(action, verdict, "verdict_id"))
        .where(removal_check.c.marketplace_id.in_(marketplaces), removal_check.c.state == CheckState.STILL_SHOWN.value)
        .order_by(removal_check.c.acknowledged_at, removal_check.c.action_id)
        .limit(most)
    )
    return [
        StillShownListing(row["external_id"], row["case_id"], reader(RemovalCheck).of(row))
        for row in connection.execute(query).mappings()
    ]


def still_shown_count(connection: Connection, marketplaces: Collection[str]) -> int:
    """The number of removed listings that are still shown."""
    query = (
        select(func.count())
        .select_from(removal_check)
        .where(removal_check.c.marketplace_id.in_(marketplaces), removal_check.c.state == CheckState.STILL_SHOWN.value)
    )
    return connection.execute(query).scalar_one()


def counts_by_state(connection: Connection, marketplace_id: str) -> dict[CheckState, int]:
    """The number of removals by state; removals that cannot be checked are not counted."""
    query = (
        select(removal_check.c.state, func.count().label("n"))
        .where(removal_check.c.marketplace_id == marketplace_id)
        .group_by(removal_check.c.state)
    )
    return {CheckState(row.state): row.n for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class RemovalTimes:
    """The median time to removal, and its number of removals; None where no listing was seen gone."""

    removals: int
    median_seconds: float | None


def removal_times(connection: Connection, marketplace_id: str, *, since: datetime | None = None) -> RemovalTimes:
    """The times to removal of listings seen gone; optionally only those acknowledged after a moment."""
    conditions = [removal_check.c.marketplace_id == marketplace_id, removal_check.c.seconds_to_removal.is_not(None)]
    if since is not None:
        conditions.append(removal_check.c.acknowledged_at > since)
    query = select(removal_check.c.seconds_to_removal).where(*conditions)
    number = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    if not number:
        return RemovalTimes(0, None)
    middle = query.order_by(removal_check.c.seconds_to_removal).offset((number - 1) // 2).limit(2 - number % 2)
    middle_seconds = connection.execute(middle).scalars().all()
    return RemovalTimes(number, sum(middle_seconds) / len(middle_seconds))
