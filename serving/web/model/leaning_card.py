"""The effect of a visible score on decisions, in words: with it, without it, and the difference."""

from types import SimpleNamespace
from typing import Final

from serving.cases.rules.masked_score import Answers, Leaning
from serving.web.model.model_charts import wilson

# Days of decisions, for their author and for data scientists: a quarter, as with standings.
COMPARED_DAYS: Final = 90


def leaning_card(found: Leaning, *, masked_share: float, is_own: bool) -> SimpleNamespace:
    """The card; `is_own` addresses the reviewer of these decisions, `masked_share` is the current share."""
    rows = (_row("Score visible", found.shown), _row("Score masked until the decision", found.hidden))
    if found.difference is None or found.low is None or found.high is None:
        return SimpleNamespace(
            rows=rows, difference=None, interval="", text=_nothing(found, masked_share, is_own=is_own)
        )
    interval = f"{_points(found.low)} to {_points(found.high)}"
    text = _meaning(found.low, found.high, is_own=is_own)
    return SimpleNamespace(rows=rows, difference=_points(found.difference), interval=interval, text=text)


def _row(what: str, found: Answers) -> SimpleNamespace:
    if found.share is None:
        return SimpleNamespace(what=what, counts="no decisions yet", share=None, interval="")
    low, high = wilson(found.counterfeit, found.number)
    counts = f"{found.counterfeit:,} of {found.number:,}"
    return SimpleNamespace(
        what=what, counts=counts, share=f"{100 * found.share:.0f} %", interval=f"{100 * low:.0f} to {100 * high:.0f} %"
    )


def _nothing(found: Leaning, masked_share: float, *, is_own: bool) -> str:
    if not masked_share and not found.hidden.number:
        return (
            "No comparison: score masking is off. The operator sets the share of cases with a masked score in "
            "TOUCHSTONE_HIDDEN_SCORE_SHARE."
        )
    whose = "you have made no first decision" if is_own else "there is no first decision"
    missing = "with the score visible" if found.hidden.number else "with the score masked"
    return (
        f"No comparison yet: {whose} {missing}. A random {100 * masked_share:.0f} % of analyst cases mask the score "
        "until the decision."
    )


def _meaning(low: float, high: float, *, is_own: bool) -> str:
    who = "you answer" if is_own else "reviewers answer"
    if low <= 0 <= high:
        return (
            f"No significant difference. With the score visible, {who} counterfeit in {-100 * low:.0f} fewer to "
            f"{100 * high:.0f} more of 100 cases (95 % interval). More decisions narrow the interval."
        )
    least, most = sorted((abs(low), abs(high)))
    how, more = ("more", "more") if low > 0 else ("less", "fewer")
    return (
        f"With the score visible, {who} counterfeit {how} often: in {100 * least:.0f} to {100 * most:.0f} {more} of "
        "100 cases (95 % interval). Masking is random, so the score causes the difference, unless "
        f"{'you filter your queue' if is_own else 'reviewers filter their queues'} by score or harm. Such filters "
        "exclude cases with a masked score."
    )


def _points(value: float) -> str:
    """A difference of shares in points.

    >>> _points(0.043), _points(-0.1), _points(0.001)
    ('+4', '\u221210', '0')
    """
    points = round(100 * value)
    return f"{points:+d}".replace("-", "\u2212") if points else "0"
