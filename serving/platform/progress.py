"""The progress of long work, reported as it goes."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """The part in progress, in words; `done` of `total` are its units, for example entries or bytes."""

    doing: str
    done: int
    total: int


Report = Callable[[Progress], object]


def ignore_progress(_step: Progress) -> None:
    """Reports nothing."""
