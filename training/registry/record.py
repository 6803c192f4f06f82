"""What a run recorded of its training: found by the run's id or by the digest of its bundle."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts, load_dict
from mlflow.exceptions import MlflowException

from training.bundle_folder import read_bundle_folder
from training.registry.run_facts import DIGEST_TAG
from training.registry.runs import EXPERIMENT

_RUN: Final = re.compile("[0-9a-f]{32}")
_DIGEST: Final = re.compile("[0-9a-f]{6,64}")
_ENOUGH: Final = 1_000


class UnknownRun(LookupError):
    """MLflow has no such run, or the run lacks what is needed; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Record:
    """A run that trained a bundle: its id, the digest of the bundle and the report of the training."""

    run_id: str
    digest: str
    report: Mapping[str, Any]


def find_record(client: MlflowClient, name: str) -> Record:
    """The record of a run; `name` is its id, or the digest of its bundle or its beginning.

    The last of several runs that trained one bundle counts.

    Raises UnknownRun (no run, or several bundles, have this name, or the run trained none).
    """
    run_id, digest = _find_run(client, name) or _find_digest(client, name)
    try:
        report = load_dict(f"runs:/{run_id}/report.json")
    except MlflowException:
        raise UnknownRun(f"Run {run_id} has no report.") from None
    return Record(run_id, digest, report)


def _find_run(client: MlflowClient, name: str) -> tuple[str, str] | None:
    if not _RUN.fullmatch(name):
        return None
    try:
        run = client.get_run(name)
    except MlflowException:
        return None  # It may be the beginning of a digest.
    digest = run.data.tags.get(DIGEST_TAG)
    if digest is None:
        raise UnknownRun(f"Run {name} trained no bundle.")
    return name, digest


def _find_digest(client: MlflowClient, name: str) -> tuple[str, str]:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None or not _DIGEST.fullmatch(name):
        raise UnknownRun(f"{name} is neither a run nor a digest that MLflow has.")
    filter_text = f"tags.`{DIGEST_TAG}` LIKE '{name}%' and attributes.status = 'FINISHED'"
    order = ["attributes.start_time DESC"]
    runs = client.search_runs([experiment.experiment_id], filter_text, max_results=_ENOUGH, order_by=order)
    digests = {run.data.tags[DIGEST_TAG] for run in runs}
    if not runs:
        raise UnknownRun(f"{name} is neither a run nor a digest that MLflow has.")
    if len(digests) > 1:
        raise UnknownRun(f"{name} is the beginning of {len(digests)} digests; give more of it.")
    return runs[0].info.run_id, digests.pop()


def bundle_of(client: MlflowClient, run_id: str, folder: Path) -> dict[str, bytes]:
    """The files of the bundle that a run logged, downloaded into a folder.

    Raises UnknownRun (the run logged no model).
    """
    logged = client.get_run(run_id).outputs
    for output in logged.model_outputs if logged is not None else ():
        place = download_artifacts(f"models:/{output.model_id}", dst_path=str(folder))
        for manifest in sorted(Path(place).rglob("manifest.json")):
            return read_bundle_folder(manifest.parent)
    raise UnknownRun(f"Run {run_id} logged no bundle.")
