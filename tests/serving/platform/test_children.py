"""Child processes see no secret of the service: each is run by an interpreter that writes down what it was given."""

from pathlib import Path

import pytest

from models.errors import BundleRefused
from serving.learning.service.training_child import JOB, TrainingFailed, run_child
from serving.platform import children
from serving.scoring.service.bundles import try_in_child

pytestmark = pytest.mark.attack

SECRETS = {
    "TOUCHSTONE_DATABASE_URL": "postgresql://owner:canary-1@db/touchstone",
    "TOUCHSTONE_CONTACT_KEY": "canary-2" * 8,
    "touchstone_webhook_keys": "canary-3" * 8,
    "PGPASSWORD": "canary-4",
    "MLFLOW_TRACKING_TOKEN": "for the training alone",
}


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the interpreter writes its environment to."""
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    interpreter, written = tmp_path / "python", tmp_path / "given"
    interpreter.write_text(f"#!/bin/sh\nenv > {written}\nexit 3\n")
    interpreter.chmod(0o700)
    monkeypatch.setattr(children, "interpreter_command", lambda: [str(interpreter), "-P"])
    return written


def test_the_child_that_tries_a_bundle_is_given_what_an_interpreter_needs(environment: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleRefused):
        try_in_child(tmp_path, "0" * 64)
    assert "PATH=" in environment.read_text()
    assert "canary" not in environment.read_text()
    assert "MLFLOW" not in environment.read_text()


def test_the_training_child_reaches_mlflow_and_not_our_database(environment: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed):
        run_child(JOB, [], cache=tmp_path, timeout_seconds=60, progress=lambda _: None)
    assert "MLFLOW_TRACKING_TOKEN=" in environment.read_text()
    assert "canary" not in environment.read_text()
