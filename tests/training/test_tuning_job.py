"""The tuning child with a real tracking store: a run for each trial, an interrupt, and a store that is away."""

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from serving.platform import children
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import a_market, market_references, snapshot_rows
from tests.training.registry.test_runs import runs_of
from tests.training.test_job import REFUSED, lines_of
from training.snapshots.snapshot import write_snapshot

FOLDS, TRIALS = 2, 1


def command(folder: Path, rows: int, uri: str, **changes: str) -> list[str]:
    """A tuning of a market of so many listings."""
    market = a_market(rows)
    snapshot, _ = write_snapshot(folder, snapshot_rows(market), market_references(market), NOW)
    options = {
        "folds": str(FOLDS),
        "trials": str(TRIALS),
        "minutes": "30",
        "seed": "0",
        "format": "snapshot",
        **changes,
    }
    return [
        *("-m", "training.runs.tuning_job", "--data", str(snapshot), "--received-at", NOW.isoformat()),
        *(word for name, option in options.items() for word in (f"--{name}", option)),
        *("--model-name", "m", "--tracking-uri", uri, "--artifacts", str(folder / "artifacts")),
    ]


@dataclass(frozen=True, slots=True)
class RecordedTuning:
    """The last line of a tuning, and its runs in MLflow."""

    last_line: dict[str, Any]
    parent: dict[str, Any]
    children: Sequence[dict[str, Any]]


@pytest.fixture(scope="module")
def recorded_tuning(tmp_path_factory: pytest.TempPathFactory) -> RecordedTuning:
    folder = tmp_path_factory.mktemp("tuning")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    code, lines = lines_of(command(folder, 60, uri))
    assert code == 0, lines[-1]
    runs = runs_of(uri)
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run["tags"]]
    return RecordedTuning(lines[-1], parent, [run for run in runs if run is not parent])


def test_each_trial_is_a_child_run_with_its_settings_and_figures(recorded_tuning: RecordedTuning) -> None:
    assert len(recorded_tuning.children) == (FOLDS + 1) * (TRIALS + 1)
    assert {"outer fold 1, trial 0", "outer fold 2, trial 1", "all rows, trial 1"} <= {
        child["name"] for child in recorded_tuning.children
    }
    for child in recorded_tuning.children:
        assert child["tags"]["mlflow.parentRunId"] == recorded_tuning.last_line["run_id"]
        assert child["params"].keys() == recorded_tuning.last_line["defaults"].keys()
        assert 0 < child["metrics"]["inner.ap_within_folds"] <= 1
        assert (child["status"] == "FINISHED") == ("inner.ap" in child["metrics"])
    (default,) = [child for child in recorded_tuning.children if child["name"] == "all rows, trial 0"]
    assert default["metrics"]["inner.ap"] == pytest.approx(
        recorded_tuning.last_line["searches"]["all rows"]["default_ap"]
    )
    assert (default["params"]["forest.leaves"], default["params"]["text_cost"]) == ("3", "10.0")


def test_the_parent_run_has_the_data_the_plan_and_the_outer_figures(recorded_tuning: RecordedTuning) -> None:
    parent, figures = recorded_tuning.parent, recorded_tuning.last_line
    assert parent["status"] == "FINISHED"
    expected = {"rows": "60", "format": "snapshot", "folds": "2", "trials": "1", "seed": "0"}
    assert {name: parent["params"][name] for name in expected} == expected
    for part in ("default", "tuned", "gain"):
        assert parent["metrics"][f"outer.{part}.ap"] == pytest.approx(figures[part]["ap"])
    assert figures["not_tracked"] is None


def test_an_interrupt_ends_the_search_and_shows_what_was_found_also_without_a_tracking_store(tmp_path: Path) -> None:
    words = command(tmp_path, 60, "http://127.0.0.1:9", trials="2", folds="3")
    with subprocess.Popen(
        [*children.interpreter_command(), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as child:
        assert child.stdout is not None
        last: dict[str, Any] = {}
        for text in child.stdout:
            last = json.loads(text)
            if last.get("stage") == "outer fold 2":
                os.kill(child.pid, signal.SIGINT)
                os.kill(child.pid, signal.SIGINT)  # A terminal and the parent both send it.
        assert child.wait() == 0
    assert (last["event"], last["interrupted"], last["settings"]) == ("done", True, None)
    assert list(last["searches"]) == ["outer fold 1"]
    assert 0 < last["measured"] < 60
    assert last["run_id"] is None
    assert last["not_tracked"].startswith("MLflow at 127.0.0.1:9 ")


def test_what_cannot_be_tuned_is_refused_in_a_sentence(tmp_path: Path) -> None:
    code, lines = lines_of(command(tmp_path, 20, f"sqlite:///{tmp_path / 'mlflow.db'}", folds="40"))
    assert (code, lines[-1]["event"]) == (REFUSED, "refused")
    assert "40 folds by seller need at least 40" in lines[-1]["sentence"]
