from datetime import timedelta
from pathlib import Path

import pytest

from tests.fixtures.clocks import NOW
from tests.fixtures.facts import REFERENCES
from training.snapshot import SnapshotRefused, SnapshotRow, write_snapshot
from training.snapshot_summary import summarise


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
    found = summarise(path, digest, preview=1)
    assert (found.rows, found.counterfeit, found.whole) == (2, 1, True)
    assert found.levels == {"brand": 1, "two_reviewers": 1}
    assert found.sources == {"brand:brd_1": 1, "user:usr_1": 1, "user:usr_2": 1}
    assert found.by_source == {"brand:brd_1": 1}
    (preview,) = found.preview
    assert not {"seller", "seller_cluster", "facts"} & preview.keys()
    assert not summarise(path, "0" * 64).whole


def test_a_missing_file_or_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused, match="gone"):
        summarise(tmp_path / "none.parquet", "0" * 64)
    (tmp_path / "bad.parquet").write_bytes(b"<html>")
    with pytest.raises(SnapshotRefused, match="gone or cannot be read"):
        summarise(tmp_path / "bad.parquet", "0" * 64)
