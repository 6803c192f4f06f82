"""The run of a simulation: once up to the first model, then each arm to the end."""

from collections.abc import Collection
from typing import Final

from training.simulation.arms import Arm
from training.simulation.learning import learn
from training.simulation.market import MONTH, Market
from training.simulation.review_queue import REVIEW_SHARE
from training.simulation.year import STEP, Year

_FIRST_TRAINING: Final = 2  # Months; earlier, no label is mature.


def launch(market: Market, arm: Arm, *, review_share: float = REVIEW_SHARE) -> Year:
    """The year up to its first champion, or to its end without one; every arm continues from here."""
    year = Year(market, arm, market.start, review_share)
    while year.champion is None and year.now < market.end:
        _month(year, trains=True)
    return year


def finish(year: Year) -> Year:
    """Run the year to its end."""
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
