"""The score of one listing and its explanation."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from features.message import Message, as_json, from_json, message
from features.records import with_fast_init


class ScoreKind(StrEnum):
    """A scorecard's value is points and is never used as a probability."""

    SCORECARD = "scorecard"
    CALIBRATED = "calibrated"


# The parts of a score that no finding about the listing stands behind: the value of an average listing, the text where
# no phrase can be quoted, the title as an encoder reads it, all features without words of their own, and points that a
# low price alone does not count.
BASE: Final = "base"
TEXT: Final = "text"
TITLE: Final = "title"
OTHER: Final = "other"
PRICE_ALONE: Final = "price_alone"
REMAINDERS: Final = frozenset({BASE, TEXT, TITLE, OTHER, PRICE_ALONE})
# Evidence of the lexicon that honest sellers write too.
AMBIGUOUS: Final = "text_ambiguous"


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score: a stable code, a message with figures, and its contribution to the value.

    `weight` is in log-odds for a calibrated score and in points for a scorecard; above zero it points to counterfeit.
    The parts of a score add up to its value.
    """

    code: str
    message: Message
    weight: float


def remainder_reason(code: str, weight: float) -> Reason:
    """A part of a score that names no finding; `code` is one of `REMAINDERS`."""
    return Reason(code, message(f"score.{code}"), weight)


def named_parts(parts: Sequence[Reason]) -> tuple[Reason, ...]:
    """The parts that name a finding about the listing, strongest first; the remainders are left out."""
    return tuple(part for part in parts if part.code not in REMAINDERS)


def findings(evidence: Sequence[Message], parts: Sequence[Reason], *, accusing: bool = True) -> tuple[Message, ...]:
    """Hard evidence first, then the named parts, then wording that proves nothing by itself; each message once.

    With `accusing`, only parts above zero.
    """
    of_parts = [reason.message for reason in named_parts(parts) if reason.weight > 0 or not accusing]
    hard = [finding for finding in evidence if finding.code != AMBIGUOUS]
    messages = [*hard, *of_parts, *(finding for finding in evidence if finding.code == AMBIGUOUS)]
    return tuple(finding for i, finding in enumerate(messages) if finding not in messages[:i])


def reason_as_json(reason: Reason) -> list[Any]:
    """The JSON form for a column; `reason_from_json` is the inverse."""
    return [reason.code, as_json(reason.message), reason.weight]


def reason_from_json(stored: Sequence[Any]) -> Reason:
    """The inverse of `reason_as_json`."""
    code, stored_message, weight = stored
    return Reason(code, from_json(stored_message), weight)


@with_fast_init
@dataclass(frozen=True, slots=True)
class Score:
    """The value of one listing version, with hard evidence and with the parts that add up to it.

    `evidence` are findings that convince without a model, in a fixed order; they have no weight. `reasons` are the
    parts of the value: named ones, strongest first, and the remainders last.

    `value` is log-odds (calibrated) or points (scorecard); `probability` is null for a scorecard. `scorer` names the
    bundle digest or the scorecard's policy version, `fingerprint` the input that it was made for. `interval` is
    the 95 % range of the probability over resamples of the labelled sellers, null where it is unknown. `encoder` names
    what read the title for a second score; null in a first answer.
    """

    kind: ScoreKind
    value: float
    probability: float | None
    reasons: tuple[Reason, ...]
    scorer: str
    fingerprint: str
    interval: tuple[float, float] | None = None
    evidence: tuple[Message, ...] = ()
    encoder: str | None = None
