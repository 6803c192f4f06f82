"""Wording signals: claims of the text about the goods, by the lexicon."""

from collections.abc import Sequence
from typing import Final

from features.lexicon import Kind, PhraseMatch
from features.message import Message, message, quote_message
from features.spec import MISSING, YES_NO, Evidence, Family, Registry, Scale, accusing, clearing, indicator

NO_TEXT: Final = "neither title nor description"
_LEXICON: Final = "features/data/lexicon.tsv, each row with its own source"
signals = Registry(Family.TEXT, missing=NO_TEXT, source=_LEXICON)
_WEIGHTS: Final = {"strong": 3.0, "combination": 1.0, "weak": 0.25}  # One strong match outweighs two combinations.
_MOST: Final = 10.0
_COUNTED: Final = frozenset(Kind) - {Kind.TRAP}


def _wording_weight(e: Evidence, kind: Kind) -> float:
    """The weight of the strongest match of a kind plus 0.25 for each further wording, at most 10."""
    if not (e.reading.title_folded or e.reading.description_folded):
        return MISSING
    if not e.reading.kinds or not (phrase_matches := e.reading.kinds.get(kind, ())):
        return 0.0
    strongest = max(_WEIGHTS[phrase_match.specificity] for phrase_match in phrase_matches)
    return min(_MOST, strongest + 0.25 * (len({phrase_match.words for phrase_match in phrase_matches}) - 1))


def _quote_matches(code: str, phrase_matches: Sequence[PhraseMatch]) -> Message:
    return quote_message(
        code,
        [
            phrase_match.words
            for phrase_match in sorted(phrase_matches, key=lambda phrase_match: -_WEIGHTS[phrase_match.specificity])
        ],
    )


def _register_feature(name: str, kind: Kind, meaning: str) -> None:
    register = signals.feature(
        Scale("weight", 0, _MOST),
        version=2,
        side=indicator,
        say=lambda e, _: _quote_matches(name, e.reading.kinds.get(kind, ())),
        name=name,
        meaning=meaning,
    )
    register(lambda e: _wording_weight(e, kind))


for _row in (
    ("text_replica_grade", Kind.GRADE, "Wording that grades a replica, such as '1:1', 高仿, люкс копия, réplica AAA."),
    ("text_inspired", Kind.INSPIRED, "Wording that leans on another brand: 'inspired by', 'dupe', 同款."),
    (
        "text_overclaim",
        Kind.AUTHENTICITY,
        "Claims of authenticity that an honest seller rarely makes: '100% authentic', 100% оригинал.",
    ),
    ("text_no_papers", Kind.DOCUMENTS, "Wording about a missing box, tags, receipt or documents."),
    (
        "text_contact",
        Kind.CONTACT,
        "Ways to make contact outside the marketplace: messengers, telephone numbers, albums.",
    ),
    ("text_evasion", Kind.EVASION, "Spelling or wording that evades a search: stars, spaced letters, hidden links."),
    ("text_factory", Kind.FACTORY, "Wording about the factory or unofficial production: 'factory direct', 原单."),
):
    _register_feature(*_row)


@signals.feature(
    Scale("kinds", 0, len(_COUNTED)), version=2, side=accusing, say=lambda _, v: message("text_kinds", n=int(v))
)
def text_kinds(e: Evidence) -> float:
    """The number of kinds of suspect wording, without weak matches."""
    if not (e.reading.title_folded or e.reading.description_folded):
        return MISSING
    kinds = e.reading.kinds
    return float(
        sum(kind in _COUNTED and any(map(_is_strong, matches)) for kind, matches in kinds.items()) if kinds else 0
    )


def _beside_brand_message(e: Evidence, kinds: float) -> Message:
    if not kinds:
        return message("text_beside_brand.none")
    brand = _brand_named(e)
    n = int(kinds)
    return message("text_beside_brand", n=n, brand=brand) if brand else message("text_beside_brand.unnamed", n=n)


@signals.feature(
    Scale("kinds", 0, len(_COUNTED)),
    source="Own choice: most wording is suspect only next to a brand",
    version=2,
    side=indicator,
    say=_beside_brand_message,
)
def text_beside_brand(e: Evidence) -> float:
    """The number of kinds of suspect wording in a listing that names or declares a brand; 0 without a brand."""
    if not (e.reading.title_folded or e.reading.description_folded):
        return MISSING
    return text_kinds(e) if e.reading.kinds and _brand_named(e) else 0.0


@signals.feature(YES_NO, side=clearing, say=lambda e, _: _quote_matches("text_honest_use", _honest_uses(e)))
def text_honest_use(e: Evidence) -> float:
    """1 if wording of an honest use occurs: 'compatible with', 'replica jersey'; weak ones ('for') do not count."""
    if not (e.reading.title_folded or e.reading.description_folded):
        return MISSING
    return float(bool(_honest_uses(e)))


def _honest_uses(e: Evidence) -> list[PhraseMatch]:
    return [phrase_match for phrase_match in e.reading.kinds.get(Kind.TRAP, ()) if phrase_match.specificity != "weak"]


def _brand_named(e: Evidence) -> str | None:
    """A brand that the listing claims: named in the title, or declared."""
    return next((mention.name for mention in e.facts.brand.mentions), None) or e.facts.listing.brand


def _is_strong(phrase_match: PhraseMatch) -> bool:
    return phrase_match.specificity != "weak"
