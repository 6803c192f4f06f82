"""No statement reads a growing table whole without a reason.

Every test of a site explains what it executes (`tests.fixtures.whole_reads`); these test that explaining finds faults.
"""

from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.rules.access import Role
from serving.jobs.worker import sweep
from serving.listings.store import listings
from serving.platform.database.expected import set_planner_statistics
from serving.schema import metadata
from tests.browser.every_page import PAGES
from tests.fixtures import whole_reads
from tests.fixtures.notifying import a_listing, notify
from tests.fixtures.plans import WholeRead
from tests.fixtures.postgres import Postgres
from tests.fixtures.reporting import a_marketplace_that_listens, reinstate_on_appeal, removal_by_brand
from tests.fixtures.runtimes import PopulatedDatabase, Site, a_case, copy_on_postgres, copy_on_sqlite, judge
from tests.fixtures.whole_reads import RIGHTLY, SMALL
from tests.serving.web.visits import visit_as

QUERIES = [
    ("SELECT * FROM listing WHERE marketplace_id = 'mkt_1' AND external_id = 'a'", None, "one row of a key"),
    ("SELECT * FROM listing WHERE marketplace_id = 'mkt_1' AND content_hash = 'a'", "listing", "no index has the hash"),
    (
        "SELECT * FROM action WHERE marketplace_id = 'mkt_1' AND listing_id = 'a' ORDER BY created_at",
        None,
        "few rows are sorted",
    ),
    (
        "SELECT * FROM verdict WHERE marketplace_id = 'mkt_1' ORDER BY known_at",
        "verdict",
        "a marketplace narrows nothing down",
    ),
    ("SELECT * FROM notice WHERE notice_id = 'a'", None, "the key is looked up in each of few marketplaces"),
    ("SELECT count(*) FROM score WHERE marketplace_id = 'mkt_1'", "score", "it counts the index"),
    ("UPDATE listing SET sequence = 1 WHERE content_hash = 'a'", "listing", "it looks for what to change"),
    ("SELECT * FROM role_grant", None, "the table is small"),
    (
        "SELECT * FROM judged_band WHERE marketplace_id = 'mkt_1' AND text_id = 'a'",
        "judged_band",
        "the key begins with the band",
    ),
]


@pytest.fixture
def explaining_engine(engine_name: str, request: pytest.FixtureRequest) -> Engine:
    """What explains the statements of a site on each engine."""
    if engine_name == "sqlite":
        site: Site = request.getfixturevalue("site")
        return site.runtime.store.reads
    engine: Engine = request.getfixturevalue("filled_postgres")
    return engine


@pytest.mark.parametrize(("statement", "table", "reason"), QUERIES)
def test_a_growing_table_that_is_read_whole_is_found(
    explaining_engine: Engine, statement: str, table: str | None, reason: str
) -> None:
    if explaining_engine.dialect.name == "postgresql" and statement.startswith("SELECT * FROM notice "):
        pytest.skip("PostgreSQL before 18 has no skip scan: it reads the key whole, which has no other column than ids")
    faults = whole_reads.faults(explaining_engine, statement, (), "a.test")
    assert {fault.table for _, fault in faults} == ({table} if table else set()), reason


def test_a_statement_of_the_product_is_explained_by_the_test_that_executes_it(
    tmp_path: Path, populated_sqlite: PopulatedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_reads, "_seen", set())
    monkeypatch.setattr(whole_reads, "_shapes", set())
    monkeypatch.delitem(whole_reads.RIGHTLY, "listings.store.listings.counts")
    refused = pytest.raises(AssertionError, match="read whole")
    with refused, copy_on_sqlite(tmp_path, populated_sqlite) as site, site.runtime.store.read() as connection:
        listings.counts(connection, site.marketplace_id)


def test_without_the_expected_statistics_sqlite_reads_a_marketplace_whole(site: Site) -> None:
    statement = "SELECT * FROM action WHERE marketplace_id = 'mkt_1' AND listing_id = 'a' ORDER BY created_at"
    with site.runtime.store.writes.connect() as connection:
        connection.exec_driver_sql("DELETE FROM sqlite_stat1")
        connection.exec_driver_sql("ANALYZE sqlite_schema")
        connection.commit()
        site.runtime.store.reads.dispose()
        arguments = site.runtime.store.reads, statement, (), "a.test"
        assert [fault for _, fault in whole_reads.faults(*arguments)] == [WholeRead("action", "ix_action_created")]
        set_planner_statistics(connection)
        connection.commit()
    site.runtime.store.reads.dispose()
    assert whole_reads.faults(*arguments) == []


@pytest.mark.parametrize("name", sorted(RIGHTLY))
def test_every_reason_is_of_a_function_and_of_tables_that_exist(name: str) -> None:
    module, _, function = name.rpartition(".")
    assert hasattr(import_module(f"serving.{module}"), function)
    tables = set(RIGHTLY[name][0].split())
    assert tables <= set(metadata.tables) - set(SMALL)


def test_every_small_table_exists() -> None:
    assert set(SMALL) <= set(metadata.tables)


@pytest.mark.soak
def test_on_postgresql_pages_and_sweeps_read_no_growing_table_whole(
    tmp_path: Path, postgres: Postgres, populated_postgres: PopulatedDatabase, filled_postgres: Engine
) -> None:
    with copy_on_postgres(tmp_path, populated_postgres, postgres, filled_postgres) as site:
        with a_marketplace_that_listens(site):
            reinstate_on_appeal(site, removal_by_brand(site, "MP-30"))
            removal_by_brand(site, "MP-31")
        notify(site, a_listing(site, "MP-50"))
        judge(site, site.analyst, a_case(site), Judgement.GENUINE)
        a_case(site, external_id="MP-10")
        a_case(site, CaseLane.ASK_BRAND, external_id="MP-20")
        people = {
            Role.ANALYST: site.analyst,
            Role.BRAND: site.brand_person,
            Role.ACCOUNT_MANAGER: site.account_manager,
            Role.DATA_SCIENTIST: site.data_scientist,
        }
        for page in PAGES:
            if page.role in people and page.at is None and "{" not in page.route:
                assert visit_as(site, people[page.role]).get(page.route).status_code in {200, 303}, page.name
        for days in (1, 400):
            site.clock.forward(days=days)
            assert sweep(site.runtime)
