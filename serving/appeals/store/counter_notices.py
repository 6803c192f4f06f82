"""Counter-notices and their steps; every step is a conditional update of the row that was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from models.errors import Conflict, require
from serving.appeals.rules.counter_notice import (
    CLOSED,
    CounterNoticeEvent,
    CounterNoticeState,
    CounterNoticeTurn,
    Party,
)
from serving.appeals.tables import appeal, counter_notice, counter_notice_step
from serving.listings.tables import listing, listing_version
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add, insert_or_ignore
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind, ActionState


@dataclass(frozen=True, slots=True)
class CounterNotice:
    marketplace_id: str
    counter_notice_id: str
    action_id: str
    listing_id: str
    brand_id: str | None
    profile: str
    country: str | None
    state: CounterNoticeState
    round: int
    revision: int
    informed_at: datetime
    due_at: datetime | None
    first_answered_at: datetime | None

    @property
    def turn(self) -> CounterNoticeTurn:
        """Its state, for the rules."""
        return CounterNoticeTurn(self.state, self.round, self.due_at)


@dataclass(frozen=True, slots=True)
class StoredStep:
    """One step, with its statement."""

    number: int
    round: int
    party: Party
    event: CounterNoticeEvent
    state_after: CounterNoticeState
    text: str | None
    known_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingCounterNotice:
    """A counter-notice that waits for a brand, with its listing."""

    counter_notice: CounterNotice
    external_id: str
    content: Mapping[str, Any]


def _read(connection: Connection, *conditions: Any, most: int | None = None) -> list[CounterNotice]:
    query = select(counter_notice).where(*conditions).order_by(counter_notice.c.due_at).limit(most)
    return reader(CounterNotice).all(connection, query)


def add_counter_notice(connection: Connection, row: Mapping[str, Any]) -> None:
    """Open a counter-notice, unless the removal has one already."""
    connection.execute(insert_or_ignore(connection, counter_notice).values(**row))


def get(connection: Connection, marketplace_id: str, counter_notice_id: str) -> CounterNotice:
    """One counter-notice. Raises NotFound (there is none in this marketplace)."""
    counter_notices = _read(
        connection, inside(counter_notice, marketplace_id), counter_notice.c.counter_notice_id == counter_notice_id
    )
    return require(counter_notices[0] if counter_notices else None, "There is no such counter-notice.")


def of_action(connection: Connection, marketplace_id: str, action_id: str) -> CounterNotice | None:
    counter_notices = _read(connection, inside(counter_notice, marketplace_id), counter_notice.c.action_id == action_id)
    return counter_notices[0] if counter_notices else None


def save_step(
    connection: Connection, stored_notice: CounterNotice, standing: CounterNoticeTurn, step: Mapping[str, Any]
) -> None:
    """Update the row that was read, and append the step. Raises Conflict (another step came first)."""
    at, by_seller = step["known_at"], step["event"] == CounterNoticeEvent.SUBMIT.value
    changed = connection.execute(
        update(counter_notice)
        .where(
            inside(
                counter_notice,
                stored_notice.marketplace_id,
                counter_notice_id=stored_notice.counter_notice_id,
                revision=stored_notice.revision,
            )
        )
        .values(
            state=standing.state.value,
            round=standing.round,
            due_at=standing.due_at,
            revision=stored_notice.revision + 1,
            first_answered_at=stored_notice.first_answered_at or (at if by_seller else None),
            closed_at=at if standing.state in CLOSED else None,
        )
    )
    if changed.rowcount != 1:
        raise Conflict("Somebody has answered in the meantime. Refresh the page.")
    row = {
        "marketplace_id": stored_notice.marketplace_id,
        "counter_notice_id": stored_notice.counter_notice_id,
        "number": stored_notice.revision,
        "round": stored_notice.round,
        "state_after": standing.state.value,
    }
    add(connection, counter_notice_step, [{**row, **step}])


def steps(connection: Connection, marketplace_id: str, counter_notice_id: str) -> list[StoredStep]:
    """The events so far, in order."""
    query = (
        select(counter_notice_step, counter_notice_step.c.statement.label("text"))
        .where(inside(counter_notice_step, marketplace_id, counter_notice_id=counter_notice_id))
        .order_by(counter_notice_step.c.number)
    )
    return reader(StoredStep).all(connection, query)


def seller_statements(connection: Connection, marketplace_id: str, listing_id: str) -> tuple[str, ...]:
    """What the seller of a listing stated in the counter-notices against its removals, oldest first."""
    query = (
        select(counter_notice_step.c.statement)
        .join(counter_notice, same(counter_notice, counter_notice_step, "counter_notice_id"))
        .where(
            inside(counter_notice, marketplace_id, listing_id=listing_id),
            counter_notice_step.c.party == Party.SELLER.value,
            counter_notice_step.c.statement.is_not(None),
        )
        .order_by(counter_notice_step.c.known_at, counter_notice_step.c.step_id)
    )
    return tuple(connection.execute(query).scalars())


def due_counter_notices(connection: Connection, at: datetime, most: int) -> list[CounterNotice]:
    """The counter-notices past their deadline, the longest overdue first."""
    return _read(connection, counter_notice.c.due_at <= at, most=most)


def unanswered_by_brands(
    connection: Connection, after: datetime, until: datetime
) -> dict[tuple[str, str], tuple[int, datetime]]:
    """The number and first deadline, by (marketplace, brand), of those that wait for a brand and are due in a time."""
    of, first = counter_notice.c, func.min(counter_notice.c.due_at, type_=counter_notice.c.due_at.type)
    waits = (of.state == CounterNoticeState.WITH_RIGHTS_HOLDER.value, of.due_at > after, of.due_at <= until)
    query = select(of.marketplace_id, of.brand_id, func.count(), first).where(*waits, of.brand_id.is_not(None))
    groups = connection.execute(query.group_by(of.marketplace_id, of.brand_id))
    return {(place, brand_id): (n, due_at) for place, brand_id, n, due_at in groups}


def uncontested_removals(connection: Connection, since: datetime, most: int) -> list[tuple[str, str]]:
    """(marketplace, removal) of removals in force that were acknowledged since a moment and are not contested yet."""
    later = action.alias("later")
    overtaken = (
        select(later.c.action_id)
        .where(
            same(later, action, "listing_id"),
            later.c.sequence > action.c.sequence,
            later.c.state != ActionState.WITHDRAWN.value,
        )
        .exists()
    )
    query = (
        select(action.c.marketplace_id, action.c.action_id)
        .outerjoin(counter_notice, same(counter_notice, action, "action_id"))
        .outerjoin(appeal, same(appeal, action, "action_id"))
        .where(
            action.c.state == ActionState.ACKNOWLEDGED.value,
            action.c.kind == ActionKind.REMOVE.value,
            action.c.acknowledged_at >= since,
            counter_notice.c.action_id.is_(None),
            appeal.c.action_id.is_(None),
            ~overtaken,
        )
        .limit(most)
    )
    return [(row.marketplace_id, row.action_id) for row in connection.execute(query)]


def waiting_for(connection: Connection, pairs: frozenset[tuple[str, str]], most: int) -> list[WaitingCounterNotice]:
    """The counter-notices that wait for these (marketplace, brand) pairs, the most urgent first."""
    waiting_notices: list[WaitingCounterNotice] = []
    for marketplace_id, brand_id in sorted(pairs):
        query = (
            select(counter_notice, listing.c.external_id, listing_version.c.content)
            .join(listing, same(listing, counter_notice, "listing_id"))
            .join(listing_version, same(listing_version, listing, "version_id"))
            .where(
                inside(counter_notice, marketplace_id, brand_id=brand_id),
                counter_notice.c.state.in_(
                    [CounterNoticeState.WITH_RIGHTS_HOLDER.value, CounterNoticeState.WITH_COURT.value]
                ),
            )
            .order_by(counter_notice.c.due_at)
            .limit(most)
        )
        waiting_notices += [
            WaitingCounterNotice(reader(CounterNotice).of(row), row["external_id"], row["content"])
            for row in connection.execute(query).mappings()
        ]
    return sorted(
        waiting_notices, key=lambda notice: (notice.counter_notice.due_at is None, notice.counter_notice.due_at)
    )[:most]


def marketplace_of(connection: Connection, counter_notice_id: str, marketplaces: frozenset[str]) -> str:
    """The marketplace of a counter-notice, among those that the person may see.

    Raises NotFound (there is no such counter-notice there, or it belongs to another marketplace; the error is the
    same).
    """
    query = select(counter_notice.c.marketplace_id).where(
        counter_notice.c.counter_notice_id == counter_notice_id, counter_notice.c.marketplace_id.in_(marketplaces)
    )
    return str(require(connection.execute(query).scalar(), "There is no such counter-notice."))


def counts_by_state(connection: Connection, marketplace_id: str) -> dict[str, int]:
    """The number of counter-notices in each state."""
    query = (
        select(counter_notice.c.state, func.count().label("n"))
        .where(counter_notice.c.marketplace_id == marketplace_id)
        .group_by(counter_notice.c.state)
    )
    return {row.state: row.n for row in connection.execute(query)}
