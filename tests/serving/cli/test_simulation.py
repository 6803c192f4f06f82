import json
from pathlib import Path

import pytest

from tests.serving.cli.commands import REFUSED, touchstone_in
from training.simulation.arms import ARMS

SMALL = ("--months", "2", "--listings", "500", "--processes", "1")


def test_simulate_prints_a_table_and_writes_figures_and_pictures(tmp_path: Path) -> None:
    out, pictures = tmp_path / "figures.json", tmp_path / "pictures"
    arms = "no-retraining,exploration,cleared"
    done = touchstone_in(tmp_path, "simulate", *SMALL, "--arms", arms, "--json", str(out), "--plots", str(pictures))
    found = json.loads(out.read_text(encoding="utf-8"))
    cleared = [name for name in ARMS if name.startswith("cleared-")]
    assert done.code == 0
    assert "Simulated: months of the second half, all seeds together" in done.out
    assert "Simulated: why candidates were not promoted" in done.out
    assert "holds" in done.out or "FAILS" in done.out
    assert found["simulated"] is True
    assert [run["arm"] for run in found["runs"]] == ["no-retraining", "exploration", *cleared]
    assert {path.name for path in pictures.iterdir()} >= {"found.png", "recall.png", "prevalence.png", "attacks.png"}


@pytest.mark.parametrize("arms", ["bribery", "exploration,", "clear"])
def test_an_arm_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path, arms: str) -> None:
    done = touchstone_in(tmp_path, "simulate", *SMALL, "--arms", arms)
    assert done.code == REFUSED
    assert "is none of no-retraining, flagged-only, exploration," in done.text
