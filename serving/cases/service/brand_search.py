"""The registered brands that a reviewer can name for a case: hinted at by its listing, or found by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from features.brands import Brand
from features.facts import Facts
from features.fold import fold
from features.near_names import NearNames
from serving.accounts.rules.access import Permission, Person
from serving.brands.store import brands
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.listings.store import scores
from serving.platform.runtime import Runtime

LONGEST_SEARCH: Final = 100
MOST_FOUND: Final = 20


@dataclass(frozen=True, slots=True)
class BrandChoices:
    """The brands that the listing hints at, and those whose name or alias contains the searched text, best first."""

    candidates: tuple[Brand, ...]
    matches: tuple[Brand, ...]


def search_brands(runtime: Runtime, person: Person, case_id: str, text: str) -> tuple[Case, BrandChoices]:
    """A case with the brands that its reviewer can name; an empty text finds none.

    Raises NotFound (the person does not review the case).
    """
    with runtime.store.read() as connection:
        marketplace_id = cases.marketplace_of(connection, case_id, person.marketplaces(Permission.REVIEW_CASES))
        case = cases.get(connection, marketplace_id, case_id)
        facts = scores.scored_facts(connection, marketplace_id, case.score_id)
        return case, choices_of(connection, marketplace_id, facts, text, runtime.clock.now())


def choices_of(connection: Connection, marketplace_id: str, facts: Facts, text: str, at: datetime) -> BrandChoices:
    """The choices among the brands that are enrolled in the marketplace."""
    registered = brands.enrolled_brands(connection, marketplace_id, at)
    hinted = set(_hints(facts))
    candidates = tuple(brand for brand in registered if hinted & {brand.brand_id, brand.name})
    return BrandChoices(candidates, brands_matching(registered, text))


def _hints(facts: Facts) -> Iterable[str]:
    """The ids and names of the brands that a listing names, nearly names or describes."""
    yield from facts.resolved.candidates
    yield from (mention.brand_id for mention in facts.resolved.mentions)
    if facts.naming is not None:
        yield from (near.brand_id for near in facts.naming.near_misses)
        yield from facts.naming.described
        if facts.naming.declared_near is not None:
            yield facts.naming.declared_near.brand_id


def brands_matching(registered: Sequence[Brand], text: str) -> tuple[Brand, ...]:
    """The brands with a name or alias that contains the text after folding, at most 20.

    An equal name comes first, then names that begin with the text. Where none contains it, brands with a nearly equal
    name or alias are found, by the rules by which a listing's misspelt names are (`features.near_names`).

    >>> brands_matching([Brand("b", "Nordfjell"), Brand("a", "Fjell", ("Fjäll",))], "fjell")[0].name
    'Fjell'
    """
    folded_text = fold(text[:LONGEST_SEARCH])
    if not folded_text:
        return ()
    ranked = [
        (rank, brand.name, brand) for brand in registered if (rank := _match_rank(brand, folded_text)) is not None
    ]
    if not ranked:
        return _near_matches(registered, text[:LONGEST_SEARCH])
    return tuple(brand for _, _, brand in sorted(ranked, key=lambda ranking: ranking[:2])[:MOST_FOUND])


def _near_matches(registered: Sequence[Brand], text: str) -> tuple[Brand, ...]:
    known = NearNames((brand.brand_id, name) for brand in registered for name in (brand.name, *brand.aliases))
    edits = {near.brand_id: near.edits for near in known.in_text(text)}
    near_brands = [(edits[brand.brand_id], brand.name, brand) for brand in registered if brand.brand_id in edits]
    return tuple(brand for _, _, brand in sorted(near_brands, key=lambda near: near[:2])[:MOST_FOUND])


def _match_rank(brand: Brand, folded_text: str) -> int | None:
    names = [fold(name) for name in (brand.name, *brand.aliases)]
    if folded_text in names:
        return 0
    if any(name.startswith(folded_text) for name in names):
        return 1
    return 2 if any(folded_text in name for name in names) else None
