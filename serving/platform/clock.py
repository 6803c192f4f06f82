"""The current time by injection, the system's or a simulated one that only moves forward; and a period for counts."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The current time, and whether a real delay can stand for a wait on this clock."""

    @property
    def simulated(self) -> bool:
        """Whether waits end by moving the clock, so that only the sweep can end them."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    simulated = False

    def now(self) -> datetime:
        return datetime.now(UTC)


class SimulatedClock:
    """The machine's clock plus an offset that can only grow, so that 90 days can pass in a minute.

    Between moves it advances at the machine's speed, so pending work ends even if nobody moves it. With `stands_at` it
    stands still between moves, so that a run depends on nothing but its moves.
    """

    simulated = True

    def __init__(self, offset: timedelta, *, stands_at: datetime | None = None) -> None:
        self._offset, self._stands_at = offset, stands_at
        self._lock = threading.Lock()

    @property
    def offset(self) -> timedelta:
        """The offset to the machine's clock; the database keeps it across restarts."""
        return self._offset

    def now(self) -> datetime:
        return self._stands_at or datetime.now(UTC) + self._offset

    def forward_to(self, moment: datetime) -> timedelta:
        """Move to a later moment and return the new offset; an earlier moment changes nothing."""
        with self._lock:
            if self._stands_at is not None:
                self._stands_at = max(self._stands_at, moment)
                self._offset = self._stands_at - datetime.now(UTC)
            else:
                self._offset += max(timedelta(0), moment - self.now())
            return self._offset


@dataclass(frozen=True, slots=True)
class Window:
    """A period, open at its start and closed at its end."""

    start: datetime
    end: datetime

    @classmethod
    def of_days(cls, days: int, end: datetime) -> "Window":
        """The given number of days up to a moment."""
        return cls(end - timedelta(days=days), end)
