"""The run of a simulation, up to the first model and then each arm; and its monthly figures, ready for JSON."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from models.labels import Label
from models.prevalence import Estimate, SelectedListing, prevalence, recall
from models.routing import Lane
from training.simulation.arms import Arm
from training.simulation.learning import label_of, train_and_promote
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
                **_count_figures(cases),
                **_estimate_figures(cases, year.market.start + month * MONTH + ESTIMATED_AFTER),
                "slice_recall": next(
                    (recalls[since] for since in sorted(recalls, reverse=True) if since < month), None
                ),
            }
            for month, cases in enumerate(by_month, 1)
        ],
    }


def _count_figures(cases: Sequence[Case]) -> dict[str, Any]:
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
        "wrongly_removed": sum(_is_removed(case) and not case.offered.truth.counterfeit for case in cases),
    }


def _estimate_figures(cases: Sequence[Case], as_of: datetime) -> dict[str, Any]:
    """The service's estimates of prevalence and of the recall of flagging, each beside the truth."""
    reviewed = [case for case in cases if case.settled and not case.is_unplanned]
    rows = [_selected_listing(case, as_of) for case in reviewed]
    counterfeit = sum(case.offered.truth.counterfeit for case in cases)
    flagged = sum(case.offered.truth.counterfeit for case in reviewed if case.route.inclusion_probability == 1)
    return {
        "prevalence": _beside_truth(prevalence(rows, listings=len(cases)), counterfeit, len(cases)),
        "flagged_recall": _beside_truth(recall(rows, listings=len(cases)), flagged, counterfeit),
    }


def _selected_listing(case: Case, as_of: datetime) -> SelectedListing:
    label = label_of(case, as_of)
    return SelectedListing(case.route.inclusion_probability, bool(label.target) if isinstance(label, Label) else None)


def _beside_truth(estimate: Estimate, part: int, whole: int) -> dict[str, Any]:
    """An estimate with the truth, and whether the interval contains it; None without an estimate."""
    truth = part / whole if whole else None
    known = estimate.share is not None and truth is not None
    return {
        **asdict(estimate),
        "truth": truth,
        "covered": estimate.low - _ROUNDING <= (truth or 0.0) <= estimate.high + _ROUNDING if known else None,
    }


def _is_removed(case: Case) -> bool:
    return case.settled is not None and case.settled.is_down


def _is_found(case: Case) -> bool:
    return _is_removed(case) and case.offered.truth.counterfeit


_FIRST_TRAINING: Final = 2  # Months; earlier, no label is mature.


def launch_year(market: Market, arm: Arm, *, review_share: float = REVIEW_SHARE) -> Year:
    """The year up to its first champion, or to its end without one; every arm continues from here."""
    year = Year(market, arm, market.start, review_share)
    while year.champion is None and year.now < market.end:
        _run_month(year, trains=True)
    return year


def finish_year(year: Year) -> Year:
    while year.now < year.market.end:
        _run_month(year, trains=year.arm.retrains)
    return year


def run_until(year: Year, *, until: int, trainings: Collection[int] = ()) -> Year:
    """Run the year to the end of month `until`, with a training at the end of these months only."""
    while year.now < min(year.market.end, year.market.start + until * MONTH):
        _run_month(year, trains=year.market.month(year.now + MONTH) in trainings)
    return year


def _run_month(year: Year, *, trains: bool) -> None:
    end = year.now + MONTH
    while year.now < end:
        year.pass_days(year.now + STEP)
    month = year.market.month(end)
    if trains and month >= _FIRST_TRAINING and end < year.market.end:
        train_and_promote(year, month)
