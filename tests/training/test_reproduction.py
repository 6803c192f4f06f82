"""A training repeated from the record of its run, against a real tracking store."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from models.bundle import MANIFEST, digest_of, from_files
from models.bundle_files import as_array
from models.errors import BundleRefused
from tests.fixtures.scorers import bundle_files
from tests.training.test_job import REFUSED, ROWS, arguments, lines_of
from training.bundle_folder import ABOUT, read_bundle_folder, write_bundle_folder
from training.runs.differing import first_difference
from training.runs.made_with import code_of, made_with

# One process for all: its start takes longer than a training. The changes are made in the recorded report. The forests
# are small, in the training and in its reproductions.
IN_TURN: Final = """
import json, sys
from pathlib import Path
import pytest
from tests.fixtures.fitting import small_forests
from training.runs import job, reproduction
from training.child import exit_now
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
exit_now(0)
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
class RepeatedTraining:
    """The end of each reproduction by the change before it, and the bundle's digest and folder."""

    ends: Mapping[str, tuple[int, dict[str, Any]]]
    digest: str
    folder: Path


@pytest.fixture(scope="module")
def repeated_training(tmp_path_factory: pytest.TempPathFactory) -> RepeatedTraining:
    """One training, and reproductions of it, each after another change of what was recorded."""
    folder = tmp_path_factory.mktemp("reproduction")
    place = ["--artifacts", str(folder / "artifacts")]
    train = [*arguments(folder, ROWS), *place]
    registry = train[train.index("--model-name") :]
    request = {"train": train, "changes": CHANGES, "place": ["--snapshots", str(folder), *registry]}
    code, lines = lines_of(["-c", IN_TURN, str(folder), json.dumps(request)])
    assert code == 0
    ends = {line["name"]: (line["code"], lines[i - 1]) for i, line in enumerate(lines) if line["event"] == "ended"}
    (trained,) = [line for line in lines if line["event"] == "trained"]
    return RepeatedTraining(ends, trained["digest"], Path(trained["folder"]))


def test_a_recorded_training_gives_the_same_digest_again(repeated_training: RepeatedTraining) -> None:
    code, line = repeated_training.ends["by run"]
    assert (code, line["event"]) == (0, "done")
    assert (
        line["digest"]
        == line["recorded"]
        == repeated_training.digest
        == digest_of(read_bundle_folder(repeated_training.folder))
    )
    assert line["differences"] == []
    assert RECORDED["code"] != code_of("models"), "the digest of the source is of every package"


def test_another_digest_comes_with_the_inputs_and_the_first_file_that_differ(
    repeated_training: RepeatedTraining,
) -> None:
    _, line = repeated_training.ends["seed"]
    assert line["recorded"] == repeated_training.digest != line["digest"]
    version, file = line["differences"]
    assert version == f"numpy was 1.0.0, now {RECORDED['numpy']}"
    assert file.startswith("forest.txt differs: ")
    assert " lines, the first at line " in file


def test_the_recorded_settings_of_the_fit_are_used_again(repeated_training: RepeatedTraining) -> None:
    """They were changed in the record alone, so another bundle comes out: the forest starts from another text."""
    _, line = repeated_training.ends["settings"]
    assert line["digest"] != repeated_training.digest
    (file,) = line["differences"]
    assert file.startswith("forest.txt differs: ")


def test_other_features_are_named_and_nothing_is_trained(repeated_training: RepeatedTraining) -> None:
    _, line = repeated_training.ends["fingerprint"]
    assert line["digest"] is None
    assert line["differences"] == [f"input fingerprint was {'0' * 64}, now {RECORDED['input fingerprint']}"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("unknown", "abcdef123456 is neither a run nor a digest that MLflow has."),
        ("snapshot", "The data directory does not have the snapshot 111111111111 of the run."),
        ("golden set", "The data directory does not have the golden set 222222222222 of the run."),
        ("file", "The run was trained on a native file, and no snapshot of it was kept."),
    ],
)
def test_what_cannot_be_repeated_is_refused_with_a_sentence(
    repeated_training: RepeatedTraining, name: str, sentence: str
) -> None:
    code, line = repeated_training.ends[name]
    assert (code, line) == (REFUSED, {"event": "refused", "sentence": sentence})


def test_a_bundle_comes_back_from_its_folder(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "a" / "bundle", bundle_files(), {"report": {}})
    assert read_bundle_folder(tmp_path / "a" / "bundle") == bundle_files()


def test_the_about_file_is_beside_the_bundle(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {"report": {"rows": 5}, "made_at": tmp_path})
    about = json.loads((tmp_path / "bundle" / ABOUT).read_bytes())
    assert about == {"report": {"rows": 5}, "made_at": str(tmp_path)}
    assert ABOUT not in read_bundle_folder(tmp_path / "bundle")


def test_no_temporary_files_remain(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_bundle_is_written_over_an_older_one(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", {**bundle_files(), "old.txt": b"old"}, {})
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    assert not (tmp_path / "bundle" / "old.txt").exists()


def test_a_bundle_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_bundle_folder(tmp_path / "bundle", {"no/such/folder": b""}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match=rf"\AThe bundle holds no {MANIFEST}\.\Z"):
        read_bundle_folder(tmp_path)


MANIFESTS = [b"{", b"[]", b'{"files": 5}', b'{"files": [5]}', b'{"schema": 1}', b"\xff", b"[" * 100_000]


@pytest.mark.parametrize("content", MANIFESTS, ids=[repr(content[:16]) for content in MANIFESTS])
def test_a_damaged_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(BundleRefused, match="manifest is damaged"):
        read_bundle_folder(tmp_path)


def test_no_name_in_a_manifest_leads_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (tmp_path / "bundle").mkdir()
    names = {"../secret.txt": "", str(tmp_path / "secret.txt"): ""}
    (tmp_path / "bundle" / MANIFEST).write_text(json.dumps({"files": names}))
    assert list(read_bundle_folder(tmp_path / "bundle")) == [MANIFEST]


def test_a_file_larger_than_a_bundle_s_can_be_is_refused_unread(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    with (tmp_path / "bundle" / "forest.txt").open("wb") as stream:
        stream.truncate(200_000_001)  # Sparse: no disk is used.
    with pytest.raises(BundleRefused, match=r"forest\.txt has 200,000,001 bytes"):
        read_bundle_folder(tmp_path / "bundle")


def test_a_missing_file_is_left_to_the_digest_to_find(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    (tmp_path / "bundle" / "forest.txt").unlink()
    with pytest.raises(BundleRefused, match=r"no forest\.txt"):
        from_files(read_bundle_folder(tmp_path / "bundle"))


FILES = {
    "forest.txt": b"tree\nleaf=1\nleaf=2\n",
    "model.json": json.dumps({"thresholds": {"analyst_from": 0.3}, "curve": [1, 2]}).encode(),
    "text_weights.npy": as_array(np.zeros(4, dtype=np.float32)),
    MANIFEST: b'{"files":{}}',
}
LONGER = as_array(np.zeros(5, dtype=np.float32))
ONE_MOVED = as_array(np.array([0, 0.25, 0, 0], dtype=np.float32))
DIFFERING_CHANGES: list[tuple[dict[str, bytes], str]] = [
    (
        {"forest.txt": b"tree\nleaf=1\nleaf=3\n"},
        "forest.txt differs: 1 of 3 lines, the first at line 3: leaf=2 then, leaf=3 now",
    ),
    (
        {"forest.txt": b"tree\nleaf=1\n"},
        "forest.txt differs: 1 of 3 lines, the first at line 3: leaf=2 then, absent now",
    ),
    (
        {"model.json": json.dumps({"thresholds": {"analyst_from": 0.4}, "curve": [1, 3]}).encode()},
        "model.json differs: 2 of 3 values, the first at thresholds.analyst_from: 0.3 then, 0.4 now",
    ),
    ({"text_weights.npy": ONE_MOVED}, "text_weights.npy differs: 1 of 4 numbers, by at most 0.25"),
    ({"text_weights.npy": LONGER}, "text_weights.npy differs: 4 numbers then, 5 now"),
    ({"phrases.json": b"{}"}, "phrases.json is in one of the two bundles alone"),
    (
        {MANIFEST: b'{"files":{},"schema":3}', "text_weights.npy": ONE_MOVED},
        "text_weights.npy differs: 1 of 4 numbers, by at most 0.25",
    ),
    ({MANIFEST: b'{"schema":3}'}, "manifest.json differs: 1 of 1 values, the first at schema: absent then, 3 now"),
]


@pytest.mark.parametrize(("change", "sentence"), DIFFERING_CHANGES)
def test_the_first_file_that_differs_is_named_with_its_first_difference(
    change: dict[str, bytes], sentence: str
) -> None:
    assert first_difference(FILES, {**FILES, **change}) == sentence


def test_equal_bundles_do_not_differ() -> None:
    assert first_difference(FILES, dict(FILES)) is None
