"""The card of a score: hard evidence, and the parts that add up to the value."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from models.messages.english import in_english
from models.score import AMBIGUOUS, REMAINDERS, Reason, ScoreKind, named
from serving.web import charts
from serving.web.wording import words


def reasons_card(row: Mapping[str, Any]) -> SimpleNamespace:
    """The card of a score with its explanation (`explained`)."""
    reasons: Sequence[Reason] = row["reasons"]
    route = tuple(in_english(one) for one in row["route_reasons"])
    evidence = tuple(in_english(one) for one in row["evidence"] if one.code != AMBIGUOUS)
    ambiguous = next((in_english(one) for one in row["evidence"] if one.code == AMBIGUOUS), None)
    is_scorecard = row["kind"] == ScoreKind.SCORECARD.value
    digits = 0 if is_scorecard else 2
    rest = tuple(
        SimpleNamespace(sentence=in_english(one.message), weight=words.signed(one.weight, digits))
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
    return SimpleNamespace(
        evidence=evidence,
        ambiguous=ambiguous,
        unit=unit,
        bars=bars,
        remainders=rest,
        total=total,
        note=note,
        route=route,
        why_none=row["why_none"],
    )
