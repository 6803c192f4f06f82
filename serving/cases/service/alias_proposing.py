"""The spellings of a listing whose brand a person named, and the aliases that they propose to account managers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from features.facts import Facts
from features.fold import fold
from serving.audit.store import audit
from serving.brands.policy import LONGEST_ALIAS, AliasPolicy
from serving.brands.rules.alias_proposals import CorrectedListing, support_for, why_not_proposed
from serving.brands.service.alias_proposals import spelling_of
from serving.brands.store import aliases
from serving.cases.rules.case_brand import CaseBrand
from serving.cases.store import spellings
from serving.cases.store.cases import Case
from serving.cases.store.spellings import SpelledNaming
from serving.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class NewNaming:
    """A naming that was just given: its case, the brand, and the facts of the listing that it is of."""

    case: Case
    naming_id: str
    brand: CaseBrand
    facts: Facts


def propose_aliases(runtime: Runtime, connection: Connection, spelled: NewNaming, at: datetime) -> None:
    """Keep the spellings of a listing that was just named, and propose those that have enough support as aliases.

    Spellings are the declared brand and, in the title, misspelt names of the named brand. Other words of a title are
    not considered: which of them stands for the brand is a guess.
    """
    marketplace_id, brand, texts = spelled.case.marketplace_id, spelled.brand, _spellings(spelled.facts, spelled.brand)
    spellings.add_spellings(connection, marketplace_id, spelled.naming_id, spelled.case.listing_id, texts)
    if brand.brand_id is None:
        return
    pair, policy = (marketplace_id, brand.brand_id), runtime.policies[AliasPolicy]
    for text in texts:
        named = spellings.of_spelling(connection, marketplace_id, text)
        supported = support_for(corrected_listings(named), brand.brand_id)
        spelling = spelling_of(connection, pair, text, categories_of(named), at)
        if why_not_proposed(spelling, supported, policy) is not None:
            continue
        proposal_id = runtime.ids.new("ali")
        aliases.add_proposal(connection, pair, proposal_id, text, supported, at)
        audit.record(
            connection,
            at,
            marketplace_id,
            "service",
            "alias.proposed",
            proposal_id,
            brand_id=brand.brand_id,
            spelling=text,
            listings=supported.listings,
            sellers=supported.sellers,
            people=supported.people,
        )


def corrected_listings(namings: Iterable[SpelledNaming]) -> list[CorrectedListing]:
    """The corrected listings in the form that the rules read."""
    return [CorrectedListing(naming.listing_id, naming.brand_id, naming.seller, naming.user_id) for naming in namings]


def categories_of(namings: Iterable[SpelledNaming]) -> frozenset[str]:
    """The categories of these listings."""
    return frozenset(naming.category for naming in namings if naming.category)


def _spellings(facts: Facts, brand: CaseBrand) -> list[str]:
    """The folded spellings of a listing; for a mark that is not registered, every misspelt name in its title."""
    near = facts.naming.near_misses if facts.naming is not None else ()
    of_brand = (near_miss.word for near_miss in near if brand.brand_id in {None, near_miss.brand_id})
    folded = (fold(text) for text in (facts.listing.brand or "", *of_brand))
    return list(dict.fromkeys(text for text in folded if text and len(text) <= LONGEST_ALIAS))
