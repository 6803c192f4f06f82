"""`touchstone score`, with and without the history of a service."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from serving.composition import open_runtime
from serving.intake.service.intake import receive
from serving.marketplaces.store import marketplaces
from serving.platform.settings import Settings
from tests.fixtures.clusters import a_cluster
from tests.fixtures.labelled import write_ndjson
from tests.fixtures.runtimes import a_row, a_suspect_row
from tests.fixtures.scorers import bundle_files
from tests.serving.cli.commands import REFUSED, Done, touchstone_in
from training.bundle_folder import write_bundle_folder


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    return tmp_path / "bundle"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_ndjson(tmp_path / "rows.ndjson", [a_row(), a_suspect_row(external_id="MP-10"), a_row(price="-1")])


def score(home: Path, file: Path, bundle: Path, *wishes: str) -> Done:
    out = str(file.with_name("scores.parquet"))
    return touchstone_in(home, "score", str(file), "--format", "native", "--bundle", str(bundle), "--out", out, *wishes)


def scores(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(file.with_name("scores.parquet")).to_pylist()
    return found


def test_a_file_is_scored_with_reasons_and_without(empty_home: Path, file: Path, bundle: Path) -> None:
    done = score(empty_home, file, bundle)
    assert done.code == 0, done
    assert done.out.startswith("3 rows scored with ")
    with_reasons = scores(file)
    assert all(row["reasons"] for row in with_reasons)
    assert score(empty_home, file, bundle, "--no-reasons").code == 0
    assert [row["reasons"] for row in scores(file)] == [[], [], ["price is below zero."]]
    assert [row["probability"] for row in scores(file)] == [row["probability"] for row in with_reasons]


def test_the_history_of_a_data_directory_changes_scores(home: Path, file: Path, bundle: Path) -> None:
    assert score(home, file, bundle).code == 0
    without = [row["probability"] for row in scores(file)]
    assert score(home, file, bundle, "--history", str(home)).code == 0
    unknown = [row["probability"] for row in scores(file)]
    runtime = open_runtime(Settings(home=home), migrated=True)
    with runtime.store.read() as connection:
        (marketplace,) = marketplaces.everyone(connection)
    receive(runtime, marketplace, [a_suspect_row(external_id=f"MP-{n}", price="1.00") for n in range(20)], source="x")
    runtime.close()
    assert score(home, file, bundle, "--history", f"sqlite:///{home / 'touchstone.sqlite'}").code == 0
    known = [row["probability"] for row in scores(file)]
    assert without != unknown != known
    assert known[1] != unknown[1]


def test_a_history_that_is_none_is_refused(tmp_path: Path, empty_home: Path, file: Path, bundle: Path) -> None:
    missing = score(empty_home, file, bundle, "--history", str(tmp_path / "nowhere"))
    assert (missing.code, (tmp_path / "nowhere").exists()) == (REFUSED, False)
    assert "no database at" in missing.text
    nobody = score(empty_home, file, bundle, "--history", str(empty_home))
    assert nobody.code != 0
    assert "Name one marketplace; known are: none." in nobody.text


def test_a_history_is_of_one_marketplace(home: Path, file: Path, bundle: Path) -> None:
    assert touchstone_in(home, "marketplace", "add", "Elsewhere").code == 0
    several = score(home, file, bundle, "--history", str(home))
    assert several.code != 0
    assert "Elsewhere" in several.text
    assert score(home, file, bundle, "--history", str(home), "--marketplace", "Elsewhere").code == 0


def test_a_database_of_another_version_is_refused(home: Path, file: Path, bundle: Path) -> None:
    from serving.platform.database.engine import sqlite_driver  # noqa: PLC0415  # only here

    other = sqlite_driver().connect(home / "touchstone.sqlite")
    other.execute("UPDATE alembic_version SET version_num = 'r0000'")
    other.commit()
    other.close()
    done = score(home, file, bundle, "--history", str(home))
    assert done.code != 0
    assert "does not have the schema of this version" in done.text


def test_a_cluster_that_is_not_there_is_named(empty_home: Path, file: Path, bundle: Path) -> None:
    done = score(empty_home, file, bundle, "--dask", "tls://nothing")
    assert done.code == REFUSED
    assert "There is no Dask scheduler at tls://nothing (missing port number in address 'nothing')." in done.err


def test_a_cluster_gives_the_scores_of_this_machine(empty_home: Path, file: Path, bundle: Path) -> None:
    assert score(empty_home, file, bundle).code == 0
    here = scores(file)
    file.with_name("scores.parquet").unlink()
    with a_cluster() as cluster:
        assert score(empty_home, file, bundle, "--dask", cluster.scheduler_address).code == 0
    assert scores(file) == here
