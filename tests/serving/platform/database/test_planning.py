"""A first import fills tables in seconds; their statistics are refreshed within a minute."""

import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from serving.intake.service.intake import receive
from serving.operations.service.housekeeping import count_tables
from serving.platform.database.faults import ReadOnly
from serving.platform.database.planning import keep_plans, planned_for_values, plans_kept
from tests.fixtures.listings import a_row
from tests.fixtures.runtimes import Site

_LONGEST_SECONDS = 20


@pytest.mark.both_engines
def test_tables_that_have_grown_are_counted_once(any_site: Site) -> None:
    runtime = any_site.runtime
    rows = [a_row(external_id=f"MP-{number}") for number in range(600)]
    receive(runtime, any_site.marketplace, rows, source="test")
    if runtime.store.writes.dialect.name == "sqlite":
        assert count_tables(runtime) == 0
        return
    end = time.monotonic() + _LONGEST_SECONDS
    while not count_tables(runtime):  # The statistics collector sees a transaction's changes a second later.
        assert time.monotonic() < end, "nothing was counted"
        time.sleep(0.05)
    with runtime.store.read() as connection:
        kept = connection.execute(text("SELECT reltuples FROM pg_class WHERE relname = 'listing'")).scalar_one()
    assert kept >= len(rows)
    assert count_tables(runtime) == 0, "nothing has grown since"


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
    kept, otherwise = ("force_generic_plan", "off"), ("force_custom_plan", "on")
    with store.write() as connection:
        with planned_for_values(connection):
            assert tuple(connection.execute(now).one()) == otherwise
        keep_plans(connection)
        assert tuple(connection.execute(now).one()) == kept
        with plans_kept(connection):
            assert tuple(connection.execute(now).one()) == kept
        assert tuple(connection.execute(now).one()) == kept
        with planned_for_values(connection):
            assert tuple(connection.execute(now).one()) == otherwise
            with plans_kept(connection):
                assert tuple(connection.execute(now).one()) == kept
            assert tuple(connection.execute(now).one()) == otherwise
        assert tuple(connection.execute(now).one()) == kept
    with store.read() as connection:
        assert tuple(connection.execute(now).one()) == otherwise
        keep_plans(connection)
        assert tuple(connection.execute(now).one()) == kept


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
    with pytest.raises(ReadOnly), store.read() as connection:
        connection.execute(text("DELETE FROM judged_band"))
