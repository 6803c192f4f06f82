"""The outcomes of a brand's answers, as a few lines of its page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from serving.brands.rules.brand_record import AnswerOutcome
from serving.brands.service.brand_records import record_of
from serving.brands.store.brand_answers import BrandAnswer
from serving.platform.tongues import N_, number, say
from serving.web.wording import words

_SHOWN = {
    AnswerOutcome.ACCEPTED: N_("Accepted"),
    AnswerOutcome.REJECTED: N_("Rejected"),
    AnswerOutcome.CONTESTED: N_("Contested"),
    AnswerOutcome.UNDERWAY: N_("In progress"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A figure and what it counts."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class RecordPart:
    """The figures above zero, of the answers of the last `days`; no lines without one that requests a removal."""

    days: int
    lines: tuple[Line, ...]


def record_part(answers: Iterable[BrandAnswer], now: datetime, days: int) -> RecordPart:
    """The figures of the reader's brands over the period of the standing, so that both count the same answers."""
    since = now - timedelta(days=days)
    found = record_of(one for one in answers if one.answered.answered_at > since)
    lines = [Line(say(name), number(found.outcomes[one])) for one, name in _SHOWN.items() if found.outcomes[one]]
    if lines:
        objections = number(found.counter_notices)
        if found.counter_notices_upheld:
            objections = say("%(all)s, %(n)s upheld", all=objections, n=number(found.counter_notices_upheld))
        lines.append(Line(say("Seller objections"), objections))
    if found.median_hours_to_removal is not None:
        lines.append(Line(say("Median time to removal"), words.hours(found.median_hours_to_removal)))
    return RecordPart(days, tuple(lines))
