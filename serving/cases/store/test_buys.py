"""Test buys and their custody logs: entries are appended and numbered, never changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from models.errors import Conflict, require
from serving.cases.rules.test_buy import Custody, CustodyEvent, TestBuyState
from serving.cases.tables import custody_entry, review_case, test_buy
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class TestBuy:
    __test__ = False

    marketplace_id: str
    test_buy_id: str
    case_id: str
    version_id: str
    custody: Custody
    entries: int
    order_reference: str
    cost_minor: int | None
    currency: str | None
    due_at: datetime
    verdict_id: str | None


@dataclass(frozen=True, slots=True)
class CustodyLogEntry:
    """One line of a custody log: its writer, the event, its time, and the holder of the goods from then on."""

    number: int
    event: CustodyEvent
    holder: str | None
    text: str
    recorded_by: str
    occurred_at: datetime
    known_at: datetime


def add_test_buy(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store a new test buy. Raises Conflict (a test buy is running for this case)."""
    running = select(test_buy.c.test_buy_id).where(
        inside(test_buy, row["marketplace_id"], case_id=row["case_id"]), test_buy.c.closed_at.is_(None)
    )
    if connection.execute(running).first():
        raise Conflict("A test buy is already running for this case.")
    add(connection, test_buy, [row])


def get(connection: Connection, test_buy_id: str, marketplaces: Collection[str]) -> TestBuy:
    """One test buy of these marketplaces. Raises NotFound (these marketplaces have no such test buy)."""
    query = select(test_buy).where(test_buy.c.test_buy_id == test_buy_id, test_buy.c.marketplace_id.in_(marketplaces))
    return _test_buy(require(connection.execute(query).one_or_none(), "There is no such test buy."))


def states_of_listing(connection: Connection, marketplace_id: str, listing_id: str) -> list[TestBuyState]:
    """The states of all test buys of a listing, for any of its versions."""
    query = (
        select(test_buy.c.state)
        .join(review_case, same(review_case, test_buy, "case_id"))
        .where(test_buy.c.marketplace_id == marketplace_id, review_case.c.listing_id == listing_id)
    )
    return [TestBuyState(state) for state in connection.execute(query).scalars()]


def _test_buy(row: Row[Any]) -> TestBuy:
    return TestBuy(
        row.marketplace_id,
        row.test_buy_id,
        row.case_id,
        row.version_id,
        Custody(TestBuyState(row.state), row.holder),
        row.entries,
        row.order_reference,
        row.cost_minor,
        row.currency,
        row.due_at,
        row.verdict_id,
    )


def append_entry(connection: Connection, buy: TestBuy, after: Custody, row: Mapping[str, Any], **values: Any) -> None:
    """Append a line to the custody log of a test buy; the second of two concurrent lines is refused.

    Raises Conflict (the log has changed since `buy` was read).
    """
    changed = connection.execute(
        update(test_buy)
        .where(inside(test_buy, buy.marketplace_id, test_buy_id=buy.test_buy_id, entries=buy.entries))
        .values(state=after.state.value, holder=after.holder, entries=buy.entries + 1, **values)
    )
    if changed.rowcount != 1:
        raise Conflict("Somebody has added to this custody log in the meantime. Refresh the page.")
    add(connection, custody_entry, [row])


def add_entry(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store the first line of a new log."""
    add(connection, custody_entry, [row])


def custody_log(connection: Connection, marketplace_id: str, test_buy_id: str) -> list[CustodyLogEntry]:
    """The custody log, oldest first."""
    query = (
        select(custody_entry, custody_entry.c.description.label("text"))
        .where(inside(custody_entry, marketplace_id, test_buy_id=test_buy_id))
        .order_by(custody_entry.c.number)
    )
    return reader(CustodyLogEntry).all(connection, query)
