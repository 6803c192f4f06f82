"""The migrations make what `serving.schema` says, on both engines, and what it says is what is enforced."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, Inspector, MetaData, Table, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from serving.listings.store.search import BY_HAND
from serving.platform.database.engine import sqlite_url, write_engine
from serving.platform.database.migrate import configuration, job_database_url, migrate, upgrade
from serving.platform.database.schema import metadata
from tests.fixtures.clocks import NOW
from tests.fixtures.postgres import Postgres

pytestmark = pytest.mark.both_engines

ALEMBICS_OWN = "alembic_version"
FILLED: dict[type, object] = {int: 1, float: 0.5, bool: False, bytes: b"x", datetime: NOW}


@pytest.fixture
def engines(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """A database made by the migrations, and one made from the tables."""
    if engine_name == "sqlite":
        found = tuple(write_engine(sqlite_url(tmp_path / name)) for name in ("migrated.sqlite", "declared.sqlite"))
    else:
        server: Postgres = request.getfixturevalue("postgres")
        found = tuple(create_engine(server.new_database()) for _ in range(2))
    migrated, declared = found
    upgrade(migrated)
    metadata.create_all(declared)
    yield migrated, declared
    for engine in found:
        engine.dispose()


def test_no_difference_is_left_for_another_migration(engines: tuple[Engine, Engine]) -> None:
    with engines[0].connect() as connection:
        opts = {"compare_type": True, "compare_server_default": True, "include_name": _is_declared}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


def _is_declared(name: str | None, _kind: str, _parents: object) -> bool:
    return name not in BY_HAND


def described(inspector: Inspector) -> dict[str, object]:
    """What Alembic does not compare: checks, the columns of keys, and indexes with their conditions."""
    return {
        name: {
            "checks": sorted(
                (found["name"] or "", found["sqltext"]) for found in inspector.get_check_constraints(name)
            ),
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "references": sorted(
                (found["constrained_columns"], found["referred_table"], found["referred_columns"])
                for found in inspector.get_foreign_keys(name)
            ),
            "indexes": sorted(
                (found["name"] or "", found["column_names"], found["unique"], _condition(found.get("dialect_options")))
                for found in inspector.get_indexes(name)
                if found["name"] not in BY_HAND
            ),
            "unique": sorted(found["column_names"] for found in inspector.get_unique_constraints(name)),
        }
        for name in inspector.get_table_names()
        if name != ALEMBICS_OWN and name not in BY_HAND
    }


def _condition(options: object) -> str:
    found = options if isinstance(options, dict) else {}
    return str(found.get("sqlite_where", found.get("postgresql_where", "")))


def test_keys_references_indexes_and_checks_are_the_declared_ones(engines: tuple[Engine, Engine]) -> None:
    migrated, declared = (described(inspect(engine)) for engine in engines)
    assert set(migrated) == set(metadata.tables)
    for name, expected in declared.items():
        assert migrated[name] == expected, name


def test_every_table_of_a_marketplace_is_keyed_by_it() -> None:
    """So that the database itself refuses a reference from one marketplace into another."""
    inside = [table for table in metadata.tables.values() if "marketplace_id" in table.c]
    crossing = [
        f"{table.name}: {constraint.column_keys}"
        for table in inside
        for constraint in table.foreign_key_constraints
        if "marketplace_id" in constraint.referred_table.c and "marketplace_id" not in constraint.column_keys
    ]
    assert crossing == []


def test_the_migrations_are_one_line_with_one_end() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    assert [script.down_revision for script in scripts.walk_revisions()].count(None) == 1


def a_row(engine: Engine, name: str, **values: object) -> None:
    """One row as this revision of the table has it: what is not given and must be there is filled in."""
    table = Table(name, MetaData(), autoload_with=engine)
    filled = {
        column.name: FILLED.get(column.type.python_type, "x")
        for column in table.columns
        if not column.nullable and column.server_default is None
    }
    with engine.begin() as connection:
        connection.execute(table.insert(), [filled | {key: values[key] for key in values if key in table.c}])


@pytest.fixture
def before_second_looks(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of the revision before `review_case` had to be written anew, with cases and what refers to them."""
    if engine_name == "sqlite":
        engine = write_engine(sqlite_url(tmp_path / "old.sqlite"))
    else:
        engine = create_engine(request.getfixturevalue("postgres").new_database())
    try:
        upgrade(engine, "0010")
        keys = {name: f"{name[:3]}_1" for name in ("marketplace_id", "listing_id", "version_id", "score_id", "user_id")}
        known = {**keys, "facts_digest": "d", "digest": "d", "kind": "calibrated", "lane": "analyst", "state": "open"}
        known |= {"judgement": "genuine", "side": "analyst", "case_id": "cas_1"}
        for name in ("marketplace", "account", "listing", "listing_version", "facts", "score", "review_case"):
            a_row(engine, name, **known)
        a_row(engine, "review_case", **{**known, "case_id": "cas_2", "state": "stale", "follows_case_id": "cas_1"})
        for name in ("case_event", "verdict"):
            a_row(engine, name, **known)
        yield engine
    finally:
        engine.dispose()


def test_a_table_that_is_written_anew_keeps_its_rows_and_those_that_refer_to_it(before_second_looks: Engine) -> None:
    """SQLite drops review_case to change its check, while cases, verdicts and lines of the timeline refer to it."""
    engine = before_second_looks
    before = counted(engine)
    upgrade(engine)
    assert counted(engine) == before == {"review_case": 2, "case_event": 1, "verdict": 1, "score": 1}
    with engine.connect() as connection:
        following = text("SELECT follows_case_id FROM review_case WHERE case_id = 'cas_2'")
        assert connection.execute(following).scalar() == "cas_1"
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("DELETE FROM review_case WHERE case_id = 'cas_1'"))


def counted(engine: Engine) -> dict[str, int]:
    """How many rows some tables have."""
    with engine.connect() as connection:
        return {
            name: int(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())  # noqa: S608  # our own names
            for name in ("review_case", "case_event", "verdict", "score")
        }


def test_migrating_again_changes_nothing(migrated_sqlite: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy.sqlite"
    path.write_bytes(migrated_sqlite.read_bytes())
    engine = create_engine(sqlite_url(path))

    def schema() -> list[str]:
        with engine.connect() as connection:
            return list(connection.execute(text("SELECT sql FROM sqlite_master ORDER BY name, sql")).scalars())

    before = schema()
    migrate(sqlite_url(path))
    assert schema() == before
    engine.dispose()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("postgresql+psycopg://db/touchstone", "postgresql://db/touchstone"),
        ("sqlite:////srv/a.sqlite", "sqlite:////srv/a.sqlite"),
    ],
)
def test_jobs_live_in_the_same_database(ours: str, theirs: str) -> None:
    assert job_database_url(ours) == theirs
