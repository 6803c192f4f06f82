"""The rows of a cross-validation: a snapshot's facts as stored, with training's weights and linked sellers as one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import BRANDS, a_market, market_facts, market_references, snapshot_rows
from training.material import FromFile, FromSnapshot
from training.snapshot import SnapshotRefused, write_snapshot
from training.weighting import training_weights

DATA = a_market(40)
ROWS = [
    replace(row, seller_cluster="ring" if i < 6 else row.seller_cluster) for i, row in enumerate(snapshot_rows(DATA))
]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> FromSnapshot:
    path, _ = write_snapshot(tmp_path_factory.mktemp("snapshot"), ROWS, market_references(DATA), NOW)
    return FromSnapshot.read(path)


def test_the_facts_of_a_snapshot_are_the_stored_ones_whatever_the_fold(stored: FromSnapshot) -> None:
    train, test = np.arange(10), np.arange(10, 40)
    assert stored.facts((train, test)) == (market_facts(DATA)[:10], market_facts(DATA)[10:])
    assert stored.listings == DATA.listings
    assert stored.labels.tolist() == DATA.labels.tolist()


def test_linked_accounts_of_a_snapshot_are_one_seller(stored: FromSnapshot) -> None:
    assert len(set(stored.groups[:6].tolist())) == 1
    assert len(set(stored.groups.tolist())) == 18


def test_the_weights_of_a_snapshot_are_those_of_a_training(stored: FromSnapshot) -> None:
    assert np.array_equal(stored.weights, training_weights(ROWS, market_facts(DATA)).values)
    assert len(set(stored.weights.tolist())) > 1


def test_a_file_that_is_no_snapshot_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(SnapshotRefused):
        FromSnapshot.read(tmp_path / "a.parquet")


def test_rows_of_a_file_weigh_the_same() -> None:
    assert FromFile(DATA, tuple(BRANDS.brands.values()), NOW, "bazaar").weights.tolist() == [1.0] * 40
