import asyncio
import threading
from collections.abc import Sequence

import pytest

from serving.api.requests import together as module
from serving.api.requests.together import QuestionBatcher
from serving.platform.database.faults import DatabaseLocked


class Doubler:
    """Doubles numbers, and notes the groups that it got."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []

    def __call__(self, numbers: Sequence[int]) -> Sequence[int | Exception]:
        self.groups.append(list(numbers))
        if 13 in numbers:
            raise LookupError
        return [ValueError(number) if number < 0 else 2 * number for number in numbers]


async def ask_together(together: QuestionBatcher[int, int], *numbers: int) -> list[int | BaseException]:
    return await asyncio.gather(*map(together.ask, numbers), return_exceptions=True)


def test_questions_of_one_moment_are_answered_together_and_in_order() -> None:
    work = Doubler()
    assert asyncio.run(ask_together(QuestionBatcher(work, most=16), 3, 1, 2)) == [6, 2, 4]
    assert work.groups == [[3, 1, 2]]


def test_an_error_belongs_to_its_question_alone() -> None:
    first, second, third = asyncio.run(ask_together(QuestionBatcher(Doubler(), most=16), 1, -1, 2))
    assert (first, third) == (2, 4)
    assert isinstance(second, ValueError)


def test_what_the_work_raises_is_the_answer_of_its_group() -> None:
    answers = asyncio.run(ask_together(QuestionBatcher(Doubler(), most=2), 1, 13, 2))
    assert [type(answer) for answer in answers] == [LookupError, LookupError, int]


def test_no_group_is_larger_than_the_most() -> None:
    work = Doubler()
    assert asyncio.run(ask_together(QuestionBatcher(work, most=2), 1, 2, 3, 4, 5)) == [2, 4, 6, 8, 10]
    assert work.groups == [[1, 2], [3, 4], [5]]


def test_a_heavy_question_is_answered_alone() -> None:
    work = Doubler()
    together = QuestionBatcher(work, most=4)

    async def every() -> list[int]:
        weights = [(1, 3), (2, 1), (3, 5), (4, 2), (5, 2)]
        return await asyncio.gather(*(together.ask(number, weight) for number, weight in weights))

    assert asyncio.run(every()) == [2, 4, 6, 8, 10]
    assert work.groups == [[1, 2], [3], [4, 5]]


def test_questions_of_the_next_turns_join_the_group() -> None:
    work = Doubler()
    together = QuestionBatcher(work, most=16)

    async def late() -> int:
        await asyncio.sleep(0)
        return await together.ask(2)

    async def both() -> tuple[int, int]:
        first, second = await asyncio.gather(together.ask(1), late())
        return first, second

    assert asyncio.run(both()) == (2, 4)
    assert work.groups == [[1, 2]]


def test_work_on_a_question_alone_begins_in_a_few_turns_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    together = QuestionBatcher(Doubler(), most=16)
    monkeypatch.setattr(together, "_thread", threading.current_thread())  # Nobody takes the group from the queue.

    async def turns() -> int:
        asyncio.ensure_future(together.ask(1))  # noqa: RUF006  # the loop ends before
        for turn in range(100):
            if not together._groups.empty():
                return turn
            await asyncio.sleep(0)
        pytest.fail("no work")

    assert asyncio.run(turns()) <= 4


def test_nobody_works_for_a_caller_that_went_away() -> None:
    work = Doubler()
    together = QuestionBatcher(work, most=16)

    async def gone() -> int:
        away = asyncio.ensure_future(together.ask(1))
        await asyncio.sleep(0)
        away.cancel()
        return await together.ask(2)

    assert asyncio.run(gone()) == 4
    assert work.groups == [[2]]


def test_a_loop_that_ended_leaves_nothing_to_the_next() -> None:
    together = QuestionBatcher(Doubler(), most=16)

    async def unanswered() -> None:
        asyncio.ensure_future(together.ask(1))  # noqa: RUF006  # the loop ends before
        await asyncio.sleep(0)

    asyncio.run(unanswered())
    assert asyncio.run(ask_together(together, 2)) == [4]


def test_the_loop_goes_on_while_a_group_is_in_work_and_who_was_in_it_joins_the_next() -> None:
    ends, groups = threading.Event(), []

    def work(numbers: Sequence[int]) -> Sequence[int]:
        groups.append(list(numbers))
        assert ends.wait(60)
        return numbers

    async def asked_meanwhile() -> list[int]:
        together = QuestionBatcher(work, most=16)

        async def again() -> int:
            return await together.ask(1) + await together.ask(4)

        first = asyncio.ensure_future(again())
        while not groups:
            await asyncio.sleep(0)
        others = [asyncio.ensure_future(together.ask(number)) for number in (2, 3)]
        await asyncio.sleep(0)
        ends.set()
        return await asyncio.gather(first, *others)

    assert asyncio.run(asked_meanwhile()) == [5, 2, 3]
    assert groups == [[1], [2, 3, 4]]


def test_callers_who_ask_again_are_answered_together_however_late_each_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 600.0)
    work = Doubler()
    together = QuestionBatcher(work, most=16)

    async def again(number: int) -> int:
        first = await together.ask(number)
        for _ in range(20 * number):
            await asyncio.sleep(0)
        return await together.ask(first)

    async def every() -> list[int]:
        return await asyncio.gather(*map(again, (1, 2, 3)))

    assert asyncio.run(every()) == [4, 8, 12]
    assert work.groups == [[1, 2, 3], [2, 4, 6]]


def test_a_group_begins_after_a_pause_where_fewer_ask_again() -> None:
    together = QuestionBatcher(Doubler(), most=16)

    async def fewer() -> list[int | BaseException]:
        return (
            await ask_together(together, 1, 2, 3) + await ask_together(together, 4) + await ask_together(together, 5, 6)
        )

    assert asyncio.run(fewer()) == [2, 4, 6, 8, 10, 12]


def test_a_silent_database_is_given_up_and_later_questions_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = threading.Event()

    def work(numbers: Sequence[int]) -> Sequence[int]:
        assert ends.wait(60)
        return numbers

    async def asked_meanwhile() -> list[int | BaseException]:
        together = QuestionBatcher(work, most=1)
        given_up = await asyncio.gather(together.ask(1), together.ask(2), return_exceptions=True)
        ends.set()
        while together._waiting[asyncio.get_running_loop()].is_called:
            await asyncio.sleep(0)
        monkeypatch.setattr(module, "PATIENCE_SECONDS", 60.0)
        return [*given_up, await together.ask(3)]

    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.001)
    first, second, later = asyncio.run(asked_meanwhile())
    assert (type(first), type(second)) == (DatabaseLocked, DatabaseLocked)
    assert later == 3
