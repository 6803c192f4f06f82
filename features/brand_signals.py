"""Brand signals: the declared brand, the names in the title, and how they are written."""

from collections.abc import Sequence
from typing import Final

from rapidfuzz import fuzz

from features.brands import Form, Method
from features.fold import fold
from features.indicators import MOST_PER_BRAND, Direction
from features.message import Message, message, part_message
from features.near_names import NearMiss
from features.spec import (
    MISSING,
    YES_NO,
    Evidence,
    Family,
    Registry,
    Scale,
    Side,
    clearing,
    confirmation,
    indicator,
    low_is_counterfeit,
)

signals = Registry(Family.BRAND)

_NEARLY: Final = 0.6  # A title that matches less of the declared brand does not name it.
_NO_BRAND: Final = "no brand declared, or no title"
_NEAR: Final = "Own choice: misspelt names; features/data/ordinary_words.tsv lists the exceptions"
_NONE_SUPPLIED: Final = "the brand had supplied no such indicator, or indicators were not recorded yet"
_SUPPLIED: Final = "Own choice: the brand's knowledge of its goods, as of the moment"


@signals.feature(
    YES_NO,
    missing="never",
    source="Ozon E-CUP 2025: brand_name is empty on 41 % of rows",
    side=confirmation,
    say=lambda e, v: (
        message("brand_declared", brand=e.facts.listing.brand or "") if v else message("brand_declared.none")
    ),
)
def brand_declared(e: Evidence) -> float:
    """1 if the seller declares a brand."""
    return float(e.facts.listing.brand is not None)


@signals.feature(
    Scale("0 to 1", 0, 1),
    missing=_NO_BRAND,
    source="Own choice: the declared brand against the title",
    version=2,
    side=low_is_counterfeit(_NEARLY, 1.0),
    say=lambda e, v: message(
        "brand_in_title" if v == 1 else "brand_in_title.missing" if v < _NEARLY else "brand_in_title.nearly",
        brand=e.facts.listing.brand or "",
    ),
)
def brand_in_title(e: Evidence) -> float:
    """How closely the title matches the declared brand: 1 is an exact match after folding."""
    if e.facts.listing.brand is None or not e.reading.title_folded:
        return MISSING
    brand = fold(e.facts.listing.brand)
    if not brand:
        return MISSING
    title = " ".join(e.reading.title_words)
    if brand in title or brand in e.reading.title_folded:
        return 1.0
    return fuzz.partial_ratio(brand, title) / 100


@signals.feature(
    YES_NO,
    missing="no title",
    source="Corsearch Zeal, Auto-moderation rules for counterfeits: 'g u c c i', 'pr4da'",
    version=3,
    side=indicator,
    say=lambda e, v: (
        message("brand_disguised", brands=_title_brands(e, obfuscated=True)) if v else message("brand_disguised.none")
    ),
)
def brand_disguised(e: Evidence) -> float:
    """1 if a registered name appears only after undoing invisible characters, look-alikes or stand-ins."""
    if not e.reading.title_folded:
        return MISSING
    return float(any(mention.form is not Form.PLAIN for mention in e.facts.brand.mentions))


@signals.feature(
    YES_NO,
    missing="no title",
    source="Own choice: the declared brand against the title",
    side=indicator,
    say=lambda e, v: (
        message("brand_named_but_not_declared", brands=_title_brands(e))
        if v
        else message("brand_named_but_not_declared.none")
    ),
)
def brand_named_but_not_declared(e: Evidence) -> float:
    """1 if the title names a registered brand and the seller declares none or another."""
    if not e.reading.title_folded:
        return MISSING
    resolved = e.facts.resolved
    if not resolved.mentions:
        return 0.0
    declared = fold(e.facts.listing.brand or "")
    by_name = resolved.brand_id if resolved.method is Method.DECLARED or resolved.method is Method.ALIAS else None
    return float(any(m.brand_id != by_name and fold(m.name) != declared for m in resolved.mentions))


@signals.feature(
    Scale("brands", 0, 20),
    missing="no title",
    source="Own choice: names that only attract searches",
    side=lambda _, v: Side.COUNTERFEIT if v > 1 else Side.EITHER if v else Side.NONE,
    say=lambda _, v: message("brand_mentions", n=int(v)),
)
def brand_mentions(e: Evidence) -> float:
    """Different registered brands that the title names, at most 20."""
    return float(min(len(e.facts.brand.mentions), 20)) if e.reading.title_folded else MISSING


@signals.feature(
    Scale("0, 0.5 or 1", 0, 1),
    missing="no title, or near names were not recorded yet",
    source=_NEAR,
    side=indicator,
    say=lambda e, _: _near_miss_message("brand_near_miss", e.facts.naming.near_misses if e.facts.naming else ()),
)
def brand_near_miss(e: Evidence) -> float:
    """The nearest misspelling of a registered name in the title: 1 for one edit, 0.5 for two, 0 for none."""
    if e.facts.naming is None or not e.reading.title_folded:
        return MISSING
    return max((1 / near_miss.edits for near_miss in e.facts.naming.near_misses), default=0.0)


@signals.feature(
    Scale("0, 0.5 or 1", 0, 1),
    missing="no brand declared, or near names were not recorded yet",
    source=_NEAR,
    side=indicator,
    say=lambda e, _: _near_miss_message("brand_declared_near_miss", [near] if (near := _declared_near_miss(e)) else []),
)
def brand_declared_near_miss(e: Evidence) -> float:
    """Misspelling of a registered name as the declared brand: 1 for one edit, 0.5 for two, 0 for none."""
    if e.facts.naming is None or e.facts.listing.brand is None:
        return MISSING
    near = _declared_near_miss(e)
    return 1 / near.edits if near else 0.0


@signals.feature(
    YES_NO,
    missing="no brand declared, or no description",
    source="Own choice: the declared brand against the description",
    side=confirmation,
    say=lambda e, v: message(
        "brand_in_description" if v else "brand_in_description.missing", brand=e.facts.listing.brand or ""
    ),
)
def brand_in_description(e: Evidence) -> float:
    """1 if the description contains the declared brand after folding."""
    brand = fold(e.facts.listing.brand or "")
    return float(brand in e.reading.description_folded) if brand and e.reading.description_folded else MISSING


@signals.feature(
    Scale("brands", 0, 20),
    missing="no description, or names in it were not recorded yet",
    source="Own choice: names that only attract searches",
    side=indicator,
    say=lambda e, v: (
        message("brand_only_described", brands=tuple(e.facts.naming.described[:3]))
        if v and e.facts.naming
        else message("brand_only_described.none")
    ),
)
def brand_only_described(e: Evidence) -> float:
    """Registered brands that only the description names, at most 20."""
    if e.facts.naming is None or not e.reading.description_folded:
        return MISSING
    return float(min(len(e.facts.naming.described), 20))


@signals.feature(
    YES_NO,
    missing="no GTIN sent",
    source="GS1 General Specifications 7.9, check digit",
    side=confirmation,
    say=lambda e, v: message("brand_gtin_valid" if v else "brand_gtin_valid.invalid", gtin=e.facts.listing.gtin or ""),
)
def brand_gtin_valid(e: Evidence) -> float:
    """1 if the GTIN has a valid length and check digit."""
    return MISSING if e.facts.listing.gtin is None else float(gtin_is_valid(e.facts.listing.gtin))


@signals.feature(
    Scale("indicators", 0, MOST_PER_BRAND),
    missing=_NONE_SUPPLIED,
    source=_SUPPLIED,
    side=indicator,
    say=lambda e, _: _indicator_message(e, Direction.COUNTERFEIT, "brand_tell_tales_of_counterfeits"),
)
def brand_tell_tales_of_counterfeits(e: Evidence) -> float:
    """Brand-supplied counterfeit indicators that match the text."""
    return _matching_count(e, Direction.COUNTERFEIT)


@signals.feature(
    Scale("indicators", 0, MOST_PER_BRAND),
    missing=_NONE_SUPPLIED,
    source=_SUPPLIED,
    side=clearing,
    say=lambda e, _: _indicator_message(e, Direction.GENUINE, "brand_tell_tales_of_its_own"),
)
def brand_tell_tales_of_its_own(e: Evidence) -> float:
    """Brand-supplied indicators of the brand's own goods that match the text."""
    return _matching_count(e, Direction.GENUINE)


def gtin_is_valid(gtin: str) -> bool:
    """Whether a GTIN-8, -12, -13 or -14 has the right check digit.

    >>> gtin_is_valid("4006381333931"), gtin_is_valid("4006381333932")
    (True, False)
    """
    if len(gtin) not in {8, 12, 13, 14} or not (gtin.isascii() and gtin.isdigit()):
        return False
    weighted = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(reversed(gtin)))
    return weighted % 10 == 0


def _title_brands(e: Evidence, *, obfuscated: bool = False) -> tuple[str, ...]:
    return tuple(m.name for m in e.facts.brand.mentions if not obfuscated or m.form is not Form.PLAIN)


def _matched_and_known(e: Evidence, direction: Direction) -> tuple[int, int]:
    """The numbers of the brand's indicators of a direction that match and that it had supplied."""
    indicator_facts = e.facts.indicators
    if indicator_facts is None:
        return 0, 0
    supplied = indicator_facts.for_counterfeit if direction is Direction.COUNTERFEIT else indicator_facts.for_genuine
    return len(indicator_facts.fired_for(direction)) if indicator_facts.fired else 0, supplied


def _matching_count(e: Evidence, direction: Direction) -> float:
    fit, supplied = _matched_and_known(e, direction)
    return float(min(fit, MOST_PER_BRAND)) if supplied else MISSING


def _indicator_message(e: Evidence, direction: Direction, code: str) -> Message | None:
    return part_message(code, *_matched_and_known(e, direction))


def _declared_near_miss(e: Evidence) -> NearMiss | None:
    return e.facts.naming.declared_near if e.facts.naming is not None else None


def _near_miss_message(code: str, near_misses: Sequence[NearMiss]) -> Message:
    if not near_misses:
        return message("brand_near_miss.none")
    nearest = min(near_misses, key=lambda near_miss: near_miss.edits)
    return message(code, word=nearest.word, n=nearest.edits, brand=nearest.name)
