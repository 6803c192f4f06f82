"""The database itself refuses to change or delete the outcomes of a report, on both engines."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from serving.reports.tables import report_outcome
from tests.fixtures.reporting import report
from tests.fixtures.runtimes import Site

REFUSED = [
    "UPDATE report_outcome SET result = 'scheduled'",
    "UPDATE report_outcome SET code = code",
    "UPDATE report_outcome SET known_at = known_at",
    "DELETE FROM report_outcome",
]


@pytest.mark.both_engines
def test_the_database_refuses_to_change_or_delete_an_outcome(any_site: Site) -> None:
    report(any_site, ["RP-0"])
    on_postgres = any_site.runtime.store.url.startswith("postgresql")
    for statement in [*REFUSED, *(["TRUNCATE report_outcome CASCADE"] if on_postgres else [])]:
        with pytest.raises(DBAPIError, match="append-only"), any_site.runtime.store.write() as connection:
            connection.exec_driver_sql(statement)
    with any_site.runtime.store.read() as connection:
        assert connection.execute(select(report_outcome.c.result)).scalars().all() == ["unknown"]
