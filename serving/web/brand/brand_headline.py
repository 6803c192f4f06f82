"""The headline above a brand's questions: their number, the pace, and reasons that delay removals."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from features.message import Message
from serving.account_management.store.brand_answers import BrandAnswer
from serving.platform.tongues import say, say_many
from serving.web.brand.standing_part import StandingCard
from serving.web.wording import words

_WEEK: Final = timedelta(days=7)


def pace_of(given: Sequence[BrandAnswer], now: datetime) -> str | None:
    """The number of answers in the last week, and the median time to answer."""
    hours = [
        one.answered.hours_to_answer
        for one in given
        if not one.answered.undone and now - one.answered.answered_at < _WEEK
    ]
    known = [one for one in hours if one is not None]
    if not known:
        return None
    return say_many(
        "You answered %(n)s in the last seven days (median time to answer %(time)s).",
        "You answered %(n)s in the last seven days (median time to answer %(time)s).",
        len(hours),
        time=words.duration(median(known) * 3_600),
    )


def withheld_reason_of(cards: Sequence[StandingCard]) -> Message | None:
    """Why a confirmation does not remove at once; None if it does for at least one of the brands."""
    reasons = [one.withheld for one in cards]
    return reasons[0] if reasons and None not in reasons else None


def headline_of(size: int) -> str:
    if not size:
        return say("No listing awaits your answer")
    return say_many("%(n)s listing awaits your answer", "%(n)s listings await your answer", size)
