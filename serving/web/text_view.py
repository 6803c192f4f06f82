"""Listing text in pieces: invisible and look-alike characters are named, and markup is never rendered.

The period of a chart: two days by the hour, a month by the day, or half a year by the week.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from features.brands import SHORTEST_OBFUSCATED, compact
from features.fold import fold, skeleton
from serving.web.wording.language_choice import stated_tag

_NAMES: Final = {
    0x00AD: "SHY", 0x034F: "CGJ", 0x061C: "ALM", 0x115F: "FILL", 0x1160: "FILL", 0x180E: "MVS", 0x200B: "ZWSP",
    0x200C: "ZWNJ", 0x200D: "ZWJ", 0x200E: "LRM", 0x200F: "RLM", 0x2028: "LS", 0x2029: "PS", 0x202A: "LRE",
    0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO", 0x202E: "RLO", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI",
    0x2068: "FSI", 0x2069: "PDI", 0x2800: "BLANK", 0x3164: "FILL", 0xFEFF: "BOM", 0xFFA0: "FILL",
}  # fmt: skip
_UNSEEN_CATEGORIES: Final = frozenset({"Cf", "Cc", "Co", "Cn", "Zl", "Zp"})
# Python calls those of the categories unprintable, and some others; these it calls printable.
_UNSEEN_BUT_PRINTABLE: Final = re.compile(f"[{''.join(chr(code) for code in _NAMES if chr(code).isprintable())}]")
_LAYOUT: Final = frozenset("\n\r\t")
_WORD: Final = re.compile(r"[^\s,.;:()\[\]{}\"“”'/\\]+")
_CASED: Final = {"latin": re.compile("[A-Za-zÀ-ɏ]"), "cyrillic": re.compile("[Ѐ-ӿ]"), "greek": re.compile("[Ͱ-Ͽ]")}


class Kind(StrEnum):
    """The kind of a piece: plain text, an invisible character, or a look-alike."""

    PLAIN = "plain"
    UNSEEN = "unseen"
    LOOKALIKE = "lookalike"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters of one kind; `name` is the name of an invisible or look-alike character."""

    kind: Kind
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ShownText:
    """A text in pieces, its language if known, and the number of invisible and look-alike characters."""

    pieces: tuple[Piece, ...]
    language: str | None = None

    @property
    def unseen(self) -> int:
        """The number of invisible characters."""
        return sum(piece.kind is Kind.UNSEEN for piece in self.pieces)

    @property
    def lookalikes(self) -> int:
        """The number of look-alike characters."""
        return sum(len(piece.text) for piece in self.pieces if piece.kind is Kind.LOOKALIKE)


def show(text: str, *, names: Iterable[str] = (), language: str | None = None) -> ShownText:
    """A text ready to render. `names` are the registered names found in it, plain or obfuscated.

    >>> [(piece.kind.value, piece.text) for piece in show("Au\\u200bre11e bag", names=["Aurelle"]).pieces]
    [('plain', 'Au'), ('unseen', 'ZWSP'), ('plain', 're'), ('lookalike', '11'), ('plain', 'e bag')]
    """
    pretending = _look_alike_positions(
        text, {compact(word): fold(word) for name in names for word in _long_words(name)}
    )
    known = stated_tag(language)
    if text and not pretending and is_all_seen(text):  # Almost every text.
        return ShownText((Piece(Kind.PLAIN, text),), known)
    return ShownText(
        tuple(_join_pieces(_make_piece(i, character, pretending) for i, character in enumerate(text))), known
    )


def _make_piece(index: int, character: str, pretending: set[int]) -> Piece:
    if character not in _LAYOUT and is_unseen(character):
        code = ord(character)
        return Piece(Kind.UNSEEN, _NAMES.get(code, f"U+{code:04X}"), _character_name(character))
    if index in pretending:
        return Piece(Kind.LOOKALIKE, character, _character_name(character))
    return Piece(Kind.PLAIN, character)


def is_unseen(character: str) -> bool:
    """Whether a character has no visible glyph and moves or hides the text around it."""
    return ord(character) in _NAMES or unicodedata.category(character) in _UNSEEN_CATEGORIES


def is_all_seen(text: str) -> bool:
    """Whether a text certainly has no character that `is_unseen`; line ends and tabs leave it open.

    >>> is_all_seen("Aurelle 包"), is_all_seen("Au\\u200brelle")
    (True, False)
    """
    return text.isprintable() and (text.isascii() or not _UNSEEN_BUT_PRINTABLE.search(text))


def _character_name(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'without a name').lower()}"


def _join_pieces(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Adjacent characters of one kind as one piece; each invisible character is a piece of its own."""
    last_piece: Piece | None = None
    for piece in pieces:
        if last_piece is not None and last_piece.kind is piece.kind and piece.kind is not Kind.UNSEEN:
            name = last_piece.name if piece.name in last_piece.name else f"{last_piece.name}, {piece.name}"
            last_piece = Piece(last_piece.kind, last_piece.text + piece.text, name)
            continue
        if last_piece is not None:
            yield last_piece
        last_piece = piece
    if last_piece is not None:
        yield last_piece


def _long_words(name: str) -> Iterator[str]:
    """A name, and each of its words that is too long for a chance match."""
    yield name
    yield from (word for word in name.split() if len(word) >= SHORTEST_OBFUSCATED)


def _look_alike_positions(text: str, names: dict[str, str]) -> set[int]:
    """Positions of look-alikes: letters of a second alphabet in a word, digits in a name."""
    positions: set[int] = set()
    if text.isascii() and not names:
        return positions
    for match in _WORD.finditer(text):
        written, start = match.group(), match.start()
        word = written if is_all_seen(written) else "".join(c for c in written if not is_unseen(c))
        if foreign := _foreign_letters(word):
            positions.update(i for i, c in enumerate(written, start) if c in foreign)
        name = names.get(compact(word)) if names else None
        if name is not None and fold(word) != name:
            positions.update(
                i
                for i, c in enumerate(written, start)
                if not is_unseen(c) and (not c.isalpha() or skeleton(c) != fold(c))
            )
    return positions


def _foreign_letters(word: str) -> frozenset[str]:
    """The letters of a word's rarer alphabet, if the word mixes alphabets that look alike."""
    if word.isascii():
        return frozenset()
    by_script = {name: pattern.findall(word) for name, pattern in _CASED.items()}
    present = {name: letters for name, letters in by_script.items() if letters}
    if len(present) < 2:
        return frozenset()
    usual = max(present, key=lambda name: (len(present[name]), name == "latin"))
    return frozenset(letter for name, letters in present.items() if name != usual for letter in letters)


_WEEK: Final = timedelta(days=7)


class Span(StrEnum):
    """The periods to choose from."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


STEPS: Final = {Span.HOURS: timedelta(hours=1), Span.DAYS: timedelta(days=1), Span.WEEKS: _WEEK}
_NUMBER: Final = {Span.HOURS: 48, Span.DAYS: 30, Span.WEEKS: 26}


@dataclass(frozen=True, slots=True)
class Choice:
    """A period as a link."""

    span: Span
    text: str
    chosen: bool


_TEXTS: Final = {Span.HOURS: "48 hours", Span.DAYS: "30 days", Span.WEEKS: "26 weeks"}
EACH: Final = {Span.HOURS: "hour", Span.DAYS: "day", Span.WEEKS: "week"}


def span_of(span_name: str | None) -> Span:
    """The span that an address names; days if it names none or an unknown one.

    >>> span_of("weeks"), span_of("<script>")
    (<Span.WEEKS: 'weeks'>, <Span.DAYS: 'days'>)
    """
    return Span(span_name) if span_name in set(Span) else Span.DAYS


def span_choices(chosen: Span) -> tuple[Choice, ...]:
    """All spans, the chosen one marked."""
    return tuple(Choice(span, _TEXTS[span], span is chosen) for span in Span)


def period_starts(span: Span, now: datetime) -> tuple[datetime, ...]:
    """The starts of the last complete hours, days or weeks.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    >>> [str(start)[:16] for start in period_starts(Span.HOURS, now)[-2:]], str(period_starts(Span.DAYS, now)[-1])[:16]
    (['2026-03-04 07:00', '2026-03-04 08:00'], '2026-03-03 00:00')
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    end = hour if span is Span.HOURS else hour.replace(hour=0)
    number, step = _NUMBER[span], STEPS[span]
    return tuple(end - step * (number - i) for i in range(number))
