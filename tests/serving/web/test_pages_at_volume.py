"""What a page reads does not grow with what waits: 100,000 pending removals, as many sent ones, and 700 brands."""

from dataclasses import replace
from typing import Final

import pytest
from sqlalchemy import event, make_url

from serving.platform.database.engine import sqlite_driver
from serving.schema import metadata
from serving.standing.rules.standing import Level
from serving.takedowns.policy import DEFAULT_BURSTS, BudgetPolicy
from serving.takedowns.tables import action, approval_batch
from tests.benchmarks.multiplied import _copy_statement
from tests.fixtures.reporting import on_sale, report
from tests.fixtures.runtimes import Site
from tests.fixtures.stepping_up import in_level
from tests.serving.web.visits import Visitor, visit_as

_BASE: Final = 250
_TIMES: Final = 400
_BRANDS: Final = 700
_COPIED: Final = [
    "listing", "listing_version", "review_case", "verdict", "action", "removal_approval", "approval_batch", "report",
    "report_item", "report_outcome", "confirmation", "case_event", "strike_hit", "score",
]  # fmt: skip
# Steps of SQLite's machine, in thousands: about as many as in 100 ms of CPU.
_MOST_STEPS: Final = 3_000


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_no_page_reads_more_for_what_waits_behind_it(site: Site) -> None:
    in_level(site, Level.FULL)
    many = BudgetPolicy(person_day=10**6, person_week=10**6, step_up_day=10**6, marketplace_day=10**6)
    reported = dict[str, str]()
    for key, most in (("sent", 10**6), ("held", 0)):
        hour = replace(DEFAULT_BURSTS, per_user=most, most_per_user=most, per_brand=10**6, most_per_brand=10**6)
        runtime = replace(site.runtime, policies=site.runtime.policies.changed(many, hour))
        names = on_sale(site, _BASE, _BASE * len(reported))
        reported[key] = report(replace(site, runtime=runtime), names, key).report.report_id
    batch_id = site.scalar(approval_batch.select().with_only_columns(approval_batch.c.batch_id))
    pages = {
        "/pending-removals": site.analyst,
        f"/pending-removals/{batch_id}?show=all": site.analyst,
        "/brands": site.account_manager,
        **{f"/brand/reports/{report_id}": site.brand_person for report_id in reported.values()},
    }
    multiply(site)
    site.clock.forward(hours=1)  # Nothing can be undone any more.
    assert site.count(action) == 2 * _BASE * (_TIMES + 1)
    steps = {path: thousands_of_steps(site, visit_as(site, person), path) for path, person in pages.items()}
    assert max(steps.values()) <= _MOST_STEPS, steps


def thousands_of_steps(site: Site, visitor: Visitor, path: str) -> int:
    """The steps of the database for a page."""
    steps = list[int]()

    def count(driver: object, *_: object) -> None:
        driver.set_progress_handler(lambda: steps.append(1), 1_000)  # type: ignore[attr-defined]  # of the driver

    assert visitor.get(path).status_code == 200
    event.listen(site.runtime.store.reads, "checkout", count)
    visitor.get(path)
    event.remove(site.runtime.store.reads, "checkout", count)
    return len(steps)


def multiply(site: Site) -> None:
    """So many copies of what was reported, and so many brands of the same manager."""
    url = site.runtime.store.url
    site.runtime.store.close()
    connection = sqlite_driver().connect(make_url(url).database, isolation_level=None)
    connection.execute("PRAGMA foreign_keys=OFF").fetchall()
    connection.execute("BEGIN")
    for name in _COPIED:
        statement = _copy_statement(url, metadata.tables[name])
        connection.execute(statement.replace('one."request_key"', 'one."request_key" || copy.n'), {"times": _TIMES})
    for name in ("brand", "brand_enrolment"):
        columns = [column.name for column in metadata.tables[name].columns]
        values = [
            f"one.{column} || copy.n" if column in {"brand_id", "name"} else f"one.{column}" for column in columns
        ]
        connection.execute(
            f"INSERT INTO {name} ({', '.join(columns)}) "  # noqa: S608  # names of our tables
            f"WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < {_BRANDS}) "
            f"SELECT {', '.join(values)} FROM {name} AS one CROSS JOIN copy WHERE one.brand_id = '{site.brand_id}'"
        )
    connection.execute("COMMIT")
    connection.close()
