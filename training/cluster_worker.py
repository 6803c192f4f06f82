"""What a worker of a cluster runs: it opens a work once, and computes parts of it, one at a time."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Final, Protocol

from training.runs.made_with import code_of, made_with

_MOST_OPEN: Final = 2  # A client that is killed does not end its work.


class OpenWork(Protocol):
    """A work in the process that computes its parts."""

    def compute(self, part: Any) -> bytes: ...

    def close(self) -> None:
        """Release what the work holds."""
        ...


class Work(Protocol):
    def open(self) -> OpenWork: ...


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """The result of a part, or why there is none."""

    content: bytes | None
    problem: str = ""


@cache
def process_versions() -> Mapping[str, str]:
    """What must be equal in all processes, so that they give the same results."""
    return {**made_with(), "service": code_of("serving")}


_OPEN: dict[str, OpenWork] = {}
_ONE_AT_A_TIME: Final = Lock()


def compute_part(run: str, pickled_work: bytes, sent: bytes) -> PartOutcome:
    """The result of a part of a run, both as `training.cluster` sends them."""
    with _ONE_AT_A_TIME:
        try:
            work = _OPEN.get(run) or _open_work(run, pickled_work)
            return PartOutcome(work.compute(pickle.loads(sent)))  # noqa: S301  # a cluster runs what it is sent
        except Exception as error:
            return PartOutcome(None, f"{type(error).__name__}: {error}")


def _open_work(run: str, pickled_work: bytes) -> OpenWork:
    there, work = pickle.loads(pickled_work)  # noqa: S301  # a cluster runs what it is sent
    if there != process_versions():
        raise ValueError("It has another version of Touchstone, or of a library.")
    while len(_OPEN) >= _MOST_OPEN:
        _OPEN.pop(next(iter(_OPEN))).close()
    opened: OpenWork = pickle.loads(work).open()  # noqa: S301  # a cluster runs what it is sent
    _OPEN[run] = opened
    return opened


def release_run(run: str) -> None:
    """Release what a run holds in this process, without waiting for a part, because it delays all messages."""
    if (work := _OPEN.pop(run, None)) is not None:
        work.close()
