import json
from datetime import timedelta
from pathlib import Path

import pytest

from models.bundle import MANIFEST, from_files
from tests.fixtures.clocks import NOW
from tests.fixtures.clusters import a_cluster
from tests.fixtures.labelled import labelled_file, write_ndjson
from training import fit_cluster
from training.model_card import model_card
from training.train_file import TrainedOnFile, train_on_file


def trained(path: Path, *, seed: int = 0, late: int = 0) -> TrainedOnFile:
    return train_on_file(path, "native", received_at=NOW + timedelta(days=late), seed=seed, threads=1)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return labelled_file(tmp_path_factory.mktemp("file") / "market.ndjson")


@pytest.fixture(scope="module")
def found(path: Path) -> TrainedOnFile:
    return trained(path)


def test_a_labelled_file_becomes_a_bundle(found: TrainedOnFile) -> None:
    assert from_files(found.files, expected=found.digest).references_as_of is None


def test_the_time_of_the_run_is_no_part_of_the_bundle(path: Path, found: TrainedOnFile) -> None:
    assert trained(path, late=9).digest == found.digest


def test_another_seed_gives_another_bundle(path: Path, found: TrainedOnFile) -> None:
    assert trained(path, seed=1).digest != found.digest


def test_a_bundle_made_from_a_file_compares_prices_with_that_file(found: TrainedOnFile) -> None:
    reference = from_files(found.files).references.prices.find("aurelle", "accessories")
    assert reference is not None
    assert reference.n >= 5


def test_the_report_is_json_and_makes_a_card(found: TrainedOnFile) -> None:
    report = json.loads(json.dumps(found.report, allow_nan=False))
    assert "* Not judged: Trained on a file" in model_card(report, found.digest)


def test_the_report_counts_its_rows(found: TrainedOnFile) -> None:
    assert (found.report["rows"], found.report["sellers"], found.report["format"]) == (120, 60, "native")


def test_the_manifest_names_no_file_of_this_machine(found: TrainedOnFile, path: Path) -> None:
    assert str(path).encode() not in b"".join(found.files.values())
    assert path.name.encode() not in found.files[MANIFEST]


def test_progress_ends_at_one(path: Path) -> None:
    shares: list[float] = []
    train_on_file(path, "native", received_at=NOW, seed=0, threads=1, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_file_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no row has a label"):
        trained(write_ndjson(tmp_path / "a.ndjson", [{"title": "Bag"}]))


def test_a_file_of_one_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="counterfeit"):
        trained(labelled_file(tmp_path / "a.ndjson", 20, share=0.0))


def test_a_cluster_gives_the_digest_of_this_machine(path: Path, found: TrainedOnFile) -> None:
    shares = list[float]()
    with pytest.MonkeyPatch.context() as patch, a_cluster(2) as cluster:
        patch.setattr(fit_cluster, "PART_ROWS", 50)
        there = train_on_file(
            path, "native", received_at=NOW, seed=0, threads=1, dask=cluster.scheduler_address, progress=shares.append
        )
    assert there.digest == found.digest
    assert there.report == found.report
    assert shares == sorted(shares)
