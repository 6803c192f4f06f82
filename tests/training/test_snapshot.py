import json
import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.compute import NAMES, input_fingerprint
from features.facts import SCHEMA
from features.references import references_to_dict
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import REFERENCES
from tests.fixtures.labelled import BRANDS, a_market, market_facts, market_references, snapshot_rows
from training.evaluate.material import FileMaterial, SnapshotMaterial
from training.fit.weighting import training_weights
from training.snapshots.snapshot import SnapshotRefused, SnapshotRow, read_snapshot, write_snapshot
from training.snapshots.summary import summarise

DATA = a_market(12)
ROWS = snapshot_rows(DATA)
OF_MARKET = market_references(DATA)


def with_facts(row: SnapshotRow, **changes: Any) -> str:
    return json.dumps({**json.loads(row.facts), **changes})


def write_rows(folder: Path, rows: list[SnapshotRow] = ROWS) -> tuple[Path, str]:
    return write_snapshot(folder, rows, OF_MARKET, NOW)


def test_a_snapshot_comes_back_whole(tmp_path: Path) -> None:
    path, digest = write_rows(tmp_path)
    snapshot = read_snapshot(path, expected=digest)
    assert (list(snapshot.rows), snapshot.as_of, snapshot.digest) == (ROWS, NOW, digest)
    assert references_to_dict(snapshot.references, NOW) == references_to_dict(OF_MARKET, NOW)


def test_facts_come_back_as_they_were_stored(tmp_path: Path) -> None:
    assert read_snapshot(write_rows(tmp_path)[0]).facts() == market_facts(DATA)


def test_a_snapshot_is_named_by_its_digest(tmp_path: Path) -> None:
    path, digest = write_rows(tmp_path)
    assert path.name == f"{digest}.parquet"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_the_order_in_which_rows_are_read_from_the_database_changes_nothing(tmp_path: Path) -> None:
    assert write_rows(tmp_path, ROWS[::-1])[1] == write_rows(tmp_path)[1]


def test_rows_come_back_in_the_order_of_time_and_id(tmp_path: Path) -> None:
    same = [replace(row, known_at=NOW) for row in ROWS[::-1]]
    rows = read_snapshot(write_rows(tmp_path, same)[0]).rows
    assert [row.version_id for row in rows] == sorted(row.version_id for row in ROWS)


def test_times_come_back_in_utc(tmp_path: Path) -> None:
    east = datetime(2026, 2, 1, 12, 0, tzinfo=timezone(timedelta(hours=8)))
    (row,) = read_snapshot(write_rows(tmp_path, [replace(ROWS[0], known_at=east)])[0]).rows
    assert (row.known_at, row.known_at.tzinfo) == (east, UTC)


@pytest.mark.parametrize("change", [{"label": 0, "weight": 0.3}, {"inclusion_probability": 0.5}, {"lane": "appeal"}])
def test_another_row_is_another_snapshot(tmp_path: Path, change: dict[str, Any]) -> None:
    assert write_rows(tmp_path, [replace(ROWS[0], **change), *ROWS[1:]])[1] != write_rows(tmp_path)[1]


def test_labels_are_in_the_order_of_the_rows(tmp_path: Path) -> None:
    assert read_snapshot(write_rows(tmp_path)[0]).labels.tolist() == DATA.labels.tolist()


def test_another_snapshot_than_the_recorded_one_is_refused(tmp_path: Path) -> None:
    path, _ = write_rows(tmp_path)
    with pytest.raises(SnapshotRefused, match="not 000000000000 as recorded"):
        read_snapshot(path, expected="0" * 64)


def test_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    path, digest = write_rows(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(SnapshotRefused):
        read_snapshot(path, expected=digest)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"label": 2}, "neither 0 nor 1", "a label that is none"),
    ({"label": None}, "neither 0 nor 1", "no label"),
    ({"inclusion_probability": 0.0}, "above 0 and at most 1", "a row that could not have been sampled"),
    ({"inclusion_probability": 1.1}, "above 0 and at most 1", "more than certain"),
    ({"inclusion_probability": math.nan}, "above 0 and at most 1", "an unknown chance"),
    ({"known_at": NOW + timedelta(seconds=1)}, "became known after the snapshot's time", "a row from the future"),
    ({"matured_at": NOW + timedelta(seconds=1)}, "matured after the snapshot's", "a label that was not mature"),
    ({"version_id": ROWS[1].version_id}, "a listing version twice", "a repeated version"),
    ({"provenance": ()}, "lacks its verdicts", "no verdict"),
    ({"sources": ()}, "lacks its verdicts, their sources", "no source"),
    ({"audit_entries": ()}, "or their audit entries", "no proof"),
    ({"facts": with_facts(ROWS[0], as_of=(NOW + timedelta(days=1)).isoformat())}, "later than", "facts of tomorrow"),
    ({"facts": with_facts(ROWS[0], schema=99)}, "facts of schema 99; this version reads", "facts of another schema"),
    ({"facts": '{"title": "Bag"}'}, "holds facts that this version cannot read", "no facts"),
    ({"facts": None}, "holds facts that this version cannot read", "nothing at all"),
]


@pytest.mark.parametrize(("change", "sentence", "_why"), REFUSED)
def test_a_row_that_training_must_not_use_is_refused(
    tmp_path: Path, change: dict[str, Any], sentence: str, _why: str
) -> None:
    path, digest = write_rows(tmp_path, [replace(ROWS[0], **change), *ROWS[1:]])
    with pytest.raises(SnapshotRefused, match=sentence):
        read_snapshot(path, expected=digest)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(SnapshotRefused, match="not a readable Parquet file"):
        read_snapshot(tmp_path / "a.parquet")


def test_a_parquet_file_of_other_columns_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"title": ["Bag"]}), tmp_path / "a.parquet")
    with pytest.raises(SnapshotRefused, match="not a snapshot of labelled facts"):
        read_snapshot(tmp_path / "a.parquet")


def test_a_snapshot_from_before_reports_says_that_nothing_was_reported(tmp_path: Path) -> None:
    table = pq.read_table(write_rows(tmp_path, [replace(ROWS[0], reported=True)])[0])
    pq.write_table(table.drop_columns(["reported"]), tmp_path / "a.parquet")
    (row,) = read_snapshot(tmp_path / "a.parquet").rows
    assert row.reported is False
    assert summarise(tmp_path / "a.parquet", "").reported == 0


@pytest.mark.parametrize("column", ["known_at", "provenance"])
def test_a_snapshot_with_an_empty_cell_is_refused(tmp_path: Path, column: str) -> None:
    table = pq.read_table(write_rows(tmp_path)[0])
    at = table.schema.get_field_index(column)
    empty = pa.nulls(len(table), table.schema.field(column).type)
    pq.write_table(table.set_column(at, column, empty), tmp_path / "a.parquet")
    with pytest.raises(SnapshotRefused, match="damaged"):
        read_snapshot(tmp_path / "a.parquet")


def test_a_snapshot_without_its_references_is_refused(tmp_path: Path) -> None:
    path, _ = write_rows(tmp_path)
    pq.write_table(pq.read_table(path).replace_schema_metadata({}), tmp_path / "a.parquet")
    with pytest.raises(SnapshotRefused, match="not a snapshot of labelled facts"):
        read_snapshot(tmp_path / "a.parquet")


def test_a_snapshot_written_for_other_features_is_read_as_any_other(tmp_path: Path) -> None:
    table = pq.read_table(write_rows(tmp_path)[0])
    metadata = {**table.schema.metadata, b"touchstone.fingerprint": b"f" * 64}
    pq.write_table(table.replace_schema_metadata(metadata), tmp_path / "a.parquet")
    assert list(read_snapshot(tmp_path / "a.parquet").rows) == ROWS


def test_any_parquet_reader_can_read_a_snapshot(tmp_path: Path) -> None:
    table = pq.read_table(write_rows(tmp_path)[0])
    assert table.num_rows == 12
    assert json.loads(table["facts"][0].as_py())["schema"] == SCHEMA


# A snapshot from before a feature existed trains with it: its values come from the stored facts.

NEW: Final = ("price_last_digit", "seller_linked_first")
# Everything that depends on the features is computed when it is imported, so they are registered before.
TRAINED: Final = """
import json, math, sys
from pathlib import Path
from features import price, seller_links
from features.message import message
from features.spec import MISSING, Evidence, Scale, either

def said(e, value):
    return message("said", value=value)

@price.signals.feature(Scale("digit", 0, 9), side=either, say=said, missing="never")
def price_last_digit(e: Evidence) -> float:
    \"\"\"Last digit of the price.\"\"\"
    return float(str(e.facts.listing.price)[-1])

@seller_links.signals.feature(Scale("sellers", 0, 1e6), side=either, say=said)
def seller_linked_first(e: Evidence) -> float:
    \"\"\"Sellers that share a contact.\"\"\"
    links = e.facts.seller.links
    return MISSING if links is None else float(len(links.sellers))

import numpy as np
import pytest
from features.compute import NAMES, input_fingerprint, matrix
from models.bundle import from_files
from tests.fixtures.fitting import small_forests
from training.runs.pipeline import train
from training.snapshots.snapshot import read_snapshot

with pytest.MonkeyPatch.context() as patch:
    small_forests(patch)
    snapshot = read_snapshot(Path(sys.argv[1]), expected=sys.argv[2])
    found = train(snapshot, champion=None, seed=0, threads=1)
columns = matrix(snapshot.facts())
digits, linked = (columns[:, NAMES.index(name)] for name in sys.argv[3:])
print(json.dumps({
    "fingerprint": input_fingerprint(),
    "learnt": [name for name in sys.argv[3:] if name in from_files(found.files).classifier.learner.columns],
    "feature_count": found.report["feature_count"],
    "rows": found.report["rows"] + found.report["waiting"],
    "digits": digits.tolist(),
    "linked_missing": int(np.isnan(linked).sum()),
}))
"""
OLD_SNAPSHOTS_DATA = a_market(160)


def without_later_facts(row: SnapshotRow) -> SnapshotRow:
    """The row as code without links, naming, priors and corrections would have stored it."""
    facts = json.loads(row.facts)
    del facts["seller"]["links"], facts["naming"], facts["priors"], facts["correction"]
    return replace(row, facts=json.dumps(facts))


@pytest.fixture(scope="module")
def training_output(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A training with two features more, on a snapshot that this process stored without them."""
    rows = [without_later_facts(row) for row in snapshot_rows(OLD_SNAPSHOTS_DATA)]
    path, digest = write_snapshot(tmp_path_factory.mktemp("old"), rows, market_references(OLD_SNAPSHOTS_DATA), NOW)
    command = [sys.executable, "-P", "-c", TRAINED, str(path), digest, *NEW]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    last_line: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return last_line


def test_a_snapshot_stored_before_a_feature_existed_trains_with_it(training_output: dict[str, Any]) -> None:
    assert training_output["fingerprint"] != input_fingerprint()
    assert training_output["learnt"] == list(NEW)
    assert training_output["feature_count"] == len(NAMES) + len(NEW)
    assert training_output["rows"] == len(OLD_SNAPSHOTS_DATA.labels)


def test_its_values_are_computed_from_the_stored_facts(training_output: dict[str, Any]) -> None:
    assert training_output["digits"] == [float(str(listing.price)[-1]) for listing in OLD_SNAPSHOTS_DATA.listings]


def test_a_fact_that_was_not_recorded_then_is_missing_and_never_zero(training_output: dict[str, Any]) -> None:
    assert training_output["linked_missing"] == len(OLD_SNAPSHOTS_DATA.labels)


# The rows of a cross-validation: a snapshot's facts as stored, with training's weights and linked sellers as one.

MATERIAL_DATA = a_market(40)
MATERIAL_ROWS = [
    replace(row, seller_cluster="ring" if i < 6 else row.seller_cluster)
    for i, row in enumerate(snapshot_rows(MATERIAL_DATA))
]


@pytest.fixture(scope="module")
def stored_material(tmp_path_factory: pytest.TempPathFactory) -> SnapshotMaterial:
    path, _ = write_snapshot(tmp_path_factory.mktemp("snapshot"), MATERIAL_ROWS, market_references(MATERIAL_DATA), NOW)
    return SnapshotMaterial.read(path)


def test_the_facts_of_a_snapshot_are_the_stored_ones_whatever_the_fold(stored_material: SnapshotMaterial) -> None:
    train, test = np.arange(10), np.arange(10, 40)
    assert stored_material.facts((train, test)) == (market_facts(MATERIAL_DATA)[:10], market_facts(MATERIAL_DATA)[10:])
    assert stored_material.listings == MATERIAL_DATA.listings
    assert stored_material.labels.tolist() == MATERIAL_DATA.labels.tolist()


def test_linked_accounts_of_a_snapshot_are_one_seller(stored_material: SnapshotMaterial) -> None:
    assert len(set(stored_material.groups[:6].tolist())) == 1
    assert len(set(stored_material.groups.tolist())) == 18


def test_the_weights_of_a_snapshot_are_those_of_a_training(stored_material: SnapshotMaterial) -> None:
    assert np.array_equal(stored_material.weights, training_weights(MATERIAL_ROWS, market_facts(MATERIAL_DATA)).values)
    assert len(set(stored_material.weights.tolist())) > 1


def test_a_file_that_is_no_snapshot_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(SnapshotRefused):
        SnapshotMaterial.read(tmp_path / "a.parquet")


def test_rows_of_a_file_weigh_the_same() -> None:
    assert FileMaterial(MATERIAL_DATA, tuple(BRANDS.brands.values()), NOW, "bazaar").weights.tolist() == [1.0] * 40


def a_row(version_id: str, label: int, level: str, *sources: str) -> SnapshotRow:
    return SnapshotRow(
        version_id=version_id,
        listing_id="lst_1",
        known_at=NOW,
        seller="maison-brandt",
        seller_cluster="maison-brandt",
        brand_id="brd_1",
        lane="analyst",
        inclusion_probability=1.0,
        label=label,
        weight=0.5,
        evidence_level=level,
        matured_at=NOW + timedelta(days=14),
        provenance=("vdt_1",),
        sources=sources,
        audit_entries=(1,),
        facts="{}",
    )


def test_a_summary_counts_and_names_no_seller(tmp_path: Path) -> None:
    rows = [a_row("ver_1", 1, "brand", "brand:brd_1"), a_row("ver_2", 0, "two_reviewers", "user:usr_1", "user:usr_2")]
    path, digest = write_snapshot(tmp_path, rows, REFERENCES, NOW + timedelta(days=30))
    summary = summarise(path, digest, preview=1)
    assert (summary.rows, summary.counterfeit, summary.whole) == (2, 1, True)
    assert summary.levels == {"brand": 1, "two_reviewers": 1}
    assert summary.sources == {"brand:brd_1": 1, "user:usr_1": 1, "user:usr_2": 1}
    assert summary.by_source == {"brand:brd_1": 1}
    (preview,) = summary.preview
    assert not {"seller", "seller_cluster", "facts"} & preview.keys()
    assert not summarise(path, "0" * 64).whole


def test_a_missing_file_or_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused, match="gone"):
        summarise(tmp_path / "none.parquet", "0" * 64)
    (tmp_path / "bad.parquet").write_bytes(b"<html>")
    with pytest.raises(SnapshotRefused, match="gone or cannot be read"):
        summarise(tmp_path / "bad.parquet", "0" * 64)
