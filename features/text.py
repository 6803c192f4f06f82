"""Signals of the text: what it says about the goods and how it is written."""

from collections.abc import Sequence
from typing import Final

from features.lexicon import Hit, Kind
from features.reading import most_repeated_share
from features.spec import MISSING, Evidence, Family, Registry, log1p

signals = Registry()

_NO_TITLE: Final = "no title"
_NO_DESCRIPTION: Final = "no description; unknown, not clean"
_NO_TEXT: Final = "neither title nor description"
_LEXICON: Final = "features/data/lexicon.tsv, each row with its own source"
_QUALITY: Final = "Description quality; inference"
_WEIGHTS: Final = {"strong": 3.0, "combination": 1.0, "weak": 0.25}  # One strong hit outweighs two that need company.
_MOST: Final = 10.0
_COUNTED: Final = (Kind.GRADE, Kind.INSPIRED, Kind.AUTHENTICITY, Kind.PAPERS, Kind.CONTACT, Kind.EVASION, Kind.FACTORY)


def _weight(e: Evidence, kind: Kind) -> float:
    """The strongest hit of a kind, plus a little for each further wording, at most 10; languages repeat each other."""
    if not (e.reading.title_folded or e.reading.description_folded):
        return MISSING
    hits = e.reading.kinds.get(kind, ())
    if not hits:
        return 0.0
    strongest = max(_WEIGHTS[hit.specificity] for hit in hits)
    return min(_MOST, strongest + 0.25 * (len({hit.words for hit in hits}) - 1))


def _quote(e: Evidence, kind: Kind, what: str) -> str:
    return _quote_hits(e.reading.kinds.get(kind, ()), what)


def _quote_hits(hits: Sequence[Hit], what: str) -> str:
    if not hits:
        return f"No {what}"
    strongest = sorted(hits, key=lambda hit: -_WEIGHTS[hit.specificity])
    words = list(dict.fromkeys(hit.words for hit in strongest))[:3]
    return f"{what[0].upper()}{what[1:]}: {', '.join(f'“{word}”' for word in words)}"


@signals.feature(
    Family.TEXT,
    unit="weight",
    low=0,
    high=_MOST,
    missing=_NO_TEXT,
    source=_LEXICON,
    say=lambda e, _: _quote(e, Kind.GRADE, "words that grade a replica"),
)
def text_replica_grade(e: Evidence) -> float:
    """Words that grade a replica, such as '1:1', 高仿, люкс копия, réplica AAA."""
    return _weight(e, Kind.GRADE)


@signals.feature(
    Family.TEXT,
    unit="weight",
    low=0,
    high=_MOST,
    missing=_NO_TEXT,
    source=_LEXICON,
    say=lambda e, _: _quote(e, Kind.INSPIRED, "words such as “inspired by”"),
)
def text_inspired(e: Evidence) -> float:
    """Words that lean on another's brand: 'inspired by', 'dupe', 同款."""
    return _weight(e, Kind.INSPIRED)


@signals.feature(
    Family.TEXT,
    unit="weight",
    low=0,
    high=_MOST,
    missing=_NO_TEXT,
    source=_LEXICON,
    say=lambda e, _: _quote(e, Kind.AUTHENTICITY, "claims of authenticity"),
)
def text_overclaim(e: Evidence) -> float:
    """Claims of authenticity that an honest seller rarely makes: '100% authentic', 100% оригинал."""
    return _weight(e, Kind.AUTHENTICITY)


@signals.feature(
    Family.TEXT,
    unit="weight",
    low=0,
    high=_MOST,
    missing=_NO_TEXT,
    source=_LEXICON,
    say=lambda e, _: _quote(e, Kind.PAPERS, "words about missing box, tags or papers"),
)
def text_no_papers(e: Evidence) -> float:
    """Words about missing box, tags, receipt or papers."""
    return _weight(e, Kind.PAPERS)


@signals.feature(
    Family.TEXT,
    unit="weight",
    low=0,
    high=_MOST,
    missing=_NO_TEXT,
    source=_LEXICON,
    say=lambda e, _: _quote(e, Kind.CONTACT, "ways to make contact outside the marketplace"),
)
def text_contact(e: Evidence) -> float:
    """Ways to make contact outside the marketplace: messengers, telephone numbers, albums."""
    return _weight(e, Kind.CONTACT)


@signals.feature(
    Family.TEXT,
    unit="weight",
    low=0,
    high=_MOST,
    missing=_NO_TEXT,
    source=_LEXICON,
    say=lambda e, _: _quote(e, Kind.EVASION, "spelling or wording that evades a search"),
)
def text_evasion(e: Evidence) -> float:
    """Spelling or wording that evades a search: stars, spaced letters, hidden links."""
    return _weight(e, Kind.EVASION)


@signals.feature(
    Family.TEXT,
    unit="weight",
    low=0,
    high=_MOST,
    missing=_NO_TEXT,
    source=_LEXICON,
    say=lambda e, _: _quote(e, Kind.FACTORY, "words about the factory or unofficial production"),
)
def text_factory(e: Evidence) -> float:
    """Words about the factory or unofficial production: 'factory direct', 原单."""
    return _weight(e, Kind.FACTORY)


@signals.feature(
    Family.TEXT,
    unit="kinds",
    low=0,
    high=len(_COUNTED),
    missing=_NO_TEXT,
    source=_LEXICON,
    say=lambda _, v: f"{v:.0f} kind{'s' * (v != 1)} of suspect wording",
)
def text_kinds(e: Evidence) -> float:
    """How many kinds of suspect wording occur, weak hits left out; two kinds weigh more than two words."""
    if not (e.reading.title_folded or e.reading.description_folded):
        return MISSING
    return float(sum(any(_counts(hit) for hit in e.reading.kinds.get(kind, ())) for kind in _COUNTED))


@signals.feature(
    Family.TEXT,
    unit="0 or 1",
    low=0,
    high=1,
    missing=_NO_TEXT,
    source=_LEXICON,
    say=lambda e, _: _quote_hits(_honest_uses(e), "words with an honest use"),
)
def text_honest_use(e: Evidence) -> float:
    """1 where wording of an honest use occurs: 'compatible with', 'replica jersey'; weak ones ('for') only cancel."""
    if not (e.reading.title_folded or e.reading.description_folded):
        return MISSING
    return float(bool(_honest_uses(e)))


def _honest_uses(e: Evidence) -> list[Hit]:
    return [hit for hit in e.reading.kinds.get(Kind.TRAP, ()) if hit.specificity != "weak"]


@signals.feature(
    Family.TEXT,
    unit="log of 1 + characters",
    low=0,
    high=20,
    missing="no text at all",
    source="Capabilities row 17; CVE-2021-42574",
    say=lambda e, _: f"{e.reading.invisible} invisible characters in the text",
)
def text_invisible(e: Evidence) -> float:
    """Invisible characters in title and description."""
    return log1p(e.reading.invisible) if e.reading.title or e.reading.description else MISSING


@signals.feature(
    Family.TEXT,
    unit="words",
    low=0,
    high=20,
    missing=_NO_TITLE,
    source="Unicode Technical Standard 39",
    say=lambda e, _: f"Letters of two alphabets in one word: {', '.join(e.reading.mixed_words[:3]) or 'none'}",
)
def text_mixed_words(e: Evidence) -> float:
    """Words of the title that mix look-alike alphabets, at most 20."""
    return float(min(len(e.reading.mixed_words), 20)) if e.reading.title_folded else MISSING


@signals.feature(
    Family.TEXT,
    unit="scripts",
    low=0,
    high=8,
    missing=_NO_TEXT,
    source=_QUALITY,
    say=lambda e, _: f"The text is written in {', '.join(e.reading.scripts) or 'no letters'}",
)
def text_scripts(e: Evidence) -> float:
    """How many scripts the text uses."""
    return float(len(e.reading.scripts)) if e.reading.title or e.reading.description else MISSING


@signals.feature(
    Family.TEXT,
    unit="log of 1 + characters",
    low=0,
    high=10,
    missing=_NO_TITLE,
    source=_QUALITY,
    say=lambda e, _: f"The title has {len(e.reading.title):,} characters",
)
def text_title_length(e: Evidence) -> float:
    """Length of the title."""
    return log1p(len(e.reading.title)) if e.reading.title else MISSING


@signals.feature(
    Family.TEXT,
    unit="share",
    low=0,
    high=1,
    missing=_NO_TITLE,
    source=_QUALITY,
    say=lambda _, v: f"{100 * v:.0f} % of the title's letters are capitals",
)
def text_title_capitals(e: Evidence) -> float:
    """Share of capitals among the letters of the title that have a case; 0 where none has."""
    if not e.reading.title:
        return MISSING
    capitals = sum(map(str.isupper, e.reading.title))
    cased = capitals + sum(map(str.islower, e.reading.title))
    return capitals / cased if cased else 0.0


@signals.feature(
    Family.TEXT,
    unit="share",
    low=0,
    high=1,
    missing=_NO_TITLE,
    source=_QUALITY,
    say=lambda _, v: f"{100 * v:.0f} % of the title are digits",
)
def text_title_digits(e: Evidence) -> float:
    """Share of digits in the title; part numbers and sizes are mostly digits."""
    title = e.reading.title_folded
    return sum(map(str.isdigit, title)) / len(title) if title else MISSING


@signals.feature(
    Family.TEXT,
    unit="log of 1 + words",
    low=0,
    high=12,
    missing=_NO_DESCRIPTION,
    source=_QUALITY,
    say=lambda e, _: f"The description has {len(e.reading.description_folded.split()):,} words",
)
def text_description_words(e: Evidence) -> float:
    """Words of the description."""
    return log1p(len(e.reading.description_folded.split())) if e.reading.description else MISSING


@signals.feature(
    Family.TEXT,
    unit="0 or 1",
    low=0,
    high=1,
    missing="never",
    source="E-CUP: description is absent on many rows",
    say=lambda _, v: "The offer has a description" if v else "The offer has no description",
)
def text_described(e: Evidence) -> float:
    """1 where the offer has a description."""
    return float(bool(e.reading.description))


@signals.feature(
    Family.TEXT,
    unit="share",
    low=0,
    high=1,
    missing=_NO_DESCRIPTION,
    source=_QUALITY,
    say=lambda _, v: f"{100 * v:.0f} % of the description is one word",
)
def text_repetition(e: Evidence) -> float:
    """Share of the description's words taken by the most frequent one."""
    return most_repeated_share(e.reading.description_folded) if e.reading.description_folded else MISSING


@signals.feature(
    Family.TEXT,
    unit="0 or 1",
    low=0,
    high=1,
    missing="no title or no description",
    source=_QUALITY,
    say=lambda _, v: f"The description {'only repeats' if v else 'says more than'} the title",
)
def text_description_repeats_title(e: Evidence) -> float:
    """1 where the description has no word that is not in the title."""
    if not e.reading.title_folded or not e.reading.description_folded:
        return MISSING
    return float(set(e.reading.description_folded.split()) <= set(e.reading.title_folded.split()))


def _counts(hit: Hit) -> bool:
    return hit.specificity != "weak"
