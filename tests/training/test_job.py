"""The training child as its parent process sees it: unusable snapshots, each with its message."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from serving.platform import children
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import a_market, market_references, snapshot_rows
from training.gates.golden import GoldenItem, freeze
from training.snapshots.snapshot import SnapshotRow, write_snapshot

REFUSED = 3
DATA = a_market(160)
ROWS = snapshot_rows(DATA)


def with_facts(row: SnapshotRow, **changes: Any) -> SnapshotRow:
    """The row with other facts."""
    return replace(row, facts=json.dumps({**json.loads(row.facts), **changes}))


def leaking_row(row: SnapshotRow) -> SnapshotRow:
    """The row with an account age that reveals its label."""
    facts = json.loads(row.facts)
    facts["listing"]["seller"]["age_days"] = 10 + row.label
    return replace(row, facts=json.dumps(facts))


CHANGED = "a golden set with a changed byte"
GENUINE = [replace(row, label=0) for row in ROWS]
UNSOUND: list[tuple[str, Sequence[SnapshotRow], str]] = [
    ("few", ROWS[:20], "labels are mature; at least 10 and 20 are needed to train"),
    ("one class", GENUINE, "0 counterfeit and 160 genuine labels are mature"),
    (
        "one seller",
        [replace(row, seller="seller-0", seller_cluster="seller-0") for row in ROWS],
        "All counterfeit labels are of one seller; at least two are needed",
    ),
    ("twice", [*ROWS, replace(ROWS[3], listing_id="lst_x")], "contains a listing version twice"),
    (
        "copied",
        [*ROWS, *(replace(row, version_id=f"ver_c{i}") for i, row in enumerate(ROWS[:20]))],
        "20 of 180 rows repeat the facts of another row under another id",
    ),
    ("leak", [leaking_row(row) for row in ROWS], "A column alone separates counterfeit from genuine"),
    ("known later", [replace(ROWS[0], known_at=NOW + timedelta(hours=1)), *ROWS[1:]], "became known after"),
    (
        "facts of tomorrow",
        [with_facts(ROWS[0], as_of=(NOW + timedelta(days=1)).isoformat()), *ROWS[1:]],
        "The facts of a row are later than",
    ),
    ("facts of another schema", [with_facts(ROWS[0], schema=99), *ROWS[1:]], "facts of schema 99; this version"),
    ("no proof", [replace(ROWS[0], audit_entries=()), *ROWS[1:]], "or their audit entries"),
]


@dataclass(frozen=True, slots=True)
class TrainingEnd:
    """The end of a training: exit code, last line, folder for the bundle, and digest of the golden set."""

    code: int
    line: dict[str, Any]
    out: Path
    golden: str = ""


def arguments(folder: Path, rows: Sequence[SnapshotRow]) -> list[str]:
    """A training on these rows."""
    path, digest = write_snapshot(folder, rows, market_references(DATA), NOW)
    return [
        *("train", "--snapshot", str(path), "--snapshot-digest", digest, "--out", str(folder / "out")),
        *("--job-id", "job_1", "--model-name", "m", "--tracking-uri", f"sqlite:///{folder / 'mlflow.db'}"),
    ]


def with_a_changed_golden_set(folder: Path) -> tuple[list[str], str]:
    """A training with a golden set that has a changed byte, and its digest when it was frozen."""
    items = [GoldenItem(f"ver_g{i}", f"lst_g{i}", None, row.label, ("a", "b"), row.facts) for i, row in enumerate(ROWS)]
    content, digest = freeze(items, NOW)
    golden = folder / "golden.jsonl"
    golden.write_bytes(content.replace(b'"label":1', b'"label":0', 1))
    return [*arguments(folder, ROWS), "--golden", str(golden), "--golden-digest", digest], digest


def lines_of(command: Sequence[str]) -> tuple[int, list[dict[str, Any]]]:
    """The exit code of a child whose standard input stays open, and its output."""
    with subprocess.Popen(
        [*children.interpreter_command(), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        # MLflow writes lines of its own beside a server.
        lines = [json.loads(line) for line in child.stdout if line.startswith(b"{")]
        return child.wait(), lines


# One process for all: its start takes three seconds, a refusal almost none.
IN_TURN = """
import json, sys
from training.child import exit_now
from training.runs.job import main
for arguments in json.loads(sys.argv[1]):
    print(json.dumps({"event": "ended", "code": main(arguments)}), flush=True)
exit_now(0)
"""


@pytest.fixture(scope="module")
def training_ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TrainingEnd]:
    """The end of the training on each unsound snapshot."""
    names = [*(name for name, *_ in UNSOUND), CHANGED]
    folders = [tmp_path_factory.mktemp("job") for _ in names]
    commands = [arguments(folder, rows) for folder, (_, rows, _) in zip(folders, UNSOUND, strict=False)]
    golden, digest = with_a_changed_golden_set(folders[-1])
    commands.append(golden)
    for number, command in enumerate(commands):  # Making a tracking store takes half a second.
        command[command.index("--job-id") + 1] = f"job_{number}"
        command[command.index("--tracking-uri") + 1] = f"sqlite:///{folders[0] / 'mlflow.db'}"
    code, text = lines_of(["-c", IN_TURN, json.dumps(commands)])
    assert code == 0
    at = [i for i, line in enumerate(text) if line["event"] == "ended"]
    endings = [TrainingEnd(text[i]["code"], text[i - 1], folder / "out") for i, folder in zip(at, folders, strict=True)]
    return {**dict(zip(names, endings, strict=True)), CHANGED: replace(endings[-1], golden=digest)}


@pytest.mark.parametrize(("name", "_rows", "sentence"), UNSOUND, ids=[row[0] for row in UNSOUND])
def test_an_unusable_snapshot_is_refused_and_leaves_no_bundle(
    training_ends: dict[str, TrainingEnd], name: str, _rows: Sequence[SnapshotRow], sentence: str
) -> None:
    ending = training_ends[name]
    assert (ending.code, ending.line["event"]) == (REFUSED, "refused")
    assert sentence in ending.line["sentence"]
    assert not ending.out.exists()


def test_a_changed_golden_set_trains_nothing(training_ends: dict[str, TrainingEnd]) -> None:
    ending = training_ends[CHANGED]
    assert (ending.code, ending.line["event"]) == (REFUSED, "refused")
    assert ending.line["sentence"].endswith(f"not {ending.golden[:12]} as frozen; nothing is trained.")
    assert not ending.out.exists()


@pytest.mark.soak
@pytest.mark.parametrize(("_why", "rows", "sentence"), UNSOUND)
def test_a_child_process_reports_the_same_to_its_parent(
    tmp_path: Path, _why: str, rows: Sequence[SnapshotRow], sentence: str
) -> None:
    code, text = lines_of(["-m", "training.runs.job", *arguments(tmp_path, rows)])
    assert (code, [line["event"] for line in text]) == (REFUSED, ["progress", "refused"])
    assert sentence in text[-1]["sentence"]
