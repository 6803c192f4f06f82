"""Facts as each earlier schema stored them: they are read, and what they lack is missing.

`schemas/` holds the full facts of the tests, written by the last code of each schema.
"""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from features.compute import FEATURES, NAMES, compute
from features.facts import READABLE, SCHEMA, Facts, facts_from_json
from tests.fixtures.facts import full_facts

EARLIER: Final = sorted(READABLE - {SCHEMA})
# The features that need a fact which this schema was the first to have.
NEW_WITH: Final = {
    2: {
        "brand_declared_near_miss", "brand_near_miss", "brand_only_described", "price_changes",
        "price_claim_to_highest", "price_claim_to_list", "price_largest_fall", "price_same_at_seller",
        "price_same_on_marketplace", "price_to_list", "price_to_seller_offers", "seller_brand_entropy",
        "seller_brands", "seller_categories", "seller_counterfeits_90d", "seller_listings_7d", "seller_offers",
        "seller_price_spread", "seller_protected_share", "seller_recent_listings_share", "seller_since_counterfeit",
        "seller_strikes", "seller_top_brand_share",
    },
    3: {
        "seller_linked_cleared", "seller_linked_counterfeit_share", "seller_linked_counterfeiters",
        "seller_linked_distance", "seller_linked_sellers",
    },
    4: set(), 5: set(), 6: set(),
}  # fmt: skip


def body(schema: int) -> bytes:
    return (Path(__file__).parent / "schemas" / f"schema_{schema}.json").read_bytes()


def facts_of_schema(schema: int) -> Facts:
    return full_facts() if schema == SCHEMA else facts_from_json(body(schema))


def missing(facts: Facts) -> set[str]:
    return {name for name, value in zip(NAMES, compute(facts).vector, strict=True) if math.isnan(value)}


@pytest.mark.parametrize("schema", EARLIER)
def test_facts_of_each_earlier_schema_are_read(schema: int) -> None:
    found = facts_from_json(body(schema))
    assert json.loads(body(schema))["schema"] == found.schema == schema
    assert found.listing.title == full_facts().listing.title


@pytest.mark.parametrize(("earlier", "later"), list(pairwise([*EARLIER, SCHEMA])))
def test_a_feature_of_facts_that_a_schema_lacks_is_missing_and_never_zero(earlier: int, later: int) -> None:
    assert missing(facts_of_schema(earlier)) - missing(facts_of_schema(later)) == NEW_WITH[later]


@pytest.mark.parametrize("schema", EARLIER)
def test_every_feature_computes_a_number_in_its_range_or_nothing_from_earlier_facts(schema: int) -> None:
    for one, value in zip(FEATURES, compute(facts_from_json(body(schema))).vector.tolist(), strict=True):
        assert math.isnan(value) or one.low <= value <= one.high, one.name
