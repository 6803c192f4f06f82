"""Bring a database to this version's schema: ours by Alembic, the job tables by DBOS.

Job rows carry portable JSON only: DBOS would unpickle a row that says it is a pickle, and so run its code.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from dbos import DBOS
from sqlalchemy import Connection, Engine, create_engine, func, select, text

from models.errors import DomainError
from serving.platform.database.engine import is_sqlite, job_database_url, write_engine
from serving.platform.database.expected import set_planner_statistics
from serving.platform.database.session_locks import lock_number

_ALLOWED = "portable_json"
_REFUSED = "a job row is portable JSON"


def require_portable_json(engine: Engine) -> None:
    """Have the database refuse any other format in every job table; done again after each migration of DBOS.

    What is there stays: on PostgreSQL another trigger would wait for every job that runs.
    """
    on_postgresql = engine.dialect.name == "postgresql"
    with engine.begin() as connection:
        tables = connection.execute(text(_ON_POSTGRESQL if on_postgresql else _ON_SQLITE)).scalars().all()
        present = {tuple(row) for row in connection.execute(text(_TRIGGERS))} if on_postgresql else set()
        missing_triggers = [
            (table, event) for table in tables for event in _EVENTS if (table, _trigger_name(event)) not in present
        ]
        if on_postgresql and missing_triggers:
            connection.execute(text(_FUNCTION))
        for table, event in missing_triggers:
            _create_guard(connection, table, event, on_postgresql=on_postgresql)


_FUNCTION = f"""CREATE OR REPLACE FUNCTION dbos.touchstone_portable_json() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.serialization IS NOT NULL AND NEW.serialization <> '{_ALLOWED}' THEN
        RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$"""


# Asking for the columns of each table would take longer than the rest of a start.
_ON_SQLITE = """SELECT tables.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
WHERE tables.type = 'table' AND columns.name = 'serialization'"""
_ON_POSTGRESQL = """SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = to_regnamespace('dbos') AND relkind = 'r' AND attname = 'serialization' AND NOT attisdropped"""
_TRIGGERS = """SELECT pg_class.relname, pg_trigger.tgname FROM pg_trigger
JOIN pg_class ON pg_class.oid = pg_trigger.tgrelid WHERE pg_class.relnamespace = to_regnamespace('dbos')"""
_EVENTS = ("INSERT", "UPDATE")


def _trigger_name(event: str) -> str:
    return f"touchstone_portable_json_{event.lower()}"


def _create_guard(connection: Connection, table: str, event: str, *, on_postgresql: bool) -> None:
    name = _trigger_name(event)
    if on_postgresql:
        statement = (
            f'CREATE TRIGGER {name} BEFORE {event} ON dbos."{table}" FOR EACH ROW '
            "EXECUTE FUNCTION dbos.touchstone_portable_json()"
        )
    else:
        statement = (
            f'CREATE TRIGGER IF NOT EXISTS "{table}_{name}" BEFORE {event} ON "{table}" FOR EACH ROW '
            f"WHEN NEW.serialization IS NOT NULL AND NEW.serialization <> '{_ALLOWED}' "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )
    connection.execute(text(statement))


_MIGRATION: Final = lock_number("migration")
_AGAIN_SECONDS: Final = 0.1


class DatabaseOfAnotherVersion(DomainError):
    """The database has a schema revision that this version does not know; nothing was changed."""

    code = "database_of_another_version"


def migrate(url: str) -> None:
    """Create or upgrade all tables; a current database stays as it is.

    Raises DatabaseOfAnotherVersion (an earlier or a later version made the database).
    """
    engine = write_engine(url) if is_sqlite(url) else create_engine(url)
    if engine.url.database and is_sqlite(url):
        # SQLite would create a file that everybody can read; its log and shared memory inherit the file's mode.
        Path(engine.url.database).touch(mode=0o600)
    try:
        with _migration_lock(engine):
            upgrade(engine)
            DBOS.migrate(job_database_url(url))
            require_portable_json(engine)
    finally:
        engine.dispose()


@contextmanager
def _migration_lock(engine: Engine) -> Iterator[None]:
    """Wait until no other process migrates the database; of processes that start together, the later find it done.

    The lock of a session, asked for again and again: DBOS builds indexes concurrently, which waits for every
    transaction that is open, also for one that would wait here.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(select(func.pg_try_advisory_lock(_MIGRATION))).scalar_one():
            time.sleep(_AGAIN_SECONDS)
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(_MIGRATION)))


def upgrade(engine: Engine) -> None:
    """Run our migrations on an engine, in one transaction.

    Raises DatabaseOfAnotherVersion (an earlier or a later version made the database).
    """
    config = alembic_configuration()
    scripts = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        revisions = set(MigrationContext.configure(connection).get_current_heads())
        if unknown := revisions - {script.revision for script in scripts.walk_revisions()}:
            raise DatabaseOfAnotherVersion(
                "This version of Touchstone does not know the database's revision ({revisions}): another version made "
                "the database, and nothing was changed in it. Databases made by earlier versions cannot be upgraded. "
                "Keep this one, and export its data with the version that made it. To start with an empty database, "
                "set TOUCHSTONE_HOME to a new folder or TOUCHSTONE_DATABASE_URL to a new database.",
                revisions=", ".join(sorted(unknown)),
            )
        if revisions != set(scripts.get_heads()):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        set_planner_statistics(connection)


def require_current(engine: Engine) -> None:
    """Refuse a database of another schema revision, without changing it.

    Raises DatabaseOfAnotherVersion (another version made the database, or none did).
    """
    with engine.connect() as connection:
        revisions = set(MigrationContext.configure(connection).get_current_heads())
    if revisions != set(ScriptDirectory.from_config(alembic_configuration()).get_heads()):
        raise DatabaseOfAnotherVersion(
            "The database does not have the schema of this version of Touchstone (revision {revisions}). Read it with "
            "the version that made it.",
            revisions=", ".join(sorted(revisions)) or "none",
        )


def alembic_configuration() -> Config:
    """Alembic's configuration, found inside the installed package."""
    config = Config()
    config.set_main_option("script_location", "serving:migrations")
    config.set_main_option("path_separator", "os")
    return config
