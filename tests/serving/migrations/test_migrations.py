"""The migrations create the tables of `serving.schema` on both engines, and the database enforces their constraints."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, Inspector, MetaData, create_engine, inspect, text

from serving.composition import open_runtime
from serving.listings.store.search import BY_HAND
from serving.migrations.migrate import DatabaseOfAnotherVersion, alembic_configuration, migrate, upgrade
from serving.platform.database.engine import job_database_url, sqlite_url, write_engine
from serving.platform.database.schema import metadata
from serving.platform.settings import Settings
from tests.docs.generate import REVISION, with_revision_of_schema
from tests.fixtures.postgres import Postgres
from tests.fixtures.runtimes import PopulatedDatabase

pytestmark = pytest.mark.both_engines

ALEMBICS_OWN = "alembic_version"


@pytest.fixture(scope="module")
def upgraded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with our tables and without the job tables, which a running service adds."""
    path = tmp_path_factory.mktemp("upgraded") / "upgraded.sqlite"
    engine = write_engine(sqlite_url(path))
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def engines(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """A database made by the migrations, and one made from the declared tables."""
    if engine_name == "sqlite":
        shutil.copyfile(request.getfixturevalue("upgraded_sqlite"), tmp_path / "migrated.sqlite")
        both = tuple(write_engine(sqlite_url(tmp_path / name)) for name in ("migrated.sqlite", "declared.sqlite"))
    else:
        server: Postgres = request.getfixturevalue("postgres")
        populated: PopulatedDatabase = request.getfixturevalue("populated_postgres")
        both = tuple(create_engine(server.new_database(source)) for source in (populated.database or "", "template1"))
    migrated, declared = both
    metadata.create_all(declared)
    yield migrated, declared
    for engine in both:
        engine.dispose()


def test_no_difference_is_left_for_another_migration(engines: tuple[Engine, Engine]) -> None:
    with engines[0].connect() as connection:
        opts = {"compare_type": True, "compare_server_default": True, "include_name": _is_declared}
        assert compare_metadata(MigrationContext.configure(connection, opts=opts), metadata) == []


def _is_declared(name: str | None, _kind: str, _parents: object) -> bool:
    return name not in BY_HAND


def schema_of(inspector: Inspector) -> dict[str, object]:
    """What Alembic does not compare: checks, the columns of keys, and indexes with their conditions."""
    return {
        name: {
            "checks": sorted(
                (check["name"] or "", check["sqltext"]) for check in inspector.get_check_constraints(name)
            ),
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "references": sorted(
                (foreign_key["constrained_columns"], foreign_key["referred_table"], foreign_key["referred_columns"])
                for foreign_key in inspector.get_foreign_keys(name)
            ),
            "indexes": sorted(
                (index["name"] or "", index["column_names"], index["unique"], _condition(index.get("dialect_options")))
                for index in inspector.get_indexes(name)
                if index["name"] not in BY_HAND
            ),
            "unique": sorted(constraint["column_names"] for constraint in inspector.get_unique_constraints(name)),
        }
        for name in inspector.get_table_names()
        if name != ALEMBICS_OWN and name not in BY_HAND
    }


def _condition(options: object) -> str:
    conditions = options if isinstance(options, dict) else {}
    return str(conditions.get("sqlite_where", conditions.get("postgresql_where", "")))


def test_keys_references_indexes_and_checks_are_the_declared_ones(engines: tuple[Engine, Engine]) -> None:
    migrated, declared = (schema_of(inspect(engine)) for engine in engines)
    assert set(migrated) == set(metadata.tables)
    for name, expected in declared.items():
        assert migrated[name] == expected, name


def test_every_table_of_a_marketplace_is_keyed_by_it() -> None:
    """The database itself refuses a reference from one marketplace into another."""
    inside = [table for table in metadata.tables.values() if "marketplace_id" in table.c]
    crossing = [
        f"{table.name}: {constraint.column_keys}"
        for table in inside
        for constraint in table.foreign_key_constraints
        if "marketplace_id" in constraint.referred_table.c and "marketplace_id" not in constraint.column_keys
    ]
    assert crossing == []


def test_the_migrations_are_one_line_with_one_end() -> None:
    scripts = ScriptDirectory.from_config(alembic_configuration())
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    assert [script.down_revision for script in scripts.walk_revisions()].count(None) == 1


def test_the_revision_is_the_digest_of_what_it_makes() -> None:
    """Tables that change before the first release change the revision, so that a database of the old ones is refused.

    From the first release on the migration is frozen, and this test goes: ADR 40.
    """
    text = REVISION.read_text(encoding="utf-8")
    assert text == with_revision_of_schema(text), "The schema has changed: run `make docs`"


@pytest.fixture
def old_database(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of a revision that this version does not know, with a row."""
    if engine_name == "sqlite":
        engine = write_engine(sqlite_url(tmp_path / "touchstone.sqlite"))
    else:
        engine = create_engine(request.getfixturevalue("postgres").new_database())
    with engine.begin() as connection:
        for sql in (
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
            "INSERT INTO alembic_version VALUES ('0085')",
            "CREATE TABLE marketplace (name TEXT)",
            "INSERT INTO marketplace VALUES ('Bazaar')",
        ):
            connection.execute(text(sql))
    yield engine
    engine.dispose()


def test_a_database_of_another_version_is_refused_and_left_as_it_was(old_database: Engine, tmp_path: Path) -> None:
    before = contents(old_database)
    url = old_database.url.render_as_string(hide_password=False)
    with pytest.raises(DatabaseOfAnotherVersion, match=r"revision \(0085\)") as refused:
        migrate(url)
    assert refused.value.code == "database_of_another_version"
    assert "nothing was changed" in refused.value.sentence
    assert "TOUCHSTONE_HOME to a new folder or TOUCHSTONE_DATABASE_URL to a new database" in refused.value.sentence
    postgres = old_database.dialect.name == "postgresql"
    with pytest.raises(DatabaseOfAnotherVersion):
        open_runtime(Settings(home=tmp_path, database_url=url if postgres else None))
    assert contents(old_database) == before == {ALEMBICS_OWN: [("0085",)], "marketplace": [("Bazaar",)]}
    assert "dbos" not in inspect(old_database).get_schema_names()


def contents(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    schema = MetaData()
    schema.reflect(engine)
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(table.select())] for name, table in schema.tables.items()
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
