"""The settings of the rules of learning: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# The number of approvals that a model needs before it scores.


@dataclass(frozen=True, slots=True)
class PromotionPolicy:
    """Settings of `serving.learning.rules.promotion.approval_status`."""

    # A model decides which listings people review, so one person's error or ill will must not change it.
    # A marketplace with a single data scientist sets one (TOUCHSTONE_APPROVALS_NEEDED) and records the reason.
    approvals_needed: int = 2


DEFAULT_PROMOTION: Final = PromotionPolicy()


@dataclass(frozen=True, slots=True)
class RollbackPolicy:
    """Settings of `serving.learning.rules.promotion.may_roll_back_alone`. Ours."""

    # A rollback must be fast, but an account that somebody made or took over for it is young.
    account_days: int = 30
    # Longer ago, the market and the labels were others, and the figures against the present champion are unknown.
    champion_days: int = 30
    # A second rollback within a day undoes the first or goes on to a still older model.
    hours_between: int = 24


DEFAULT_ROLLBACK: Final = RollbackPolicy()


@dataclass(frozen=True, slots=True)
class RetrainingPolicy:
    """Settings of `serving.learning.rules.retraining.decide`: when the service starts a training by itself. Ours."""

    # A quarter of the newest labels is judged (`training.runs.pipeline.JUDGED_SHARE`), so two hundred more give the
    # judged rows fifty more: the size from which a slice is gated (`GatePolicy.slice_rows`).
    new_labels: int = 200
    # The drift report compares thirty days with thirty days. A model that is trained as often misses at most one such
    # period, and approvers consider a candidate a month.
    every_days: int = 30
    # A weekly report is of at most 500 listings, perhaps of a holiday. The same feature in two reports is a change
    # that lasts.
    drift_reports: int = 2
    # People compare a candidate before they approve it, and a newer candidate takes the place of an older one.
    hours_between: int = 24
    # After a refused or failed training a person may have to act, for example on a column that leaks the label. The
    # wait doubles with each further one, up to the time in which a label matures (`LabelPolicy`).
    back_off_days: int = 1
    most_back_off_days: int = 14
    # Counting labels reads every verdict, and labels mature over days.
    look_every_minutes: int = 60
    # A trial takes a second or two, and on a busy machine more than a minute. Three have 60, 120 and 240 seconds.
    load_attempts: int = 3
    # Keys that train start so many in 24 hours at a marketplace: one a night, and three repeats after a failure.
    started_by_keys_a_day: int = 4

    @property
    def look_every(self) -> timedelta:
        """The time between two counts of a marketplace's labels."""
        return timedelta(minutes=self.look_every_minutes)


DEFAULT_RETRAINING: Final = RetrainingPolicy()


@dataclass(frozen=True, slots=True)
class LabelSourcePolicy:
    """Settings of `serving.learning.rules.retraining.heavy_sources`. Ours."""

    # Three reviewers who share the work equally give a third each. With 200 labels chance moves that by three
    # hundredths, so two fifths are more than chance: one person's habits become the model's.
    reviewer_share: float = 0.4


DEFAULT_LABEL_SOURCE: Final = LabelSourcePolicy()


@dataclass(frozen=True, slots=True)
class DriftAlarmPolicy:
    """Settings of `serving.learning.rules.drift_alarm.red_features`. Ours."""

    # Between two reports of 500 listings of one population an index varies by less than .09
    # (`serving.learning.service.monitoring`), which is a fifth of an index of .45. A quarter more is a further change.
    worsens_by: float = 0.25
    # A report a week: half a year, in which a champion is replaced several times (`RetrainingPolicy.every_days`).
    reports_read: int = 26


DEFAULT_DRIFT_ALARM: Final = DriftAlarmPolicy()
