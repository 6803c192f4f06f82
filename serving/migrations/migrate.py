"""Bring a database to this version's schema: ours by Alembic, the job tables by DBOS."""

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
from sqlalchemy import Engine, create_engine, func, select

from models.errors import DomainError
from serving.migrations.job_formats import require_portable_json
from serving.platform.database.engine import is_sqlite, job_database_url, write_engine
from serving.platform.database.expected import expect_growth
from serving.platform.database.session_locks import number_of

_MIGRATION: Final = number_of("migration")
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
        with _alone(engine):
            upgrade(engine)
            DBOS.migrate(job_database_url(url))
            require_portable_json(engine)
    finally:
        engine.dispose()


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
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
    config = configuration()
    scripts = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        found = set(MigrationContext.configure(connection).get_current_heads())
        if unknown := found - {script.revision for script in scripts.walk_revisions()}:
            raise DatabaseOfAnotherVersion(
                "This version of Touchstone does not know the database's revision ({revisions}): another version made "
                "the database, and nothing was changed in it. Databases made by earlier versions cannot be upgraded. "
                "Keep this one, and export its data with the version that made it. To start with an empty database, "
                "set TOUCHSTONE_HOME to a new folder or TOUCHSTONE_DATABASE_URL to a new database.",
                revisions=", ".join(sorted(unknown)),
            )
        if found != set(scripts.get_heads()):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        expect_growth(connection)


def require_current(engine: Engine) -> None:
    """Refuse a database of another schema revision, without changing it.

    Raises DatabaseOfAnotherVersion (another version made the database, or none did).
    """
    with engine.connect() as connection:
        found = set(MigrationContext.configure(connection).get_current_heads())
    if found != set(ScriptDirectory.from_config(configuration()).get_heads()):
        raise DatabaseOfAnotherVersion(
            "The database does not have the schema of this version of Touchstone (revision {revisions}). Read it with "
            "the version that made it.",
            revisions=", ".join(sorted(found)) or "none",
        )


def configuration() -> Config:
    """Alembic's configuration, found inside the installed package."""
    config = Config()
    config.set_main_option("script_location", "serving:migrations")
    config.set_main_option("path_separator", "os")
    return config
