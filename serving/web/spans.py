"""The period of a chart: two days by the hour, a month by the day, or half a year by the week."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

_WEEK: Final = timedelta(days=7)


class Span(StrEnum):
    """The periods to choose from."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


STEPS: Final = {Span.HOURS: timedelta(hours=1), Span.DAYS: timedelta(days=1), Span.WEEKS: _WEEK}
_NUMBER: Final = {Span.HOURS: 48, Span.DAYS: 30, Span.WEEKS: 26}


@dataclass(frozen=True, slots=True)
class Choice:
    """A period as a link."""

    span: Span
    text: str
    chosen: bool


_TEXTS: Final = {Span.HOURS: "48 hours", Span.DAYS: "30 days", Span.WEEKS: "26 weeks"}
EACH: Final = {Span.HOURS: "hour", Span.DAYS: "day", Span.WEEKS: "week"}


def span_of(value: str | None) -> Span:
    """The span that an address names; days if it names none or an unknown one.

    >>> span_of("weeks"), span_of("<script>")
    (<Span.WEEKS: 'weeks'>, <Span.DAYS: 'days'>)
    """
    return Span(value) if value in set(Span) else Span.DAYS


def choices(chosen: Span) -> tuple[Choice, ...]:
    """All spans, the chosen one marked."""
    return tuple(Choice(one, _TEXTS[one], one is chosen) for one in Span)


def starts(span: Span, now: datetime) -> tuple[datetime, ...]:
    """The starts of the last complete hours, days or weeks.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    >>> [str(one)[:16] for one in starts(Span.HOURS, now)[-2:]], str(starts(Span.DAYS, now)[-1])[:16]
    (['2026-03-04 07:00', '2026-03-04 08:00'], '2026-03-03 00:00')
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    end = hour if span is Span.HOURS else hour.replace(hour=0)
    number, step = _NUMBER[span], STEPS[span]
    return tuple(end - step * (number - i) for i in range(number))
