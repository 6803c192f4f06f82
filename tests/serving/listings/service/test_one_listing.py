"""A request of one listing: few statements, and rows that are found by their keys whatever the planner knows."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from models.case import CaseState
from models.verdict import Judgement
from serving.cases.store import cases
from serving.cases.tables import review_case
from serving.listings.service import intake
from serving.listings.service.intake import RowStatus, receive_rows
from serving.listings.service.intake_rows import gather_batch
from serving.listings.store import listings
from tests.fixtures.runtimes import Site, a_case, a_row, a_suspect_row, judge, open_cases

pytestmark = pytest.mark.both_engines
_COMMIT = "COMMIT"
# Settings of PostgreSQL, and the ends of transactions.
_NO_ROWS = ("SELECT set_config", "BEGIN", "SET LOCAL", _COMMIT)


@contextmanager
def statements(site: Site) -> Iterator[list[str]]:
    """The statements of all transactions."""
    executed_sql: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        executed_sql.append(statement)

    def end(_connection: Any) -> None:
        executed_sql.append(_COMMIT)

    engines = {site.runtime.store.reads, site.runtime.store.writes}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
        event.listen(engine, "commit", end)
    try:
        yield executed_sql
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
            event.remove(engine, "commit", end)


def take_in(site: Site, row: dict[str, Any]) -> list[str]:
    """The statements by which one listing is taken in, without a case of the random audit sample."""
    with statements(site) as executed_sql:
        receive_rows(replace(site.runtime, draw=lambda: 1.0), site.marketplace, [row], source="test")
    return [sql for sql in executed_sql if not sql.startswith(_NO_ROWS)]


@pytest.mark.fast_paths
def test_a_new_listing_takes_few_statements(any_site: Site, engine_name: str) -> None:
    take_in(any_site, a_row(external_id="MP-warm"))  # Reads the references.
    executed_sql = take_in(any_site, a_row(external_id="MP-new", title="A bag of another kind, red and blue"))
    assert len(executed_sql) <= {"sqlite": 22, "postgresql": 14}[engine_name], "\n".join(executed_sql)
    assert len([sql for sql in executed_sql if "INSERT" in sql]) == {"sqlite": 8, "postgresql": 1}[engine_name]


@pytest.mark.fast_paths
def test_a_listing_that_opens_a_case_is_one_insert_and_its_change_follows_the_case(
    any_site: Site, engine_name: str
) -> None:
    take_in(any_site, a_row(external_id="MP-warm"))
    executed_sql = take_in(any_site, a_suspect_row())
    (first,) = open_cases(any_site)
    assert len([sql for sql in executed_sql if "INSERT" in sql]) == {"sqlite": 10, "postgresql": 1}[engine_name]
    take_in(any_site, a_suspect_row(price="81.00", title="Aure11e bag, 1:1, another", language="de"))
    (second,) = open_cases(any_site)
    with any_site.runtime.store.read() as connection:
        assert cases.get(connection, any_site.marketplace_id, first.case_id).state is CaseState.STALE
        row = connection.execute(review_case.select().where(review_case.c.case_id == second.case_id)).one()
    assert (row.follows_case_id, row.language, row.question_returned) == (first.case_id, "de", False)
    assert (row.chance, row.points is None) == (None, False)


@pytest.mark.fast_paths
def test_plans_are_kept_for_inserts_and_the_lookup_of_texts_alone(any_site: Site, engine_name: str) -> None:
    """In a table of a few rows any index of the marketplace is as good as the key, and the plan would be kept."""
    if engine_name == "sqlite":
        pytest.skip("SQLite plans each statement by the statistics of large tables")
    judge(any_site, any_site.analyst, a_case(any_site), Judgement.COUNTERFEIT)
    copy = a_suspect_row(external_id="MP-copy")
    with statements(any_site) as executed_sql:
        for changes in ({}, {"price": "79.00"}, {"photos_count": 7}, {"occurred_at": "2026-01-01T00:00:00Z"}):
            receive_rows(any_site.runtime, any_site.marketplace, [{**copy, **changes}], source="test")
    plan_is_kept = False
    under, others = list[str](), list[str]()
    for statement in executed_sql:
        if statement.startswith(("SELECT set_config('plan_cache_mode'", "SET LOCAL", _COMMIT)):
            plan_is_kept = "force_generic_plan" in statement
        else:
            (under if plan_is_kept else others).append(statement)
    assert {re.sub(r"\d+", "", sql)[:18] for sql in under} == {"WITH added_ AS (IN", "SELECT  AS number,"}
    assert [sql for sql in others if "UPDATE review_case" in sql]


@pytest.mark.parametrize("known", [False, True])
def test_a_row_that_another_request_overtakes_is_compared_with_what_that_stored(
    any_site: Site, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    runtime, marketplace = any_site.runtime, any_site.marketplace
    if known:
        receive_rows(runtime, marketplace, [a_row(price="100.00")], source="test")
    ways: list[Any] = [gather_batch]

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        gathered_rows = gather_batch(*args, **kwargs)
        if ways:
            ways.clear()
            receive_rows(runtime, marketplace, [a_row(price="200.00")], source="test")
        return gathered_rows

    monkeypatch.setattr(intake, "gather_batch", overtaken)
    (answer,) = receive_rows(runtime, marketplace, [a_row(price="100.00", photos_count=7)], source="test")
    assert (answer.status, answer.version) == (RowStatus.ACCEPTED, 3 if known else 2)
    with runtime.store.read() as connection:
        (listing,) = listings.latest_states(connection, any_site.marketplace_id, ["MP-1"]).values()
        assert listing.previous_log_price == pytest.approx(math.log(200))
        versions = listings.versions(connection, any_site.marketplace_id, listing.listing_id)
    assert [version["number"] for version in versions] == list(range(1, len(versions) + 1))
