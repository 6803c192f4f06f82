"""A period for counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """A period, open at its start and closed at its end."""

    start: datetime
    end: datetime

    @classmethod
    def of_days(cls, days: int, end: datetime) -> "Window":
        """The given number of days up to a moment."""
        return cls(end - timedelta(days=days), end)
