"""The schema that the migrations create, on SQLite and on PostgreSQL, and the schema that the code declares.

All texts are sorted, so that the order of tables and columns has no effect.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from serving.migrations.migrate import upgrade
from serving.platform.database.engine import sqlite_url, write_engine
from tests.equality.schema_declared import declared_texts
from tests.equality.schema_postgres import postgres_texts
from tests.equality.schema_sqlite import sqlite_texts
from tests.fixtures.postgres import shared_postgres


def texts() -> dict[str, str]:
    """A text for each table of each of the three, and for other database objects."""
    all_texts = {f"declared/{name}": text for name, text in declared_texts().items()}
    with TemporaryDirectory(prefix="equality-") as folder:
        all_texts |= {
            f"sqlite/{name}": text for name, text in _schema_texts(sqlite_url(Path(folder) / "made.sqlite")).items()
        }
    with TemporaryDirectory(prefix="equality-") as common, shared_postgres(Path(common)) as server:
        url = server.new_database()
        all_texts |= {f"postgresql/{name}": text for name, text in _schema_texts(url).items()}
        server.drop(url)
    return all_texts


def _schema_texts(url: str) -> dict[str, str]:
    engine = write_engine(url)
    try:
        upgrade(engine)
        with engine.connect() as connection:
            return sqlite_texts(connection) if engine.dialect.name == "sqlite" else postgres_texts(connection)
    finally:
        engine.dispose()
