"""Sanctions of sellers as proposed and decided, with their votes; every step is a conditional update."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from models.errors import require
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.pages import page
from serving.platform.database.row_reader import reader, row_of
from serving.platform.database.scope import HERE, inside
from serving.platform.database.store import add
from serving.sellers.rules.sanction import (
    OPEN_STATES,
    Measure,
    SanctionCause,
    SanctionEvent,
    SanctionState,
    Vote,
    next_state,
)
from serving.sellers.tables import sanction, sanction_vote

_OPEN: Final = [state.value for state in OPEN_STATES]


@dataclass(frozen=True, slots=True)
class StoredSanction:
    """A sanction as stored. `linked` are the linked accounts, each with seller, path and any reason to spare it."""

    marketplace_id: str
    sanction_id: str
    seller_external_id: str
    measure: Measure
    cause: SanctionCause
    state: SanctionState
    parent_id: str | None
    path: str | None
    total: float
    reasons: Sequence[str]
    linked: Sequence[Mapping[str, Any]]
    policy_version: str
    proposed_at: datetime
    due_at: datetime | None
    decided_at: datetime | None
    ended_because: str | None


def add_sanction(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store a new sanction; the database refuses a second undecided one of a seller."""
    add(connection, sanction, [row])


def get(connection: Connection, marketplace_id: str, sanction_id: str) -> StoredSanction:
    """One sanction. Raises NotFound (there is none in this marketplace)."""
    sanctions = _select_sanctions(connection, inside(sanction, marketplace_id, sanction_id=sanction_id))
    return require(sanctions[0] if sanctions else None, "There is no such sanction.")


def marketplace_of(connection: Connection, sanction_id: str, marketplaces: Collection[str]) -> str:
    """The marketplace of a sanction, among those that the person may see.

    Raises NotFound (there is no such sanction there).
    """
    query = select(sanction.c.marketplace_id).where(
        sanction.c.sanction_id == sanction_id, sanction.c.marketplace_id.in_(marketplaces)
    )
    return str(require(connection.execute(query).scalar(), "There is no such sanction."))


_OF_SELLER: Final = KeyedQuery(
    select(sanction)
    .where(inside(sanction, HERE, seller_external_id=bindparam("seller")))
    .order_by(sanction.c.proposed_at, sanction.c.sanction_id)
)


def of_seller(connection: Connection, marketplace_id: str, seller: str) -> list[StoredSanction]:
    """The sanctions of a seller, oldest first."""
    return reader(StoredSanction).all(connection, _OF_SELLER, {"here": marketplace_id, "seller": seller})


def sanctions_led_to(connection: Connection, marketplace_id: str, sanction_id: str) -> list[StoredSanction]:
    """The sanctions of linked accounts that this one led to."""
    return _select_sanctions(connection, inside(sanction, marketplace_id, parent_id=sanction_id))


def undecided_sanctions(
    connection: Connection, marketplaces: Collection[str], most: int, after: str | None = None
) -> list[StoredSanction]:
    """The undecided sanctions, the oldest first; or those behind the one `after`."""
    in_marketplaces = sanction.c.marketplace_id.in_(marketplaces)
    return _select_sanctions(
        connection, in_marketplaces, sanction.c.state.in_(_OPEN), most=most, behind=(marketplaces, after)
    )


def sanctions_in_force(
    connection: Connection, marketplaces: Collection[str], most: int, after: str | None = None
) -> list[StoredSanction]:
    """The sanctions in force, the oldest first; or those behind the one `after`."""
    in_marketplaces, carried_out = sanction.c.marketplace_id.in_(marketplaces), SanctionState.CARRIED_OUT.value
    return _select_sanctions(
        connection, in_marketplaces, sanction.c.state == carried_out, most=most, behind=(marketplaces, after)
    )


def decided_counts(connection: Connection, marketplace_id: str, *, since: datetime, until: datetime) -> tuple[int, int]:
    """The restricted and the closed accounts by decisions in [since, until)."""
    query = (
        select(sanction.c.measure, func.count().label("n"))
        .where(
            sanction.c.marketplace_id == marketplace_id,
            sanction.c.state.in_([SanctionState.CARRIED_OUT.value, SanctionState.LIFTED.value]),
            sanction.c.decided_at >= since,
            sanction.c.decided_at < until,
        )
        .group_by(sanction.c.measure)
    )
    counts = {row.measure: int(row.n) for row in connection.execute(query)}
    return counts.get(Measure.RESTRICT.value, 0), counts.get(Measure.CLOSE.value, 0)


def due_sanctions(connection: Connection, now: datetime, most: int) -> list[StoredSanction]:
    """The sanctions with a due step: an overdue proposal, or a restriction to check."""
    return _select_sanctions(connection, sanction.c.due_at <= now, most=most)


def change(
    connection: Connection, stored_sanction: StoredSanction, event: SanctionEvent, values: Mapping[str, Any]
) -> bool:
    """Apply an event if the sanction is unchanged since it was read; False where it has changed.

    Raises Conflict (the event cannot happen in the state that was read).
    """
    state = next_state(stored_sanction.state, event)
    changed = connection.execute(
        update(sanction)
        .where(
            inside(
                sanction,
                stored_sanction.marketplace_id,
                sanction_id=stored_sanction.sanction_id,
                state=stored_sanction.state.value,
            )
        )
        .values(state=state.value, **values)
    )
    return changed.rowcount == 1


def schedule_check(connection: Connection, stored_sanction: StoredSanction, due_at: datetime | None) -> None:
    """Set the time of the next check of a sanction in force."""
    connection.execute(
        update(sanction)
        .where(inside(sanction, stored_sanction.marketplace_id, sanction_id=stored_sanction.sanction_id))
        .values(due_at=due_at)
    )


def add_vote(connection: Connection, key: Mapping[str, str], vote: Vote, at: datetime) -> None:
    """Append a vote; `key` has the columns of marketplace, vote and sanction."""
    add(connection, sanction_vote, [{**key, **row_of(vote), "known_at": at}])


def votes(connection: Connection, sanction_ids: Collection[str]) -> dict[str, list[Vote]]:
    """The votes on these sanctions, by sanction, in the order of voting."""
    query = (
        select(sanction_vote)
        .where(sanction_vote.c.sanction_id.in_(sanction_ids))
        .order_by(sanction_vote.c.known_at, sanction_vote.c.vote_id)
    )
    votes_by_sanction: dict[str, list[Vote]] = {}
    for row in connection.execute(query).mappings():
        votes_by_sanction.setdefault(row["sanction_id"], []).append(reader(Vote).of(row))
    return votes_by_sanction


def _select_sanctions(
    connection: Connection,
    *conditions: Any,
    most: int | None = None,
    behind: tuple[Collection[str], str | None] = ((), None),
) -> list[StoredSanction]:
    order = (sanction.c.proposed_at, sanction.c.sanction_id)
    query = page(connection, select(sanction).where(*conditions), *behind, *order).limit(most)
    return reader(StoredSanction).all(connection, query)
