"""The score of one listing and its explanation."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from features.message import Message, as_json, from_json


class ScoreKind(StrEnum):
    """A scorecard's value is points and is never used as a probability."""

    SCORECARD = "scorecard"
    CALIBRATED = "calibrated"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a score: a stable code, a message with figures, and its contribution to the value.

    `weight` is in log-odds for a calibrated score and in points for a scorecard; above zero it points to counterfeit.
    """

    code: str
    message: Message
    weight: float


def reason_as_json(reason: Reason) -> list[Any]:
    """The JSON form for a column; `reason_from_json` is the inverse."""
    return [reason.code, as_json(reason.message), reason.weight]


def reason_from_json(stored: Sequence[Any]) -> Reason:
    """The inverse of `reason_as_json`."""
    code, found, weight = stored
    return Reason(code, from_json(found), weight)


@dataclass(frozen=True, slots=True)
class Score:
    """The value of one listing version.

    `value` is log-odds (calibrated) or points (scorecard); `probability` is null for a scorecard. `scorer` names the
    bundle digest or the scorecard's policy version, `fingerprint` the input that it was made for. `interval` is
    the 95 % range of the probability over resamples of the labelled sellers, null where it is unknown.
    """

    kind: ScoreKind
    value: float
    probability: float | None
    reasons: tuple[Reason, ...]
    scorer: str
    fingerprint: str
    interval: tuple[float, float] | None = None
