"""For each feature, the side that a reader takes from its words, with the reason."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from features.compute import FEATURES, NAMES, compute
from features.facts import Facts
from features.fields import Windows
from features.history import Outcomes
from features.links import Links
from features.message import message
from features.spec import Feature, Side
from models.messages.english import in_english
from tests.fixtures.facts import A_HISTORY, full_facts, some_facts

C, G, E, NONE = Side.COUNTERFEIT, Side.GENUINE, Side.EITHER, Side.NONE
FULL = full_facts()


def facts_after(**changes: Any) -> Facts:
    """The full facts with another history."""
    return some_facts(history=replace(A_HISTORY, **changes))


def trading_facts(fakes: float | None, sales: float = 500.0) -> Facts:
    """The full facts of a seller and a listing with so many sales returned as not genuine."""
    counts = Windows(fakes, fakes, fakes)
    facts = replace(FULL, listing=replace(FULL.listing, fake_returns=counts, sales=Windows(sales, sales, sales)))
    return replace(facts, seller=replace(facts.seller, fake_returns=counts))


def turnover_facts(amount: float) -> Facts:
    return replace(FULL, seller=replace(FULL.seller, turnover=Windows(0.0, 0.0, amount)))


def rated_facts(*counts: int) -> Facts:
    return replace(FULL, listing=replace(FULL.listing, rating_counts=counts))


def judged_facts(counterfeit: int, genuine: int) -> Facts:
    return facts_after(outcomes=Outcomes(counterfeit=counterfeit, genuine=genuine))


def linked_facts(counterfeit: int, genuine: int) -> Facts:
    seller = replace(A_HISTORY.links.sellers[0], counterfeit=counterfeit, genuine=genuine)  # type: ignore[union-attr]  # set in the fixture
    return facts_after(links=Links(contacts=1, sellers=(seller,)))


def copied_facts(counterfeit: int, genuine: int) -> Facts:
    near_duplicates = A_HISTORY.near_duplicates
    assert near_duplicates is not None
    return facts_after(
        near_duplicates=replace(near_duplicates, counterfeit=counterfeit, own_counterfeit=0, genuine=genuine)
    )


LOG = math.log
DAYS = math.log1p

# (feature, value, side, why); of a feature whose side depends on facts, see FACTS.
ROWS: list[tuple[str, float, Side, str]] = [
    ("price_log", 4.0, E, "a price alone is neither cheap nor dear"),
    ("price_to_brand_category", LOG(0.04), C, "4 % of the median"),
    ("price_to_brand_category", LOG(0.94), C, "below"),
    ("price_to_brand_category", 0.0, G, "at the median, as genuine goods are"),
    ("price_to_brand_category", LOG(1.4), G, "above"),
    ("price_spread_brand_category", -2.4, C, "far below the median"),
    ("price_spread_brand_category", -0.2, NONE, "not cheap, and 'below' is no praise"),
    ("price_spread_brand_category", 0.6, G, "above it"),
    ("price_to_category", LOG(0.28), C, "below"),
    ("price_to_category", LOG(2.7), G, "2.7 times the median"),
    ("price_reference_offers", LOG(20), E, "how many listings are known is no finding about this one"),
    ("price_claimed_discount", 0.7, C, "70 % off"),
    ("price_claimed_discount", 0.3, E, "an ordinary sale"),
    ("price_claimed_discount", 0.0, G, "no reduction"),
    ("price_claimed_discount", -0.2, G, "above the earlier price"),
    ("price_is_placeholder", 1, C, "9999"),
    ("price_is_placeholder", 0, G, "a price that is meant"),
    ("price_change", LOG(0.5), C, "half the price"),
    ("price_change", LOG(1.2), G, "a fifth more"),
    ("price_change", 0.001, NONE, "0 % in words"),
    ("price_to_list", LOG(0.2), C, "a fifth of the list price"),
    ("price_to_list", 0.0, G, "at the list price"),
    ("price_to_list", LOG(1.2), G, "above it"),
    ("price_claim_to_list", LOG(1.5), C, "a claimed price that was never asked"),
    ("price_claim_to_list", 0.0, G, "the list price"),
    ("price_claim_to_list", LOG(0.5), E, "an honest sale from a lower price, or other goods"),
    ("price_same_on_marketplace", DAYS(300), E, "a shelf price, or a placeholder"),
    ("price_same_on_marketplace", 0, NONE, "none"),
    ("price_changes", DAYS(3), E, "prices change"),
    ("price_changes", 0, NONE, "none"),
    ("price_largest_fall", LOG(0.5), C, "a fall by half"),
    ("price_largest_fall", LOG(0.98), NONE, "a fall by 2 %"),
    ("price_largest_fall", 0, NONE, "it never fell"),
    ("price_claim_to_highest", LOG(2), C, "twice what was ever asked"),
    ("price_claim_to_highest", 0, G, "an earlier price"),
    ("price_to_seller_offers", LOG(0.1), E, "a shop sells cheap and dear goods"),
    ("price_same_at_seller", DAYS(2), E, "a shop with one price"),
    ("price_same_at_seller", 0, NONE, "none"),
    ("item_age", DAYS(0), C, "published today"),
    ("item_age", DAYS(100), E, "some months"),
    ("item_age", DAYS(400), G, "more than a year"),
    ("item_sales_7d", DAYS(3), E, "sales are of either"),
    ("item_sales_7d", 0, NONE, "none"),
    ("item_sales_90d", DAYS(30), E, "sales are of either"),
    ("item_sales_90d", 0, NONE, "none"),
    ("item_return_share", 0.3, C, "above the base rate of 8 %"),
    ("item_return_share", 0.04, G, "below it"),
    ("item_fake_returns_30d", DAYS(1), C, "one is grave"),
    ("item_fake_returns_30d", 0, NONE, "of how many sales?"),
    ("item_recent_sales_share", 0.6, C, "a burst"),
    ("item_recent_sales_share", 0.1, E, "a steady pace"),
    ("item_recent_sales_share", 0.0, G, "no burst"),
    ("item_one_star_share", 0.3, C, "above the prior of 6 %"),
    ("item_one_star_share", 0.02, G, "below it"),
    ("item_ratings", DAYS(20), G, "known to buyers"),
    ("item_ratings", 0, NONE, "none"),
    ("item_comments", DAYS(7), G, "known to buyers"),
    ("item_comments", 0, NONE, "none"),
    ("item_photos", DAYS(4), G, "photographs show the goods; no number of them accuses"),
    ("item_photos", 0, NONE, "none accuses nobody"),
    ("item_version", 3, E, "listings change"),
    ("item_version", 1, NONE, "it did not change"),
    ("seller_age", DAYS(9), C, "an account of nine days"),
    ("seller_age", DAYS(200), E, "some months"),
    ("seller_age", DAYS(3000), G, "an old account"),
    ("seller_orders_90d", DAYS(40), E, "volume is of either"),
    ("seller_orders_90d", 0, NONE, "none"),
    ("seller_turnover_90d", DAYS(400), E, "volume is of either"),
    ("seller_turnover_90d", 0, NONE, "none"),
    ("seller_order_value", 4.0, E, "dear or cheap goods"),
    ("seller_price_level", 1.0, E, "a shop sells cheap and dear goods"),
    ("seller_recent_orders_share", 0.5, C, "a burst"),
    ("seller_recent_orders_share", 0.02, G, "no burst"),
    ("seller_return_share_7d", 0.3, C, "above the base rate of 8 %"),
    ("seller_return_share_7d", 0.02, G, "below it"),
    ("seller_return_share_30d", 0.3, C, "above the base rate"),
    ("seller_return_share_30d", 0.02, G, "below it"),
    ("seller_return_share_90d", 0.3, C, "above the base rate"),
    ("seller_return_share_90d", 0.02, G, "below it"),
    ("seller_fake_returns_90d", DAYS(2), C, "two are grave"),
    ("seller_fake_returns_90d", 0, NONE, "of how many sales?"),
    ("seller_returned_value_share", 0.3, C, "above the base rate"),
    ("seller_returned_value_share", 0.02, G, "below it"),
    ("seller_variety", DAYS(9), E, "a small or a large shop"),
    ("seller_variety", 0, NONE, "none"),
    ("seller_available", DAYS(9), E, "a small or a large shop"),
    ("seller_available", 0, NONE, "none"),
    ("seller_rating", 3.1, C, "rated badly"),
    ("seller_rating", 4.2, E, "rated as most"),
    ("seller_rating", 4.8, G, "rated well"),
    ("seller_ships_from_elsewhere", 1, C, "from another country than stated"),
    ("seller_ships_from_elsewhere", 0, G, "from where it says"),
    ("seller_listings_30d", DAYS(9), E, "shops grow"),
    ("seller_listings_30d", 0, NONE, "none"),
    ("seller_listings_7d", DAYS(9), E, "shops grow"),
    ("seller_listings_7d", 0, NONE, "none"),
    ("seller_sales_30d", DAYS(9), E, "volume is of either"),
    ("seller_sales_30d", 0, NONE, "none"),
    ("seller_sales_growth_7d", LOG(3), C, "three times the pace"),
    ("seller_sales_growth_7d", LOG(1.2), E, "a good week"),
    ("seller_sales_growth_7d", LOG(0.5), G, "no burst"),
    ("seller_sales_growth_30d", LOG(3), C, "three times the pace"),
    ("seller_sales_growth_30d", LOG(0.5), G, "no burst"),
    ("seller_turnover_growth_30d", LOG(3), C, "three times the pace"),
    ("seller_turnover_growth_30d", LOG(0.5), G, "no burst"),
    ("seller_known", DAYS(3), C, "first seen three days ago"),
    ("seller_known", DAYS(100), E, "some months"),
    ("seller_known", DAYS(500), G, "known for long"),
    ("seller_offers", DAYS(9), E, "a small or a large shop"),
    ("seller_offers", 0, NONE, "none"),
    ("seller_recent_listings_share", 0.9, C, "a burst"),
    ("seller_recent_listings_share", 0.0, G, "no burst"),
    ("seller_brands", DAYS(3), E, "dealers and bazaars are honest too"),
    ("seller_brands", 0, NONE, "none"),
    ("seller_top_brand_share", 0.9, E, "an authorised dealer, or a counterfeiter of one brand"),
    ("seller_brand_entropy", 1.2, E, "dealers and bazaars are honest too"),
    ("seller_protected_share", 1.0, E, "an authorised dealer sells protected brands alone"),
    ("seller_categories", DAYS(3), E, "a small or a large shop"),
    ("seller_categories", 0, NONE, "none"),
    ("seller_price_spread", 0.4, E, "a small or a large shop"),
    ("seller_confirmed_counterfeits", DAYS(2), C, "two were confirmed"),
    ("seller_confirmed_counterfeits", 0, NONE, "of how many that were reviewed?"),
    ("seller_cleared", DAYS(2), G, "two were found genuine"),
    ("seller_cleared", 0, NONE, "perhaps none was reviewed"),
    ("seller_counterfeits_90d", DAYS(1), C, "one was confirmed"),
    ("seller_counterfeits_90d", 0, NONE, "of how many that were reviewed?"),
    ("seller_since_counterfeit", DAYS(700), C, "one was confirmed, if long ago"),
    ("seller_strikes", DAYS(1), C, "one incident"),
    ("seller_strikes", 0, NONE, "none"),
    ("seller_linked_sellers", DAYS(1), C, "shared contacts"),
    ("seller_linked_sellers", 0, NONE, "none"),
    ("seller_linked_counterfeiters", DAYS(1), C, "linked to a counterfeiter"),
    ("seller_linked_counterfeiters", 0, G, "linked to honest sellers alone"),
    ("seller_linked_cleared", DAYS(1), G, "linked to a cleared seller"),
    ("seller_linked_cleared", 0, NONE, "none"),
    ("seller_linked_distance", 2, C, "linked to a counterfeiter, if through another"),
    ("brand_declared", 1, G, "says whose goods they are"),
    ("brand_declared", 0, C, "does not say"),
    ("brand_in_title", 1, G, "title and brand agree"),
    ("brand_in_title", 0.8, E, "nearly"),
    ("brand_in_title", 0.2, C, "the title avoids the name"),
    ("brand_disguised", 1, C, "an obfuscated name"),
    ("brand_disguised", 0, G, "none"),
    ("brand_named_but_not_declared", 1, C, "named and not declared"),
    ("brand_named_but_not_declared", 0, G, "not so"),
    ("brand_mentions", 3, C, "names that attract searches"),
    ("brand_mentions", 1, E, "one name"),
    ("brand_mentions", 0, NONE, "none"),
    ("brand_near_miss", 1, C, "a misspelt name"),
    ("brand_near_miss", 0, G, "none"),
    ("brand_declared_near_miss", 0.5, C, "a misspelt name"),
    ("brand_declared_near_miss", 0, G, "none"),
    ("brand_in_description", 1, G, "description and brand agree"),
    ("brand_in_description", 0, C, "the description avoids the name"),
    ("brand_only_described", 2, C, "names that attract searches"),
    ("brand_only_described", 0, G, "none"),
    ("brand_gtin_valid", 1, G, "a number of the goods"),
    ("brand_gtin_valid", 0, C, "an invented number"),
    ("brand_tell_tales_of_counterfeits", 1, C, "the brand's own indicator"),
    ("brand_tell_tales_of_counterfeits", 0, G, "none matches"),
    ("brand_tell_tales_of_its_own", 1, G, "the brand's own indicator"),
    ("brand_tell_tales_of_its_own", 0, NONE, "most genuine listings match none"),
    ("text_replica_grade", 3, C, "'1:1'"),
    ("text_replica_grade", 0, G, "none"),
    ("text_inspired", 1, C, "'inspired by'"),
    ("text_inspired", 0, G, "none"),
    ("text_overclaim", 1, C, "'100 % authentic'"),
    ("text_overclaim", 0, G, "none"),
    ("text_no_papers", 1, C, "'no receipt'"),
    ("text_no_papers", 0, G, "none"),
    ("text_contact", 1, C, "'whatsapp'"),
    ("text_contact", 0, G, "none"),
    ("text_evasion", 1, C, "'g*cci'"),
    ("text_evasion", 0, G, "none"),
    ("text_factory", 1, C, "'factory direct'"),
    ("text_factory", 0, G, "none"),
    ("text_kinds", 2, C, "two kinds"),
    ("text_kinds", 0, NONE, "the kinds themselves say it"),
    ("text_beside_brand", 1, C, "beside a brand"),
    ("text_beside_brand", 0, G, "none"),
    ("text_honest_use", 1, G, "'compatible with'"),
    ("text_honest_use", 0, NONE, "most genuine listings need no such wording"),
    ("text_links", 1, C, "leads away"),
    ("text_links", 0, G, "none"),
    ("text_hidden_links", 1, C, "leads away and hides it"),
    ("text_hidden_links", 0, G, "none"),
    ("text_contacts", 1, C, "leads away"),
    ("text_contacts", 0, G, "none"),
    ("text_invisible", DAYS(2), C, "hides something from a search"),
    ("text_invisible", 0, NONE, "none"),
    ("text_mixed_words", 1, C, "hides something from a search"),
    ("text_mixed_words", 0, G, "none"),
    ("text_scripts", 2, E, "languages are of either"),
    ("text_title_length", DAYS(40), E, "lengths are of either"),
    ("text_title_capitals", 1.0, C, "a title that shouts"),
    ("text_title_capitals", 0.4, E, "a few words in capitals"),
    ("text_title_capitals", 0.1, G, "ordinary spelling"),
    ("text_title_digits", 0.2, E, "part numbers and sizes"),
    ("text_description_words", DAYS(40), E, "lengths are of either"),
    ("text_description_words", 0, NONE, "pictures alone"),
    ("text_described", 1, G, "described"),
    ("text_described", 0, C, "not described"),
    ("text_repetition", 0.8, C, "one word again and again"),
    ("text_repetition", 0.1, NONE, "every text has a commonest word"),
    ("text_description_repeats_title", 1, C, "nothing is described"),
    ("text_description_repeats_title", 0, G, "something is described"),
    ("likeness_nearest", 0.9, E, "shops copy makers and each other"),
    ("likeness_nearest", 0, E, "a text of one's own"),
    ("likeness_counterfeit", 0.9, C, "the text of a counterfeit"),
    ("likeness_counterfeit", 0, G, "of none"),
    ("likeness_genuine", 0.9, G, "the text of a genuine listing"),
    ("likeness_genuine", 0, NONE, "most genuine listings resemble none"),
    ("likeness_own_counterfeit", 1.0, C, "the seller's own counterfeit again"),
    ("likeness_own_counterfeit", 0, G, "of none"),
    ("likeness_balance", 0.2, C, "nearer to counterfeits"),
    ("likeness_balance", -0.2, G, "nearer to genuine listings"),
    ("likeness_balance", 0, E, "equally near"),
    ("likeness_offers", DAYS(3), E, "shops copy each other"),
    ("likeness_offers", 0, NONE, "none"),
    ("likeness_sellers", DAYS(3), E, "shops copy each other"),
    ("likeness_sellers", 0, NONE, "none"),
    ("likeness_own_offers", DAYS(3), E, "sizes and colours of one article"),
    ("likeness_own_offers", 0, NONE, "none"),
    ("likeness_counterfeits", DAYS(1), C, "one was found counterfeit"),
    ("likeness_counterfeits", 0, NONE, "of how many that were reviewed?"),
    ("likeness_cleared", DAYS(1), G, "one was found genuine"),
    ("likeness_cleared", 0, NONE, "none"),
    ("likeness_authorised", DAYS(1), G, "a dealer's own text"),
    ("likeness_authorised", 0, NONE, "none"),
    ("likeness_first_days", DAYS(40), E, "makers publish before dealers"),
    ("likeness_price_level", LOG(0.3), C, "cheaper than others with the same text"),
    ("likeness_price_level", 0, G, "as dear"),
    ("likeness_price_offers", DAYS(3), E, "how many prices are known is no finding about this one"),
    ("likeness_price_offers", 0, NONE, "none"),
]  # fmt: skip

# (feature, facts, side, why): the value is that of the facts.
FACTS: list[tuple[str, Facts, Side, str]] = [
    ("item_fake_return_share", trading_facts(20), C, "20 of 500 is above the base rate"),
    ("item_fake_return_share", trading_facts(1), NONE, "1 of 500: too few to accuse, and no praise"),
    ("item_fake_return_share", trading_facts(0), G, "none of 500"),
    ("seller_fake_return_share_30d", facts_after(), C, "1 of 20"),
    ("seller_fake_return_share_90d", facts_after(), C, "3 of 60"),
    ("item_rating", rated_facts(9, 0, 0, 0, 1), C, "1.4 of 5"),
    ("item_rating", rated_facts(1, 0, 0, 2, 3), E, "4 of 5"),
    ("item_rating", rated_facts(0, 0, 0, 0, 9), G, "5 of 5"),
    ("seller_counterfeit_share", judged_facts(2, 5), C, "2 of 7"),
    ("seller_counterfeit_share", judged_facts(1, 99), NONE, "1 of 100: no praise"),
    ("seller_counterfeit_share", judged_facts(0, 5), G, "none of 5"),
    ("seller_linked_counterfeit_share", linked_facts(2, 1), C, "2 of 3"),
    ("seller_linked_counterfeit_share", linked_facts(0, 4), G, "none of 4"),
    ("likeness_counterfeit_share", copied_facts(3, 1), C, "3 of 4"),
    ("likeness_counterfeit_share", copied_facts(1, 5), NONE, "1 of 6: no praise"),
    ("likeness_counterfeit_share", copied_facts(0, 5), G, "none of 5"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "feature_value", "side", "_why"), ROWS, ids=[f"{name}: {why}" for name, _, _, why in ROWS]
)
def test_the_words_of_a_value_speak_for_a_side(name: str, feature_value: float, side: Side, _why: str) -> None:
    feature = FEATURES[NAMES.index(name)]
    assert feature.side(compute(FULL).evidence, feature_value) is side


@pytest.mark.parametrize(("name", "facts", "side", "_why"), FACTS, ids=[f"{name}: {why}" for name, _, _, why in FACTS])
def test_the_words_of_facts_speak_for_a_side(name: str, facts: Facts, side: Side, _why: str) -> None:
    feature_row, column = compute(facts), NAMES.index(name)
    assert FEATURES[column].side(feature_row.evidence, float(feature_row.vector[column])) is side


def test_every_feature_has_a_row() -> None:
    assert {row[0] for row in (*ROWS, *FACTS)} == set(NAMES)


def row_texts(feature: Feature) -> set[str]:
    """What a person is told of the feature in its rows; a message without a template has no words."""
    pairs = [(compute(FULL).evidence, feature_value) for name, feature_value, *_ in ROWS if name == feature.name]
    for name, facts, *_ in FACTS:
        if name == feature.name:
            computed = compute(facts)
            pairs.append((computed.evidence, float(computed.vector[NAMES.index(name)])))
    messages = [feature.say(evidence, feature_value) for evidence, feature_value in pairs]
    return {in_english(message).strip() for message in messages if message is not None} - {""}


@pytest.mark.parametrize("feature", FEATURES, ids=NAMES)
def test_every_feature_has_words_for_a_person(feature: Feature) -> None:
    assert row_texts(feature)
    assert not row_texts(replace(feature, say=lambda _evidence, _value: None)), "a feature that says nothing is noticed"


def test_a_message_without_a_template_is_no_words_for_a_person() -> None:
    with pytest.raises(KeyError):
        row_texts(replace(FEATURES[0], say=lambda _evidence, _value: message("of_no_template")))


AGREEMENTS: Mapping[Side, tuple[bool, bool]] = {
    C: (True, False),
    G: (False, True),
    E: (True, True),
    NONE: (False, False),
}


@pytest.mark.parametrize("side", Side)
def test_a_side_agrees_with_weights_of_its_own_sign(side: Side) -> None:
    assert (side.agrees(0.3), side.agrees(-0.3)) == AGREEMENTS[side]


def test_words_are_told_for_a_weight_of_their_side_alone() -> None:
    feature_row, column = compute(some_facts(price="20.00")), NAMES.index("price_to_brand_category")
    feature_value = float(feature_row.vector[column])
    assert FEATURES[column].words(feature_row.evidence, feature_value, 0.4) is not None
    assert FEATURES[column].words(feature_row.evidence, feature_value, -0.4) is None


UNRATED = replace(FULL, listing=replace(FULL.listing, seller=replace(FULL.listing.seller, rating_count=0)))
TWO_OTHERS = facts_after(listings=A_HISTORY.listings[:2] if A_HISTORY.listings else ())
UNSAID: list[tuple[str, Facts, str]] = [
    ("item_rating", rated_facts(0, 0, 0, 0, 0), "nobody rated it"),
    ("seller_counterfeit_share", judged_facts(0, 0), "none was reviewed"),
    ("seller_linked_counterfeit_share", linked_facts(0, 0), "none was reviewed: '0 counterfeit, 0 genuine'"),
    ("item_return_share", trading_facts(0, sales=0), "nothing was sold: '0 of 0'"),
    ("seller_turnover_growth_30d", turnover_facts(0.4), "a turnover that rounds to none: '0 of 0'"),
    ("seller_rating", UNRATED, "nobody rated the seller"),
    ("seller_recent_listings_share", TWO_OTHERS, "one of two is no burst"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "facts", "_why"), UNSAID)
def test_figures_without_cases_behind_them_are_not_told(name: str, facts: Facts, _why: str) -> None:
    feature_row, column = compute(facts), NAMES.index(name)
    assert not math.isnan(feature_row.vector[column])
    assert FEATURES[column].say(feature_row.evidence, float(feature_row.vector[column])) is None
