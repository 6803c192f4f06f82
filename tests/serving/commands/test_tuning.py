"""`touchstone tune`: the tables, the sentence about the gain, and the file of settings."""

import json
from pathlib import Path
from typing import Any

import pytest

from serving.commands.evaluation import tuning_verdict
from serving.learning.service import training_child
from tests.serving.commands.commands import REFUSED, CommandResult, touchstone_in
from training.fit.forest import forest_settings
from training.fit.settings import FitSettings, read_settings

BEST = FitSettings(forest_settings(5_000), text_cost=3.0)
FIGURES = {"ap": 0.8, "ap_interval": [0.7, 0.9]}
FOUND: dict[str, Any] = {
    "rows": 120,
    "positives": 62,
    "sellers": 60,
    "folds": 2,
    "inner_folds": 3,
    "trials": 6,
    "seed": 0,
    "interrupted": False,
    "measured": 120,
    "defaults": FitSettings().values(62),
    "searches": {
        "outer fold 1": {"trials": 6, "pruned": 2, "default_ap": 0.8, "best_ap": 0.81, "settings": {"text_cost": 1.0}},
        "outer fold 2": {"trials": 6, "pruned": 1, "default_ap": 0.7, "best_ap": 0.7, "settings": {}},
        "all rows": {"trials": 6, "pruned": 3, "default_ap": 0.75, "best_ap": 0.77, "settings": BEST.changed()},
    },
    "settings": BEST.changed(),
    "measured_positives": 62,
    "default": FIGURES,
    "tuned": FIGURES,
    "gain": {"ap": 0.01, "ap_interval": [-0.01, 0.02]},
    "refused": 1,
    "unlabelled": 2,
    "run_id": "r1",
    "not_tracked": None,
}
ASKED: list[list[str]] = []


def run_tuning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *more: str, **changes: Any) -> CommandResult:
    """The command, with a child that has found this."""

    def child(module: str, arguments: list[str], **options: Any) -> dict[str, Any]:
        assert (module, options["interruptible"]) == (training_child.TUNING, True)
        ASKED.append(arguments)
        options["progress"]({"stage": "outer fold 1", "share": 0.5})
        return {**FOUND, **changes}

    monkeypatch.setattr(training_child, "run_child", child)
    return touchstone_in(tmp_path / "home", "tune", str(tmp_path / "a.parquet"), "--format", "snapshot", *more)


def test_the_tables_show_each_search_each_setting_and_both_settings_on_the_outer_folds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run_tuning(tmp_path, monkeypatch, "--trials", "6", "--folds", "2", "--minutes", "1.5")
    assert done.code == 0, done
    shown = " ".join(done.out.replace("│", " ").split())
    assert "120 rows, 62 counterfeit, 60 sellers" in shown
    assert "outer fold 1 6 2 0.800 0.810" in shown
    assert "forest.leaves 3 3 to 3 31" in shown
    assert "text_cost 10 1 to 10 3" in shown
    assert "default 0.800 0.700 to 0.900" in shown
    assert "MLflow run r1, with a child run for each trial" in shown
    assert "Left out: 1 refused rows, 2 without a label." in done.err
    options = dict(zip(ASKED[-1][::2], ASKED[-1][1::2], strict=True))
    assert (options["--trials"], options["--folds"], options["--minutes"], options["--seed"]) == ("6", "2", "1.5", "0")
    assert options["--format"] == "snapshot"


VERDICTS = [
    ([0.001, 0.02], "Tuning improves the model on unseen sellers: +0.010 AP (0.001 to 0.020 over sellers, paired), "),
    ([-0.01, 0.02], "Tuning does not improve the model on unseen sellers beyond chance: +0.010 AP (-0.010 to 0.020 "),
    ([-0.02, -0.001], "Tuning makes the model worse on unseen sellers: +0.010 AP (-0.020 to -0.001 over sellers, "),
    ([None, None], "Tuning does not improve the model on unseen sellers beyond chance: +0.010 AP (unknown over "),
]


@pytest.mark.parametrize(("interval", "sentence"), VERDICTS)
def test_a_sentence_says_whether_tuning_improves_the_model(interval: list[float | None], sentence: str) -> None:
    text = tuning_verdict({**FOUND, "gain": {"ap": 0.01, "ap_interval": interval}})
    assert text.startswith(sentence)
    assert text.endswith("Keep the defaults.") == (interval[0] is None or interval[0] <= 0)


def test_the_settings_are_written_to_the_file_that_a_training_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, figures = tmp_path / "settings.json", tmp_path / "figures.json"
    done = run_tuning(tmp_path, monkeypatch, "--out", str(out), "--json", str(figures))
    assert read_settings(out) == BEST
    assert f"touchstone train --data FILE --settings {out}" in done.out
    assert json.loads(figures.read_text())["settings"] == BEST.changed()


def test_defaults_that_were_best_are_written_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run_tuning(tmp_path, monkeypatch, "--out", str(tmp_path / "s.json"), settings={})
    assert "No settings were found better than the defaults, so no file is written." in done.out
    assert not (tmp_path / "s.json").exists()


def test_an_interrupted_search_shows_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searches = {"outer fold 1": FOUND["searches"]["outer fold 1"]}
    done = run_tuning(
        *(tmp_path, monkeypatch, "--out", str(tmp_path / "s.json")),
        interrupted=True, measured=61, settings=None, searches=searches, run_id=None, not_tracked="MLflow is away.",
    )  # fmt: skip
    assert done.code == 0
    assert "Interrupted: 61 of 120 rows are measured." in done.err
    assert "MLflow is away." in done.err
    assert "outer fold 1" in done.out
    assert not (tmp_path / "s.json").exists()
    nothing = {name: figure for name, figure in FOUND.items() if name not in {"gain", "default", "tuned"}}
    assert tuning_verdict(nothing).startswith("No outer fold with both classes was measured")


def test_a_search_on_an_unknown_format_is_refused(tmp_path: Path) -> None:
    done = touchstone_in(tmp_path / "home", "tune", str(tmp_path / "a.csv"), "--format", "martian")
    assert (done.code, done.out) == (REFUSED, "")
    assert "martian is none of native, merchant-feed, ozon-ecup, vestiaire, wish, ebay, snapshot." in done.text


def test_settings_of_the_marketplace_s_trainings_stand_in_the_environment(tmp_path: Path) -> None:
    done = touchstone_in(tmp_path / "home", "train", "--settings", str(tmp_path / "s.json"))
    assert (done.code, done.out) == (REFUSED, "")
    assert "TOUCHSTONE_FIT_SETTINGS" in done.text
