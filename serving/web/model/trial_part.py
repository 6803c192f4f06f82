"""The trial of a model, for the model page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from serving.learning.service.trial import shown_so_far, still_missing
from serving.platform.runtime import Runtime
from serving.scoring.rules.trial import Cell
from serving.scoring.store import trials
from serving.web.model.training_part import who
from serving.web.wording import words


@dataclass(frozen=True, slots=True)
class CellRow:
    """Listings that both, one or neither of the models flagged, with their known outcomes."""

    name: str
    listings: str
    counterfeit: str
    genuine: str


@dataclass(frozen=True, slots=True)
class TrialPart:
    """A trial; `percent` is the share of sellers for whose listings the model decides.

    `missing` approvals are needed before the reader may change that share from 0. `typed` and `error` are from a
    refused change.
    """

    short: str
    digest: str
    percent: int
    missing: int
    typed: str
    error: str | None
    since: str
    by: str
    listings: str
    rows: tuple[CellRow, ...]


@dataclass(frozen=True, slots=True)
class RefusedShare:
    """A share that was typed, and why it was refused."""

    typed: str
    error: str


def trial_part(
    runtime: Runtime,
    connection: Connection,
    marketplace_id: str,
    *,
    reader: str,
    now: datetime,
    refused: RefusedShare | None = None,
) -> TrialPart | None:
    """The marketplace's trial; None without one."""
    found = trials.open_trials(connection, marketplace_id)
    if not found:
        return None
    one = found[0]
    shown = shown_so_far(runtime, connection, one)
    percent = round(100 * one.share)
    return TrialPart(
        short=one.digest[:10],
        digest=one.digest,
        percent=percent,
        missing=still_missing(runtime, connection, one, reader),
        typed=refused.typed if refused else str(percent),
        error=refused.error if refused else None,
        since=words.moment(one.started_at, now),
        by=who(connection, one.started_by),
        listings=words.many(shown.listings, "listing"),
        rows=(
            _row("Both", shown.both),
            _row("Champion only", shown.only_champion),
            _row("Challenger only", shown.only_challenger),
            _row("Neither", shown.neither),
        ),
    )


def _row(name: str, cell: Cell) -> CellRow:
    return CellRow(name, *(f"{number:,}" for number in (cell.listings, cell.counterfeit, cell.genuine)))
