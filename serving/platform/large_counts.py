"""Cached counts of large queues: such a count takes long and changes little in a few seconds."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

Counted = TypeVar("Counted")
LARGE: Final = 1_000
_MOST_KEPT: Final = 1_000


@dataclass(slots=True)
class LargeCounts:
    """A cache of large counts for some seconds, shared by all callers with the same key; small ones are not cached."""

    clock: Callable[[], float] = time.monotonic
    _cached: dict[Hashable, tuple[float, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(
        self, key: Hashable, count: Callable[[], Counted], size: Callable[[Counted], int], *, seconds: float = 5.0
    ) -> Counted:
        """The count of a key, at most `seconds` old; `size` returns the total of a count."""
        now = self.clock()
        timed_count = self._cached.get(key)
        if timed_count is not None and now - timed_count[0] < seconds:
            cached_count: Counted = timed_count[1]
            return cached_count
        new_count = count()
        if size(new_count) >= LARGE:
            with self._lock:
                if len(self._cached) >= _MOST_KEPT:
                    self._cached.clear()
                self._cached[key] = now, new_count
        return new_count
