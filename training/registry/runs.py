"""MLflow runs, registered versions and the aliases `champion` and `challenger`."""

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
# MLflow would wait 120 s for each of eight attempts at each of a dozen requests. `tracking` limits the whole.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "8")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")

import mlflow  # reads the settings above when it is imported
import pyarrow as pa
import pyarrow.parquet as pq
from mlflow import MlflowClient  # as above
from mlflow.entities import Dataset, DatasetInput, InputTag, Param  # as above
from mlflow.entities import Run as Logged  # as above
from mlflow.exceptions import MlflowException  # as above

from training.registry.model_files import PYFUNC, copy_code, example_row, model_signature, requirements
from training.registry.relocating import relocate
from training.registry.run_facts import (
    DIGEST_TAG,
    JOB_TAG,
    STATE_TAG,
    RunState,
    end_tags,
    evaluation_table,
    first_tags,
    last_tags,
    run_metrics,
    run_parameters,
)

EXPERIMENT: Final = "counterfeit"
_DIGEST: Final = re.compile("[0-9a-f]{64}")  # A bundle that was trained on a file has no snapshot.
# MLflow's database has so many characters for the digest of a data set; a tag has the whole.
_DIGEST_CHARACTERS: Final = 36
_FINISHED: Final = "FINISHED"
_AT_ONCE: Final = 100  # MLflow refuses more parameters in one request.
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
# MLflow's names of types that are no text.
_KINDS: Final = {
    pa.bool_(): "boolean", pa.int8(): "long", pa.float64(): "double", pa.timestamp("us", "UTC"): "datetime",
}  # fmt: skip
PROMOTED_TAG: Final = "touchstone.promoted."


@dataclass(frozen=True, slots=True)
class Start:
    """A training that begins: its job, a name for people, why it started, its data and its settings.

    `snapshot` is the digest of the data and `snapshot_path` their file, where this machine has it.
    """

    job_id: str
    name: str
    cause: str = ""
    snapshot: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    snapshot_path: Path | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A training to log: its start, digest, report and files, and whether it is the newest one."""

    start: Start
    digest: str
    model_name: str
    report: Mapping[str, Any]
    bundle: Path
    files: tuple[Path, ...]
    challenger: bool = True


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """The MLflow run and the registered version."""

    run_id: str
    version: str


def connect(tracking_uri: str, artifacts: Path | None) -> MlflowClient:
    """A client of a tracking URI, with the experiment created. Addresses of a copied folder then name the copy."""
    if artifacts is not None:
        relocate(tracking_uri, artifacts)
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


def log_run(client: MlflowClient, run: Run) -> RegisteredVersion:
    """Log a training run and register it, the newest as the challenger. A repeated step finds the run by its job id and
    does what is left."""
    begun = begin_run(client, run.start)
    registration = _version_registered_by(client, run, begun) or _log_and_register(client, run, begun)
    if client.get_model_version(run.model_name, registration.version).tags.get(DIGEST_TAG) is None:
        if run.challenger:
            client.set_registered_model_alias(run.model_name, CHALLENGER, registration.version)
        client.set_model_version_tag(run.model_name, registration.version, DIGEST_TAG, run.digest)
    return registration


def begin_run(client: MlflowClient, start: Start) -> str:
    """The id of the run of a training: the one that an earlier attempt began, or a new one that is running."""
    run = _find_run(client, start.job_id)
    if run is None:
        tags = first_tags(start.job_id, start.snapshot, start.cause)
        run = client.create_run(_experiment_id(client), tags=tags, run_name=start.name)
        _log_parameters(client, run.info.run_id, start.parameters)
    has_data = run.inputs is not None and run.inputs.dataset_inputs
    if _DIGEST.fullmatch(start.snapshot) and not has_data:
        client.log_inputs(run.info.run_id, datasets=[_dataset_input(start)])
    run_id: str = run.info.run_id
    return run_id


def close_run(client: MlflowClient, start: Start, state: RunState, reason: str) -> str:
    """End the run of a training that was refused or failed, with the reason; returns its id."""
    run_id = begin_run(client, start)
    for name, tag in end_tags(state, reason).items():
        client.set_tag(run_id, name, tag)
    client.set_terminated(run_id, "FAILED")
    return run_id


def _column_spec(column: pa.Field) -> dict[str, Any]:
    kind = {"type": _KINDS.get(column.type, "string")}
    return {**({"type": "array", "items": kind} if pa.types.is_list(column.type) else kind), "name": column.name}


def _dataset_input(start: Start) -> DatasetInput:
    """The snapshot with its columns, and a source that `mlflow.data.get_source(...).load()` opens."""
    uri, schema = f"snapshots/{start.snapshot}", None
    if start.snapshot_path is not None:
        uri = start.snapshot_path.absolute().as_uri()
        with suppress(pa.ArrowException, OSError):  # The training itself refuses a damaged file, with a reason.
            schema = json.dumps(
                {"mlflow_colspec": [_column_spec(field) for field in pq.read_schema(start.snapshot_path)]}
            )
    source = json.dumps({"uri": uri})
    dataset = Dataset("snapshot", start.snapshot[:_DIGEST_CHARACTERS], "local", source, schema)
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _log_parameters(client: MlflowClient, run_id: str, values: Mapping[str, Any]) -> None:
    for part in _request_groups(values):
        client.log_batch(run_id, params=[Param(name, str(parameter)) for name, parameter in part.items()])


def _request_groups(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The values in groups that one request may hold."""
    names = list(values)
    for first in range(0, len(names), _AT_ONCE):
        yield {name: values[name] for name in names[first : first + _AT_ONCE]}


def _log_and_register(client: MlflowClient, run: Run, run_id: str) -> RegisteredVersion:
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_id), tempfile.TemporaryDirectory(prefix="touchstone-code-") as code:
        mlflow.set_tags(last_tags(run.digest, run.report))
        _log_parameters(client, run_id, run_parameters(run.report))
        for part in _request_groups(run_metrics(run.report)):
            mlflow.log_metrics(part)
        mlflow.log_dict(dict(run.report), "report.json")
        mlflow.log_table(evaluation_table(run.report), "evaluation.json")
        for path in run.files:
            mlflow.log_artifact(str(path))
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(PYFUNC),
            artifacts={"bundle": str(run.bundle)},
            code_paths=copy_code(Path(code)),
            # Without them, MLflow would import the model to infer them, which takes seconds.
            pip_requirements=list(requirements()),
            signature=model_signature(),
            input_example=example_row(),
            registered_model_name=run.model_name,
        )
        mlflow.set_tag(STATE_TAG, RunState.FINISHED.value)
    return RegisteredVersion(run_id, _version_of_run(client, run.model_name, run_id))


def registered_version(client: MlflowClient, model_name: str, digest: str) -> RegisteredVersion | None:
    """The version of a bundle; None where the bundle is not registered."""
    for model_version in client.search_model_versions(f"name = '{model_name}'"):
        if model_version.tags.get(DIGEST_TAG) == digest:
            return RegisteredVersion(str(model_version.run_id), str(model_version.version))
    return None


def point_champion(
    client: MlflowClient, model_name: str, registration: RegisteredVersion, promotion: Mapping[str, str]
) -> None:
    """Point the alias `champion` at a version, no challenger any more, and tag it with who promoted it and why."""
    client.set_registered_model_alias(model_name, CHAMPION, registration.version)
    if str(client.get_registered_model(model_name).aliases.get(CHALLENGER)) == registration.version:
        client.delete_registered_model_alias(model_name, CHALLENGER)
    for name, text in promotion.items():
        client.set_model_version_tag(model_name, registration.version, f"{PROMOTED_TAG}{name}", text)


def _version_registered_by(client: MlflowClient, run: Run, run_id: str) -> RegisteredVersion | None:
    """The version that a run has registered; None where the run ended before. Its model is the last that it logs."""
    try:
        registration = RegisteredVersion(run_id, _version_of_run(client, run.model_name, run_id))
    except LookupError:
        return None
    if client.get_run(run_id).info.status != _FINISHED:
        client.set_tag(run_id, STATE_TAG, RunState.FINISHED.value)
        client.set_terminated(run_id, _FINISHED)
    return registration


def _experiment_id(client: MlflowClient) -> str:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None, "`connect` has created it"
    return str(experiment.experiment_id)


def _find_run(client: MlflowClient, job_id: str) -> Logged | None:
    runs = client.search_runs([_experiment_id(client)], f"tags.`{JOB_TAG}` = '{job_id}'", max_results=1)
    return runs[0] if runs else None


def _version_of_run(client: MlflowClient, model_name: str, run_id: str) -> str:
    for model_version in client.search_model_versions(f"name = '{model_name}'"):
        if model_version.run_id == run_id:
            return str(model_version.version)
    raise LookupError(f"run {run_id} registered no version of {model_name}")
