"""The trial of a model, for the model page."""

from dataclasses import dataclass
from types import SimpleNamespace

from sqlalchemy import Connection

from serving.learning.service.trial import comparison_so_far, missing_approval_count
from serving.platform.runtime import Runtime
from serving.scoring.store import trials
from serving.web.model.training_part import actor_name


@dataclass(frozen=True, slots=True)
class RefusedShare:
    """A share that was typed, and why it was refused."""

    typed: str
    error: str


def trial_part(
    runtime: Runtime, connection: Connection, marketplace_id: str, *, reader: str, refused: RefusedShare | None = None
) -> SimpleNamespace | None:
    """The marketplace's trial; None without one."""
    open_trials = trials.open_trials(connection, marketplace_id)
    if not open_trials:
        return None
    trial = open_trials[0]
    percent = round(100 * trial.share)
    return SimpleNamespace(
        trial=trial,
        percent=percent,
        missing=missing_approval_count(runtime, connection, trial, reader),
        typed=refused.typed if refused else str(percent),
        error=refused.error if refused else None,
        by=actor_name(connection, trial.started_by),
        comparison=comparison_so_far(runtime, connection, trial),
    )
