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
from serving.web.wording.vocabulary import LANES, LaneName


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue with its usual limit; without open cases it has neither age nor box."""

    lane: LaneName
    age: QueueAge | None
    box: AgeBox | None
    limit: timedelta


def queue_rows(connection: Connection, marketplace_id: str, policies: ByClass, now: datetime) -> tuple[QueueRow, ...]:
    """Every queue, including empty ones."""
    ages = queue_ages(connection, marketplace_id, now)
    return tuple(_row(lane, ages.get(lane.lane), _limit(lane.lane, policies), now) for lane in LANES)


def _limit(lane: CaseLane, policies: ByClass) -> timedelta:
    """The usual limit of a lane's cases; some cases have deadlines of their own."""
    if lane is CaseLane.ASK_BRAND:
        return timedelta(hours=policies[EnforcementPolicy].brand_answers_within_hours)
    if lane is CaseLane.SECOND_REVIEW:
        return timedelta(days=policies[SecondLookPolicy].due_within_days)
    return timedelta(hours=policies[EnforcementPolicy].analyst_decides_within_hours)


def _row(lane: LaneName, age: QueueAge | None, limit: timedelta, now: datetime) -> QueueRow:
    if age is None:
        return QueueRow(lane, None, None, limit)
    short, middle, long, oldest = (
        max(0.0, round((now - since).total_seconds() / 3600, 1))
        for since in (age.short_waiting, age.middle, age.long_waiting, age.oldest)
    )
    return QueueRow(lane, age, age_box(short, middle, long, oldest, round(limit.total_seconds() / 3600, 1)), limit)
