"""The code of docs/experiments.md does what the page says."""

import math
import re
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pytest

from tests.docs.generate import ROOT
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import some_facts
from tests.fixtures.labelled import a_market, labelled_rows, market_references, snapshot_rows
from training.evaluate.tried import TriedFile, tried_columns
from training.snapshots.snapshot import write_snapshot

PAGE: Final = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
CODE: Final = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_features_of_the_page_can_be_tried() -> None:
    features = TriedFile("mine.py", CODE[0]).features()
    assert [feature.name for feature in features] == ["description_per_price", "pictures"]
    shown = some_facts(price="100.00", description="Worn twice", image_link=["https://bazaar.example/1.jpg"])
    known, unknown = tried_columns(features, [shown, some_facts(price=None, image_link=None)])
    assert known.tolist() == pytest.approx([math.log(3) - math.log(100), 1.0])
    assert np.isnan(unknown).all()


def test_the_example_with_a_file_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pd.json_normalize([{**row, "label": label} for row, label in labelled_rows(60)])
    rows.to_csv(tmp_path / "listings.csv", index=False)
    few = CODE[1].replace("CounterfeitClassifier()", "CounterfeitClassifier(rounds=5, folds=2)").replace("(5)", "(2)")
    exec(few, {"file": tmp_path / "listings.csv"})  # noqa: S102  # the page
    assert re.fullmatch(r"\{'text_cost': 10?\} \(60, 2\)\n", capsys.readouterr().out)


def test_the_example_with_scikit_learn_runs_on_a_snapshot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    market = a_market(60)
    snapshot, _ = write_snapshot(tmp_path, snapshot_rows(market), market_references(market), NOW)
    few = CODE[2].replace("CounterfeitClassifier()", "CounterfeitClassifier(rounds=20, folds=2)")
    exec(few.replace("random_state=0", "random_state=0, n_repeats=1"), {"snapshot": snapshot})  # noqa: S102  # the page
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert all(re.fullmatch(r"[a-z_0-9]+ +[+-]\d\.\d{3}", line) for line in lines)
