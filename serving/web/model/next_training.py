"""Why the last training started without a person, and what the next one waits for, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from serving.learning.rules.retraining import Cause, Wait
from serving.learning.store import retraining
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches
from serving.web.wording import words

_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class NextTraining:
    """Sentences on the next training; `counted` is when its labels were counted, empty before the first count."""

    sentences: tuple[str, ...]
    counted: str


def next_training(connection: Connection, marketplace_id: str, now: datetime) -> NextTraining:
    """What the next training waits for, by the last decision of the sweep."""
    if not kill_switches.is_on(connection, marketplace_id, AutomaticRule.RETRAINING):
        return NextTraining(("Automatic retraining is off. A training starts only when somebody requests it.",), "")
    last = retraining.last_look(connection, marketplace_id)
    if last is None:
        return NextTraining(("The labels for automatic retraining are counted within an hour.",), "")
    looked_at, found = last
    return NextTraining(waits_for(found, now), words.moment(looked_at, now))


def waits_for(found: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    """What a stored decision says of the next training: an obstacle, if there is one, then labels and schedule."""
    labels = f"{found['new_labels']:,} of {found['needed']:,} new labels"
    sentences = (_obstacle(found, now), f"{labels}; {_schedule(found, now)}.")
    return tuple(one for one in sentences if one)


def why_started(cause: Mapping[str, Any]) -> str:
    """Why a training started without a person."""
    match Cause(cause["cause"]):
        case Cause.LABELS:
            return f"Started by itself: {words.many(cause['new_labels'], 'new label')} since the last training."
        case Cause.DRIFT:
            return f"Started by itself: drift of {_listed(cause['moved'])} in successive reports."
        case Cause.SCHEDULE:
            return f"Started by itself on schedule, with {words.many(cause['new_labels'], 'new label')}."


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return words.listed([*names[:_NAMED], *([f"{more} more"] if more > 0 else [])])


def _schedule(found: Mapping[str, Any], now: datetime) -> str:
    if found["scheduled_at"] is None:
        return "no schedule before the first training"
    at = datetime.fromisoformat(found["scheduled_at"])
    return f"next scheduled training {_in(at, now)}" if at > now else "a scheduled training is due"


def _obstacle(found: Mapping[str, Any], now: datetime) -> str:
    """Why nothing starts although a cause may hold; empty where there is no obstacle."""
    code = found["code"]
    until = "" if found["not_before"] is None else _in(datetime.fromisoformat(found["not_before"]), now)
    match code:
        case Wait.TOO_FEW:
            return "Too few mature labels of a class for a training."
        case Wait.UNCHANGED:
            return "No label has changed since the last training."
        case Wait.TODAY:
            return f"At most one training a day starts by itself; the next may start {until}."
        case Wait.BACK_OFF:
            return (
                f"{words.many(found['failures'], 'training')} in a row did not succeed; the next may start {until}, "
                "if labels have changed."
            )
        case _:
            return ""


def _in(moment: datetime, now: datetime) -> str:
    """A time ahead in whole days from two days on, else in hours.

    >>> from datetime import UTC, timedelta
    >>> now = datetime(2026, 3, 2, tzinfo=UTC)
    >>> _in(now + timedelta(days=4), now), _in(now + timedelta(hours=30), now), _in(now, now)
    ('in 4 days', 'in 30 hours', 'now')
    """
    hours = (moment - now).total_seconds() / 3_600
    if hours <= 0:
        return "now"
    if hours < 48:
        return f"in {words.many(max(1, round(hours)), 'hour')}"
    return f"in {words.many(round(hours / 24), 'day')}"
