"""Work in pools of threads: in turn for each person, given up where it only reads, and never on the event loop."""

import asyncio
import threading
from collections.abc import Coroutine
from inspect import iscoroutinefunction
from typing import Any

import pytest
from fastapi.routing import APIRoute

from serving.app import create_app
from serving.platform.database.faults import DatabaseLocked
from serving.platform.database.pools import KEYS, USES, FairPool, Pool
from serving.platform.pace import TooManyRequests
from tests.fixtures.clients import a_client, key_headers
from tests.fixtures.runtimes import Site


class Gate:
    """Work that begins and ends when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.opens = threading.Event()

    def pass_through(self, name: str) -> str:
        self.begun.append(name)
        assert self.opens.wait(60)
        return name


async def until_begun(gate: Gate, *names: str) -> None:
    while sorted(gate.begun) != sorted(names):
        await asyncio.sleep(0)


def test_a_person_has_one_piece_of_dear_work_at_a_time_and_others_pass() -> None:
    gate, turns = Gate(), FairPool("test", 4, 60.0, most_waiting=9)

    async def both() -> list[str]:
        work = [asyncio.ensure_future(turns.run_for("ada", gate.pass_through, f"ada {n}")) for n in range(3)]
        work.append(asyncio.ensure_future(turns.run_for("bo", gate.pass_through, "bo")))
        await until_begun(gate, "ada 0", "bo")
        for _ in range(10):
            await asyncio.sleep(0)
        assert sorted(gate.begun) == ["ada 0", "bo"]
        gate.opens.set()
        return await asyncio.gather(*work)

    assert asyncio.run(both()) == ["ada 0", "ada 1", "ada 2", "bo"]
    assert not turns._turns, "nobody is remembered who has no work"


def test_more_dear_work_of_one_person_than_may_wait_is_refused() -> None:
    gate, turns = Gate(), FairPool("test", 1, 60.0, most_waiting=1)

    async def three() -> list[str | BaseException]:
        work = [asyncio.ensure_future(turns.run_for("ada", gate.pass_through, str(n))) for n in range(3)]
        await until_begun(gate, "0")
        gate.opens.set()
        return await asyncio.gather(*work, return_exceptions=True)

    *done, refused = asyncio.run(three())
    assert (done, type(refused)) == (["0", "1"], TooManyRequests)


@pytest.mark.parametrize("reads", [True, False])
def test_a_read_is_given_up_and_a_write_that_has_begun_is_waited_for(reads: bool) -> None:
    gate, pool = Gate(), Pool("test", 1, 0.001, reads=reads)

    async def begun(call: Coroutine[Any, Any, str]) -> str:
        answer = asyncio.ensure_future(call)
        await until_begun(gate, "x")
        with pytest.raises(DatabaseLocked):
            await pool.run(gate.pass_through, "its turn does not come")
        gate.opens.set()
        return await answer

    if reads:
        with pytest.raises(DatabaseLocked):
            asyncio.run(begun(pool.run(gate.pass_through, "x")))
    else:
        assert asyncio.run(begun(pool.run(gate.pass_through, "x"))) == "x"
    gate.opens.set()
    assert gate.begun == ["x"]


def test_a_request_that_reads_the_database_on_the_loop_fails_its_test(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(work: Any, *arguments: Any) -> Any:
        return work(*arguments)

    async def too_late(*_: Any) -> Any:
        raise DatabaseLocked

    client = a_client(site.runtime)
    monkeypatch.setattr(USES, "run", too_late)
    assert client.get("/api/v1/figures", headers=key_headers(site)).status_code == 200, "a use that is not noted"
    monkeypatch.setattr(KEYS, "run", at_once)
    assert client.get("/api/v1/figures", headers=key_headers(site)).status_code == 500


def test_downloads_and_previews_are_dear(site: Site) -> None:
    routes = [route for route in create_app(site.runtime).routes if isinstance(route, APIRoute)]
    dear = {
        route.path for route in routes if hasattr(route.endpoint, "__wrapped__") and iscoroutinefunction(route.endpoint)
    }
    assert {route.path for route in routes if ".{form}" in route.path or route.path.endswith("/preview")} <= dear
