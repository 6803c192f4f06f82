"""A training repeated from the record of its run, against a real tracking store."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from models.bundle import digest_of
from tests.training.test_job import REFUSED, ROWS, arguments, lines_of
from training.bundle_folder import read_bundle_folder
from training.made_with import made_with

# One process for all: its start takes longer than a training. The changes are made in the recorded report. The forests
# are small, in the training and in its reproductions.
IN_TURN: Final = """
import json, sys
from pathlib import Path
import pytest
from tests.fixtures.fitting import small_forests
from training import job, reproduction
from training.child import end
small_forests(pytest.MonkeyPatch())
folder, asked = Path(sys.argv[1]), json.loads(sys.argv[2])
job.main(asked["train"])
(report,) = folder.glob("artifacts/*/artifacts/report.json")
(bundle,) = (folder / "out").iterdir()
recorded = json.loads(report.read_text())
for name, changes in asked["changes"].items():
    report.write_text(json.dumps({**recorded, **changes}))
    run = {"by run": report.parts[-3], "unknown": "abcdef123456"}.get(name, bundle.name[:12])
    code = reproduction.main(["--run", run, *asked["place"]])
    print(json.dumps({"event": "ended", "name": name, "code": code}), flush=True)
end(0)
"""
RECORDED: Final = made_with()
CHANGES: Final[dict[str, dict[str, Any]]] = {
    "by run": {},
    "unknown": {},
    "seed": {"seed": 1, "made_with": {**RECORDED, "numpy": "1.0.0"}},
    "fingerprint": {"made_with": {**RECORDED, "input fingerprint": "0" * 64}},
    "settings": {"settings": {"text_cost": 3.0}},
    "snapshot": {"snapshot": "1" * 64},
    "file": {"snapshot": "native file"},
    "golden set": {"golden_set": "2" * 64},
}


@dataclass(frozen=True, slots=True)
class Repeated:
    """The end of each reproduction by the change before it, and the bundle's digest and folder."""

    ends: Mapping[str, tuple[int, dict[str, Any]]]
    digest: str
    folder: Path


@pytest.fixture(scope="module")
def repeated(tmp_path_factory: pytest.TempPathFactory) -> Repeated:
    """One training, and reproductions of it, each after another change of what was recorded."""
    folder = tmp_path_factory.mktemp("reproduction")
    place = ["--artifacts", str(folder / "artifacts")]
    train = [*arguments(folder, ROWS), *place]
    registry = train[train.index("--model-name") :]
    asked = {"train": train, "changes": CHANGES, "place": ["--snapshots", str(folder), *registry]}
    code, lines = lines_of(["-c", IN_TURN, str(folder), json.dumps(asked)])
    assert code == 0
    ends = {line["name"]: (line["code"], lines[i - 1]) for i, line in enumerate(lines) if line["event"] == "ended"}
    (trained,) = [line for line in lines if line["event"] == "trained"]
    return Repeated(ends, trained["digest"], Path(trained["folder"]))


def test_a_recorded_training_gives_the_same_digest_again(repeated: Repeated) -> None:
    code, found = repeated.ends["by run"]
    assert (code, found["event"]) == (0, "done")
    assert found["digest"] == found["recorded"] == repeated.digest == digest_of(read_bundle_folder(repeated.folder))
    assert found["differences"] == []


def test_another_digest_comes_with_the_inputs_and_the_first_file_that_differ(repeated: Repeated) -> None:
    _, found = repeated.ends["seed"]
    assert found["recorded"] == repeated.digest != found["digest"]
    version, file = found["differences"]
    assert version == f"numpy was 1.0.0, now {RECORDED['numpy']}"
    assert file.startswith("forest.txt differs: ")
    assert " lines, the first at line " in file


def test_the_recorded_settings_of_the_fit_are_used_again(repeated: Repeated) -> None:
    """They were changed in the record alone, so another bundle comes out: the forest starts from another text."""
    _, found = repeated.ends["settings"]
    assert found["digest"] != repeated.digest
    (file,) = found["differences"]
    assert file.startswith("forest.txt differs: ")


def test_other_features_are_named_and_nothing_is_trained(repeated: Repeated) -> None:
    _, found = repeated.ends["fingerprint"]
    assert found["digest"] is None
    assert found["differences"] == [f"input fingerprint was {'0' * 64}, now {RECORDED['input fingerprint']}"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("unknown", "abcdef123456 is neither a run nor a digest that MLflow has."),
        ("snapshot", "The data directory does not have the snapshot 111111111111 of the run."),
        ("golden set", "The data directory does not have the golden set 222222222222 of the run."),
        ("file", "The run was trained on a native file, and no snapshot of it was kept."),
    ],
)
def test_what_cannot_be_repeated_is_refused_with_a_sentence(repeated: Repeated, name: str, sentence: str) -> None:
    code, line = repeated.ends[name]
    assert (code, line) == (REFUSED, {"event": "refused", "sentence": sentence})
