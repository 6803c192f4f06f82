"""The waiting times of each queue as a box, against the queue's limit."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from models.case import CaseLane
from models.policies.deciding import EnforcementPolicy
from models.policies.learning import SecondLookPolicy
from serving.cases.store.queue_ages import QueueAge, queue_ages
from serving.platform.runtime import ByClass
from serving.web.bar_charts import AgeBox, age_box
from serving.web.wording import words
from serving.web.wording.vocabulary import LANES


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue; it has no box without open cases. `late` counts cases past their own deadline."""

    name: str
    dot: str
    lane: str
    number: int
    late: int
    box: AgeBox | None
    median: str
    oldest: str
    limit: str
    is_over: bool


def queue_rows(connection: Connection, marketplace_id: str, policies: ByClass, now: datetime) -> tuple[QueueRow, ...]:
    """Every queue, including empty ones."""
    ages = queue_ages(connection, marketplace_id, now)
    return tuple(
        _row(one.name, one.dot, one.lane, ages.get(one.lane), _limit(one.lane, policies), now) for one in LANES
    )


def _limit(lane: CaseLane, policies: ByClass) -> timedelta:
    """The usual limit of a lane's cases; some cases have deadlines of their own."""
    if lane is CaseLane.ASK_BRAND:
        return timedelta(hours=policies[EnforcementPolicy].brand_answers_within_hours)
    if lane is CaseLane.SECOND_REVIEW:
        return timedelta(days=policies[SecondLookPolicy].due_within_days)
    return timedelta(hours=policies[EnforcementPolicy].analyst_decides_within_hours)


def _row(name: str, dot: str, lane: CaseLane, age: QueueAge | None, limit: timedelta, now: datetime) -> QueueRow:
    most = limit.total_seconds()
    text = words.duration(most)
    if age is None:
        return QueueRow(name, dot, lane.value, 0, 0, None, "", "", text, is_over=False)
    short, middle, long, oldest = (
        max(0.0, (now - one).total_seconds()) for one in (age.short_waiting, age.middle, age.long_waiting, age.oldest)
    )
    return QueueRow(
        name,
        dot,
        lane.value,
        age.number,
        age.late,
        age_box(_hours(short), _hours(middle), _hours(long), _hours(oldest), _hours(most)),
        words.duration(middle),
        words.duration(oldest),
        text,
        is_over=oldest > most,
    )


def _hours(seconds: float) -> float:
    return round(seconds / 3600, 1)
