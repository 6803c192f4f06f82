"""Brands that a person named for a listing: the one in force at a moment, and whether it holds for a later text."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from features.brands import BrandRegister, Method, Resolution, pieces
from features.fold import fold
from features.listing import Listing

_SAME_GOODS: Final = 0.5  # Of the words of the earlier title; fewer are a title of other goods.


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedBrand:
    """The brand that a person named for a listing, with the evidence that the person saw.

    `brand_id` is None for a mark that is not registered here. A naming that `undoes` ends the naming in force before
    it, and names no brand itself.
    """

    known_at: datetime
    brand_id: str | None = None
    mark: str | None = None
    undoes: bool = False
    title: str | None = None
    declared: str | None = None
    gtin: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """When a person named the brand of a listing, and what its evidence resolves without that."""

    known_at: datetime
    resolved: Resolution


def naming_in_force(namings: Iterable[NamedBrand], as_of: datetime) -> NamedBrand | None:
    """The naming that was in force just before a moment, of a listing's namings in the order of time.

    A later naming replaces an earlier one, and an undo restores the one before it. A naming of the very moment was
    given after everything that was assembled as of it.
    """
    standing_namings: list[NamedBrand] = []
    for naming in namings:
        if naming.known_at >= as_of:
            break
        if not naming.undoes:
            standing_namings.append(naming)
        elif standing_namings:
            standing_namings.pop()
    return standing_namings[-1] if standing_namings else None


def still_applies(named: NamedBrand, listing: Listing, register: BrandRegister) -> bool:
    """Whether a naming still speaks of the goods of the listing as it is now.

    It ends when the evidence resolves to another brand than the evidence that the person saw, both by today's register:
    an alias that was added since is no change by the seller. It also ends when the seller replaced both the declared
    brand and more than half of the words of the title, because that describes other goods. One of the two alone does
    not end it, so that a seller does not get rid of a correction by a slight edit.
    """
    if named.brand_id is not None and named.brand_id not in register.brands:
        return False
    before = register.resolve(title=named.title, declared=named.declared, gtin=named.gtin)
    now = register.resolve(title=listing.title, declared=listing.brand, gtin=listing.gtin)
    if before.brand_id != now.brand_id:
        return False
    return fold(named.declared or "") == fold(listing.brand or "") or _has_same_words(named.title, listing.title)


def _has_same_words(before: str | None, now: str | None) -> bool:
    words, later = set(pieces(before or "")), set(pieces(now or ""))
    return len(words & later) >= _SAME_GOODS * len(words) if words else not later


def apply_naming(resolved: Resolution, named: NamedBrand, register: BrandRegister) -> Resolution:
    """The resolution with the named brand in place of the one that the evidence resolves.

    For a mark that is not registered it has no brand and no candidates. What the title mentions stays.
    """
    name = named.mark if named.brand_id is None else register.brands[named.brand_id].name
    candidates = () if named.brand_id is None else (named.brand_id,)
    return Resolution(named.brand_id, name, Method.CORRECTED, candidates, resolved.mentions)
