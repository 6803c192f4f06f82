"""`touchstone evaluate --with` and on a snapshot, and the sentences about what a change is worth."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.commands.evaluation import peer_comparison, second_stage_sentences, tried_comparison
from serving.learning.service import training_child
from serving.learning.service.training_child import TrainingFailed
from tests.fixtures.clocks import NOW
from tests.fixtures.fitting import fit_in_this_process, small_forests
from tests.fixtures.labelled import a_market, labelled_file, market_references, snapshot_rows
from tests.serving.commands.commands import REFUSED, touchstone_in
from tests.training.test_job import leaking_row, lines_of
from training.evaluate.baselines import NAMES
from training.evaluate.cross_validation import PARTS, PEERS, Repeat
from training.fit.forest import forest_settings
from training.fit.settings import FitSettings, as_file
from training.gates.golden import GoldenItem, freeze
from training.simulation.arms import ARMS
from training.snapshots.snapshot import SnapshotRow, write_snapshot

DATA = a_market(80)
MINE = '''
def price_cents(e):
    """Part of the price after the point."""
    return float(e.facts.listing.price % 1)
'''


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def test_a_feature_of_a_file_is_tried_on_a_snapshot(
    tmp_path: Path, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_forests(monkeypatch)
    fit_in_this_process(monkeypatch)
    snapshot, _ = write_snapshot(tmp_path, snapshot_rows(DATA), market_references(DATA), NOW)
    out = tmp_path / "figures.json"
    done = touchstone_in(
        tmp_path / "home",
        *("evaluate", str(snapshot), "--format", "snapshot", "--repeats", "1", "--json", str(out)),
        *("--with", str(mine), "--without", "price_log", "--compare", "logistic_regression"),
    )
    assert done.code == 0, done
    shown = " ".join(done.out.replace("│", " ").split())
    assert "80 rows, " in shown
    assert "price_cents Part of the price after the point. 100% 0." in shown
    assert "With price_cents and without 1 feature, less the model: " in shown
    assert "Model less the model without these features" not in shown
    assert "Model less logistic regression: " in shown
    figures = json.loads(out.read_text())
    assert (figures["format"], figures["without"]) == ("snapshot", ["price_log"])
    assert [feature["name"] for feature in figures["with"]] == ["price_cents"]
    assert set(figures["parts"]) == {"without_points", "forest_alone", "text_alone", "with"}
    assert figures["gain_with"]["ap"] == pytest.approx(figures["parts"]["with"]["ap"] - figures["model"]["ap"])


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def f(e): return e.nothing", "f failed on listing MP-0: AttributeError: "),
        ("x =", "mine.py does not run: SyntaxError: "),
        ("x = 1", "mine.py has no feature; write a function of Evidence with a public name."),
    ],
)
def test_a_file_that_cannot_be_tried_is_refused_before_the_fits(tmp_path: Path, source: str, sentence: str) -> None:
    (tmp_path / "mine.py").write_text(source)
    path = labelled_file(tmp_path / "a.ndjson", 20)
    done = touchstone_in(
        tmp_path / "home", "evaluate", str(path), "--format", "native", "--with", str(tmp_path / "mine.py")
    )
    assert (done.code, done.out) == (REFUSED, "")
    assert sentence in done.text
    assert "Traceback" not in done.err


def test_a_feature_that_knows_the_label_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scores are made up: the feature is looked at on its own."""
    many = a_market(240, share=0.5)
    scores = {name: many.labels + np.linspace(0, 1, 240) for name in ("model", *PARTS, *NAMES, "with")}
    monkeypatch.setattr("training.evaluate.cross_validation.cross_validate", lambda *_given, **_more: [Repeat(scores)])
    sellers = zip(many.listings, many.labels, strict=True)
    fakes = sorted({str(listing.seller.external_id) for listing, label in sellers if label})
    (tmp_path / "mine.py").write_text(
        f"FAKES = {fakes!r}\ndef f(e): return e.facts.listing.seller.external_id in FAKES\n"
    )
    path = labelled_file(tmp_path / "a.ndjson", 240, share=0.5)
    done = touchstone_in(
        *(tmp_path / "home", "evaluate", str(path), "--format", "native", "--with", str(tmp_path / "mine.py"))
    )
    assert "f (ROC-AUC 1.0000 on " in done.text
    assert "alone separates counterfeit from genuine; check that it does not use the label." in done.text


def test_a_missing_snapshot_is_refused_in_a_sentence(tmp_path: Path) -> None:
    done = touchstone_in(tmp_path / "home", "evaluate", str(tmp_path / "a.parquet"), "--format", "snapshot")
    assert (done.code, done.text) == (REFUSED, "a.parquet is no file.")


def a_summary(low: float | None, high: float | None, **more: Any) -> dict[str, Any]:
    floor = None if low is None else 0.02
    gain = {"ap": 0.01, "ap_interval": (low, high), "ap_ratio": 1.02, "ap_told_from_chance": floor, "repeats_better": 4}
    return {"repeats": 5, "positives": 38, "gain_with": gain, "difference_to_without": gain, **more}


WITH = {"with": [{"name": "a"}, {"name": "b"}]}
FIGURES = "+0.010 AP ({} over sellers and fits, paired), 1.02 times as much; better in 4 of 5 repeats."
BETTER = "This is better beyond chance."
CHANCE = "Neither is better beyond chance: with 38 counterfeits the interval excludes zero only from about +0.02 AP."
SENTENCES = [
    (0.001, 0.02, WITH, f"With a, b, less the model: {FIGURES.format('0.001 to 0.020')} This is better beyond chance."),
    (
        -0.02,
        -0.001,
        WITH,
        f"With a, b, less the model: {FIGURES.format('-0.020 to -0.001')} This is worse beyond chance.",
    ),
    (-0.01, 0.02, WITH, f"With a, b, less the model: {FIGURES.format('-0.010 to 0.020')} {CHANCE}"),
    (None, None, WITH, f"With a, b, less the model: {FIGURES.format('unknown')}"),
    (
        0.001,
        0.02,
        {**WITH, "without": ["price_log", "price_to_list"]},
        f"With a, b and without 2 features, less the model: {FIGURES.format('0.001 to 0.020')} {BETTER}",
    ),
    (0.001, 0.02, {**WITH, "repeats": 1}, "One repeat says nothing of chance, because it has no second fit."),
]


@pytest.mark.parametrize(("low", "high", "more", "sentence"), SENTENCES)
def test_a_sentence_says_what_the_tried_features_are_worth(
    low: float | None, high: float | None, more: dict[str, Any], sentence: str
) -> None:
    assert tried_comparison(a_summary(low, high, **more)).endswith(sentence)


def test_a_sentence_says_what_the_model_loses_without_some_features() -> None:
    expected = f"Model less the model without these features: {FIGURES.format('0.001 to 0.020')} "
    assert peer_comparison("without", a_summary(0.001, 0.02)) == f"{expected}The model is better beyond chance."


def test_the_second_stage_is_told_against_the_first_answer_and_each_peer() -> None:
    gain = a_summary(0.001, 0.02)["gain_with"]
    keys = ("gain_second_stage", *(f"difference_of_second_stage_to_{peer}" for peer in PEERS))
    lines = list(second_stage_sentences({**a_summary(0.001, 0.02), "encoder": "tiny 1 0", **dict.fromkeys(keys, gain)}))
    figures = FIGURES.format("0.001 to 0.020")
    assert lines == [
        f"Second score by tiny 1 0 less {name}: {figures} It is better beyond chance."
        for name in ("the first answer", "rank average", "fair peer", "fair peer with points")
    ]


# `touchstone model reproduce`: the same digest ends with 0, another with 1, unusable input with 2.

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
    ([leaking_row(row) for row in ROWS], ["--accept-leak", "seller_age", "--accept-leak", "text_length"]),
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
    expansions = {"settings": ["--settings", str(tmp_path / "settings.json")]}
    expansions["golden"] = ["--golden", str(home / "snapshots" / f"golden-{golden}.jsonl"), "--golden-digest", golden]
    for number, (rows, more) in enumerate(TRAININGS):
        path, digest = write_snapshot(home / "snapshots", rows, market_references(a_market(160)), NOW)
        options = [word for name in more for word in expansions.get(name, [name])]
        command = ["train", "--snapshot", str(path), "--snapshot-digest", digest, "--out", str(tmp_path / "out")]
        place = ["--job-id", f"job_{number}", *registry, "--artifacts", str(home / "mlflow" / "artifacts")]
        code, lines = lines_of(["-m", "training.runs.job", *command, *options, *place])
        assert code == 0, lines[-1]
        shutil.rmtree(tmp_path / "out")
        done = touchstone_in(home, "model", "reproduce", lines[-1]["run_id"])
        assert re.fullmatch(r"Same digest [0-9a-f]{64} as run [0-9a-f]{32}\n", done.out), done
        same += done.code == 0
    assert same == len(TRAININGS)


SMALL = ("--months", "2", "--listings", "500", "--processes", "1")


def test_simulate_prints_a_table_and_writes_figures_and_pictures(tmp_path: Path) -> None:
    out, pictures = tmp_path / "figures.json", tmp_path / "pictures"
    arms = "no-retraining,exploration,cleared"
    done = touchstone_in(tmp_path, "simulate", *SMALL, "--arms", arms, "--json", str(out), "--plots", str(pictures))
    figures = json.loads(out.read_text(encoding="utf-8"))
    cleared = [name for name in ARMS if name.startswith("cleared-")]
    assert done.code == 0
    assert "Simulated: months of the second half, all seeds together" in done.out
    assert "Simulated: why candidates were not promoted" in done.out
    assert "holds" in done.out or "FAILS" in done.out
    assert figures["simulated"] is True
    assert [run["arm"] for run in figures["runs"]] == ["no-retraining", "exploration", *cleared]
    assert {path.name for path in pictures.iterdir()} >= {"found.png", "recall.png", "prevalence.png", "attacks.png"}


@pytest.mark.parametrize("arms", ["bribery", "exploration,", "clear"])
def test_an_arm_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path, arms: str) -> None:
    done = touchstone_in(tmp_path, "simulate", *SMALL, "--arms", arms)
    assert done.code == REFUSED
    assert "is none of no-retraining, flagged-only, exploration," in done.text
