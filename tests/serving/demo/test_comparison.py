from dataclasses import replace

from serving.demo.comparison import TrainedModel, compare
from serving.demo.run import FIRST_DAY
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import a_market, market_references, snapshot_rows
from tests.fixtures.scorers import bundle_files
from training.simulation.synthetic import Settings
from training.snapshots.snapshot import Snapshot

LEARNT = 60


def test_a_label_that_a_model_has_not_learnt_moves_the_peer_and_none_of_its_parts() -> None:
    """The labels of the last rows of the snapshot are turned round."""
    market = a_market(80)
    snapshot = Snapshot(tuple(snapshot_rows(market)), market_references(market), NOW, "")
    turned = tuple(replace(row, label=1 - row.label) for row in snapshot.rows[LEARNT:])
    other = replace(snapshot, rows=(*snapshot.rows[:LEARNT], *turned))
    models = [TrainedModel(bundle_files(), known, LEARNT) for known in (snapshot, other)]
    ours, theirs = compare(Settings(1_000, 0, FIRST_DAY, 60), models, listings=120, as_of=NOW)
    same = {name for name, rival in ours["rivals"].items() if rival == theirs["rivals"][name]}
    assert same == ours["rivals"].keys() - {"fair_peer"}
