"""What the child that tries a bundle says; how its crash is met is in test_bundles."""

import subprocess
import sys
from pathlib import Path

import pytest

from models.bundle import digest_of
from serving.canary import main
from tests.fixtures.scorers import bundle_files
from training.bundle_folder import write_bundle_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    return tmp_path / "bundle"


def test_a_whole_bundle_passes_in_silence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(folder, digest_of(bundle_files())) == 0
    assert capsys.readouterr().out == ""


def test_another_bundle_than_the_one_named_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(folder, "0" * 64) == 1
    assert capsys.readouterr().out.endswith("not 000000000000 as approved.\n")


def test_a_folder_that_is_no_bundle_is_refused_by_the_process(tmp_path: Path) -> None:
    """As the service starts it: isolated from the current folder, which may hold a package of the same name."""
    (tmp_path / "serving").mkdir()
    (tmp_path / "serving" / "__init__.py").write_text("raise SystemExit(0)")
    command = [sys.executable, "-P", "-m", "serving.canary", str(tmp_path), "0" * 64]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stdout) == (1, "The bundle holds no manifest.json.\n")
