from pathlib import Path

from tests.training.simulation.test_summary import a_run, a_training
from training.simulation.plots import draw_plots
from training.simulation.summary import summary


def drawn_plots(folder: Path, *arms: str) -> list[str]:
    runs = [a_run(arm, trainings=(a_training(2), a_training(3, "calibration"))) for arm in arms]
    files = draw_plots({"runs": runs, "summary": summary(runs)}, folder)
    assert all(path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 5_000 for path in files)
    return [path.name for path in files]


def test_every_plot_is_drawn_if_every_arm_has_run(tmp_path: Path) -> None:
    names = drawn_plots(tmp_path, "no-retraining", "flagged-only", "exploration", "exploration-adapting", "cleared-4")
    assert names == ["found.png", "recall.png", "prevalence.png", "attacks.png", "promotions.png"]


def test_arms_that_did_not_run_are_not_drawn(tmp_path: Path) -> None:
    assert drawn_plots(tmp_path, "no-retraining") == ["found.png", "recall.png"]
