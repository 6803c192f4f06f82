"""Many rows in one statement: the same results, conflicts and errors as one statement for each row."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from serving.listings.rules import EntryKind
from serving.listings.store import search
from serving.listings.store.search import SearchableListing
from serving.listings.tables import facts, quarantine, search_entry, seller
from serving.platform.database.fast.door import FEWEST_TO_COPY
from serving.platform.database.store import add, add_or_ignore
from tests.fixtures.clocks import NOW
from tests.fixtures.runtimes import Site

pytestmark = [pytest.mark.both_engines, pytest.mark.fast_paths]
MANY = FEWEST_TO_COPY + 1


def sellers(site: Site, **changes: Any) -> list[dict[str, Any]]:
    rows = [
        {
            "marketplace_id": site.marketplace_id,
            "seller_id": f"sel_{i:026d}",
            "external_id": f"shop-{i}",
            "first_known_at": NOW + timedelta(microseconds=i),
        }
        for i in range(MANY)
    ]
    return [{**row, **changes} for row in rows]


def stored_rows(site: Site, table: Table, order: str) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in site.rows(select(table).order_by(table.c[order]))]


HARD = 'tab\t, line\n, return\r, \\N, "quoted", {braces}, back\\slash, Ünïcödé 奥蕾尔 👜'


def test_values_of_every_kind_arrive_as_they_are(any_site: Site) -> None:
    rows = [
        {
            "marketplace_id": any_site.marketplace_id,
            "quarantine_id": f"qua_{i:026d}",
            "source": HARD,
            "code": "",
            "field": "title",
            "sentence": "x",
            "row_hash": "0" * 64,
            "row_length": 2**40 + i,
            "row_head": HARD * 9,
            "row_number": i,
            "known_at": datetime(2026, 3, 29, 1, 30, 0, i, tzinfo=UTC),
        }
        for i in range(MANY)
    ]
    bodies = [
        {"marketplace_id": any_site.marketplace_id, "digest": f"{i:064d}", "schema": i, "body": bytes(range(256)) * i}
        for i in range(MANY)
    ]
    with any_site.runtime.store.write() as connection:
        add(connection, quarantine, rows)
        add(connection, facts, bodies)
    assert stored_rows(any_site, quarantine, "quarantine_id") == rows
    assert stored_rows(any_site, facts, "digest") == bodies


def test_rows_that_conflict_are_left_out_also_within_the_statement(any_site: Site) -> None:
    first = sellers(any_site)
    again = [{**row, "seller_id": f"other_{i}", "first_known_at": NOW} for i, row in enumerate([*first, *first])]
    new = {**first[0], "seller_id": "sel_new", "external_id": "shop-new"}
    with any_site.runtime.store.write() as connection:
        add_or_ignore(connection, seller, [*first, *again, new])
        add_or_ignore(connection, seller, again)
    assert stored_rows(any_site, seller, "seller_id") == sorted([*first, new], key=lambda row: row["seller_id"])


def test_a_second_copy_of_a_transaction_brings_only_its_own_rows(any_site: Site) -> None:
    rows = sellers(any_site)
    later = [{**row, "seller_id": f"{row['seller_id']}b", "external_id": f"{row['external_id']}b"} for row in rows]
    with any_site.runtime.store.write() as connection:
        add(connection, seller, rows)
        add(connection, seller, later)
    assert len(stored_rows(any_site, seller, "seller_id")) == 2 * MANY


def test_nothing_of_a_transaction_that_fails_comes_later(any_site: Site) -> None:
    rows = sellers(any_site)
    with any_site.runtime.store.write() as connection:
        add(connection, seller, rows)
        connection.rollback()
    assert stored_rows(any_site, seller, "seller_id") == []
    any_site.write(add, seller, rows)
    assert stored_rows(any_site, seller, "seller_id") == rows


def test_a_refused_row_refuses_all_as_an_error_of_integrity(any_site: Site) -> None:
    rows = sellers(any_site)
    with pytest.raises(IntegrityError), any_site.runtime.store.write() as connection:
        add(connection, seller, [*rows, {**rows[0], "external_id": "shop-other"}])
    assert stored_rows(any_site, seller, "seller_id") == []


def test_an_error_of_the_copy_quotes_no_value(any_site: Site, engine_name: str) -> None:
    if engine_name == "sqlite":
        pytest.skip("SQLite keeps texts of any length and with any character")
    for wrong in ("secret" * 100, "secret\x00"):
        with pytest.raises(DBAPIError) as caught, any_site.runtime.store.write() as connection:
            add(connection, seller, sellers(any_site, external_id=wrong))
        assert "secret" not in f"{caught.value}{caught.value.orig}"
    any_site.write(add, seller, sellers(any_site))


def test_entries_of_search_replace_the_earlier_ones(any_site: Site) -> None:
    for title in ("red bag", "blue bag"):
        with any_site.runtime.store.write() as connection:
            listings = [SearchableListing(f"MP-{i}", title, "shop-1") for i in range(MANY)]
            search.index_listings(connection, any_site.marketplace_id, listings)
    assert len(stored_rows(any_site, search_entry, "entry_number")) == MANY + 1
    with any_site.runtime.store.read() as connection:
        red, blue = (
            search.find(connection, [any_site.marketplace_id], EntryKind.LISTING, words, most=100)
            for words in ("red", "blue bag")
        )
    assert (len(red), len(blue)) == (0, MANY)
