"""Processes that start together on one PostgreSQL: each finds the schema, made once."""

import threading

from sqlalchemy import create_engine, text

from serving.migrations.migrate import migrate
from tests.fixtures.postgres import Postgres

_WORKERS = 4
# Each statement that makes a function or a trigger writes its row again, whether it changed or not.
_MADE = """SELECT oid, xmin FROM pg_proc WHERE proname = 'touchstone_portable_json'
UNION ALL SELECT oid, xmin FROM pg_trigger WHERE tgname LIKE 'touchstone_portable_json%' ORDER BY oid"""


def migrate_at_once(url: str) -> list[Exception]:
    """Migrate in several threads from the same moment; returns their errors."""
    start, failed = threading.Barrier(_WORKERS), list[Exception]()

    def work() -> None:
        start.wait()
        try:
            migrate(url)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(_WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_processes_that_start_together_make_the_schema_once_and_leave_it_as_it_is(postgres: Postgres) -> None:
    url = postgres.new_database()
    engine = create_engine(url)

    def created_tables() -> list[tuple[int, str]]:
        with engine.connect() as connection:
            return [(row.oid, str(row.xmin)) for row in connection.execute(text(_MADE))]

    try:
        assert migrate_at_once(url) == []
        first = created_tables()
        assert len(first) > 2
        assert migrate_at_once(url) == []
        assert created_tables() == first
    finally:
        engine.dispose()
        postgres.drop(url)
