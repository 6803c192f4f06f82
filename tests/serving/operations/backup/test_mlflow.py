"""MLflow's runs and artifacts are in a backup, and are found where they are restored, moved or copied to."""

import shutil
from pathlib import Path

import pytest

from serving.operations.service.backup_making import back_up
from tests.fixtures.runtimes import Site
from tests.serving.commands.commands import touchstone_in

pytestmark = [
    # MLflow's own way of reading its tables, and its own classes.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:sqlalchemy.exc.SADeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning"),
]


def test_runs_and_artifacts_are_found_in_another_folder_once_the_first_is_gone(site: Site, tmp_path: Path) -> None:
    from training.registry.runs import EXPERIMENT, connect  # noqa: PLC0415  # It imports MLflow, which warns.

    root, new = site.runtime.home.root, tmp_path / "new"
    client = connect(f"sqlite:///{root / 'mlflow' / 'mlflow.db'}", root / "mlflow" / "artifacts")
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    run_id = client.create_run(experiment.experiment_id).info.run_id
    client.log_text(run_id, "The card of the model.", "card.md")
    back_up(site.runtime, tmp_path / "backup")
    root.rename(tmp_path / "lost")
    done = touchstone_in(new, "restore", str(tmp_path / "backup"), "--reason", "The disk failed.")
    assert done.code == 0, done.text
    restored = connect(f"sqlite:///{new / 'mlflow' / 'mlflow.db'}", new / "mlflow" / "artifacts")
    assert Path(restored.download_artifacts(run_id, "card.md", str(tmp_path))).read_text() == "The card of the model."
    assert str(new) in restored.get_run(run_id).info.artifact_uri

    copy = tmp_path / "copy"
    shutil.copytree(new / "mlflow", copy / "mlflow")
    original = {path: path.read_bytes() for path in (new / "mlflow").rglob("*") if path.is_file()}
    copied = connect(f"sqlite:///{copy / 'mlflow' / 'mlflow.db'}", copy / "mlflow" / "artifacts")
    another = copied.create_run(experiment.experiment_id).info.run_id
    copied.log_text(another, "The card of another model.", "card.md")
    assert {path: path.read_bytes() for path in (new / "mlflow").rglob("*") if path.is_file()} == original
    assert [path.read_text() for path in (copy / "mlflow").rglob(f"{another}/artifacts/card.md")] == [
        "The card of another model."
    ]
    assert str(copy) in copied.get_run(run_id).info.artifact_uri
