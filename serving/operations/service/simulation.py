"""A simulation and its service: the work under way at its moment, what visitors of the pages do, and its days."""

import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from serving.operations.store import job_queue
from serving.platform import jobs
from serving.platform.runtime import Runtime
from serving.takedowns.store import removal_checks
from serving.webhooks.service import letters

PLAY_FILE: Final = "demo.json"


@dataclass(frozen=True, slots=True)
class SimulatedDays:
    """The days of a simulation; `brand` is the one whose good standing was earned before the first of them."""

    first: datetime
    days: int
    brand: str
    over: bool


def simulated_days(runtime: Runtime) -> SimulatedDays | None:
    """The days of the simulation that plays or has played here; None on the real clock."""
    if not runtime.clock.simulated:
        return None
    try:
        play: dict[str, Any] = json.loads((runtime.home.root / PLAY_FILE).read_bytes())
        return SimulatedDays(
            datetime.fromisoformat(play["first_day"]), play["days"], play["brand"], bool(play["result"])
        )
    except (OSError, ValueError, KeyError, RecursionError):
        return None


@dataclass(slots=True)
class Visits:
    """The last click on a page and the cases that a person has opened in a simulation, since this process started."""

    simulated: bool
    _clicked_at: float | None = None
    _opened: set[str] = field(default_factory=set)

    def click(self) -> None:
        """Note that a person has loaded a page."""
        self._clicked_at = time.monotonic()

    def open(self, case_ids: list[str]) -> None:
        """Note that a person reads these cases."""
        if self.simulated:
            self._opened.update(case_ids)

    def seconds_since_click(self) -> float | None:
        """Seconds since a person last loaded a page; None where nobody did."""
        return None if self._clicked_at is None else time.monotonic() - self._clicked_at

    def opened_cases(self) -> list[str]:
        """The cases that a person has opened, sorted."""
        return sorted(self._opened)


def unfinished_count(runtime: Runtime) -> int:
    """The number of messages that are due or on their way, and of checks and mails that have not ended."""
    with runtime.store.read() as connection:
        now = runtime.clock.now()
        due = letters.under_way_count(connection, now) + removal_checks.due_count(connection, now)
        return due + job_queue.unfinished_count(connection, (jobs.MAILS,))
