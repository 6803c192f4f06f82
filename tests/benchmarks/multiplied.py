"""Databases of many listings: some thousand that intake took in, multiplied where they lie.

A copy has ids, a seller, events and a search word of its own. Its facts, its text and its audit entries are those of
its original: the log of such a database is not valid, and nothing is learned from its figures. It measures statements.
"""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import psycopg
from sqlalchemy import BigInteger, Column, Integer, String, Table, make_url

from serving.listings.service.intake import receive_rows
from serving.listings.service.seller_events import receive_events
from serving.platform.database.engine import is_sqlite, job_database_url, sqlite_driver
from serving.platform.database.types import Digest, UtcTime
from serving.schema import metadata
from tests.fixtures.labels import label_a_history
from tests.fixtures.many_cases import suspect_rows
from tests.fixtures.runtimes import Site

TAKEN_IN: Final = 2_000
EVENTS_EACH: Final = 10
# One case in ten listings waits, which is more than people keep up with.
_WAITING: Final = TAKEN_IN // 10
_BATCH: Final = 500
# Of these the rows multiply with listings.
_TIED: Final = frozenset({"listing_id", "version_id", "text_id", "case_id", "verdict_id", "seller_external_id"})
_TOO: Final = frozenset({"seller", "facts", "search_entry", "audit_entry", "audit_payload"})
_NAMES: Final = frozenset({"external_id", "seller_external_id", "listing_external_id", "source_event_id"})
# What many listings share.
_SHARED: Final = frozenset({"marketplace_id", "brand_id", "user_id"})
_SHARED_TABLES: Final = frozenset({"account", "brand", "marketplace"})
_NUMBERED: Final = frozenset({"entry_number", "sequence"})
_HASHES: Final = frozenset({"digest", "facts_digest", "previous_hash"})
_STRIDE: Final = 4 * TAKEN_IN  # More than there are entries of one table.
_SETTINGS: Final = ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-1000000", "temp_store=MEMORY")


def take_in(site: Site) -> None:
    """A labelled history, cases that wait, and the events of sellers."""
    label_a_history(site, listings=TAKEN_IN - _WAITING)
    site.clock.forward(days=3)  # What one person has just judged is on every page of theirs, to be undone.
    rows = suspect_rows(_WAITING, random.Random(0))
    receive_rows(site.runtime, site.marketplace, rows, source="bench")
    events = list(_events(site, rows))
    for first in range(0, len(events), _BATCH):
        receive_events(site.runtime, site.marketplace, {"events": events[first : first + _BATCH]}, backfill=False)


def _events(site: Site, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    now = site.clock.now()
    for number in range(TAKEN_IN * EVENTS_EACH):
        at = now - timedelta(minutes=number)
        seller = rows[number % len(rows)]["seller"]["external_id"]
        kind = ("sale", "sale", "return", "rating")[number % 4]
        yield {"event_id": f"evt-{number}", "seller": seller, "kind": kind, "occurred_at": at.isoformat()}


def multiply(url: str, times: int) -> None:
    """Add so many copies of everything that belongs to a listing; statistics are counted where the engine does so."""
    statements = [_copy_statement(url, table) for table in metadata.sorted_tables if _is_multiplied(table)]
    if is_sqlite(url):
        connection = sqlite_driver().connect(make_url(url).database, isolation_level=None)
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}").fetchall()
        connection.execute("BEGIN")
        for statement in statements:
            connection.execute(statement, {"times": times})
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.close()
        return
    with psycopg.connect(job_database_url(url), autocommit=True) as server:
        server.execute("SET session_replication_role = replica")
        for statement in statements:
            server.execute(statement.replace(":times", "%(times)s").encode(), {"times": times})
        server.execute("VACUUM ANALYZE")


def _is_multiplied(table: Table) -> bool:
    return table.name in _TOO or bool(_TIED & set(table.columns.keys()))


def _copy_statement(url: str, table: Table) -> str:
    names = [column.name for column in table.columns]
    values = ", ".join(_copied_column(url, table, column) for column in table.columns)
    listed = ", ".join(f'"{name}"' for name in names)
    return (
        f"INSERT INTO {table.name} ({listed}) "  # noqa: S608  # names of our own tables
        "WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < :times) "
        f"SELECT {values} FROM {table.name} AS one CROSS JOIN copy"
    )


def _copied_column(url: str, table: Table, column: Column[Any]) -> str:  # noqa: PLR0911  # a case for each kind of column
    was = f'one."{column.name}"'
    if column.name in _SHARED or {key.column.table.name for key in column.foreign_keys} & _SHARED_TABLES:
        return was
    match column.type:
        case UtcTime():
            return _earlier_moment(url, was)
        case BigInteger() if column.name == "band":
            return f"{was} / 2 + copy.n * 7919"
        case BigInteger() | Integer() if column.primary_key and column.name in _NUMBERED:
            return f"{was} + copy.n * {_STRIDE}"
        case Digest() if column.name in _HASHES:
            return _another_digest(url, was)
        case String() if column.name in _HASHES:
            return f"substr(copy.n || 'z' || {was}, 1, 64)"
        case String() if column.name in _NAMES:
            return f"{was} || 'z' || copy.n"
        case String() if column.name.endswith("_id") or column.name == "subject":
            # An id keeps its kind, its length and its chance, and tells another time.
            return f"substr({was}, 1, 6) || substr(CAST(100000000 + copy.n AS VARCHAR), 2) || substr({was}, 15)"
    return f"{was} || ' copy' || copy.n" if column.name == "words" else was


def _another_digest(url: str, digest: str) -> str:
    if is_sqlite(url):
        return f"CAST(substr(copy.n || 'z' || hex({digest}), 1, 32) AS BLOB)"
    return f"convert_to(substr(copy.n || 'z' || encode({digest}, 'hex'), 1, 32), 'UTF8')"


def _earlier_moment(url: str, moment: str) -> str:
    """A copy's moments lie seconds before those of its original."""
    if is_sqlite(url):
        return f"strftime('%Y-%m-%dT%H:%M:%f', {moment}, '-' || copy.n || ' seconds') || '000Z'"
    return f"{moment} - copy.n * INTERVAL '1 second'"
