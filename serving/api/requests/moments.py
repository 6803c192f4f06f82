"""Times in requests, in UTC."""

from datetime import UTC, datetime

from models.errors import Invalid


def in_utc(at: datetime) -> datetime:
    """The same moment in UTC; a time without a zone is UTC.

    Raises Invalid (it lies before the year 1 or after the year 9999 there).
    """
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise Invalid("{words} is outside the years 1 to 9999 in UTC.", words=at.isoformat()) from None
