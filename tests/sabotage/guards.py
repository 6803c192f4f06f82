"""Every guard of the rules and services in `serving/`, set to False once; a test must fail.

A guard is an `if` whose body ends in `raise` or `continue`, or returns nothing, a constant or an empty collection. Only
a test in which the guard fires can tell the mutant from the original, so `firing.py` finds these tests first, and
only they run. The condition is still evaluated, because it may have effects.

`python -m tests.sabotage.guards SECONDS` continues where the last run stopped, and lists the survivors. The lines of
JSON in the folder `TOUCHSTONE_GUARDS`, by default in pytest's cache, keep the results. A result lasts until its module
or one of its tests changes.
"""

import hashlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.sabotage.firing import DISABLED, Guard, guards_of, modules

FOLDER: Final = Path(os.environ.get("TOUCHSTONE_GUARDS", ".pytest_cache/guards"))
# Removal, standing, approval, access, secrets, erasure and restore: no guard of these rooms may survive.
FIRST: Final = (*("takedowns", "standing", "cases", "reports", "accounts", "marketplaces", "privacy", "operations"),)
_NOT_HERE: Final = {"attacks", "demo"}  # Their tests start services, whose guards are not recorded.
_MOST_TESTS: Final = 60
_MOST_FILES: Final = 2
_HUNG, _SECONDS = 71, 300.0
ARGUMENTS: Final = (
    # A search for plugins among all installed packages takes longer than the tests.
    *("--disable-plugin-autoload", "-p", "pytest_timeout", "-p", "_hypothesis_pytestplugin", "--timeout", "0"),
    *("-q", "-p", "no:cacheprovider", "-k", "not postgresql"),  # One database is enough, because the rules use none.
)
_ARGUMENTS: Final = (*ARGUMENTS, "-x", "-m", "not soak", "--hypothesis-profile=ci", "-p", "tests.sabotage.firing")


def room_of(path: str) -> str:
    """The room of a module or of a test."""
    return path.removeprefix("tests/").split("/")[1]


def every_guard() -> list[Guard]:
    """All guards, those of the first rooms first."""
    guards = [guard for module in modules() for guard in guards_of(module)]
    order = {room: place for place, room in enumerate(FIRST)}
    return sorted(guards, key=lambda guard: order.get(room_of(guard.module), len(order)))


@cache
def digest_of(paths: tuple[str, ...]) -> str:
    content = hashlib.sha256()
    for path in sorted(paths):
        content.update(path.encode() + b"\0" + Path(path).read_bytes() + b"\0")
    return content.hexdigest()[:16]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def append(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{json.dumps(line)}\n" for line in lines)


def fire(until: float) -> tuple[dict[str, list[str]], bool]:
    """The tests in which each guard fires, and whether the list is whole; rooms that are done are not run again."""
    path, tests = FOLDER / "fires.jsonl", dict[str, list[str]]()
    done = {line["digest"]: line["pairs"] for line in lines_of(path)}
    rooms = {room_of(str(test)) for test in Path("tests/serving").rglob("test_*.py")} - _NOT_HERE
    order = {room: place for place, room in enumerate(FIRST)}
    whole = True
    for room in sorted(rooms, key=lambda room: (order.get(room, len(order)), room)):
        at = Path("tests/serving", room)
        digest = digest_of((*modules(), *map(str, at.rglob("*.py") if at.is_dir() else [at])))
        if digest not in done and time.monotonic() < until:
            done[digest] = _fire_in(at)
            append(path, [{"digest": digest, "room": room, "pairs": done[digest]}])
        whole &= digest in done
        for guard, test in done.get(digest, []):
            tests.setdefault(guard, []).append(test)
    return tests, whole


def _fire_in(tests: Path) -> list[list[str]]:
    pairs = FOLDER / f"pairs-{os.getpid()}"
    pairs.write_text("")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.sabotage.firing", "-k", "not postgresql", str(tests)],
        env={**os.environ, "TOUCHSTONE_FIRING": str(pairs)},
        stdout=subprocess.DEVNULL,
        check=False,  # Tests that read our source may fail.
    )
    fired_pairs = [line.split("\t") for line in pairs.read_text(encoding="utf-8").splitlines()]
    pairs.unlink()
    failed = {test for guard, test in fired_pairs if not guard}
    return [[guard, test] for guard, test in fired_pairs if test not in failed]


def _near_first(guard: Guard, tests: Iterable[str]) -> tuple[str, ...]:
    """The tests of the module's own file first, then those of the room and of all others, of each file in turn."""
    own = f"tests/{Path(guard.module).parent}/test_{Path(guard.module).name}::"
    turn, seen = dict[str, int](), Counter[str]()
    for test in sorted(set(tests)):
        file = test.partition("::")[0]
        turn[test] = 0 if test.startswith(own) else seen[file]
        seen[file] += 1
    room = room_of(guard.module)
    return tuple(sorted(turn, key=lambda test: (not test.startswith(own), room_of(test) != room, turn[test], test)))


def _run(guard: Guard, tests: Sequence[str]) -> tuple[int, str]:
    """The exit code and the end of the output of the tests in a child in which the guard never fires."""
    with tempfile.TemporaryFile() as output:
        pid = os.fork()
        if not pid:
            os.setsid()
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            DISABLED.add(guard.key)
            os._exit(int(pytest.main([*_ARGUMENTS, *tests])))
        end = time.monotonic() + _SECONDS
        while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
            if time.monotonic() >= end:
                os.killpg(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return _HUNG, ""
            time.sleep(0.02)
        output.seek(0)
        return os.waitstatus_to_exitcode(ended[1]), output.read().decode(errors="replace")[-1000:]


def _guard_result(guard: Guard, tests: Sequence[str]) -> dict[str, Any]:
    """The result of the guard's tests, nearest first, and of whole files, whose fixtures may have fired it before."""
    code, text = 0, ""
    for chosen in (tests[:_MOST_TESTS], tuple(dict.fromkeys(test.partition("::")[0] for test in tests))[:_MOST_FILES]):
        if chosen and not code:
            code, text = _run(guard, chosen)
    verdict = {0: "survived", 1: "killed"}.get(code, "unclear")
    place = {"place": f"{guard.module}:{guard.line}", "function": guard.function, "condition": guard.condition}
    return {
        "guard": guard.key,
        "verdict": verdict,
        "fires": len(tests),
        "tried": min(len(tests), _MOST_TESTS),
        **place,
        "said": text if code > 1 else "",
    }


def judge(seconds: float) -> list[dict[str, Any]]:
    """The results so far, after further guards were judged for about so long."""
    until = time.monotonic() + seconds
    FOLDER.mkdir(parents=True, exist_ok=True)
    fires, whole = fire(until)
    known = {(line["guard"], line["digest"]): line for line in lines_of(FOLDER / "results.jsonl")}
    results, is_ready = list[dict[str, Any]](), False
    for guard in every_guard():
        tests = _near_first(guard, fires.get(guard.key, ()))
        digest = digest_of((guard.module, *sorted({test.partition("::")[0] for test in tests})))
        line = known.get((guard.key, digest))
        if line is None and whole and time.monotonic() < until:
            if not is_ready:  # Children inherit all modules, which takes longer to import than most tests take.
                pytest.main([*_ARGUMENTS, "--collect-only", "-qq", "tests/serving"])
                kernels = importlib.import_module("tests.fixtures.kernels")
                vars(kernels)["compile_in_turn"] = lambda _cache: None  # Children have inherited its lock.
                is_ready = True
            line = {**_guard_result(guard, tests), "digest": digest}
            append(FOLDER / "results.jsonl", [line])
        results += [] if line is None else [line]
    return results


if __name__ == "__main__":
    results = judge(float(sys.argv[1]))
    (FOLDER / "survivors.json").write_text(json.dumps([line for line in results if line["verdict"] != "killed"]))
