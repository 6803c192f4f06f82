import math
from dataclasses import replace
from decimal import Decimal

import pytest

from features.facts import Facts
from features.indicators import Direction, Fired, IndicatorFacts, Where
from features.near_duplicates import NearDuplicates
from tests.fixtures.facts import REFERENCES, full_facts, some_facts
from training.obfuscation import TRANSFORMS
from training.replay import facts_of_changed, honest_descriptions, market_of, rewritten_facts

WAYS = {one.name: one for one in TRANSFORMS}
FULL = full_facts()


def rewritten_as(name: str, facts: Facts = FULL) -> Facts:
    return rewritten_facts(facts, WAYS[name], REFERENCES, ("Bought in Lyon.",), seed=0)


def test_the_brand_is_resolved_again() -> None:
    assert FULL.brand.name == "Aurelle"
    assert rewritten_as("brand left out").brand.name is None
    assert rewritten_as("spaced letters").brand.name == "Aurelle"


def test_a_listing_without_its_brand_is_compared_with_other_prices() -> None:
    assert rewritten_as("brand left out").price.brand_category != FULL.price.brand_category


def test_the_facts_of_the_seller_stay() -> None:
    for way in TRANSFORMS:
        changed = rewritten_facts(FULL, way, REFERENCES, ("x",), seed=0)
        assert replace(changed.seller, authorised=FULL.seller.authorised) == FULL.seller
        assert (changed.version, changed.as_of) == (FULL.version, FULL.as_of)
        assert changed.price.previous_log_price == FULL.price.previous_log_price


def test_no_seller_is_authorised_for_an_unknown_brand() -> None:
    authorised = replace(FULL, seller=replace(FULL.seller, authorised=True))
    assert rewritten_as("spaced letters", authorised).seller.authorised
    assert not rewritten_as("brand left out", authorised).seller.authorised


def test_a_price_below_the_median_is_below_it_in_the_base_currency() -> None:
    found = rewritten_as("price below the median").price
    reference = FULL.price.brand_category
    assert reference is not None
    assert found.log_price == pytest.approx(reference.log_median - 0.0305, abs=0.001)


def test_the_usual_price_is_in_the_currency_of_the_listing() -> None:
    usual, own, reference = market_of(FULL, ()).usual_price, FULL.listing.price, FULL.price.brand_category
    assert usual is not None
    assert own is not None
    assert reference is not None
    assert FULL.price.log_price is not None
    assert usual / float(own) == pytest.approx(math.exp(reference.log_median - FULL.price.log_price))


def test_without_a_reference_there_is_no_usual_price() -> None:
    bare = replace(FULL, price=replace(FULL.price, brand_category=None, category=None))
    assert market_of(bare, ()).usual_price is None


def test_near_duplicates_stay_while_a_text_is_near_the_original() -> None:
    text = "A grey leather tote by Aurelle with its dust bag and receipt, worn twice and kept in its box. " * 3
    alike = replace(
        FULL, listing=replace(FULL.listing, description=text), likeness=NearDuplicates(offers=3, counterfeit=2)
    )
    assert facts_of_changed(alike, alike.listing, REFERENCES).likeness == alike.likeness
    assert rewritten_as("copied description", alike).likeness == NearDuplicates()
    assert rewritten_as("copied description", replace(alike, likeness=None)).likeness is None


def test_indicators_stay_while_their_words_do() -> None:
    fired = Fired(
        tell_tale_id="tt",
        brand_id="brd",
        label="x",
        direction=Direction.COUNTERFEIT,
        where=Where.DESCRIPTION,
        words="dust bag",
    )
    told = IndicatorFacts(for_counterfeit=2, fired=(fired,))
    listing = replace(FULL.listing, description="With a dust bag.")
    facts = replace(FULL, listing=listing, tell_tales=told)
    assert facts_of_changed(facts, listing, REFERENCES).tell_tales == told
    gone = facts_of_changed(facts, replace(listing, description="Nothing."), REFERENCES).tell_tales
    assert gone == IndicatorFacts(for_counterfeit=2)


def test_a_listing_that_is_not_changed_has_the_facts_that_it_had() -> None:
    for facts in (FULL, some_facts()):
        found = facts_of_changed(facts, facts.listing, REFERENCES)
        assert (found.brand, found.price, found.seller) == (facts.brand, facts.price, facts.seller)


def test_honest_descriptions_are_counted_once_and_empty_ones_not() -> None:
    texts = ["a", None, "b", "a"]
    found = [replace(FULL, listing=replace(FULL.listing, description=text)) for text in texts]
    assert honest_descriptions(found) == ("a", "b")


def test_a_changed_price_has_no_price_history() -> None:
    changed = facts_of_changed(FULL, replace(FULL.listing, price=Decimal("1.00")), REFERENCES)
    if FULL.price.own is not None:
        assert changed.price.own is not None
        assert changed.price.own.versions == 1
