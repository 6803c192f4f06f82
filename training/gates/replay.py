"""The facts of held-out listings that are rewritten in every known way, to measure the effect of an obfuscation.

`training.gates.replay_gate` scores them and sets the bounds.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from features.corrections import NamedBrand
from features.facts import Facts, assemble_facts
from features.fold import fold
from features.history import NOTHING_RECORDED, OwnPrices
from features.indicators import IndicatorFacts, SearchedText
from features.listing import Listing
from features.minhash import signature_of, similarities
from features.near_duplicates import NEAR, NearDuplicates
from features.references import PriceReference, References
from training.gates.obfuscation import Market, Transform, rewrite

_DESCRIPTIONS: Final = 200


def market_of(facts: Facts, honest_descriptions: Sequence[str]) -> Market:
    """The market knowledge of this listing's seller."""
    return Market(facts.brand.name or facts.listing.brand, _usual_price(facts), honest_descriptions)


def _usual_price(facts: Facts) -> float | None:
    """The median price of comparable listings in the listing's currency."""
    reference: PriceReference | None = facts.price.brand_category or facts.price.category
    if reference is None or facts.price.log_price is None or not facts.listing.price:
        return None
    # The listing's own price in both currencies gives the exchange rate.
    rate = math.log(float(facts.listing.price)) - facts.price.log_price
    return math.exp(reference.log_median + rate)


def honest_descriptions(facts: Sequence[Facts]) -> tuple[str, ...]:
    """Distinct descriptions that counterfeiters can copy, at most 200."""
    descriptions = dict.fromkeys(row.listing.description for row in facts if row.listing.description)
    return tuple(text for text in descriptions if text)[:_DESCRIPTIONS]


def rewrite_facts(
    facts: Facts, transform: Transform, references: References, honest: Sequence[str], *, seed: int
) -> Facts:
    listing = rewrite(transform, facts.listing, market_of(facts, honest), seed=seed)
    return facts_of_changed(facts, listing, references)


def facts_of_changed(facts: Facts, listing: Listing, references: References) -> Facts:
    """The facts that the listing would have with this content.

    Brand and prices are computed again, with everything that depends on them. A person's correction of the brand stays
    where it holds for the other content. The seller's facts stay, because a different wording does not change the
    seller. Near-duplicates are dropped if the text is no longer near the original text. Counterfeit indicators stay
    only where their words are still in the text. The near-duplicate index and the patterns are not available here, so
    the result errs in favour of the obfuscation.
    """
    new_facts = assemble_facts(
        listing,
        references,
        NOTHING_RECORDED,
        marketplace=facts.marketplace,
        as_of=facts.as_of,
        named=_brand_namings(facts),
    )
    own = facts.price.own
    if own is not None and listing.price != facts.listing.price:
        own = OwnPrices().then(new_facts.price.log_price)  # As if it had had this price from the beginning.
    price = replace(new_facts.price, previous_log_price=facts.price.previous_log_price, own=own)
    authorised = facts.seller.authorised and new_facts.brand.brand_id == facts.brand.brand_id
    return replace(
        new_facts,
        schema=facts.schema,
        version=facts.version,
        price=price,
        seller=replace(facts.seller, authorised=authorised),
        near_duplicates=_changed_near_duplicates(facts, listing),
        indicators=_matching_indicators(facts.indicators, listing),
    )


def _brand_namings(facts: Facts) -> tuple[NamedBrand, ...]:
    if facts.correction is None:
        return ()
    brand, listing = facts.brand, facts.listing
    named = NamedBrand(
        known_at=facts.correction.known_at,
        brand_id=brand.brand_id,
        mark=None if brand.brand_id else brand.name,
        title=listing.title,
        declared=listing.brand,
        gtin=listing.gtin,
    )
    return (named,)


def _changed_near_duplicates(facts: Facts, listing: Listing) -> NearDuplicates | None:
    if facts.near_duplicates is None:
        return None
    before, after = signature_of(facts.listing), signature_of(listing)
    if before is None or after is None:
        return facts.near_duplicates if before is None and after is None else NearDuplicates()
    return facts.near_duplicates if similarities(before, after[None, :])[0] >= NEAR else NearDuplicates()


def _matching_indicators(facts: IndicatorFacts | None, listing: Listing) -> IndicatorFacts | None:
    if facts is None:
        return None
    texts = {SearchedText.TITLE: fold(listing.title or ""), SearchedText.DESCRIPTION: fold(listing.description or "")}
    fired_indicators = tuple(fired for fired in facts.fired if fired.words in texts[fired.where])
    return IndicatorFacts(for_counterfeit=facts.for_counterfeit, for_genuine=facts.for_genuine, fired=fired_indicators)
