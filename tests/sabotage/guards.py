"""Every guard of the rules and services in `serving/`, set to False once; a test must fail.

A guard is an `if` whose body ends in `raise` or `continue`, or returns nothing, a constant or an empty collection. Only
a test in which the guard fires can tell the mutant from the original, so `firing.py` finds these tests first, and
only they run. The condition is still evaluated, because it may have effects.

`python -m tests.sabotage.guards SECONDS` continues where the last run stopped, and lists the survivors. The lines of
JSON in the folder `TOUCHSTONE_GUARDS`, by default in pytest's cache, keep the results. A result lasts until its module
or one of its tests changes.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.sabotage.firing import Guard, guards_of, modules, with_calls
from tests.sabotage.nursery import HUNG, Outcome, Request
from tests.sabotage.rearing import outcomes_of_requests

FOLDER: Final = Path(os.environ.get("TOUCHSTONE_GUARDS", ".pytest_cache/guards"))
# Removal, standing, approval, access, secrets, erasure and restore: no guard of these rooms may survive.
FIRST: Final = (
    *("takedowns", "standing", "review", "reports", "accounts", "administration", "marketplaces", "privacy", "backup"),
)
_NOT_HERE: Final = {"attacks", "demo"}  # Their tests start services, whose guards are not recorded.
_BATCH, _MOST_TESTS, _HALF_HOUR = 12, 60, 1800.0


def room_of(path: str) -> str:
    """The room of a module or of a test."""
    return path.removeprefix("tests/").split("/")[1]


def every_guard() -> list[Guard]:
    """All guards, those of the first rooms first."""
    guards = [guard for module in modules() for guard in guards_of(module)]
    order = {room: place for place, room in enumerate(FIRST)}
    return sorted(guards, key=lambda guard: order.get(room_of(guard.module), len(order)))


@cache
def _digest(paths: tuple[str, ...]) -> str:
    content = hashlib.sha256()
    for path in sorted(paths):
        content.update(path.encode() + b"\0" + Path(path).read_bytes() + b"\0")
    return content.hexdigest()[:16]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def _append(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{json.dumps(line)}\n" for line in lines)


def fire(until: float) -> tuple[dict[str, list[str]], bool]:
    """The tests in which each guard fires, and whether the list is whole; rooms that are done are not run again."""
    path, tests = FOLDER / "fires.jsonl", dict[str, list[str]]()
    done = {line["digest"]: line["pairs"] for line in _lines(path)}
    rooms = {room_of(str(test)) for test in Path("tests/serving").rglob("test_*.py")} - _NOT_HERE
    order = {room: place for place, room in enumerate(FIRST)}
    whole = True
    for room in sorted(rooms, key=lambda room: (order.get(room, len(order)), room)):
        at = Path("tests/serving", room)
        digest = _digest((*modules(), *map(str, at.rglob("*.py") if at.is_dir() else [at])))
        if digest not in done and time.monotonic() < until:
            done[digest] = _fire_in(at)
            _append(path, [{"digest": digest, "room": room, "pairs": done[digest]}])
        whole &= digest in done
        for guard, test in done.get(digest, []):
            tests.setdefault(guard, []).append(test)
    return tests, whole


def _fire_in(tests: Path) -> list[list[str]]:
    pairs = FOLDER / f"pairs-{os.getpid()}"
    pairs.write_text("")
    options = ("-q", "-p", "tests.sabotage.firing", "-p", "no:cacheprovider", "-k", "not postgresql")
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tests)],
        env={**os.environ, "TOUCHSTONE_FIRING": str(pairs)},
        stdout=subprocess.DEVNULL,
        check=False,  # Tests that read our source may fail.
    )
    found = [line.split("\t") for line in pairs.read_text(encoding="utf-8").splitlines()]
    pairs.unlink()
    return found


def _near_first(guard: Guard, tests: Iterable[str]) -> tuple[str, ...]:
    """The tests of the module's own file first, then those of the room."""
    own = f"tests/{Path(guard.module).parent}/test_{Path(guard.module).name}"
    return tuple(
        sorted(set(tests), key=lambda test: (not test.startswith(own), room_of(test) != room_of(guard.module), test))
    )


def _files(tests: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(test.partition("::")[0] for test in tests))


def _outcomes(guards: Sequence[Guard], tests: Sequence[tuple[str, ...]]) -> list[Outcome]:
    texts = [with_calls(guard.module, {guard.number: ("((", ") and False)")}) for guard in guards]
    return outcomes_of_requests(
        [Request(guard.module, text, chosen) for guard, text, chosen in zip(guards, texts, tests, strict=True)]
    )


def _judge_batch(guards: Sequence[Guard], tests: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
    """The results of a few guards: their tests, then the whole files, whose fixtures may have fired the guard before.

    The tests that failed must pass in the original. Otherwise the result is unclear.
    """
    outcomes, killers = dict[Guard, Outcome](), dict[Guard, str]()
    for chosen in (
        {guard: fired[:_MOST_TESTS] for guard, fired in zip(guards, tests, strict=True)},
        {guard: _files(fired) for guard, fired in zip(guards, tests, strict=True)},
    ):
        again = [guard for guard, fired in chosen.items() if fired and guard not in killers]
        for guard, outcome in zip(again, _outcomes(again, [chosen[guard] for guard in again]), strict=True):
            outcomes[guard] = outcome
            if outcome.code in {1, HUNG}:
                failed = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", outcome.text, re.MULTILINE)
                killers[guard] = failed[1] if failed else ""
    originals = [
        Request(guard.module, Path(guard.module).read_text(encoding="utf-8"), (test,))
        for guard, test in killers.items()
        if test
    ]
    broken = {originals[one.request].tests[0] for one in outcomes_of_requests(originals) if one.code}
    return [_result(guard, outcomes.get(guard), killers.get(guard), broken) for guard in guards]


def _result(guard: Guard, outcome: Outcome | None, killer: str | None, broken: set[str]) -> dict[str, Any]:
    verdict = "unclear" if outcome is not None and outcome.code else "survived"
    if killer is not None and killer not in broken:
        verdict = "killed"
    place = {"place": f"{guard.module}:{guard.line}", "function": guard.function, "condition": guard.condition}
    said = outcome.text[-600:] if outcome is not None and verdict == "unclear" else ""
    return {"guard": guard.key, "verdict": verdict, "fired": outcome is not None, **place, "by": killer, "said": said}


def judge(seconds: float) -> list[dict[str, Any]]:
    """The results so far, after further guards were judged for about so long."""
    until = time.monotonic() + seconds
    FOLDER.mkdir(parents=True, exist_ok=True)
    fires, whole = fire(until)
    known = {(line["guard"], line["digest"]): line for line in _lines(FOLDER / "results.jsonl")}
    results, waiting = list[dict[str, Any]](), list[tuple[Guard, str, tuple[str, ...]]]()
    for guard in every_guard():
        tests = _near_first(guard, fires.get(guard.key, ()))
        digest = _digest((guard.module, *_files(tests)))
        if (line := known.get((guard.key, digest))) is not None:
            results.append(line)
        elif whole:
            waiting.append((guard, digest, tests))
    while waiting and time.monotonic() < until:
        batch, waiting = waiting[:_BATCH], waiting[_BATCH:]
        lines = _judge_batch([guard for guard, _, _ in batch], [tests for _, _, tests in batch])
        dated = [{**line, "digest": digest} for line, (_, digest, _) in zip(lines, batch, strict=True)]
        _append(FOLDER / "results.jsonl", dated)
        results += dated
    return results


if __name__ == "__main__":
    for result in judge(float(sys.argv[1])):
        if result["verdict"] != "killed":
            print(json.dumps(result))  # noqa: T201  # The survivors.
