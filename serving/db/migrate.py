"""Bring a database to this version's schema: ours by Alembic, the job tables by DBOS."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from dbos import DBOS
from sqlalchemy import Engine, create_engine

from serving.db.engine import is_sqlite, write_engine


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
    """Run our migrations on an engine."""
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def configuration() -> Config:
    """Alembic's configuration, found inside the installed package."""
    config = Config()
    config.set_main_option("script_location", "serving.db:migrations")
    config.set_main_option("path_separator", "os")
    return config


def job_database_url(url: str) -> str:
    """The same database as DBOS names it: it wants a plain postgresql:// scheme."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
