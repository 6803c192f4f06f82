"""The stylesheet's tokens, read from the stylesheet itself, and how well what is drawn can be told from its ground."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from serving.web.headers import FOLDER

TEXT: Final = 4.5  # WCAG 2.2, 1.4.3, for text of any size here.
MARK: Final = 3.0  # WCAG 2.2, 1.4.11: marks, and the borders of fields.
_ROOT: Final = re.compile(r":root\s*\{(.*?)\n\}", re.DOTALL)
_TOKEN: Final = re.compile(r"--([\w-]+):\s*((?:light-dark\([^()]*\)|[^;()])+?)\s*;")
_PAIR: Final = re.compile(r"light-dark\(\s*(#[0-9a-f]{6})\s*,\s*(#[0-9a-f]{6})\s*\)\Z")
_ONE: Final = re.compile(r"#[0-9a-f]{6}\Z")


@dataclass(frozen=True, slots=True)
class Colour:
    """A token's colour in both themes."""

    name: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Contrast:
    """What is drawn, on what, in both themes, and the ratio that it needs."""

    use: str
    drawn: str
    ground: str
    light: float
    dark: float
    needed: float

    @property
    def holds(self) -> bool:
        """Whether it can be told apart in both."""
        return min(self.light, self.dark) >= self.needed


@cache
def colours() -> Mapping[str, Colour]:
    """Every colour token by name, in the order of the sheet; shadows and sizes are none."""
    colours_by_name: dict[str, Colour] = {}
    for name, css_value in tokens().items():
        if pair := _PAIR.match(css_value):
            colours_by_name[name] = Colour(name, pair[1], pair[2])
        elif _ONE.match(css_value):
            colours_by_name[name] = Colour(name, css_value, css_value)
    return colours_by_name


@cache
def tokens() -> Mapping[str, str]:
    """Every token of the sheet's root by name, as it is written."""
    block = _ROOT.search((FOLDER / "touchstone.css").read_text(encoding="utf-8"))
    return dict(_TOKEN.findall(block[1] if block else ""))


_GROUNDS: Final = ("canvas", "surface", "sunken", "hover", "picked")
_VERDICTS: Final = (
    ("red", "counterfeit, failed"),
    ("green", "genuine, passed"),
    ("violet", "grey market"),
    ("blue", "licensed"),
    ("slate", "cannot tell, neutral"),
    ("rose", "test buy"),
    ("amber", "late, hidden text"),
)
_PAIRS: Final = (
    *((f"text on {ground}", "ink", ground, TEXT) for ground in _GROUNDS),
    *((f"second text on {ground}", "ink-2", ground, TEXT) for ground in _GROUNDS),
    *((f"captions on {ground}", "ink-3", ground, TEXT) for ground in _GROUNDS),
    *((f"links on {ground}", "accent", ground, TEXT) for ground in ("canvas", "surface", "sunken", "picked")),
    ("primary button", "accent-ink", "accent", TEXT),
    *((f"badge: {what}", name, f"{name}-bg", TEXT) for name, what in _VERDICTS),
    *((f"text of a note: {what}", "ink", f"{name}-bg", TEXT) for name, what in _VERDICTS),
    *((f"word on a card: {what}", name, "surface", TEXT) for name, what in _VERDICTS),
    ("text on stone", "on-stone", "stone", TEXT),
    ("second text on stone", "on-stone-2", "stone", TEXT),
    ("second text on a raised stone", "on-stone-2", "stone-2", TEXT),
    ("border of a field", "control", "surface", MARK),
    ("border of a field on a sunken ground", "control", "sunken", MARK),
    ("score on its card", "brass", "surface", MARK),
    ("score on its track", "brass", "track", MARK),
    ("reason against", "lane-ask", "surface", MARK),
    ("focus ring", "accent", "surface", MARK),
    ("focus ring on the page", "accent", "canvas", MARK),
)


@cache
def contrasts() -> tuple[Contrast, ...]:
    """Every pair that pages draw, with its ratios."""
    known = colours()
    return tuple(
        Contrast(
            use,
            drawn,
            ground,
            ratio(known[drawn].light, known[ground].light),
            ratio(known[drawn].dark, known[ground].dark),
            needed,
        )
        for use, drawn, ground, needed in _PAIRS
    )


def ratio(colour: str, other: str) -> float:
    """WCAG's contrast of two opaque colours, from 1 to 21.

    >>> ratio("#ffffff", "#000000"), round(ratio("#777777", "#ffffff"), 2)
    (21.0, 4.48)
    """
    lighter, darker = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return round((lighter + 0.05) / (darker + 0.05), 4)


def _luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour. Source: WCAG 2.2, definition of relative luminance."""
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
