"""Appeals against removals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from models.errors import Conflict
from models.labels import AppealState
from serving.appeals.rules.appeals import AppealEvent, AppealRecord, next_state
from serving.appeals.tables import appeal
from serving.listings.tables import listing
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class Appeal:
    appeal_id: str
    external_id: str
    listing_id: str
    action_id: str
    case_id: str
    statement: str
    state: AppealState
    known_at: datetime
    decided_at: datetime | None


def _read(connection: Connection, *conditions: Any) -> list[Appeal]:
    query = select(appeal).where(*conditions).order_by(appeal.c.known_at, appeal.c.appeal_id)
    return reader(Appeal).all(connection, query)


def add_appeal(connection: Connection, row: Mapping[str, Any]) -> None:
    """A new open appeal."""
    add(connection, appeal, [row])


def by_external_id(connection: Connection, marketplace_id: str, external_id: str) -> Appeal | None:
    appeals = _read(connection, inside(appeal, marketplace_id, external_id=external_id))
    return appeals[0] if appeals else None


def of_action(connection: Connection, marketplace_id: str, action_id: str) -> Appeal | None:
    appeals = _read(connection, inside(appeal, marketplace_id, action_id=action_id))
    return appeals[0] if appeals else None


def of_case(connection: Connection, marketplace_id: str, case_id: str) -> Appeal | None:
    """The appeal that a case is about, including an appeal whose case was replaced after the listing changed."""
    appeals = _read(connection, inside(appeal, marketplace_id, case_id=case_id))
    return appeals[0] if appeals else None


def record_of(connection: Connection, marketplace_id: str, listing_id: str, since: datetime) -> AppealRecord:
    """The results of a listing's seller's decided appeals since a moment; zero for an unnamed seller."""
    mine, other = listing.alias("mine"), listing.alias("other")
    query = (
        select(appeal.c.state, func.count().label("n"))
        .join(other, same(other, appeal, "listing_id"))
        .join(mine, same(mine, other, "seller_external_id"))
        .where(inside(mine, marketplace_id, listing_id=listing_id), appeal.c.decided_at >= since)
        .group_by(appeal.c.state)
    )
    counts = {row.state: row.n for row in connection.execute(query)}
    return AppealRecord(counts.get(AppealState.UPHELD.value, 0), counts.get(AppealState.DISMISSED.value, 0))


def of_marketplace(connection: Connection, marketplace_id: str) -> list[Appeal]:
    return _read(connection, appeal.c.marketplace_id == marketplace_id)


def move_to_case(connection: Connection, marketplace_id: str, case_id: str, new_case_id: str) -> None:
    """Assign an appeal to the case that replaces its stale one."""
    connection.execute(
        update(appeal).where(inside(appeal, marketplace_id, case_id=case_id)).values(case_id=new_case_id)
    )


def apply_event(
    connection: Connection, marketplace_id: str, stored_appeal: Appeal, event: AppealEvent, at: datetime
) -> None:
    """Apply an event to the appeal as it was read.

    Raises Conflict (the event cannot happen in this state, or another change came first).
    """
    following = next_state(stored_appeal.state, event)
    changed = connection.execute(
        update(appeal)
        .where(inside(appeal, marketplace_id, appeal_id=stored_appeal.appeal_id, state=stored_appeal.state.value))
        .values(state=following.value, decided_at=None if following is AppealState.OPEN else at)
    )
    if changed.rowcount != 1:
        raise Conflict("The appeal was decided by somebody else in the meantime.")


def counts_by_state(connection: Connection, marketplace_id: str) -> dict[str, int]:
    """The number of appeals in each state."""
    query = (
        select(appeal.c.state, func.count().label("n")).where(inside(appeal, marketplace_id)).group_by(appeal.c.state)
    )
    return {row.state: row.n for row in connection.execute(query)}
