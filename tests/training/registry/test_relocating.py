"""A moved or copied registry names its own folder, and a copy writes nothing into the original."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.training.test_job import lines_of
from training.registry.relocating import relocate

_TABLES = """
CREATE TABLE experiments (name TEXT, artifact_location TEXT);
CREATE TABLE runs (artifact_uri TEXT);
CREATE TABLE model_versions (source TEXT, storage_location TEXT);
CREATE TABLE logged_models (artifact_location TEXT);
"""


def a_registry(home: Path, artifacts: str, *others: str) -> str:
    """The URI of a database with MLflow's columns of addresses."""
    (home / "mlflow").mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(home / "mlflow" / "mlflow.db")) as database, database:
        database.executescript(_TABLES)
        places = [("Default", "/somewhere/mlruns/0"), ("counterfeit", artifacts), *(("own", place) for place in others)]
        database.executemany("INSERT INTO experiments VALUES (?, ?)", places)
        database.execute("INSERT INTO runs VALUES (?)", (f"{artifacts}/1/artifacts",))
        database.execute("INSERT INTO runs VALUES (?)", (f"{artifacts}-of-another/1",))
        database.execute("INSERT INTO model_versions VALUES (?, ?)", ("models:/m-1", f"{artifacts}/models/m-1"))
        database.execute("INSERT INTO logged_models VALUES (?)", (f"{artifacts}/models/m-1",))
    return f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"


def addresses(uri: str) -> list[str]:
    """Every address in the database."""
    columns = ["artifact_location FROM experiments", "artifact_uri FROM runs", "source FROM model_versions"]
    columns += ["storage_location FROM model_versions", "artifact_location FROM logged_models"]
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as database:
        return [place for column in columns for (place,) in database.execute(f"SELECT {column}")]


def test_every_address_follows_the_folder_and_no_other_address_does(tmp_path: Path) -> None:
    old, bucket = "file:///old/mlflow/artifacts", "s3://bucket/mlflow/artifacts"
    uri, artifacts = a_registry(tmp_path, old, bucket, "file:///data/artifacts"), tmp_path / "mlflow" / "artifacts"
    assert relocate(uri, artifacts) == [old]
    own = artifacts.as_uri()
    expected = ["/somewhere/mlruns/0", own, bucket, "file:///data/artifacts", f"{own}/1/artifacts"]
    models = ["models:/m-1", f"{own}/models/m-1", f"{own}/models/m-1"]
    assert addresses(uri) == [*expected, f"{old}-of-another/1", *models]
    assert relocate(uri, artifacts) == []


def test_addresses_follow_in_one_transaction(tmp_path: Path) -> None:
    old = "file:///old/mlflow/artifacts"
    uri, artifacts = a_registry(tmp_path, old), tmp_path / "mlflow" / "artifacts"
    with closing(sqlite3.connect(tmp_path / "mlflow" / "mlflow.db")) as database:
        database.execute("CREATE TRIGGER refuse BEFORE UPDATE ON logged_models BEGIN SELECT RAISE(ABORT, 'full'); END")
    before = addresses(uri)
    with pytest.raises(sqlite3.IntegrityError):
        relocate(uri, artifacts)
    assert addresses(uri) == before


def test_the_child_moves_the_addresses_and_leaves_a_server_alone(tmp_path: Path) -> None:
    uri = a_registry(tmp_path, "file:///old/mlflow/artifacts")
    command = [
        "-m",
        "training.registry.relocating",
        "--model-name",
        "m",
        "--artifacts",
        str(tmp_path / "mlflow" / "artifacts"),
    ]
    code, lines = lines_of([*command, "--tracking-uri", uri])
    assert (code, lines) == (0, [{"event": "done", "earlier": ["file:///old/mlflow/artifacts"]}])
    assert relocate("http://localhost:5000", tmp_path) == relocate(f"sqlite:///{tmp_path / 'none.db'}", tmp_path) == []
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "none.db").touch()
    assert relocate(f"sqlite:///{tmp_path / 'none.db'}", tmp_path) == []
