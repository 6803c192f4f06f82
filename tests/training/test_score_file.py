import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from features.compute import compute
from features.history import NOTHING_RECORDED
from models.bundle import MANIFEST, from_files
from models.errors import BundleRefused
from models.routing import Thresholds
from tests.fixtures.clocks import NOW
from tests.fixtures.clusters import a_cluster
from tests.fixtures.facts import a_listing, facts_of
from tests.fixtures.labelled import labelled_file, labelled_rows, write_csv, write_ndjson
from tests.fixtures.runtimes import EVIDENCE, a_row
from tests.fixtures.scorers import THRESHOLDS, a_bundle, bundle_files
from training.adapters.formats import UnknownLayout
from training.fit import cluster_input
from training.runs.model_card import model_card
from training.runs.train_file import FileTraining, train_on_file
from training.score.columns import SCHEMA
from training.score.file import score_file

MIXED = [
    a_row(external_id="MP-1"),
    a_row(external_id="MP-2", price="-1"),
    {"title": "Grey tote"},
    a_row(external_id="MP-4", prise="1"),
]


def score_rows(
    path: Path, folder: Path, *, thresholds: Thresholds = THRESHOLDS, processes: int = 1
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    out = folder / "scores.parquet"
    files = bundle_files(thresholds=thresholds)
    counts = score_file(path, "native", files, out, received_at=NOW, processes=processes)
    return pq.read_table(out).to_pylist(), counts


@pytest.fixture
def mixed_scores(tmp_path: Path) -> list[dict[str, Any]]:
    return score_rows(write_ndjson(tmp_path / "a.ndjson", MIXED), tmp_path)[0]


def test_every_row_has_a_row_in_its_order(mixed_scores: list[dict[str, Any]]) -> None:
    assert [row["row"] for row in mixed_scores] == [1, 2, 3, 4]


def test_a_row_carries_its_own_id_or_the_derived_one(mixed_scores: list[dict[str, Any]]) -> None:
    assert [row["listing_id"][:4] for row in mixed_scores] == ["MP-1", "MP-2", "row-", "MP-4"]


def test_a_refused_row_is_quarantined_with_its_reason_and_without_a_probability(
    mixed_scores: list[dict[str, Any]],
) -> None:
    refused = [(row["probability"], row["route"], row["reasons"]) for row in mixed_scores if row["row"] in {2, 4}]
    assert refused == [
        (None, "quarantined", ["price is below zero."]),
        (None, "quarantined", ["prise (nearest field: price) is not a field of a listing."]),
    ]


def test_only_a_refused_row_lacks_a_probability(mixed_scores: list[dict[str, Any]]) -> None:
    assert all(0 < row["probability"] < 1 for row in mixed_scores if row["route"] != "quarantined")


def test_a_probability_is_the_one_that_the_bundle_gives(mixed_scores: list[dict[str, Any]]) -> None:
    facts = facts_of(a_listing(external_id="MP-1"), references=a_bundle().references, history=NOTHING_RECORDED)
    (score,) = a_bundle().score_many([compute(facts)])
    assert mixed_scores[0]["probability"] == score.probability


def test_routes_are_counted(tmp_path: Path) -> None:
    rows, counts = score_rows(write_ndjson(tmp_path / "a.ndjson", MIXED), tmp_path)
    assert sum(counts.values()) == 4
    assert counts["quarantined"] == 2
    assert counts == {route: [row["route"] for row in rows].count(route) for route in counts}


EVERYTHING, NOTHING = Thresholds(0.0, 0.0), Thresholds(1.0, 1.0)


def test_a_row_that_goes_to_a_person_has_the_model_s_reasons_and_the_route_s(tmp_path: Path) -> None:
    with_evidence = [{**MIXED[0], **EVIDENCE}]
    (row,), _ = score_rows(write_ndjson(tmp_path / "a.ndjson", with_evidence), tmp_path, thresholds=EVERYTHING)
    assert row["route"] == "ask_brand"
    assert len(row["reasons"]) >= 3
    assert row["reasons"][-2].endswith("at or above 0.00: Aurelle is asked.")
    assert row["reasons"][-1] == "Named evidence: the wording and contact details."


def test_a_row_without_action_has_only_the_reason_of_the_route(tmp_path: Path) -> None:
    (row,), _ = score_rows(write_ndjson(tmp_path / "a.ndjson", MIXED[:1]), tmp_path, thresholds=NOTHING)
    assert row["route"] == "no_action"
    assert len(row["reasons"]) == 1


def test_no_row_of_a_file_is_sampled_for_audit(tmp_path: Path) -> None:
    rows = [row for row, _ in labelled_rows(200)]
    _, counts = score_rows(write_ndjson(tmp_path / "a.ndjson", rows), tmp_path, thresholds=NOTHING)
    assert counts == {"no_action": 200}


def test_unknown_columns_of_a_flat_file_are_left_out_and_missing_ones_are_missing(tmp_path: Path) -> None:
    rows = [{"title": "Aurelle tote", "our_remark": "x"}, {"title": "Solenne belt", "our_remark": ""}]
    scored_rows, _ = score_rows(write_csv(tmp_path / "a.csv", rows), tmp_path)
    assert all(row["probability"] is not None for row in scored_rows)


def test_a_file_of_bytes_that_are_not_utf_8_is_scored_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"external_id,title\n\xff1,Bag\n2,Sac \xe9l\n3,Grey tote in leather\n")
    rows, _ = score_rows(path, tmp_path)
    assert [row["route"] == "quarantined" for row in rows] == [True, True, False]
    assert rows[0]["listing_id"] == "\\udcff1"


def test_more_rows_than_a_batch_are_scored_as_those_of_one(tmp_path: Path) -> None:
    rows = [row for row, _ in labelled_rows(20)]
    many, _ = score_rows(write_ndjson(tmp_path / "many.ndjson", rows * 51), tmp_path)
    few, _ = score_rows(write_ndjson(tmp_path / "few.ndjson", rows), tmp_path)
    assert len(many) == 1_020
    assert [row["probability"] for row in many[-20:]] == [row["probability"] for row in few]


def test_a_file_without_rows_gives_a_file_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("title,price\n")
    assert score_rows(path, tmp_path) == ([], {})
    assert pq.read_schema(tmp_path / "scores.parquet").names == SCHEMA.names


def test_a_file_that_cannot_be_scored_leaves_no_scores(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayout):
        score_rows(write_csv(tmp_path / "a.csv", [{"nothing": "x"}]), tmp_path)
    assert not (tmp_path / "scores.parquet").exists()


def test_scores_are_the_same_another_time(tmp_path: Path) -> None:
    path = write_ndjson(tmp_path / "a.ndjson", MIXED)
    assert score_rows(path, tmp_path) == score_rows(path, tmp_path)


def test_files_without_a_bundle_are_refused_before_any_row_is_read(tmp_path: Path) -> None:
    out = tmp_path / "scores.parquet"
    with pytest.raises(BundleRefused):
        score_file(tmp_path / "none.csv", "native", {MANIFEST: b"{}"}, out, received_at=NOW)


@pytest.mark.soak
def test_two_processes_score_as_one_does(tmp_path: Path) -> None:
    rows = [row for row, _ in labelled_rows(20)]
    path = write_ndjson(tmp_path / "a.ndjson", rows * 110)
    assert score_rows(path, tmp_path, processes=2) == score_rows(path, tmp_path)


def trained_on_file(market_file: Path, *, seed: int = 0, late: int = 0) -> FileTraining:
    return train_on_file(market_file, "native", received_at=NOW + timedelta(days=late), seed=seed, threads=1)


@pytest.fixture(scope="module")
def market_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return labelled_file(tmp_path_factory.mktemp("file") / "market.ndjson")


@pytest.fixture(scope="module")
def training(market_file: Path) -> FileTraining:
    return trained_on_file(market_file)


def test_a_labelled_file_becomes_a_bundle(training: FileTraining) -> None:
    assert from_files(training.files, expected=training.digest).references_as_of is None


def test_the_time_of_the_run_is_no_part_of_the_bundle(market_file: Path, training: FileTraining) -> None:
    assert trained_on_file(market_file, late=9).digest == training.digest


def test_another_seed_gives_another_bundle(market_file: Path, training: FileTraining) -> None:
    assert trained_on_file(market_file, seed=1).digest != training.digest


def test_a_bundle_made_from_a_file_compares_prices_with_that_file(training: FileTraining) -> None:
    reference = from_files(training.files).references.prices.find("aurelle", "accessories")
    assert reference is not None
    assert reference.n >= 5


def test_the_report_is_json_and_makes_a_card(training: FileTraining) -> None:
    report = json.loads(json.dumps(training.report, allow_nan=False))
    assert "* Not judged: Trained on a file" in model_card(report, training.digest)


def test_the_report_counts_its_rows(training: FileTraining) -> None:
    assert (training.report["rows"], training.report["sellers"], training.report["format"]) == (120, 60, "native")


def test_the_manifest_names_no_file_of_this_machine(training: FileTraining, market_file: Path) -> None:
    assert str(market_file).encode() not in b"".join(training.files.values())
    assert market_file.name.encode() not in training.files[MANIFEST]


def test_progress_ends_at_one(market_file: Path) -> None:
    shares: list[float] = []
    train_on_file(market_file, "native", received_at=NOW, seed=0, threads=1, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_file_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no row has a label"):
        trained_on_file(write_ndjson(tmp_path / "a.ndjson", [{"title": "Bag"}]))


def test_a_file_of_one_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="counterfeit"):
        trained_on_file(labelled_file(tmp_path / "a.ndjson", 20, share=0.0))


def test_a_cluster_gives_the_digest_of_this_machine(market_file: Path, training: FileTraining) -> None:
    shares = list[float]()
    with pytest.MonkeyPatch.context() as patch, a_cluster(2) as cluster:
        patch.setattr(cluster_input, "PART_ROWS", 50)
        there = train_on_file(
            market_file,
            "native",
            received_at=NOW,
            seed=0,
            threads=1,
            dask=cluster.scheduler_address,
            progress=shares.append,
        )
    assert there.digest == training.digest
    assert there.report == training.report
    assert shares == sorted(shares)
