"""Requests that wait at the same time, answered by one piece of work: one transaction, and one read of each table."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar
from weakref import WeakKeyDictionary

Q = TypeVar("Q")
A = TypeVar("A")
# A turn of the loop takes some microseconds. Requests that a turn brings wait for the next one; those of a busy
# service come in a few turns.
_MOST_TURNS: Final = 3


@dataclass(slots=True)
class _Waiting(Generic[Q, A]):
    asked: list[tuple[Q, int, asyncio.Future[A]]] = field(default_factory=list)
    is_called: bool = False


class Together(Generic[Q, A]):
    """Answers questions in groups that weigh at most `most`; a heavier question is a group of its own.

    `work` gets the questions of a group and returns an answer or an error for each, in order; an error is raised for
    its own question. A question that comes alone is answered in the next turns of the event loop. Work is done in the
    loop's thread, one group after another, and other requests are served between groups.
    """

    def __init__(self, work: Callable[[Sequence[Q]], Sequence[A | Exception]], most: int) -> None:
        self._work: Final = work
        self._most: Final = most
        # Tests run one application in several loops.
        self._waiting: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting[Q, A]]] = WeakKeyDictionary()

    async def ask(self, question: Q, weight: int = 1) -> A:
        """The answer to a question; `weight` is its work, in units of an ordinary question.

        Raises Exception (what the work returned for the question, or raised).
        """
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(loop)
        if waiting is None:
            waiting = self._waiting[loop] = _Waiting()
        answer: asyncio.Future[A] = loop.create_future()
        waiting.asked.append((question, weight, answer))
        if not waiting.is_called:
            waiting.is_called = True
            loop.call_soon(self._gather, loop, waiting, 1, _MOST_TURNS)
        return await answer

    def _gather(self, loop: asyncio.AbstractEventLoop, waiting: _Waiting[Q, A], before: int, turns: int) -> None:
        """Wait for another turn as long as turns bring further questions."""
        number = len(waiting.asked)
        if turns and before <= number < self._most and (number > before or turns == _MOST_TURNS):
            loop.call_soon(self._gather, loop, waiting, number, turns - 1)
            return
        number = self._first_group(waiting)
        group, waiting.asked = waiting.asked[:number], waiting.asked[number:]
        waiting.is_called = bool(waiting.asked)
        if waiting.is_called:
            loop.call_soon(self._gather, loop, waiting, len(waiting.asked), 0)
        self._answer([(question, answer) for question, _, answer in group if not answer.done()])

    def _first_group(self, waiting: _Waiting[Q, A]) -> int:
        whole = 0
        for number, (_, weight, _) in enumerate(waiting.asked):
            whole += weight
            if number and whole > self._most:
                return number
        return len(waiting.asked)

    def _answer(self, group: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            found = self._work([question for question, _ in group]) if group else []
        except Exception as error:
            found = [error] * len(group)
        for (_, answer), one in zip(group, found, strict=True):
            if isinstance(one, Exception):
                answer.set_exception(one)
            else:
                answer.set_result(one)
