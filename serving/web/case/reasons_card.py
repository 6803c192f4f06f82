"""The card of a score: hard evidence, and the parts that add up to the value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.messages.english import in_english
from models.score import AMBIGUOUS, REMAINDERS, Reason, ScoreKind, named
from serving.web import charts
from serving.web.charts import ReasonBar
from serving.web.wording import words


@dataclass(frozen=True, slots=True)
class Remainder:
    """A part of a score that names no finding."""

    sentence: str
    weight: str


@dataclass(frozen=True, slots=True)
class ReasonsCard:
    """Hard evidence, the parts of the score, and the reason for the lane.

    `ambiguous` is wording that proves nothing by itself. `bars` are the parts that name a finding, strongest first;
    `remainders` are the rest of the total. `why_none` says why there are no parts, where they cannot be computed.
    """

    evidence: tuple[str, ...]
    ambiguous: str | None
    unit: str
    bars: tuple[ReasonBar, ...]
    remainders: tuple[Remainder, ...]
    total: str
    note: str
    route: tuple[str, ...]
    why_none: str | None


def reasons_card(row: Mapping[str, Any]) -> ReasonsCard:
    """The card of a score with its explanation (`explained`)."""
    reasons: Sequence[Reason] = row["reasons"]
    route = tuple(in_english(one) for one in row["route_reasons"])
    evidence = tuple(in_english(one) for one in row["evidence"] if one.code != AMBIGUOUS)
    ambiguous = next((in_english(one) for one in row["evidence"] if one.code == AMBIGUOUS), None)
    is_scorecard = row["kind"] == ScoreKind.SCORECARD.value
    digits = 0 if is_scorecard else 2
    rest = tuple(
        Remainder(in_english(one.message), words.signed(one.weight, digits))
        for one in reasons
        if one.code in REMAINDERS
    )
    if is_scorecard:
        unit, total = "points", f"{row['value']:.0f} points in total"
        note = "Points are fixed expert weights. They are not calibrated and not a probability."
    else:
        unit, total = "log-odds", f"{words.signed(row['value'])} in total, probability {row['probability']:.2f}"
        note = "" if row["why_none"] else "The parts add up to the total. Above zero they point to counterfeit."
        if row["encoder"] is not None:
            note = f"A second score: {row['encoder']} read the title after the first answer. {note}"
    bars = charts.reason_bars(named(reasons), digits)
    return ReasonsCard(evidence, ambiguous, unit, bars, rest, total, note, route, row["why_none"])
