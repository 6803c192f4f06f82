"""Attacks on a running service, each in a process of its own on the last processor, until it is told to stop.

`python -m tests.serving.attacks.attackers NAME ADDRESS KEY` attacks an address of loopback for at most two minutes, and
ends as soon as its standard input closes. It prints how often it got which answer, as JSON.
"""

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx

_LONGEST_SECONDS: Final = 120.0
_BYTES: Final = 4_700_000
_LINES: Final = 1_600_000
_CONNECTIONS: Final = 64
_JSON: Final = {"content-type": "application/json"}

Attack = Callable[[httpx.Client, str, int], httpx.Response]


def a_large_session(client: httpx.Client, _key: str, _number: int) -> httpx.Response:
    """4.7 MB of nested JSON to the sign-in."""
    return client.post("/api/v1/session", content=b"[" * (_BYTES // 2) + b"]" * (_BYTES // 2), headers=_JSON)


def a_large_notice(client: httpx.Client, _key: str, _number: int) -> httpx.Response:
    """4.7 MB of JSON to the public form for notices."""
    return client.post("/api/v1/notices", content=b"[" + b"{}," * (_BYTES // 3) + b"{}]", headers=_JSON)


def many_lines(client: httpx.Client, key: str, _number: int) -> httpx.Response:
    """1.6 million lines of NDJSON."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/x-ndjson"}
    return client.post("/api/v1/listings", content=b"{}\n" * _LINES, headers=headers)


def a_sign_in(client: httpx.Client, _key: str, number: int) -> httpx.Response:
    """A wrong password, each for another account."""
    return client.post("/api/v1/session", json={"email": f"somebody-{number}@a.example", "password": "not the right"})


# The attack, and the number of connections.
ATTACKS: Final[Mapping[str, tuple[Attack, int]]] = {
    "a_large_session": (a_large_session, 1),
    "a_large_notice": (a_large_notice, 1),
    "many_lines": (many_lines, 1),
    "sign_ins": (a_sign_in, _CONNECTIONS),
}


def main(name: str, address: str, key: str) -> None:
    """Attack until the standard input closes."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    attack, connections = ATTACKS[name]
    stopped, answers, lock = threading.Event(), Counter[str](), threading.Lock()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        stopped.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    until = time.monotonic() + _LONGEST_SECONDS

    def run(first: int) -> None:
        number = first
        with httpx.Client(base_url=address, timeout=_LONGEST_SECONDS, trust_env=False) as client:
            while not stopped.is_set() and time.monotonic() < until:
                number += connections
                try:
                    answer = str(attack(client, key, number).status_code)
                except httpx.TransportError as error:  # The service closes a connection whose body it refuses.
                    answer = type(error).__name__
                with lock:
                    answers[answer] += 1

    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(run, range(connections)))
    print(json.dumps(answers))  # noqa: T201  # the test reads it


if __name__ == "__main__":
    main(*sys.argv[1:4])
