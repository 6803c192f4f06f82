"""The notebooks and their executed copies. `make notebooks` writes the copies."""

import csv
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from serving.platform import children
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import a_market, labelled_rows, market_references, snapshot_rows
from tests.notebooks import build
from tests.notebooks.build import NOTEBOOKS, REAL, ROOT, executed_notebook, main, outputs, printed_text, source_of
from training.snapshots.snapshot import write_snapshot

MOST_BYTES = 600_000
FIRST = NOTEBOOKS[0]
# For `make test`, the first notebook at a size that has a counterfeit of every kind.
SMALLER = ("LISTINGS = 2_500", "LISTINGS = 500")

_TEXTS = ("text/plain", "text/html")

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


def committed_notebook(path: Path) -> Any:
    """The executed copy of a notebook."""
    return nbformat.read(path.with_suffix(".ipynb"), as_version=4)


def texts(notebook: Any) -> str:
    """All text of a notebook: its source and what it printed, without pictures."""
    pieces = [cell.source for cell in notebook.cells]
    for output in outputs(notebook):
        pieces += [str(output.get("text", "")), *(str(output.get("data", {}).get(kind, "")) for kind in _TEXTS)]
    return "\n".join(pieces)


def pictures(cells: Any) -> list[int]:
    """The places of the cells that show a plot."""
    shown = (any("image/png" in output.get("data", {}) for output in cell.get("outputs", ())) for cell in cells)
    return [number for number, has_plot in enumerate(shown) if has_plot]


@each
def test_the_executed_copy_has_the_source_of_the_notebook(path: Path) -> None:
    notebook, source = committed_notebook(path), source_of(path)
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in source.cells], "run `make notebooks`"
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in source.cells]


@each
def test_the_executed_copy_ran_to_its_end_without_a_warning(path: Path) -> None:
    code = [cell for cell in committed_notebook(path).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert {output.output_type for output in outputs(committed_notebook(path))} <= {
        "stream",
        "display_data",
        "execute_result",
    }
    assert [output.text for output in outputs(committed_notebook(path)) if output.get("name") == "stderr"] == []


@each
def test_the_executed_copy_is_small_and_the_same_on_every_machine(path: Path) -> None:
    assert path.with_suffix(".ipynb").stat().st_size <= MOST_BYTES
    notebook = committed_notebook(path)
    assert notebook.metadata == source_of(path).metadata
    assert all(cell.metadata == {} for cell in notebook.cells)
    assert not re.search(r"/(?:home|root|tmp|usr|work|Users)/|0x[0-9a-f]{8}|\d\d:\d\d:\d\d\.\d", texts(notebook))


@each
def test_a_notebook_begins_with_its_question_and_says_after_each_plot_what_to_see(path: Path) -> None:
    cells = committed_notebook(path).cells
    assert re.match(r"# \d · .+\n\n\*\*[^*]+\?\*\* [A-Z]", cells[0].source)
    plotted = pictures(cells)
    after = [next(cell.source for cell in cells[number:] if cell.cell_type == "markdown") for number in plotted]
    assert len(plotted) >= 3
    assert [text for text in after if not text.startswith("*What to see:*")] == []


def test_every_notebook_is_in_the_guide() -> None:
    guide = (ROOT / "docs" / "data-science.md").read_text(encoding="utf-8")
    linked = re.findall(r"\(\.\./notebooks/(.+?)\.ipynb\)", guide)
    assert sorted(set(linked)) == [path.stem for path in NOTEBOOKS]
    assert sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")) == [path.stem for path in NOTEBOOKS]


def test_no_text_of_the_real_data_is_in_a_notebook(datasets: Path) -> None:
    with (datasets / "ozon_ecup" / "train_sample.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 500
    # A brand or a category may be a word of ours, and a seller's number of few digits a figure.
    secret = {
        str(row[name]).strip() for row in rows for name in ("name_rus", "description", "SellerID", "ItemID", "id")
    }
    secret = {text for text in secret if len(text) >= 5}
    assert len(secret) > 1_000
    words = {path.stem: texts(committed_notebook(path)) for path in NOTEBOOKS}
    leaks = [(name, text) for name, words_ in words.items() for text in secret if _contains(words_, text)]
    assert leaks == []


def _contains(words: str, text: str) -> bool:
    return text in words and re.search(rf"\b{re.escape(text)}\b", words) is not None


def test_the_notebook_of_real_data_prints_figures_and_no_texts() -> None:
    notebook = committed_notebook(build.ROOT / "notebooks" / f"{REAL}.py")
    assert not re.search(r"[\u0400-\u04ff]", texts(notebook)), "the real texts are in Russian"
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert not re.search(r"\.(?:title|description|brand|seller|external_id|price)\b|\.listings\b", code)
    for output in outputs(notebook):
        assert output.get("data", {}).get("text/html", "").count("<tr") <= 12, "a table of rows"


def test_without_the_real_data_its_notebook_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "DATASETS", tmp_path / "none")
    monkeypatch.setattr(build, "write", lambda path: pytest.fail(f"{path.name} was executed"))
    main([REAL])
    assert "not executed" in capsys.readouterr().out


def test_the_first_notebook_runs_from_its_first_cell_to_its_last() -> None:
    notebook = source_of(FIRST)
    for cell in notebook.cells:
        cell.source = cell.source.replace(*SMALLER)
    assert SMALLER[1] in texts(notebook)
    assert pictures(executed_notebook(notebook).cells) == pictures(committed_notebook(FIRST).cells)
    assert [output.text for output in outputs(notebook) if output.get("name") == "stderr"] == []


@pytest.mark.soak
@pytest.mark.timeout(900)
@each
def test_a_notebook_gives_its_committed_outputs(path: Path, request: pytest.FixtureRequest) -> None:
    """In words; numbers may differ in their last digits between processors."""
    if path.stem == REAL:
        request.getfixturevalue("datasets")
    assert printed_text(executed_notebook(source_of(path))) == printed_text(committed_notebook(path)), (
        "run `make notebooks`"
    )


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_notebook_of_errors_reads_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    market = a_market(300)
    path, _ = write_snapshot(tmp_path, snapshot_rows(market), market_references(market), NOW)
    monkeypatch.setenv("TOUCHSTONE_SNAPSHOT", str(path))
    notebook = executed_notebook(source_of(next(path for path in NOTEBOOKS if "error" in path.stem)))
    assert "300 labelled listings" in texts(notebook)
    assert "in truth" not in "".join(str(output) for output in outputs(notebook)), "only a simulation has the truth"


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_notebook_of_real_data_runs_without_them_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHSTONE_DATASETS", str(tmp_path))
    notebook = source_of(ROOT / "notebooks" / f"{REAL}.py")
    for cell in notebook.cells:
        cell.source = cell.source.replace("REPEATS = 2", "REPEATS = 1")
    assert "500 simulated listings" in texts(executed_notebook(notebook))


def test_a_notebook_of_somebody_else_needs_the_frame_and_the_estimator_alone(tmp_path: Path) -> None:
    path = Path(__file__).with_name("stranger.py")
    imported = re.findall(r"^from ((?:features|models|training|serving|tests)\S*) import (.+)$", path.read_text(), re.M)
    assert imported == [
        ("training.fit.classifier", "CounterfeitClassifier"),
        ("training.frame", "features_frame"),
    ]
    rows = pd.json_normalize([{**row, "label": label} for row, label in labelled_rows(80)])
    rows.to_csv(tmp_path / "listings.csv", index=False)
    command = [*children.interpreter_command(), "-m", "tests.notebooks.stranger", str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures = dict(json.loads(done.stdout.splitlines()[-1]))
    assert figures["ours"] > 0.5
    assert figures["baseline"] > 0.4
