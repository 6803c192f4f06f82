"""Whether the service starts a training by itself, and if not, what it waits for.

Reviewers who gave so many of the labels that their habits become the model's.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from serving.learning.policy import LabelSourcePolicy, RetrainingPolicy

_MOVED: Final = "moved"  # The level of `training.evaluate.drift.Level` whose response is a retraining.


class Cause(StrEnum):
    """Why a training starts without a person."""

    LABELS = "labels"
    DRIFT = "drift"
    SCHEDULE = "schedule"


class Wait(StrEnum):
    """Why no training starts. Each is checked in this order, and all before the causes."""

    OFF = "off"  # The rule is switched off.
    UNDER_WAY = "under_way"  # A training is queued or runs.
    TOO_FEW = "too_few"  # A training would be refused for its number of labels.
    UNCHANGED = "unchanged"  # The last training had the same labels.
    TODAY = "today"  # A training started by itself less than a day ago.
    BACK_OFF = "back_off"  # The last training was refused or failed, and the wait is not over.
    NOT_DUE = "not_due"  # No cause holds.


@dataclass(frozen=True, slots=True)
class Situation:
    """What the rule reads of one marketplace.

    `trained_at` is the moment of the labels of the last training that ended well, None before the first. `new_labels`
    are those that have matured or changed since. `failures` were refused or failed since, the last at `failed_at`.
    `changed` is whether any label differs from those of the last training, however it ended. `moved` are the features
    of a standing drift alarm (`persistent_drift`).
    """

    now: datetime
    on: bool
    under_way: bool
    enough: bool
    changed: bool
    new_labels: int
    started_by_itself_at: datetime | None = None
    trained_at: datetime | None = None
    failures: int = 0
    failed_at: datetime | None = None
    moved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The code, and the figures that it rests on.

    `scheduled_at` is None before the first training; `not_before` is the end of a wait of a day or of a back-off.
    """

    code: Cause | Wait
    new_labels: int
    needed: int
    scheduled_at: datetime | None
    not_before: datetime | None = None
    failures: int = 0
    moved: tuple[str, ...] = ()

    @property
    def starts(self) -> bool:
        """Whether a training starts now."""
        return isinstance(self.code, Cause)


def decide(situation: Situation, policy: RetrainingPolicy) -> Decision:
    """Whether a training starts now, and why or why not.

    New labels come before drift and drift before the schedule: a person reads the first cause that holds. Without a
    first training only labels are a cause, because neither a schedule nor drift has a model to refer to.
    """
    rested_at = _back_off_until(situation, policy)
    next_day = _plus(situation.started_by_itself_at, timedelta(hours=policy.hours_between))
    scheduled_at = _plus(situation.trained_at, timedelta(days=policy.every_days))
    due = (
        (Cause.LABELS, situation.new_labels >= policy.new_labels),
        (Cause.DRIFT, situation.trained_at is not None and bool(situation.moved)),
        (Cause.SCHEDULE, scheduled_at is not None and situation.now >= scheduled_at),
    )
    waits = (
        (Wait.OFF, not situation.on),
        (Wait.UNDER_WAY, situation.under_way),
        (Wait.TOO_FEW, not situation.enough),
        (Wait.UNCHANGED, not situation.changed),
        (Wait.TODAY, next_day is not None and situation.now < next_day),
        (Wait.BACK_OFF, rested_at is not None and situation.now < rested_at),
    )
    code = next((reason for reason, holds in (*waits, *due) if holds), Wait.NOT_DUE)
    until = {Wait.TODAY: next_day, Wait.BACK_OFF: rested_at}
    return Decision(
        code,
        situation.new_labels,
        policy.new_labels,
        scheduled_at,
        until.get(code) if isinstance(code, Wait) else None,
        situation.failures,
        situation.moved,
    )


def persistent_drift(
    reports: Sequence[Mapping[str, Any]], policy: RetrainingPolicy, *, quiet: Collection[str] = ()
) -> tuple[str, ...]:
    """The features that moved in each of the last drift reports, in the order of the newest; none if a report is
    missing or had too few listings. `reports` are those since the last training, oldest first. A person has
    acknowledged the shift of the `quiet` features. The base rate moved if its interval excludes the champion's."""
    last = reports[-policy.drift_reports :]
    if len(last) < policy.drift_reports or not all(report["enough"] for report in last):
        return ()
    moved = [[shift["name"] for shift in report["shifts"] if shift["level"] == _MOVED] for report in last]
    lasting = tuple(name for name in moved[-1] if name not in quiet and all(name in names for names in moved))
    return (*lasting, "base_rate") if all(map(_base_rate_moved, last)) else lasting


def _base_rate_moved(report: Mapping[str, Any]) -> bool:
    trained = report.get("trained_base_rate")
    return trained is not None and not report["prevalence"]["low"] <= trained <= report["prevalence"]["high"]


def _back_off_until(situation: Situation, policy: RetrainingPolicy) -> datetime | None:
    """The end of the back-off: a day after the first refused or failed training, and twice as long after each more."""
    if situation.failed_at is None or not situation.failures:
        return None
    # The exponent is bounded, because the number of failures is not.
    days = policy.back_off_days * 2 ** min(situation.failures - 1, 16)
    return situation.failed_at + timedelta(days=min(days, policy.most_back_off_days))


def _plus(moment: datetime | None, by: timedelta) -> datetime | None:
    return None if moment is None else moment + by


_REVIEWER: Final = "user:"


class ShareBase(StrEnum):
    """The labels that a share refers to."""

    ALL = "all"
    COUNTERFEIT = "counterfeit"
    GENUINE = "genuine"


@dataclass(frozen=True, slots=True)
class HeavySource:
    """A reviewer whose largest share is above the policy: `share` is of the labels that `among` names."""

    source: str
    among: ShareBase
    share: float


def heavy_sources(
    labels: Mapping[str, int], counterfeit: Mapping[str, int], *, rows: int, positives: int, policy: LabelSourcePolicy
) -> tuple[HeavySource, ...]:
    """The reviewers above the policy's share of all labels or of one class, the largest share first.

    `labels` and `counterfeit` count the labels of each source among `rows` labels, `positives` of them counterfeit. A
    brand is no reviewer: it answers for its own goods alone, and training caps its weight.
    """
    sources = []
    for source, number in labels.items():
        if source.startswith(_REVIEWER):
            fakes = counterfeit.get(source, 0)
            shares = {
                ShareBase.ALL: _share(number, rows),
                ShareBase.COUNTERFEIT: _share(fakes, positives),
                ShareBase.GENUINE: _share(number - fakes, rows - positives),
            }
            among = max(shares, key=lambda group: shares[group])
            if shares[among] > policy.reviewer_share:
                sources.append(HeavySource(source, among, shares[among]))
    return tuple(sorted(sources, key=lambda source: (-source.share, source.source)))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
