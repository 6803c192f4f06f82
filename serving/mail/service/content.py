"""A mail before it is text or HTML, and the parts that several kinds have."""

from dataclasses import dataclass
from datetime import datetime

from serving.platform import display
from serving.platform.tongues import day, say


@dataclass(frozen=True, slots=True)
class Content:
    """A mail before it is text or HTML.

    `button` is the text of its link. `rows` are what it is about, each with its text.
    """

    subject: str
    paragraphs: tuple[str, ...]
    button: str
    rows: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def day_and_time(written: str) -> str:
    """A date with the time of day in the reader's zone."""
    at = datetime.fromisoformat(written).astimezone(display.current_display().zone)
    name = at.tzname() or "UTC"
    zone = name if name.isalpha() else f"UTC{name}"
    return say("%(day)s, %(time)s", day=day(at), time=f"{at:%H:%M} {zone}")
