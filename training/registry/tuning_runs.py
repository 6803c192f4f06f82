"""The runs of a tuning: one parent, and a child for each trial with its settings and figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

# Apart from the trainings, whose experiment has a run for each model.
EXPERIMENT: Final = "counterfeit tuning"
_PARENT: Final = "mlflow.parentRunId"  # MLflow's own name of it: its pages show the child runs below the parent.
_AP: Final = "inner.ap"


def begin_run(client: MlflowClient, artifacts: Path | None, name: str, parameters: Mapping[str, Any]) -> str:
    """The id of a new parent run."""
    run = client.create_run(_experiment(client, artifacts), run_name=name)
    for parameter, parameter_value in parameters.items():
        client.log_param(run.info.run_id, parameter, parameter_value)
    return str(run.info.run_id)


def log_trial(
    client: MlflowClient,
    parent: str,
    name: str,
    *,
    settings: Mapping[str, float],
    after_each_fold: tuple[float, ...],
    average_precision: float | None,
) -> str:
    """The id of a new child run. A pruned trial has the status KILLED, the figures so far and no average precision."""
    run = client.create_run(client.get_run(parent).info.experiment_id, tags={_PARENT: parent}, run_name=name)
    for setting, setting_value in settings.items():
        client.log_param(run.info.run_id, setting, setting_value)
    for fold, figure in enumerate(after_each_fold):
        client.log_metric(run.info.run_id, "inner.ap_within_folds", figure, step=fold)
    if average_precision is not None:
        client.log_metric(run.info.run_id, _AP, average_precision)
    client.set_terminated(run.info.run_id, "KILLED" if average_precision is None else "FINISHED")
    return str(run.info.run_id)


def end_run(client: MlflowClient, parent: str, summary: Mapping[str, Any], *, finished: bool) -> None:
    """End the parent run with the figures of a summary; an interrupted tuning has the status KILLED."""
    for part in ("default", "tuned", "gain"):
        if part in summary:
            client.log_metric(parent, f"outer.{part}.ap", summary[part]["ap"])
            for end_of, figure in zip(("low", "high"), summary[part]["ap_interval"], strict=True):
                client.log_metric(parent, f"outer.{part}.ap_{end_of}", figure)
    client.log_dict(parent, dict(summary), "tuning.json")
    client.set_terminated(parent, "FINISHED" if finished else "KILLED")


def _experiment(client: MlflowClient, artifacts: Path | None) -> str:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        try:
            place = None if artifacts is None else artifacts.absolute().as_uri()
            return str(client.create_experiment(EXPERIMENT, place))
        except MlflowException:
            experiment = client.get_experiment_by_name(
                EXPERIMENT
            )  # Another process may have created it in the meantime.
            if experiment is None:
                raise
    return str(experiment.experiment_id)
