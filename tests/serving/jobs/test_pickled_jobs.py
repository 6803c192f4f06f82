"""A job row that says it is a pickle runs no code: the database refuses it, and so does every process that reads it."""

import base64
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from dbos._serialization import DBOSDefaultSerializer, deserialize_args, deserialize_value
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import DatabaseError

from serving.migrations.migrate import migrate
from serving.platform import jobs
from serving.platform.database.engine import is_sqlite, write_engine
from tests.fixtures.runtimes import Site

pytestmark = [pytest.mark.attack, pytest.mark.both_engines]

ROW = (
    "INSERT INTO {table} (workflow_uuid, status, name, inputs, serialization, created_at, updated_at) "
    "VALUES ('planted', 'PENDING', 'deliver_action', :inputs, :format, 0, 0)"
)


class Payload:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self._path,)


def pickled_inputs(path: Path) -> str:
    return base64.b64encode(pickle.dumps({"args": (Payload(path),), "kwargs": {}})).decode()


@pytest.fixture
def engine(any_site: Site) -> Iterator[Engine]:
    url = any_site.runtime.store.url
    database_engine = write_engine(url) if is_sqlite(url) else create_engine(url)
    yield database_engine
    database_engine.dispose()


def place(engine: Engine) -> tuple[str | None, str]:
    return ("dbos", "dbos.") if engine.dialect.name == "postgresql" else (None, "")


def plant(engine: Engine, inputs: str, written_as: str | None) -> None:
    with engine.begin() as connection:
        row = ROW.format(table=f"{place(engine)[1]}workflow_status")
        connection.execute(text(row), {"inputs": inputs, "format": written_as})


def test_a_planted_row_is_refused_and_runs_nothing(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="portable JSON"):
        plant(engine, pickled_inputs(tmp_path / "ran"), "py_pickle")
    plant(engine, "{}", "portable_json")
    with pytest.raises(DatabaseError, match="portable JSON"), engine.begin() as connection:
        connection.execute(text(f"UPDATE {place(engine)[1]}workflow_status SET serialization = 'py_pickle'"))  # noqa: S608
    assert not (tmp_path / "ran").exists()


def test_every_job_table_with_a_format_refuses_others(engine: Engine) -> None:
    schema, prefix = place(engine)
    inspector = inspect(engine)
    tables = [
        table
        for table in inspector.get_table_names(schema)
        if "serialization" in {column["name"] for column in inspector.get_columns(table, schema)}
    ]
    assert len(tables) >= 6
    catalogue = (
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'touchstone_portable_json%'"
        if schema
        else "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%touchstone_portable_json%'"
    )
    with engine.connect() as connection:
        guarded = [*connection.execute(text(catalogue)).scalars()]
    assert sorted(guarded) == sorted(2 * [f"{prefix}{table}" for table in tables]), "insert and update of each"


def test_the_guards_are_put_back_by_each_migration(any_site: Site, engine: Engine, tmp_path: Path) -> None:
    table = f"{place(engine)[1]}workflow_status"
    name = "touchstone_portable_json_insert"
    with engine.begin() as connection:
        on = f" ON {table}" if place(engine)[0] else ""
        connection.execute(text(f"DROP TRIGGER {name if on else f'workflow_status_{name}'}{on}"))
    migrate(any_site.runtime.store.url)
    with pytest.raises(DatabaseError, match="portable JSON"):
        plant(engine, pickled_inputs(tmp_path / "ran"), "py_pickle")


def test_a_row_that_is_there_already_is_not_unpickled(tmp_path: Path) -> None:
    """As a database has it that was written before its guards, or restored without them."""
    assert jobs.APPLICATION, "importing the module takes the pickling serializer away"
    written = pickled_inputs(tmp_path / "ran")
    for read in (deserialize_args, deserialize_value):
        with pytest.raises(ValueError, match="neither written nor read"):
            read(written, "py_pickle", DBOSDefaultSerializer)
    with pytest.raises(ValueError, match="neither written nor read"):
        DBOSDefaultSerializer.serialize({})
    assert not (tmp_path / "ran").exists()
