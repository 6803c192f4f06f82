"""Parameters of requests: times in UTC, and the place after which a list goes on."""

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

from fastapi import Query

from models.errors import Invalid


def in_utc(at: datetime) -> datetime:
    """The same moment in UTC; a time without a zone is UTC.

    Raises Invalid (it lies before the year 1 or after the year 9999 there).
    """
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise Invalid("{words} is outside the years 1 to 9999 in UTC.", words=at.isoformat()) from None


def checked_iso_text(text: str) -> str:
    """A date, or a date and time. Raises ValueError (seconds since 1970, which pydantic accepts)."""
    if "-" not in text[1:]:
        raise ValueError("a date and time such as 2026-01-31T09:00:00Z is expected")
    return text


After: TypeAlias = Annotated[
    str | None,
    Query(max_length=200, pattern=r"^[^\x00]+$", description="`next` of the page before; without it, the first page."),
]
