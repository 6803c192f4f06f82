"""The trial of a model, for the model page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from serving.learning.service.trial import shown_so_far
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
    """A trial; `percent` is the share of sellers for whose listings the model decides."""

    short: str
    percent: int
    since: str
    by: str
    listings: str
    rows: tuple[CellRow, ...]


def trial_part(runtime: Runtime, connection: Connection, marketplace_id: str, now: datetime) -> TrialPart | None:
    """The marketplace's trial; None without one."""
    found = trials.open_trials(connection, marketplace_id)
    if not found:
        return None
    one = found[0]
    shown = shown_so_far(runtime, connection, one)
    return TrialPart(
        short=one.digest[:10],
        percent=round(100 * one.share),
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
