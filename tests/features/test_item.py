import math

import pytest

from tests.features.features_of import value, words
from tests.fixtures.facts import full_facts, some_facts

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
]


@pytest.mark.parametrize(("name", "expected", "_why"), VALUES, ids=[row[0] for row in VALUES])
def test_a_signal_of_a_known_listing_is(name: str, expected: float, _why: str) -> None:
    assert value(name, full_facts()) == pytest.approx(expected, abs=1e-12)


STATEMENT = [
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
]


@pytest.mark.parametrize(("name", "sentence"), STATEMENT, ids=[row[0] for row in STATEMENT])
def test_a_signal_of_a_listing_reads(name: str, sentence: str) -> None:
    assert words(name, full_facts()) == sentence


def test_no_ratings_at_all_are_the_prior_and_not_zero_stars() -> None:
    assert value("item_rating", some_facts(rating_counts=[0] * 5)) == pytest.approx(4.3)


def test_ratings_that_were_not_sent_are_missing() -> None:
    assert math.isnan(value("item_rating", some_facts()))
