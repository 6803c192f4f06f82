"""A first import fills tables in seconds; their statistics are refreshed within a minute."""

import time

import pytest
from sqlalchemy import text

from serving.intake.service.intake import receive
from serving.operations.service.housekeeping import count_tables
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
