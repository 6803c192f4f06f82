"""A process that shall end does not wait for a database that is silent."""

import threading
from typing import cast

from serving.platform.database.faults import StorageFault
from serving.platform.database.store import Store
from serving.service import end_if_silent


class _Database:
    """Answers, refuses, or is silent, in this order."""

    def __init__(self) -> None:
        self.asked = 0
        self.goes_on = threading.Event()

    def probe(self) -> None:
        self.asked += 1
        if self.asked == 2:
            raise StorageFault
        if self.asked > 2:
            assert self.goes_on.wait(60)


def test_a_process_ends_once_its_database_is_silent_and_not_before() -> None:
    database, ended, codes = _Database(), threading.Event(), list[int]()

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    end_if_silent(cast(Store, database), seconds=1.0, end=end)
    assert ended.wait(60)
    assert (database.asked, codes) == (3, [1])
    database.goes_on.set()
