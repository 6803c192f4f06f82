"""What became of a brand's answers, as a few lines of its page."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.brand_record import AnswerOutcome
from serving.db.brand_answers import BrandAnswer
from serving.usecases.brand_records import record_of

_MINUTES_AN_HOUR = 60
_SHOWN = {
    AnswerOutcome.ACCEPTED: "Accepted",
    AnswerOutcome.REJECTED: "Rejected",
    AnswerOutcome.CONTESTED: "Contested",
    AnswerOutcome.UNDERWAY: "On its way",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A figure and what it counts."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class RecordPart:
    """The figures that are not nothing; no lines before the first answer that asks for a removal."""

    lines: tuple[Line, ...]


def record_part(answers: Iterable[BrandAnswer]) -> RecordPart:
    """The figures of one's own brands."""
    found = record_of(answers)
    lines = [Line(name, f"{found.outcomes[one]:,}") for one, name in _SHOWN.items() if found.outcomes[one]]
    if lines:
        objections = f"{found.counter_notices:,}"
        if found.counter_notices_upheld:
            objections += f", {found.counter_notices_upheld:,} upheld"
        lines.append(Line("Objections of sellers", objections))
    if found.median_hours_to_removal is not None:
        lines.append(Line("Median time to removal", hours_in_words(found.median_hours_to_removal)))
    return RecordPart(tuple(lines))


def hours_in_words(hours: float) -> str:
    """Minutes below an hour, hours with one decimal above."""
    return f"{hours * _MINUTES_AN_HOUR:.0f} min" if hours < 1 else f"{hours:,.1f} h"
