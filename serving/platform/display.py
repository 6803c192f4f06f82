"""Display settings of the current reader: zone, language, density, keys and theme of the request."""

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum
from functools import cache
from typing import Final

from serving.platform.languages import ENGLISH, Language


class Density(StrEnum):
    """How close the rows of a table stand."""

    COMFORTABLE = "comfortable"
    ROOMY = "roomy"


class Theme(StrEnum):
    """Light, dark, or as the system has it."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Display:
    """A person's display settings; these defaults apply without a session or a choice. `time_zone` is an IANA name."""

    time_zone: str = "UTC"
    language: Language = ENGLISH
    density: Density = Density.COMFORTABLE
    letter_keys: bool = True
    theme: Theme = Theme.AUTO

    @property
    def zone(self) -> tzinfo:
        """The zone; UTC, which pages then name, where this machine no longer knows it."""
        return _zone(self.time_zone)


DEFAULT_DISPLAY: Final = Display()
_CURRENT: ContextVar[Display] = ContextVar("display", default=DEFAULT_DISPLAY)


def current() -> Display:
    """That of the request at hand."""
    return _CURRENT.get()


def show_as(display: Display) -> None:
    """Write everything that this request still says in this way. A handler in a thread sees what its guard set."""
    _CURRENT.set(display)


@contextmanager
def shown_as(display: Display) -> Iterator[None]:
    """Write in this way for the length of the block."""
    token = _CURRENT.set(display)
    try:
        yield
    finally:
        _CURRENT.reset(token)


_PARTS: Final = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


@cache
def time_zones() -> tuple[str, ...]:
    """The zones to choose from: UTC, then the places of the world. Old names and those of no place are left out."""
    return ("UTC", *sorted(name for name in zoneinfo.available_timezones() if name.partition("/")[0] in _PARTS))


@cache
def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return UTC
