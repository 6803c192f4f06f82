"""Display settings of the current reader: zone, language, density, keys and theme of the request."""

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from enum import StrEnum
from functools import cache
from typing import Final

from serving.platform.languages import ENGLISH, Language


class Density(StrEnum):
    """The height of table rows."""

    COMFORTABLE = "comfortable"
    ROOMY = "roomy"


class Theme(StrEnum):
    """Light, dark, or as the system is set."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Display:
    """A person's display settings; these defaults apply without a session or a choice. `time_zone` is an IANA name.

    `hidden_columns` are the columns of the review queue that are not shown, separated by blanks.
    """

    time_zone: str = "UTC"
    language: Language = ENGLISH
    density: Density = Density.COMFORTABLE
    letter_keys: bool = True
    theme: Theme = Theme.AUTO
    hidden_columns: str = ""

    @property
    def zone(self) -> tzinfo:
        """The zone; UTC, which pages then name, where this machine does not know it."""
        return _time_zone(self.time_zone)


DEFAULT_DISPLAY: Final = Display()
_CURRENT: ContextVar[Display] = ContextVar("display", default=DEFAULT_DISPLAY)


def current_display() -> Display:
    """The display settings of the current request."""
    return _CURRENT.get()


def show_as(display: Display) -> None:
    """Set the display of the rest of this request. A handler in a thread sees the setting of its guard."""
    _CURRENT.set(display)


@contextmanager
def showing_as(display: Display) -> Iterator[None]:
    """Set the display for the duration of the block."""
    token = _CURRENT.set(display)
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def in_english() -> Iterator[None]:
    """Show the block in English, otherwise as the reader has set it."""
    with showing_as(replace(current_display(), language=ENGLISH)):
        yield


_PARTS: Final = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


@cache
def time_zones() -> tuple[str, ...]:
    """The zones to choose from: UTC, then the zones of places, without old names."""
    return ("UTC", *sorted(name for name in zoneinfo.available_timezones() if name.partition("/")[0] in _PARTS))


@cache
def _time_zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return UTC
