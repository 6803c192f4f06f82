"""Bring a database to this version's schema: ours by Alembic, the job tables by DBOS."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from dbos import DBOS
from sqlalchemy import Connection, Engine, create_engine

from serving.platform.database.engine import is_sqlite, write_engine


class BrokenReferences(RuntimeError):
    """A migration is wrong; the database is as it was."""


def migrate(url: str) -> None:
    """Create or upgrade all tables; nothing happens where they are current."""
    engine = write_engine(url) if is_sqlite(url) else create_engine(url)
    if engine.url.database and is_sqlite(url):
        # SQLite would make it readable by everybody; its log and shared memory get the mode of the file.
        Path(engine.url.database).touch(mode=0o600)
    try:
        upgrade(engine)
    finally:
        engine.dispose()
    DBOS.migrate(job_database_url(url))


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run our migrations on an engine, in one transaction; a database that is current is left alone and not judged."""
    config = configuration()
    if revision == "head" and _is_current(engine, config):
        return
    with _one_transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _is_current(engine: Engine, config: Config) -> bool:
    with engine.connect() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    return set(heads) == set(ScriptDirectory.from_config(config).get_heads())


@contextmanager
def _one_transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction in which SQLite lets a table be written anew: to it, dropping one that others refer to would break
    their references, also where the new one takes its place a moment later. So they are not watched meanwhile, which
    can only be said before a transaction begins, and checked before it ends.

    Raises
    ------
    BrokenReferences
        A migration lost rows that others refer to; nothing of it is kept.
    """
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            yield connection
        return
    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                    raise BrokenReferences(
                        f"{len(broken)} rows refer to rows that are gone, the first in {broken[0][0]}."
                    )
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def configuration() -> Config:
    """Alembic's configuration, found inside the installed package."""
    config = Config()
    config.set_main_option("script_location", "serving.platform.database:migrations")
    config.set_main_option("path_separator", "os")
    return config


def job_database_url(url: str) -> str:
    """The same database as DBOS names it: it wants a plain postgresql:// scheme."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
