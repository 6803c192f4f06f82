"""MLflow runs, registered versions and the aliases `champion` and `challenger`."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
# MLflow would wait 120 s for each of eight attempts at each of a dozen requests. `tracking` limits the whole.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "8")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")

import mlflow  # reads the settings above when it is imported
from mlflow import MlflowClient  # as above
from mlflow.exceptions import MlflowException  # as above

from training.registry.model_files import PYFUNC, copy_code, example, requirements, signature

EXPERIMENT: Final = "counterfeit"
JOB_TAG: Final = "touchstone.job_id"
DIGEST_TAG: Final = "touchstone.bundle_digest"
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"


@dataclass(frozen=True, slots=True)
class Run:
    """A training to log: its job, digest, report and files."""

    job_id: str
    digest: str
    model_name: str
    report: Mapping[str, Any]
    bundle: Path
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """The MLflow run and the registered version."""

    run_id: str
    version: str


def connect(tracking_uri: str, artifacts: Path | None) -> MlflowClient:
    """A client of a tracking URI, with the experiment created and its artifact location set."""
    mlflow.set_tracking_uri(tracking_uri)
    client = MlflowClient(tracking_uri)
    if client.get_experiment_by_name(EXPERIMENT) is None:
        try:
            client.create_experiment(EXPERIMENT, artifacts.absolute().as_uri() if artifacts is not None else None)
        except MlflowException:
            # Another process may have created it in the meantime.
            if client.get_experiment_by_name(EXPERIMENT) is None:
                raise
    return client


def log_run(client: MlflowClient, run: Run) -> Registered:
    """Log a training run and register it as the challenger. A repeated step finds the run by its job id and does what
    is left."""
    found = _find(client, run) or _log(client, run)
    if client.get_model_version(run.model_name, found.version).tags.get(DIGEST_TAG) is None:
        client.set_registered_model_alias(run.model_name, CHALLENGER, found.version)
        client.set_model_version_tag(run.model_name, found.version, DIGEST_TAG, run.digest)
    return found


def _log(client: MlflowClient, run: Run) -> Registered:
    mlflow.set_experiment(EXPERIMENT)
    with (
        mlflow.start_run(run_name=run.digest[:12], tags=_tags(run)) as active,
        tempfile.TemporaryDirectory(prefix="touchstone-code-") as code,
    ):
        mlflow.log_params(_parameters(run.report))
        mlflow.log_metrics(_metrics(run.report))
        mlflow.log_dict(dict(run.report), "report.json")
        for path in run.files:
            mlflow.log_artifact(str(path))
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(PYFUNC),
            artifacts={"bundle": str(run.bundle)},
            code_paths=copy_code(Path(code)),
            # Without them, MLflow would import the model to infer them, which takes seconds.
            pip_requirements=list(requirements()),
            signature=signature(),
            input_example=example(),
            registered_model_name=run.model_name,
        )
        run_id = active.info.run_id
    return Registered(run_id, _version_of_run(client, run.model_name, run_id))


def registered(client: MlflowClient, model_name: str, digest: str) -> Registered | None:
    """The version of a bundle; None where the bundle is not registered."""
    for found in client.search_model_versions(f"name = '{model_name}'"):
        if found.tags.get(DIGEST_TAG) == digest:
            return Registered(str(found.run_id), str(found.version))
    return None


def point_champion(client: MlflowClient, model_name: str, found: Registered) -> None:
    """Point the alias `champion` at a version."""
    client.set_registered_model_alias(model_name, CHAMPION, found.version)


def _find(client: MlflowClient, run: Run) -> Registered | None:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return None
    wanted = f"tags.`{JOB_TAG}` = '{run.job_id}' and attributes.status = 'FINISHED'"
    for found in client.search_runs([experiment.experiment_id], wanted):
        try:
            return Registered(found.info.run_id, _version_of_run(client, run.model_name, found.info.run_id))
        except LookupError:
            continue  # The run ended before its model was registered.
    return None


def _version_of_run(client: MlflowClient, model_name: str, run_id: str) -> str:
    for found in client.search_model_versions(f"name = '{model_name}'"):
        if found.run_id == run_id:
            return str(found.version)
    raise LookupError(f"run {run_id} registered no version of {model_name}")


def _tags(run: Run) -> dict[str, str]:
    return {
        JOB_TAG: run.job_id,
        DIGEST_TAG: run.digest,
        "touchstone.snapshot": str(run.report["snapshot"]),
        "git_commit": _git_commit(),
        "python": sys.version.split()[0],
        "touchstone.accepted_leaks": ", ".join(leak["feature"] for leak in run.report.get("accepted_leaks", ())),
        **{f"touchstone.made_with.{name}": value for name, value in run.report.get("made_with", {}).items()},
    }


def _git_commit() -> str:
    """The commit of the training code; 'unknown' where it is installed without a repository."""
    here = Path(__file__).parent
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)  # noqa: S607  # git from the path
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def _parameters(report: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "snapshot",
        "rows",
        "positives",
        "sellers",
        "seed",
        "join",
        "text_weight",
        "calibration",
        "cut",
        "feature_count",
    )
    return {name: report[name] for name in names if name in report} | {
        f"threshold.{name}": value for name, value in report["thresholds"].items()
    }


def _metrics(report: Mapping[str, Any]) -> dict[str, float]:
    judged = report["judged"]
    parts = {"out_of_fold": report["out_of_fold"]}
    for name in ("candidate", "champion", "only_text_and_price"):
        if name in judged:
            parts[f"judged.{name}"] = judged[name]
            parts[f"judged.{name}.random_slice"] = judged[name].get("random_slice", {})
    return {
        f"{part}.{name}": float(value)
        for part, figures in parts.items()
        for name, value in figures.items()
        if isinstance(value, int | float)
    }
