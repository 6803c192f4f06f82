"""The play beside visitors, on a service that a test answers for."""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from serving.demo import progress
from serving.demo.cast import Cast
from serving.demo.front import SignedInPerson
from serving.demo.play import Play
from serving.demo.progress import ProgressLine
from serving.demo.run import _clear
from serving.jobs import worker
from serving.jobs.worker import Worker
from serving.operations.service.presence import Presence
from serving.operations.service.simulation import Visits
from serving.platform.home import Home
from serving.platform.runtime import Runtime
from tests.fixtures.runtimes import Site
from training.simulation.synthetic import Settings, World, build_world

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    """A small world."""
    return build_world(Settings(listings=300, seed=3, start=NOW, days=60))


@dataclass(slots=True)
class Service:
    """Answers the calls of the marketplace and of an analyst, and notes the cases that are judged."""

    cases: list[dict[str, Any]]
    clocks: Iterator[dict[str, Any]]
    judged: list[tuple[str, str]] = field(default_factory=list)

    def call(self, method: str, path: str, _body: object = None) -> Any:
        """The answer to one call."""
        if path == "/api/v1/clock":
            return next(self.clocks) if method == "GET" else {}
        return {"cases": self.cases, "pending": [], "actions": []}

    def try_call(self, _method: str, path: str, body: dict[str, Any]) -> None:
        """Note a verdict."""
        self.judged.append((path.split("/")[4], body["judgement"]))


def clock(*opened: str, since: float | None = None) -> dict[str, Any]:
    """The clock of a service whose pages somebody looked at."""
    return {"unfinished": 0, "seconds_since_click": since, "opened_cases": list(opened)}


def judgements_beside(world: World, order: slice, *clocks: dict[str, Any]) -> tuple[list[tuple[str, str]], list[str]]:
    """The judgements of an analyst beside visitors, by case, and what the play told."""
    cases = [
        {"case_id": f"c{name}", "lane": "analyst", "listing_external_id": name, "brand": "a brand", "version_id": "v"}
        for name in [name for name, truth in world.truth.items() if truth.brand_id][:60][order]
    ]
    answers = iter([*clocks, *repeat(clocks[-1], 1_000)])
    messages: list[str] = []
    service = Service(cases, answers)
    everybody = cast(Cast, type("Everybody", (), {"marketplace": service, "brand_people": {}}))
    play = Play(everybody, world, 3, NOW, lambda what, _sent: messages.append(what), visitors=True)
    play._review(cast(SignedInPerson, service))
    return service.judged, messages


def test_a_case_that_a_visitor_opened_is_left_to_them(world: World) -> None:
    everything, messages = judgements_beside(world, slice(None), clock())
    remaining, _ = judgements_beside(world, slice(None), clock(everything[0][0], since=60.0))
    assert (remaining, messages) == (everything[1:], [])


def test_a_click_pauses_the_play(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    _, messages = judgements_beside(world, slice(None), clock(since=1.0), clock(since=15.0), clock(since=31.0))
    assert (messages, len(waited)) == (["paused: somebody looks at the pages"] * 2, 2)


def test_people_answer_alike_in_whatever_order_they_are_asked(world: World) -> None:
    forward, _ = judgements_beside(world, slice(None), clock())
    backward, _ = judgements_beside(world, slice(None, None, -1), clock())
    assert len({judgement for _, judgement in forward}) > 1
    assert sorted(forward) == sorted(backward)


def test_where_the_output_is_a_file_a_line_says_what_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0.001)
    out = io.StringIO()
    with ProgressLine(Console(file=out), 3_000) as teller:
        teller.tell("day 64", 1_093)
        while not out.getvalue().count("day 64") > 1:
            pass
    assert "s  day 64, 1,093 of 3,000 listings sent\n" in out.getvalue()


def test_a_reset_keeps_compiled_kernels_with_the_key_that_signs_them(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    for name in ("cache/numba", "snapshots"):
        (home.root / name).mkdir(parents=True, exist_ok=True)
    for name in ("kernels.key", "touchstone.sqlite"):
        (home.root / name).touch()
    _clear(home)
    assert (home.root / "kernels.key").exists()
    assert (home.root / "cache" / "numba").exists()
    assert not (home.root / "touchstone.sqlite").exists()


def test_on_the_real_clock_no_process_remembers_who_opened_what() -> None:
    visits = Visits(simulated=False)
    visits.open(["cas_1"])
    assert visits.opened_cases() == []


@pytest.mark.parametrize(("seed", "sweeps"), [(None, 1), (3, 0)])
def test_with_a_seed_nothing_sweeps_between_two_moves(
    site: Site, monkeypatch: pytest.MonkeyPatch, seed: int | None, sweeps: int
) -> None:
    swept: list[Runtime] = []

    def sweep(runtime: Runtime, **_: object) -> dict[str, int]:
        swept.append(runtime)
        return {}

    monkeypatch.setattr(worker, "sweep", sweep)
    runtime = replace(site.runtime, settings=site.runtime.settings.model_copy(update={"seed": seed}))
    Worker(runtime)._sweep_and_say(Presence(runtime), frozenset())
    assert len(swept) == sweeps
