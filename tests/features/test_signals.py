"""The signals of the full facts: what each is, and how its sentence reads."""

import math

import pytest

from features.brand_signals import gtin_is_valid
from tests.fixtures.facts import feature_words, full_facts, some_facts, value_of

VALUES = [
    ("item_age", math.log(13), "12 days"),
    ("item_sales_7d", math.log(2), "one sale"),
    ("item_sales_90d", math.log(10), "nine sales"),
    ("item_return_share", (2 + 0.08 * 20) / (9 + 20), "2 of 9, smoothed"),
    ("item_fake_return_share", (1 + 0.005 * 40) / (9 + 40), "1 of 9, smoothed"),
    ("item_fake_returns_30d", 0.0, "none"),
    ("item_recent_sales_share", 1 / 9, "one of nine"),
    ("item_rating", (1 + 2 * 3 + 5 * 4 + 12 * 5 + 43) / 30, "20 ratings, smoothed towards 4.3"),
    ("item_one_star_share", (1 + 0.6) / 30, "1 of 20, smoothed"),
    ("item_ratings", math.log(21), "20 ratings."),
    ("item_comments", math.log(8), "seven comments"),
    ("item_photos", math.log(5), "four photographs"),
    ("item_version", 3.0, "the third version"),
    # The full listing asks 489 EUR after 500, 800 and 600, and claims to have cost 980.
    ("price_changes", math.log(4), "three changes"),
    ("price_largest_fall", math.log(600 / 800), "from 800 to 600"),
    ("price_claim_to_highest", math.log(980 / 800), "980 claimed, 800 the highest"),
    ("price_to_seller_offers", math.log(489) - (math.log(100) + math.log(200)) / 2, "between 100 and 200"),
    ("price_same_at_seller", 0.0, "no other at 489"),
    ("seller_age", math.log(901), "900 days"),
    ("seller_orders_90d", math.log(41), "40 orders"),
    ("seller_turnover_90d", math.log(9001), "9,000 by events, which are complete"),
    ("seller_order_value", math.log(150), "6,000 over 40"),
    ("seller_price_level", math.log(489 / 150), "the price over the order value"),
    ("seller_recent_orders_share", 3 / 40, "three of forty"),
    ("seller_return_share_30d", (2 + 0.08 * 20) / (20 + 20), "2 of 20 by events, smoothed"),
    ("seller_return_share_90d", (6 + 0.08 * 20) / (60 + 20), "6 of 60 by events, smoothed"),
    ("seller_fake_return_share_90d", (3 + 0.005 * 40) / (60 + 40), "3 of 60 by events, smoothed"),
    ("seller_returned_value_share", 400 / 6000, "400 of 6,000"),
    ("seller_variety", math.log(26), "25 products"),
    ("seller_available", math.log(91), "90 items"),
    ("seller_rating", 4.7, "as sent"),
    ("seller_ships_from_elsewhere", 0.0, "from home"),
    ("seller_listings_30d", math.log(4), "3, 13 and 23 days ago"),
    # Ann has the same telephone, with two fakes and a genuine listing; Bo the same payout account as she, cleared once.
    ("seller_linked_sellers", math.log(3), "two"),
    ("seller_linked_counterfeiters", math.log(2), "one of them"),
    ("seller_linked_cleared", math.log(2), "the other"),
    ("seller_linked_counterfeit_share", (2 + 0.05 * 10) / (4 + 10), "2 of 4, smoothed"),
    ("seller_linked_distance", 1.0, "one step"),
    # Five bags of Aurelle put up 3, 13, ... 43 days ago, three belts without a brand put up 53, 63 and 73 days ago.
    ("seller_known", math.log(81), "eighty days"),
    ("seller_offers", math.log(9), "eight"),
    ("seller_listings_7d", math.log(2), "one"),
    ("seller_recent_listings_share", 1 / 8, "one of eight"),
    ("seller_brands", math.log(2), "Aurelle"),
    ("seller_top_brand_share", 1.0, "all that name one"),
    ("seller_brand_entropy", 0.0, "one brand"),
    ("seller_protected_share", 5 / 8, "the bags"),
    ("seller_categories", math.log(3), "bags and belts"),
    # The full listing's seller: 4, 20 and 60 sales, 0, 2 and 6 returns, 0, 1 and 3 fakes, 800, 3,000 and 9,000 EUR.
    ("seller_sales_30d", math.log(21), "twenty"),
    ("seller_sales_growth_7d", math.log((4 + 7 / 30) / (7 / 30 * 21)), "4 of 20 where 4.7 would be steady"),
    ("seller_sales_growth_30d", math.log((20 + 1 / 3) / (61 / 3)), "20 of 60 is steady"),
    ("seller_turnover_growth_30d", math.log((3000 + 1 / 3) / (9001 / 3)), "3,000 of 9,000 is steady"),
    ("seller_return_share_7d", (0 + 0.08 * 20) / (4 + 20), "none of four, smoothed"),
    ("seller_fake_return_share_30d", (1 + 0.005 * 40) / (20 + 40), "one of twenty, smoothed"),
    ("seller_fake_returns_90d", math.log(4), "three"),
    ("seller_confirmed_counterfeits", math.log(3), "two"),
    ("seller_cleared", math.log(6), "five"),
    ("seller_counterfeit_share", (2 + 0.05 * 10) / (7 + 10), "2 of 7, smoothed"),
    ("seller_counterfeits_90d", math.log(2), "one of the two"),
    ("seller_since_counterfeit", math.log(11), "ten days ago"),
    ("seller_strikes", math.log(3), "two incidents"),
]
STATEMENTS = [
    ("item_age", "The listing was first published 12 days ago."),
    ("item_sales_7d", "1 sold in 7 days."),
    ("item_sales_90d", "9 sold in 90 days."),
    ("item_return_share", "2 of 9 sold in 90 days were returned."),
    ("item_fake_return_share", "1 of 9 sold in 90 days were returned as not genuine."),
    ("item_fake_returns_30d", "0 returned as not genuine in 30 days."),
    ("item_recent_sales_share", "11% of the sales in 90 days fell in the last 7 days."),
    ("item_rating", "Rated 4.3 of 5 by 20 buyers."),
    ("item_one_star_share", "1 of 20 ratings have one star."),
    ("item_ratings", "20 ratings."),
    ("item_comments", "7 buyer comments."),
    ("item_photos", "4 photographs."),
    ("item_version", "Version 3 of the listing."),
    ("price_changes", "The price has changed 3 times."),
    ("price_largest_fall", "The largest price drop across 4 versions was 25%."),
    ("price_claim_to_highest", "The claimed earlier price is 1.23 times the highest price recorded for this listing."),
    ("price_to_seller_offers", "The price is 3.46 times the median of 8 other listings of the seller."),
    ("price_same_at_seller", "0 of 8 other listings of the seller have exactly this price."),
    ("seller_age", "The seller's account is 900 days old."),
    ("seller_orders_90d", "The seller had 40 orders in 90 days."),
    ("seller_turnover_90d", "The seller's turnover in 90 days is 9,000 EUR."),
    ("seller_order_value", "The seller's average order is worth 150 EUR."),
    ("seller_price_level", "The price is 3.3 times the seller's average order value."),
    ("seller_recent_orders_share", "8% of the seller's orders in 90 days fell in the last 7 days."),
    ("seller_return_share_30d", "2 of 20 items that the seller sold in 30 days were returned."),
    ("seller_return_share_90d", "6 of 60 items that the seller sold in 90 days were returned."),
    ("seller_fake_return_share_90d", "3 of 60 items that the seller sold in 90 days were returned as not genuine."),
    ("seller_returned_value_share", "Goods worth 400 of the seller's turnover of 6,000 in 90 days were returned."),
    ("seller_variety", "The seller lists 25 different products."),
    ("seller_available", "The seller has 90 items in stock."),
    ("seller_rating", "The seller is rated 4.7 of 5 by 310 buyers."),
    ("seller_ships_from_elsewhere", "The goods ship from FR, where the seller is established (FR)."),
    ("seller_listings_30d", "The seller published 3 other listings in 30 days."),
    ("seller_linked_sellers", "The seller shares contacts with 2 other sellers, directly or through others."),
    ("seller_linked_counterfeiters", "1 of 2 linked sellers had listings confirmed counterfeit."),
    ("seller_linked_cleared", "All reviewed listings of 1 linked seller were found genuine."),
    ("seller_linked_counterfeit_share", "Reviewed listings of linked sellers: 2 counterfeit, 2 genuine."),
    ("seller_linked_distance", "A seller with confirmed counterfeits is linked by a shared contact: telephone number."),
    ("seller_known", "The seller was first seen here 80 days ago."),
    ("seller_offers", "The seller published 8 other listings in the last half year."),
    ("seller_listings_7d", "The seller published 1 other listing in 7 days."),
    (
        "seller_recent_listings_share",
        "1 of 8 other listings that the seller published in 90 days came in the last 7 days.",
    ),
    ("seller_brands", "Other listings of the seller: 8, of 1 brand."),
    ("seller_top_brand_share", "100% of the seller's other branded listings are of one brand."),
    ("seller_brand_entropy", "The seller's other listings are of 1 brand."),
    ("seller_protected_share", "5 of 8 other listings of the seller are of protected brands."),
    ("seller_categories", "The seller's other listings are in 2 categories."),
    ("seller_price_spread", "Half of the seller's 8 other prices are within 216% of their median."),
    ("seller_sales_30d", "The seller sold 20 items in 30 days."),
    ("seller_sales_growth_7d", "The seller's sales in 7 days run at 0.9 times the pace of 30 days: 4 of 20."),
    ("seller_sales_growth_30d", "The seller's sales in 30 days run at 1.0 times the pace of 90 days: 20 of 60."),
    (
        "seller_turnover_growth_30d",
        "The seller's turnover in 30 days runs at 1.0 times the pace of 90 days: 3,000 of 9,000.",
    ),
    ("seller_return_share_7d", "0 of 4 items that the seller sold in 7 days were returned."),
    ("seller_fake_return_share_30d", "1 of 20 items that the seller sold in 30 days were returned as not genuine."),
    ("seller_fake_returns_90d", "3 items of the seller were returned as not genuine in 90 days."),
    ("seller_confirmed_counterfeits", "2 earlier listings of the seller were confirmed counterfeit."),
    ("seller_cleared", "5 earlier listings of the seller were reviewed and found genuine."),
    ("seller_counterfeit_share", "2 of 7 reviewed listings of the seller were counterfeit."),
    ("seller_counterfeits_90d", "1 listing of the seller was confirmed counterfeit in 90 days."),
    ("seller_since_counterfeit", "A listing of the seller was confirmed counterfeit 10 days ago."),
    ("seller_strikes", "The seller's counterfeits confirmed within a year amount to 2 incidents."),
]


@pytest.mark.parametrize(("name", "expected", "_why"), VALUES, ids=[row[0] for row in VALUES])
def test_a_signal_of_full_facts_is(name: str, expected: float, _why: str) -> None:
    assert value_of(name, full_facts()) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("name", "sentence"), STATEMENTS, ids=[row[0] for row in STATEMENTS])
def test_a_signal_of_full_facts_reads(name: str, sentence: str) -> None:
    assert feature_words(name, full_facts()) == sentence


def test_no_ratings_at_all_are_the_prior_and_not_zero_stars() -> None:
    assert value_of("item_rating", some_facts(rating_counts=[0] * 5)) == pytest.approx(4.3)


def test_ratings_that_were_not_sent_are_missing() -> None:
    assert math.isnan(value_of("item_rating", some_facts()))


GTINS = [
    ("4006381333931", True, "thirteen digits"),
    ("4006381333932", False, "a wrong check digit"),
    ("73513537", True, "eight digits"),
    ("036000291452", True, "twelve digits"),
    ("10614141000415", True, "fourteen digits"),
    ("400638133393", False, "one digit lost"),
    ("40063813339311", False, "one digit too many"),
    ("0000000000000", True, "all zeros pass the arithmetic: a signal, not a condition"),
    ("４００６３８１３３３９３１", False, "full-width digits"),
    ("4006381-33393", False, "a sign between"),
    ("", False, "nothing"),
]


@pytest.mark.parametrize(("gtin", "valid", "_why"), GTINS)
def test_a_trade_item_number_is_valid_by_its_check_digit(gtin: str, valid: bool, _why: str) -> None:
    assert gtin_is_valid(gtin) is valid


NOT_DECLARED = [
    ("Aurelle tote", "Aurelle", 0, "declared as named"),
    ("AURELLE tote", "aurelle", 0, "in another case"),
    ("Aurelle tote", "奥蕾尔", 0, "declared by its alias"),
    ("奥蕾尔 tote", "Aurelle", 0, "named by its alias"),
    ("Aurelle tote", None, 1, "nothing declared"),
    ("Aurelle tote", "Nordfjell", 1, "another declared"),
    ("Aurelle tote", "no name", 1, "an unregistered brand declared"),
    ("Grey tote", "Aurelle", 0, "the title names none"),
]


@pytest.mark.parametrize(("title", "brand", "expected", "_why"), NOT_DECLARED)
def test_a_brand_is_named_but_not_declared(title: str, brand: str | None, expected: float, _why: str) -> None:
    assert value_of("brand_named_but_not_declared", some_facts(title=title, brand=brand)) == expected


IN_TITLE = [
    ("Aurelle Colline", "Aurelle", 1.0, "letter for letter"),
    ("AURELLÉ", "Aurelle", 1.0, "after folding"),
    ("Aurele Colline", "Aurelle", pytest.approx(12 / 13), "one letter lost: 2 x 6 of 7 + 6 letters"),
]


@pytest.mark.parametrize(("title", "brand", "expected", "_why"), IN_TITLE)
def test_the_declared_brand_stands_in_the_title_by(title: str, brand: str, expected: float, _why: str) -> None:
    assert value_of("brand_in_title", some_facts(title=title, brand=brand)) == expected


def test_an_obfuscated_brand_is_quoted_by_its_name() -> None:
    assert feature_words("brand_disguised", some_facts(title="Au re11e tote")) == (
        "Brand name in obfuscated spelling: Aurelle."
    )


def test_a_brand_that_is_not_declared_is_quoted_by_its_name() -> None:
    assert feature_words("brand_named_but_not_declared", some_facts(brand=None)) == (
        "The title names Aurelle, which the seller does not declare."
    )


def test_a_plain_name_is_not_obfuscated() -> None:
    assert value_of("brand_disguised", some_facts()) == 0
    assert value_of("brand_disguised", some_facts(title="Ａｕｒｅｌｌｅ　ｔｏｔｅ")) == 0


def test_two_named_brands_are_counted() -> None:
    assert value_of("brand_mentions", some_facts(title="Aurelle or Solenne")) == 2
