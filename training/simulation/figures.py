"""The run of a simulation, up to the first model and then each arm; and its monthly figures, ready for JSON."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from models.labels import Label
from models.prevalence import Due, Estimate, prevalence, recall
from models.routing import Lane
from training.simulation.arms import Arm
from training.simulation.learning import label_of, learn
from training.simulation.market import MONTH, Market
from training.simulation.review_queue import REVIEW_SHARE
from training.simulation.unseen import BrandSlice
from training.simulation.year import STEP, Case, Year

# The time of a month's estimate: by then nearly all questions are answered and all windows have closed.
ESTIMATED_AFTER: Final = timedelta(days=45)
_ROUNDING: Final = 1e-9


def figures(year: Year, attacked: BrandSlice) -> dict[str, Any]:
    """The months and trainings of an arm; `slice_recall` is that of the month's champion on the attacked brand."""
    by_month: list[list[Case]] = [[] for _ in range(year.market.months)]
    for case in year.cases:
        by_month[min(year.market.month(case.offered.at), year.market.months - 1)].append(case)
    recalls = {since: attacked.recall(champion) for since, champion in year.champions.items()}
    return {
        "arm": year.arm.name,
        "planted_answers": year.planted,
        "trainings": [asdict(training) for training in year.trainings],
        "months": [
            {
                "month": month,
                **_counted(cases),
                **_estimated(cases, year.market.start + month * MONTH + ESTIMATED_AFTER),
                "slice_recall": next(
                    (recalls[since] for since in sorted(recalls, reverse=True) if since < month), None
                ),
            }
            for month, cases in enumerate(by_month, 1)
        ],
    }


def _counted(cases: Sequence[Case]) -> dict[str, Any]:
    reviewed = [case for case in cases if case.settled and not case.is_unplanned]
    drawn = [case for case in reviewed if case.route.lane is Lane.AUDIT]
    return {
        "listings": len(cases),
        "counterfeit": sum(case.offered.truth.counterfeit for case in cases),
        "reviews": len(reviewed),
        "looks": sum(case.settled.looks for case in reviewed if case.settled),
        "drawn": len(drawn),
        "found": sum(_is_found(case) for case in reviewed),
        "found_by_draw": sum(_is_found(case) for case in drawn),
        "wrongly_removed": sum(_is_down(case) and not case.offered.truth.counterfeit for case in cases),
    }


def _estimated(cases: Sequence[Case], as_of: datetime) -> dict[str, Any]:
    """The service's estimates of prevalence and of the recall of flagging, each beside the truth."""
    reviewed = [case for case in cases if case.settled and not case.is_unplanned]
    rows = [_due(case, as_of) for case in reviewed]
    counterfeit = sum(case.offered.truth.counterfeit for case in cases)
    flagged = sum(case.offered.truth.counterfeit for case in reviewed if case.route.inclusion_probability == 1)
    return {
        "prevalence": _beside(prevalence(rows, listings=len(cases)), counterfeit, len(cases)),
        "flagged_recall": _beside(recall(rows, listings=len(cases)), flagged, counterfeit),
    }


def _due(case: Case, as_of: datetime) -> Due:
    label = label_of(case, as_of)
    return Due(case.route.inclusion_probability, bool(label.value) if isinstance(label, Label) else None)


def _beside(estimate: Estimate, part: int, whole: int) -> dict[str, Any]:
    """An estimate with the truth, and whether the interval contains it; None without an estimate."""
    truth = part / whole if whole else None
    known = estimate.value is not None and truth is not None
    return {
        **asdict(estimate),
        "truth": truth,
        "covered": estimate.low - _ROUNDING <= (truth or 0.0) <= estimate.high + _ROUNDING if known else None,
    }


def _is_down(case: Case) -> bool:
    return case.settled is not None and case.settled.is_down


def _is_found(case: Case) -> bool:
    return _is_down(case) and case.offered.truth.counterfeit


_FIRST_TRAINING: Final = 2  # Months; earlier, no label is mature.


def launch(market: Market, arm: Arm, *, review_share: float = REVIEW_SHARE) -> Year:
    """The year up to its first champion, or to its end without one; every arm continues from here."""
    year = Year(market, arm, market.start, review_share)
    while year.champion is None and year.now < market.end:
        _month(year, trains=True)
    return year


def finish(year: Year) -> Year:
    while year.now < year.market.end:
        _month(year, trains=year.arm.retrains)
    return year


def proceed(year: Year, *, until: int, trainings: Collection[int] = ()) -> Year:
    """Run the year to the end of month `until`, with a training at the end of these months only."""
    while year.now < min(year.market.end, year.market.start + until * MONTH):
        _month(year, trains=year.market.month(year.now + MONTH) in trainings)
    return year


def _month(year: Year, *, trains: bool) -> None:
    end = year.now + MONTH
    while year.now < end:
        year.pass_days(year.now + STEP)
    month = year.market.month(end)
    if trains and month >= _FIRST_TRAINING and end < year.market.end:
        learn(year, month)
