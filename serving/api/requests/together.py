"""Requests that wait at the same time, answered by one piece of work: one transaction, and one read of each table."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from serving.platform.database.faults import DatabaseLocked

Q = TypeVar("Q")
A = TypeVar("A")
# A turn of the loop takes some microseconds. Requests that a turn brings wait for the next one; those of a busy
# service come in a few turns.
_MOST_TURNS: Final = 3
# For those who were answered and ask again. A group takes some milliseconds; without a pause, those of a busy service
# are half as large.
_PAUSE_SECONDS: Final = 0.002
PATIENCE_SECONDS: Final = 30.0  # The first score of a process may compile its kernels on a busy machine.


@dataclass(slots=True)
class _LoopQueue(Generic[Q, A]):
    questions: list[tuple[Q, int, asyncio.Future[A]]] = field(default_factory=list)
    in_work: list[asyncio.Future[A]] = field(default_factory=list)
    patience: asyncio.TimerHandle | None = None
    is_called: bool = False
    asking: int = 1
    """How many asked at the last answers: those who were answered, and those who waited."""
    pause: asyncio.TimerHandle | None = None


class QuestionBatcher(Generic[Q, A]):
    """Answers questions in groups that weigh at most `most`; a heavier question is a group of its own.

    `work` gets the questions of a group and returns an answer or an error for each, in order; an error is raised for
    its own question. Work on a question that comes alone begins in the next turns of the event loop; while several
    callers ask again and again, it begins when as many wait as were there before, or after a pause. It is done in a
    thread of its own, one group after another, so that the loop serves other requests meanwhile. Questions whose group,
    or the one before, is in work for PATIENCE_SECONDS are answered by an error, while the thread goes on.
    """

    def __init__(self, work: Callable[[Sequence[Q]], Sequence[A | Exception]], most: int) -> None:
        self._work: Final = work
        self._most: Final = most
        # A queue and a thread: an executor makes a future and its locks for each group.
        self._groups: Final[SimpleQueue[tuple[asyncio.AbstractEventLoop, _LoopQueue[Q, A], Sequence[Q]]]] = (
            SimpleQueue()
        )
        self._thread: threading.Thread | None = None
        # Tests run one application in several loops.
        self._waiting: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopQueue[Q, A]]] = WeakKeyDictionary()

    async def ask(self, question: Q, weight: int = 1) -> A:
        """The answer to a question; `weight` is its work, in units of an ordinary question.

        Raises Exception (what the work returned for the question, or raised) or Locked (it took too long).
        """
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(loop)
        if waiting is None:
            waiting = self._waiting[loop] = _LoopQueue()
        answer: asyncio.Future[A] = loop.create_future()
        waiting.questions.append((question, weight, answer))
        if not waiting.is_called:
            waiting.is_called = True
            self._await_others(loop, waiting)
        elif waiting.pause is not None and len(waiting.questions) >= waiting.asking:
            self._begin(loop, waiting)
        return await answer

    def _await_others(self, loop: asyncio.AbstractEventLoop, waiting: _LoopQueue[Q, A]) -> None:
        if len(waiting.questions) < waiting.asking:
            waiting.pause = loop.call_later(_PAUSE_SECONDS, self._begin, loop, waiting)
        else:
            loop.call_soon(self._gather, loop, waiting, len(waiting.questions), _MOST_TURNS)

    def _gather(self, loop: asyncio.AbstractEventLoop, waiting: _LoopQueue[Q, A], before: int, turns: int) -> None:
        """Wait for another turn as long as turns bring further questions."""
        number = len(waiting.questions)
        if turns and before <= number < self._most and (number > before or turns == _MOST_TURNS):
            loop.call_soon(self._gather, loop, waiting, number, turns - 1)
            return
        self._begin(loop, waiting)

    def _begin(self, loop: asyncio.AbstractEventLoop, waiting: _LoopQueue[Q, A]) -> None:
        """Give the next group to the thread."""
        if waiting.pause is not None:
            waiting.pause.cancel()
            waiting.pause = None
        number = self._first_group(waiting)
        group, waiting.questions = waiting.questions[:number], waiting.questions[number:]
        open_questions = [(question, answer) for question, _, answer in group if not answer.done()]
        waiting.in_work = [answer for _, answer in open_questions]
        waiting.patience = loop.call_later(PATIENCE_SECONDS, self._give_up, loop, waiting)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work_on, name="together", daemon=True)
            self._thread.start()
        self._groups.put((loop, waiting, [question for question, _ in open_questions]))

    def _work_on(self) -> None:
        while True:
            loop, waiting, questions = self._groups.get()
            answers = self._answers(questions)
            with suppress(RuntimeError):  # The loop has ended.
                loop.call_soon_threadsafe(self._end, loop, waiting, answers)

    def _first_group(self, waiting: _LoopQueue[Q, A]) -> int:
        whole = 0
        for number, (_, weight, _) in enumerate(waiting.questions):
            whole += weight
            if number and whole > self._most:
                return number
        return len(waiting.questions)

    def _answers(self, questions: Sequence[Q]) -> Sequence[A | Exception]:
        try:
            return self._work(questions) if questions else []
        except Exception as error:
            return [error] * len(questions)

    def _give_up(self, loop: asyncio.AbstractEventLoop, waiting: _LoopQueue[Q, A]) -> None:
        """Answer all that waits by an error, and later what comes while the work goes on."""
        for answer in (*waiting.in_work, *(answer for _, _, answer in waiting.questions)):
            if not answer.done():
                answer.set_exception(DatabaseLocked())
        waiting.questions.clear()
        waiting.patience = loop.call_later(PATIENCE_SECONDS, self._give_up, loop, waiting)

    def _end(
        self, loop: asyncio.AbstractEventLoop, waiting: _LoopQueue[Q, A], answers: Sequence[A | Exception]
    ) -> None:
        """Answer a group, and begin with the next."""
        if waiting.patience is not None:
            waiting.patience.cancel()
        for answer, outcome in zip(waiting.in_work, answers, strict=True):
            if answer.done():
                continue
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
        waiting.asking = min(len(waiting.in_work) + len(waiting.questions), self._most)
        waiting.is_called = bool(waiting.questions)
        if waiting.questions:
            self._await_others(loop, waiting)
