"""A limit on requests in this process, checked before anything is read or computed for them."""

import threading
from collections import OrderedDict, deque
from typing import Final

from models.errors import DomainError

_MOST_NAMES: Final = 10_000


class TooManyRequests(DomainError):
    """A caller sends faster than a program needs to; a later request is accepted."""

    code = "too_many_requests"

    def __init__(self, wait_seconds: float) -> None:
        super().__init__("Too many requests. Wait a moment, and send fewer at once.")
        self.retry_after_seconds = max(1, round(wait_seconds + 0.5))


class Pace:
    """At most `most` requests of one caller in `seconds`; the memory of callers is bounded.

    Several processes each count for themselves.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str, now: float) -> None:
        """Count a request at a moment of a monotonic clock, in seconds.

        Raises TooManyRequests (the caller has sent too many; this one is not counted).
        """
        with self._lock:
            times = self._times.setdefault(caller, deque())
            self._times.move_to_end(caller)
            while times and times[0] <= now - self._seconds:
                times.popleft()
            if len(times) >= self._most:
                raise TooManyRequests(times[0] + self._seconds - now)
            times.append(now)
            if len(self._times) > _MOST_NAMES:
                self._times.popitem(last=False)
