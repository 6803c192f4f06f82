"""Threads for work that waits, one pool for each kind, so that no kind waits in the threads of another.

The event loop never waits itself, and the loop's own threads stay with pages and static files.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial, wraps
from typing import Any, Final, ParamSpec, TypeVar

from serving.platform.database.faults import DatabaseLocked
from serving.platform.pace import TooManyRequests

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """At most `threads` at once; further work waits for `patience_seconds` at most.

    Work that only `reads` may be given up while it runs: a silent database would keep it for ever. The answer to other
    work is waited for once it has begun, because it may be stored.
    """

    def __init__(self, name: str, threads: int, patience_seconds: float, *, reads: bool = False) -> None:
        self._threads: Final = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self.patience_seconds = patience_seconds
        self._reads: Final = reads

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the work returns or raises. Raises Locked (its turn, or the answer to a read, took too long)."""
        job = self._threads.submit(copy_context().run, partial(work, *args, **kwargs))
        answer = asyncio.wrap_future(job)
        ended, _ = await asyncio.wait((answer,), timeout=self.patience_seconds)
        if not ended and (job.cancel() or self._reads):
            answer.cancel()
            raise DatabaseLocked
        return await answer


class FairPool(Pool):
    """A pool in which each person has one piece of work at a time, and at most `most_waiting` others that wait."""

    def __init__(self, name: str, threads: int, patience_seconds: float, most_waiting: int) -> None:
        super().__init__(name, threads, patience_seconds)
        self._most: Final = most_waiting
        self._waiting: Final[Counter[str]] = Counter()
        self._turns: Final[dict[str, asyncio.Lock]] = {}

    async def run_for(self, person: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, once the person's earlier work has ended. Raises TooManyRequests (too much of it waits)."""
        if self._waiting[person] > self._most:
            raise TooManyRequests(self.patience_seconds)
        self._waiting[person] += 1
        turn = self._turns.setdefault(person, asyncio.Lock())
        try:
            async with asyncio.timeout(self.patience_seconds):
                await turn.acquire()
            try:
                return await self.run(work, *args, **kwargs)
            finally:
                turn.release()
        except TimeoutError:
            raise TooManyRequests(self.patience_seconds) from None
        finally:
            self._waiting[person] -= 1
            if not self._waiting[person]:
                del self._waiting[person], self._turns[person]


# A session or a key is one small read; two times four are more than a process of one core can use. The database ends
# each after seconds (`ADMISSION`); a silent one is given up.
KEYS: Final = Pool("keys", 4, 10.0, reads=True)
SESSIONS: Final = Pool("sessions", 4, 10.0, reads=True)
PROBES: Final = Pool("probes", 2, 10.0, reads=True)
# The use of a key is noted beside the request, which does not wait longer for it.
USES: Final = Pool("uses", 1, 1.0, reads=True)
# A batch holds the processor for seconds. Eight writers keep PostgreSQL busy, and leave it connections for others.
INTAKE: Final = Pool("intake", 8, 30.0)
# Reports, bulk decisions, lists and downloads: seconds of the processor each, which pages would wait for.
DEAR: Final = FairPool("dear", 2, 60.0, most_waiting=60)


def in_fair_pool(handle: Callable[..., T]) -> Callable[..., Any]:
    """A handler whose work is dear, in turns of the `person` that one of its arguments has."""

    @wraps(handle)
    async def in_turn(**values: Any) -> T:
        (person,) = {argument.person.user_id for argument in values.values() if hasattr(argument, "person")}
        return await DEAR.run_for(person, handle, **values)

    return in_turn
