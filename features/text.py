"""Signals of the form of the text, regardless of its content."""

from string import digits
from typing import Final

from features.message import message, quote_message
from features.reading import most_repeated_share
from features.spec import (
    MISSING,
    SHARE,
    YES_NO,
    Evidence,
    Family,
    Registry,
    Scale,
    Side,
    accusing,
    confirmation,
    either,
    either_if_any,
    high_is_counterfeit,
    indicator,
    log1p,
    log_of,
)
from features.wording import NO_TEXT

_DIGITS: Final = digits.encode()
_NO_TITLE: Final = "no title"
_NO_DESCRIPTION: Final = "no description"
_QUALITY: Final = "Own choice: the quality of the text"
# A name or two in capitals is ordinary; a title with half of its letters in capitals is loud.
_CAPITALS: Final = high_is_counterfeit(0.3, 0.5)
_REPEATED: Final = 0.25  # Below it, the most frequent word of an ordinary text is an article.
signals = Registry(Family.TEXT, source=_QUALITY)


@signals.feature(
    log_of("characters", 20),
    missing="no text at all",
    source="Boucher and Anderson 2021: Trojan Source (CVE-2021-42574)",
    side=accusing,
    say=lambda e, _: message("text_invisible", n=e.reading.invisible),
)
def text_invisible(e: Evidence) -> float:
    """Invisible characters in title and description."""
    return log1p(e.reading.invisible) if e.reading.title or e.reading.description else MISSING


@signals.feature(
    Scale("words", 0, 20),
    missing=_NO_TITLE,
    source="Unicode Technical Standard 39",
    side=indicator,
    say=lambda e, _: quote_message("text_mixed_words", e.reading.mixed_words),
)
def text_mixed_words(e: Evidence) -> float:
    """Words of the title that mix look-alike alphabets, at most 20."""
    return float(min(len(e.reading.mixed_words), 20)) if e.reading.title_folded else MISSING


@signals.feature(
    Scale("scripts", 0, 8),
    missing=NO_TEXT,
    side=either,
    say=lambda e, _: (
        message("text_scripts", scripts=tuple(map(str.capitalize, e.reading.scripts)))
        if e.reading.scripts
        else message("text_scripts.none")
    ),
)
def text_scripts(e: Evidence) -> float:
    """How many scripts the text uses."""
    return float(len(e.reading.scripts)) if e.reading.title or e.reading.description else MISSING


@signals.feature(
    log_of("characters", 10),
    missing=_NO_TITLE,
    side=either,
    say=lambda e, _: message("text_title_length", n=len(e.reading.title)),
)
def text_title_length(e: Evidence) -> float:
    """Length of the title."""
    return log1p(len(e.reading.title)) if e.reading.title else MISSING


@signals.feature(SHARE, missing=_NO_TITLE, side=_CAPITALS, say=lambda _, v: message("text_title_capitals", share=v))
def text_title_capitals(e: Evidence) -> float:
    """Share of capitals among the cased letters of the title; 0 where there are none."""
    if not e.reading.title:
        return MISSING
    cased = e.reading.capitals + e.reading.small
    return e.reading.capitals / cased if cased else 0.0


@signals.feature(SHARE, missing=_NO_TITLE, side=either, say=lambda _, v: message("text_title_digits", share=v))
def text_title_digits(e: Evidence) -> float:
    """Share of digits in the title; part numbers and sizes are mostly digits."""
    title = e.reading.title_folded
    if not title:
        return MISSING
    if title.isascii():
        return (len(title) - len(title.encode().translate(None, _DIGITS))) / len(title)
    return sum(map(str.isdigit, title)) / len(title)


@signals.feature(
    log_of("words", 12),
    missing=_NO_DESCRIPTION,
    version=2,
    side=either_if_any,
    say=lambda e, _: message("text_description_words", n=len(e.reading.description_words)),
)
def text_description_words(e: Evidence) -> float:
    """Words of the description."""
    return log1p(len(e.reading.description_words)) if e.reading.description else MISSING


@signals.feature(
    YES_NO,
    missing="never",
    source="Own choice: a missing description is no evidence of genuine goods",
    side=confirmation,
    say=lambda _, v: message("text_described" if v else "text_described.no"),
)
def text_described(e: Evidence) -> float:
    """1 if the listing has a description."""
    return float(bool(e.reading.description))


@signals.feature(
    SHARE,
    missing=_NO_DESCRIPTION,
    version=2,
    side=lambda _, v: Side.COUNTERFEIT if v >= _REPEATED else Side.NONE,
    say=lambda _, v: message("text_repetition", share=v),
)
def text_repetition(e: Evidence) -> float:
    """Share of the most frequent word among the description's words."""
    return most_repeated_share(e.reading.description_words) if e.reading.description_folded else MISSING


@signals.feature(
    YES_NO,
    missing="no title or no description",
    version=2,
    side=indicator,
    say=lambda _, v: message("text_description_repeats_title" if v else "text_description_repeats_title.no"),
)
def text_description_repeats_title(e: Evidence) -> float:
    """1 if the title contains every word of the description."""
    if not e.reading.title_folded or not e.reading.description_folded:
        return MISSING
    return float(set(e.reading.description_words) <= set(e.reading.title_words))
