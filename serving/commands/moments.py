"""Moments and periods as they are typed."""

from datetime import UTC, datetime, timedelta
from typing import Final

from models.errors import Invalid

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(text: str) -> datetime:
    """A moment with its offset; a day alone begins at midnight UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("{words} is no moment such as 2026-03-01 or 2026-03-01T12:00:00+01:00.", words=text) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def moment_if(text: str | None) -> datetime | None:
    """The moment; None where no text is given."""
    return None if text is None else moment_of(text)


def span_of(since: str | None, until: str | None, now: datetime) -> tuple[datetime, datetime]:
    """A period, by default from the beginning to now, this moment included; its end is not included."""
    begins = _BEGINNING if since is None else moment_of(since)
    ends = now + timedelta(microseconds=1) if until is None else moment_of(until)
    if ends <= begins:
        raise Invalid("The period ends before it begins.")
    return begins, ends
