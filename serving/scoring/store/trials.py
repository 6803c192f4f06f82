"""Challengers on trial, and the scores of both models for each listing during the trial."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from models.routing import Lane
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.platform.database.store import add, add_or_ignore
from serving.scoring.tables import trial, trial_score


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that has not ended; `share` is the share of sellers that the challenger decides about."""

    marketplace_id: str
    trial_id: str
    digest: str
    share: float
    started_by: str
    started_at: datetime


def add_trial(connection: Connection, row: Mapping[str, Any]) -> None:
    add(connection, trial, [row])


def open_trials(connection: Connection, marketplace_id: str | None = None) -> list[Trial]:
    """The trials that have not ended, of one marketplace or of all."""
    query = select(trial).where(trial.c.ended_at.is_(None)).order_by(trial.c.started_at, trial.c.trial_id)
    if marketplace_id is not None:
        query = query.where(trial.c.marketplace_id == marketplace_id)
    return reader(Trial).all(connection, query)


def change(connection: Connection, open_trial: Trial, **values: Any) -> bool:
    """Change a trial that has not ended; False where it has."""
    is_trial = inside(trial, open_trial.marketplace_id, trial_id=open_trial.trial_id)
    changed = connection.execute(update(trial).where(is_trial, trial.c.ended_at.is_(None)).values(**values))
    return changed.rowcount == 1


def add_scores(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store the scores of both models; the first score of a version stays if it is scored again."""
    add_or_ignore(connection, trial_score, rows)


def scores(connection: Connection, marketplace_id: str, trial_id: str) -> Iterator[tuple[str, Lane, Lane]]:
    """(version, champion's lane, challenger's lane) of each version that both scored."""
    query = select(trial_score.c.version_id, trial_score.c.champion_lane, trial_score.c.challenger_lane).where(
        inside(trial_score, marketplace_id, trial_id=trial_id)
    )
    for version_id, champion, challenger in connection.execution_options(yield_per=1_000).execute(query):
        yield version_id, Lane(champion), Lane(challenger)
