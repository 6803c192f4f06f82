"""`touchstone model reproduce`: the same digest ends with 0, another with 1, unusable input with 2."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serving.learning.service import training_child
from serving.learning.service.training_child import TrainingFailed
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import a_market, market_references, snapshot_rows
from tests.serving.cli.commands import REFUSED, touchstone_in
from tests.training.test_job import leaking, lines_of
from training.fit_forest import forest_settings
from training.fit_settings import FitSettings, as_file
from training.golden import GoldenItem, freeze
from training.snapshot import SnapshotRow, write_snapshot

DIGESTS = "a" * 64, "b" * 64
FOUND: dict[str, Any] = {"run_id": "r1", "recorded": DIGESTS[0], "digest": DIGESTS[0], "differences": []}
ANOTHER = f"Another digest: run r1 has {DIGESTS[0]}, now "
ENDS: list[tuple[dict[str, Any], int, str]] = [
    ({}, 0, f"Same digest {DIGESTS[0]} as run r1\n"),
    ({"differences": ["numpy was 1, now 2"]}, 0, f"Same digest {DIGESTS[0]} as run r1\n  numpy was 1, now 2\n"),
    (
        {"digest": DIGESTS[1], "differences": ["model.json differs"]},
        1,
        f"{ANOTHER}{DIGESTS[1]}\n  model.json differs\n",
    ),
    ({"digest": DIGESTS[1]}, 1, f"{ANOTHER}{DIGESTS[1]}\n  no recorded input differs\n"),
    (
        {"digest": None, "differences": ["input fingerprint was 0, now 1"]},
        1,
        f"{ANOTHER}no bundle, because this version has other features\n  input fingerprint was 0, now 1\n",
    ),
]


@pytest.mark.parametrize(("change", "code", "printed"), ENDS)
def test_the_exit_code_says_whether_the_digest_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], code: int, printed: str
) -> None:
    monkeypatch.setattr(training_child, "run_child", lambda *_arguments, **_more: {**FOUND, **change})
    done = touchstone_in(tmp_path, "model", "reproduce", "r1")
    assert (done.code, done.out) == (code, printed)


def test_what_the_child_refuses_is_unusable_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "abcdef123456 is neither a run nor a digest that MLflow has."

    def refused(*_arguments: Any, **_more: Any) -> None:
        raise TrainingFailed(sentence)

    monkeypatch.setattr(training_child, "run_child", refused)
    done = touchstone_in(tmp_path, "model", "reproduce", "abcdef123456")
    assert (done.code, done.out) == (REFUSED, "")
    assert sentence in done.text


# Soak: what a service's own child has trained, with every kind of input, from the command line.

ROWS = snapshot_rows(a_market(160))
GOLDEN = [
    GoldenItem(f"ver_g{i}", f"lst_g{i}", f"golden-{i}", row.label, ("a", "b"), row.facts)
    for i, row in enumerate(snapshot_rows(a_market(60, seed=9)))
]
TRAININGS: list[tuple[list[SnapshotRow], list[str]]] = [
    (ROWS, []),
    (ROWS, ["--seed", "7"]),
    (ROWS[:120], ["--threads", "2"]),
    ([leaking(row) for row in ROWS], ["--accept-leak", "seller_age", "--accept-leak", "text_length"]),
    ([replace(row, weight=0.5) for row in ROWS], ["golden"]),
    (ROWS[:140], ["settings"]),
]


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_six_of_six_runs_give_the_same_digest(tmp_path: Path) -> None:
    home, same = tmp_path / "home", 0
    (home / "snapshots").mkdir(parents=True)
    (home / "mlflow").mkdir()
    content, golden = freeze(GOLDEN, NOW)
    (home / "snapshots" / f"golden-{golden}.jsonl").write_bytes(content)
    registry = ["--model-name", "m", "--tracking-uri", f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"]
    (tmp_path / "settings.json").write_text(as_file(FitSettings(forest_settings(5_000), 3.0)))
    given = {"settings": ["--settings", str(tmp_path / "settings.json")]}
    given["golden"] = ["--golden", str(home / "snapshots" / f"golden-{golden}.jsonl"), "--golden-digest", golden]
    for number, (rows, more) in enumerate(TRAININGS):
        path, digest = write_snapshot(home / "snapshots", rows, market_references(a_market(160)), NOW)
        options = [word for name in more for word in given.get(name, [name])]
        command = ["train", "--snapshot", str(path), "--snapshot-digest", digest, "--out", str(tmp_path / "out")]
        place = ["--job-id", f"job_{number}", *registry, "--artifacts", str(home / "mlflow" / "artifacts")]
        code, lines = lines_of(["-m", "training.job", *command, *options, *place])
        assert code == 0, lines[-1]
        shutil.rmtree(tmp_path / "out")
        done = touchstone_in(home, "model", "reproduce", lines[-1]["run_id"])
        assert re.fullmatch(r"Same digest [0-9a-f]{64} as run [0-9a-f]{32}\n", done.out), done
        same += done.code == 0
    assert same == len(TRAININGS)
