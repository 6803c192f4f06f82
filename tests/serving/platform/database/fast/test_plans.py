"""A first import fills tables in seconds; their statistics are refreshed within a minute."""

import time
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, bindparam, event, exc, literal, select, text
from sqlalchemy.exc import DBAPIError

from serving.listings.service.intake import receive_rows
from serving.listings.tables import listing, listing_version
from serving.marketplaces.tables import marketplace
from serving.operations.service.housekeeping import refresh_statistics
from serving.platform.database.fast.door import KeyedQuery, PlainQuery, keep_plans, planned_for_values, plans_kept
from serving.platform.database.faults import DatabaseReadOnly
from serving.platform.database.lists import list_parameter, value_table
from serving.platform.database.scope import HERE, inside
from tests.fixtures.runtimes import Site, a_row

pytestmark = pytest.mark.fast_paths

_LONGEST_SECONDS = 20


@pytest.mark.both_engines
def test_tables_that_have_grown_are_counted_once(any_site: Site) -> None:
    runtime = any_site.runtime
    rows = [a_row(external_id=f"MP-{number}") for number in range(600)]
    receive_rows(runtime, any_site.marketplace, rows, source="test")
    if runtime.store.writes.dialect.name == "sqlite":
        assert refresh_statistics(runtime) == 0
        return
    end = time.monotonic() + _LONGEST_SECONDS
    while not refresh_statistics(runtime):  # The statistics collector sees a transaction's changes a second later.
        assert time.monotonic() < end, "nothing was counted"
        time.sleep(0.05)
    with runtime.store.read() as connection:
        row_estimate = connection.execute(text("SELECT reltuples FROM pg_class WHERE relname = 'listing'")).scalar_one()
    assert row_estimate >= len(rows)
    assert refresh_statistics(runtime) == 0, "nothing has grown since"


@pytest.mark.both_engines
def test_plans_are_kept_within_the_block_alone(any_site: Site) -> None:
    names = ("plan_cache_mode", "enable_seqscan", "enable_sort", "jit")
    store = any_site.runtime.store
    if store.writes.dialect.name == "sqlite":
        with store.read() as connection, plans_kept(connection):
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
        return
    now = text("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
    with store.write() as connection:
        before = connection.execute(now).one()
        with plans_kept(connection):
            assert tuple(connection.execute(now).one()) == ("force_generic_plan", "off", "off", "off")
        assert connection.execute(now).one() == before
        assert before[0] == "force_custom_plan"
    with store.write() as connection, pytest.raises(DBAPIError):  # noqa: SIM117  # the error leaves the inner block
        with plans_kept(connection):
            connection.execute(text("SELECT 1 / 0"))
    for _ in range(2):
        with store.read() as connection:
            assert connection.execute(now).one() == before


@pytest.mark.both_engines
def test_a_transaction_keeps_its_plans_but_for_what_needs_its_values(any_site: Site) -> None:
    store = any_site.runtime.store
    if store.writes.dialect.name == "sqlite":
        with store.write() as connection, planned_for_values(connection):
            keep_plans(connection)
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
        return
    names = ("plan_cache_mode", "enable_sort")
    now = text("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
    when_kept, otherwise = ("force_generic_plan", "off"), ("force_custom_plan", "on")
    with store.write() as connection:
        with planned_for_values(connection):
            assert tuple(connection.execute(now).one()) == otherwise
        keep_plans(connection)
        assert tuple(connection.execute(now).one()) == when_kept
        with plans_kept(connection):
            assert tuple(connection.execute(now).one()) == when_kept
        assert tuple(connection.execute(now).one()) == when_kept
        with planned_for_values(connection):
            assert tuple(connection.execute(now).one()) == otherwise
            with plans_kept(connection):
                assert tuple(connection.execute(now).one()) == when_kept
            assert tuple(connection.execute(now).one()) == otherwise
        assert tuple(connection.execute(now).one()) == when_kept
    with store.read() as connection:
        assert tuple(connection.execute(now).one()) == otherwise
        keep_plans(connection)
        assert tuple(connection.execute(now).one()) == when_kept


@pytest.mark.both_engines
def test_a_plan_of_a_small_table_reads_a_large_one_by_its_keys(any_site: Site) -> None:
    """What a connection planned for an empty table is the scan of an index, as for a full one."""
    if any_site.runtime.store.writes.dialect.name == "sqlite":
        pytest.skip("SQLite plans each statement when it is prepared")
    store = any_site.runtime.store
    with store.write() as connection:
        connection.execute(text("ANALYZE text_signature"))
        with plans_kept(connection):
            connection.execute(
                text("PREPARE latest AS SELECT version_id FROM text_signature WHERE band_3 = $1 ORDER BY received DESC")
            )
            plan = connection.execute(text("EXPLAIN EXECUTE latest(1)")).scalars().all()
    assert "ix_text_signature_band_3" in plan[0]


@pytest.mark.both_engines
def test_a_read_keeps_its_prepared_statements_and_cannot_write(any_site: Site) -> None:
    store = any_site.runtime.store
    if store.writes.dialect.name == "sqlite":
        pytest.skip("SQLite keeps prepared statements by itself")
    for _ in range(8):
        with store.read() as connection:
            connection.execute(text("SELECT 41 + :one"), {"one": 1})
    prepared = text("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 41 + $1'")
    with store.read() as connection:
        assert connection.execute(prepared).scalar_one() == 1
    with pytest.raises(DatabaseReadOnly), store.read() as connection:
        connection.execute(text("DELETE FROM judged_band"))


# Queries by the driver: the same rows, transaction and faults as by SQLAlchemy.

BY_IDS = KeyedQuery(
    select(
        listing.c.external_id,
        listing.c.content_hash,
        listing.c.first_known_at,
        listing.c.has_late,
        listing_version.c.content,
        literal(None, Boolean()).label("unknown"),
    )
    .join(listing_version, listing_version.c.version_id == listing.c.version_id)
    .where(
        inside(listing, HERE),
        listing.c.external_id.in_(bindparam("ids", expanding=True)),
        listing.c.version.in_([1, 2, 3]),
        listing.c.first_known_at <= bindparam("until", type_=listing.c.first_known_at.type),
    )
    .order_by(listing.c.external_id),
    "ids",
)
HERE_AND_NUMBER = PlainQuery(
    lambda _dialect: (
        select(marketplace.c.marketplace_id, bindparam("number", type_=BigInteger()))
        .where(marketplace.c.marketplace_id == HERE, marketplace.c.marketplace_id == HERE)
        .limit(7)
    )
)


def test_it_returns_rows_as_tuples_and_takes_values_by_name(any_site: Site) -> None:
    with any_site.runtime.store.read() as connection:
        for number in (3, 4):
            values = {"number": number, "here": any_site.marketplace_id}
            assert HERE_AND_NUMBER.rows(connection, values) == [(any_site.marketplace_id, number)]
        assert HERE_AND_NUMBER.rows(connection, {"number": 3, "here": "mkt_other"}) == []


def test_lists_are_given_as_to_sqlalchemy(any_site: Site) -> None:
    query = PlainQuery(lambda dialect: select(value_table(dialect, BigInteger()).c.value))
    with any_site.runtime.store.read() as connection:
        assert query.rows(connection, list_parameter(connection, [2**62, 1])) == [(2**62,), (1,)]


def test_it_begins_the_transaction_that_later_queries_share(any_site: Site) -> None:
    """On SQLite a read without one would see what was written between two queries."""
    query = PlainQuery(lambda _dialect: select(marketplace.c.name))
    with any_site.runtime.store.read() as connection:
        before = query.rows(connection, {})
        any_site.execute(marketplace.update().values(name="Another"))
        assert query.rows(connection, {}) == before
        assert [tuple(row) for row in connection.execute(select(marketplace.c.name))] == before


def test_an_error_is_raised_as_by_sqlalchemy_and_without_values(any_site: Site) -> None:
    query = PlainQuery(lambda _dialect: text("SELECT missing FROM nowhere WHERE secret = :secret"))
    with (
        pytest.raises((exc.OperationalError, exc.ProgrammingError)) as failed,
        any_site.runtime.store.read() as connection,
    ):
        query.rows(connection, {"secret": "do not tell"})
    assert "do not tell" not in str(failed.value)
    with any_site.runtime.store.read() as connection:
        assert HERE_AND_NUMBER.rows(connection, {"number": 1, "here": any_site.marketplace_id}) == [
            (any_site.marketplace_id, 1)
        ]


def test_one_key_finds_what_a_list_of_it_and_others_finds(any_site: Site) -> None:
    rows = [a_row(external_id=name) for name in ("MP-10", "MP-20")]
    receive_rows(any_site.runtime, any_site.marketplace, rows, source="test")
    until = any_site.clock.now()
    with any_site.runtime.store.read() as connection:
        values = {"here": any_site.marketplace_id, "until": until}
        both = BY_IDS.rows(connection, {**values, "ids": ["MP-10", "MP-20"]})
        single_rows = [row for name in ("MP-10", "MP-20") for row in BY_IDS.rows(connection, {**values, "ids": [name]})]
        assert [row._asdict() for row in single_rows] == [row._asdict() for row in both]
        assert [row.external_id for row in single_rows] == ["MP-10", "MP-20"]
        assert BY_IDS.rows(connection, {**values, "ids": []}) == ()
        assert BY_IDS.rows(connection, {**values, "ids": ["MP-nowhere"]}) == []


def test_who_listens_to_sqlalchemy_hears_of_them_too(any_site: Site) -> None:
    heard: list[tuple[str, str, Any]] = []
    store = any_site.runtime.store
    for name in ("before", "after"):
        event.listen(
            store.reads,
            f"{name}_cursor_execute",
            lambda _c, _k, statement, parameters, *_rest, name=name: heard.append((name, statement, parameters)),
        )
    with store.read() as connection:
        heard.clear()  # The limits of the transaction.
        BY_IDS.rows(connection, {"here": any_site.marketplace_id, "until": any_site.clock.now(), "ids": ["MP-10"]})
        calls = heard.copy()
        connection.exec_driver_sql(calls[0][1], calls[0][2])
    assert [name for name, *_ in calls] == ["before", "after"]
    assert [call[1:] for call in heard[2:]] == [call[1:] for call in calls], "the statement as SQLAlchemy executes it"
