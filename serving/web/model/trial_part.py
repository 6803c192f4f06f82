"""The trial of a model, for the model page."""

from dataclasses import dataclass

from sqlalchemy import Connection

from serving.learning.service.trial import shown_so_far, still_missing
from serving.platform.runtime import Runtime
from serving.scoring.rules.trial import Comparison
from serving.scoring.store import trials
from serving.scoring.store.trials import Trial
from serving.web.model.training_part import who


@dataclass(frozen=True, slots=True)
class TrialPart:
    """A trial; `percent` is the share of sellers for whose listings the model decides.

    `missing` approvals are needed before the reader may change that share from 0. `typed` and `error` are from a
    refused change.
    """

    trial: Trial
    percent: int
    missing: int
    typed: str
    error: str | None
    by: str
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class RefusedShare:
    """A share that was typed, and why it was refused."""

    typed: str
    error: str


def trial_part(
    runtime: Runtime, connection: Connection, marketplace_id: str, *, reader: str, refused: RefusedShare | None = None
) -> TrialPart | None:
    """The marketplace's trial; None without one."""
    found = trials.open_trials(connection, marketplace_id)
    if not found:
        return None
    trial = found[0]
    percent = round(100 * trial.share)
    return TrialPart(
        trial=trial,
        percent=percent,
        missing=still_missing(runtime, connection, trial, reader),
        typed=refused.typed if refused else str(percent),
        error=refused.error if refused else None,
        by=who(connection, trial.started_by),
        comparison=shown_so_far(runtime, connection, trial),
    )
