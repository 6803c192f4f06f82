"""Masked scores: which cases, until when, and what they measure."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from models.case import CaseLane, CaseState
from serving.cases.policy import MaskedScorePolicy

_Z: Final = NormalDist().inv_cdf(0.975)


# The lanes that analysts decide with the score visible. A brand never sees it, and the other lanes are blind
# anyway.
_DRAWN: Final = frozenset({CaseLane.ANALYST, CaseLane.AUDIT, CaseLane.INSUFFICIENT_EVIDENCE})


def masking_probability(lane: CaseLane, policy: MaskedScorePolicy) -> float | None:
    """The probability with which the score of a new case is masked; None in lanes that never show it."""
    return policy.share if lane in _DRAWN else None


def is_hidden(drawn: bool, state: CaseState, *, committed: bool) -> bool:
    """Whether a masked case hides its score from a person: while it is open, and until their first answer to it.

    A person who withdrew the answer has seen the score by then, so masking it again has no effect.
    """
    return drawn and state is CaseState.OPEN and not committed


@dataclass(frozen=True, slots=True)
class Answers:
    """The number of first answers, and of those that were `counterfeit`."""

    number: int = 0
    counterfeit: int = 0

    @property
    def share(self) -> float | None:
        """The share of `counterfeit`; None without answers."""
        return self.counterfeit / self.number if self.number else None


@dataclass(frozen=True, slots=True)
class ScoreEffect:
    """The difference of the `counterfeit` shares with a visible and with a masked score, and its interval.

    All three are None where either side has no answer.
    """

    hidden: Answers
    shown: Answers
    difference: float | None
    low: float | None
    high: float | None


def score_effect(hidden: Answers, shown: Answers) -> ScoreEffect:
    """The effect of a visible score: the share of `counterfeit` with it, minus that without it, at 95 %.

    Source: Newcombe 1998, method 10, from the ends of Wilson's intervals; it stays sensible with few answers.
    """
    if hidden.share is None or shown.share is None:
        return ScoreEffect(hidden, shown, None, None, None)
    difference = shown.share - hidden.share
    (shown_low, shown_high), (hidden_low, hidden_high) = _wilson(shown), _wilson(hidden)
    low = difference - math.hypot(shown.share - shown_low, hidden_high - hidden.share)
    high = difference + math.hypot(shown_high - shown.share, hidden.share - hidden_low)
    return ScoreEffect(hidden, shown, difference, low, high)


def _wilson(answers: Answers) -> tuple[float, float]:
    number, share, square = answers.number, answers.counterfeit / answers.number, _Z * _Z
    middle = (share + square / (2 * number)) / (1 + square / number)
    spread = _Z * math.sqrt(share * (1 - share) / number + square / (4 * number * number)) / (1 + square / number)
    return middle - spread, middle + spread
