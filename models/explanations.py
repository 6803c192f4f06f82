"""Turns contributions into reasons: at most five messages with figures."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import FEATURES, NAMES
from features.message import Message, message
from features.spec import Evidence
from models.score import Reason

MOST: Final = 5
TEXT_CODE: Final = "wording"
_SMALLEST: Final = 0.05  # Log-odds; less moves a probability by about one point at most.

# Features of one story are one reason; the feature with the largest contribution gives the message.
_STORIES: Final = {
    "price_level": (
        "price_to_brand_category", "price_spread_brand_category", "price_to_category", "price_log",
        "price_reference_offers", "price_to_list",
    ),
    "price_at_seller": ("seller_price_level", "price_to_seller_offers"),
    "own_prices": ("price_change", "price_changes", "price_largest_fall"),
    "claimed_price": ("price_claimed_discount", "price_claim_to_highest", "price_claim_to_list"),
    "placeholder": ("price_is_placeholder", "price_same_at_seller", "price_same_on_marketplace"),
    "returned_as_fake": (
        "item_fake_return_share", "item_fake_returns_30d", "seller_fake_return_share_30d",
        "seller_fake_return_share_90d", "seller_fake_returns_90d",
    ),
    "returns": (
        "item_return_share", "seller_return_share_7d", "seller_return_share_30d", "seller_return_share_90d",
        "seller_returned_value_share",
    ),
    "earlier_verdicts": (
        "seller_confirmed_counterfeits", "seller_counterfeit_share", "seller_cleared", "seller_counterfeits_90d",
        "seller_since_counterfeit", "seller_strikes",
    ),
    "linked_sellers": (
        "seller_linked_sellers", "seller_linked_counterfeiters", "seller_linked_cleared",
        "seller_linked_counterfeit_share", "seller_linked_distance",
    ),
    "seller_volume": (
        "seller_orders_90d", "seller_turnover_90d", "seller_order_value", "seller_variety", "seller_available",
        "seller_sales_30d", "seller_offers",
    ),
    "seller_age": ("seller_age", "seller_known"),
    "bursts": (
        "item_recent_sales_share", "seller_recent_orders_share", "seller_sales_growth_7d", "seller_sales_growth_30d",
        "seller_turnover_growth_30d",
    ),
    "listing_bursts": ("seller_listings_7d", "seller_listings_30d", "seller_recent_listings_share"),
    "assortment": (
        "seller_brands", "seller_top_brand_share", "seller_brand_entropy", "seller_protected_share",
        "seller_categories", "seller_price_spread",
    ),
    "offer_sales": ("item_sales_7d", "item_sales_90d"),
    "ratings": ("item_rating", "item_one_star_share", "item_ratings", "seller_rating"),
    "brand_spelling": (
        "brand_disguised", "brand_near_miss", "brand_declared_near_miss", "text_mixed_words", "text_invisible",
        "text_evasion",
    ),
    "brand_claim": (
        "brand_declared", "brand_in_title", "brand_named_but_not_declared", "brand_mentions", "brand_in_description",
        "brand_only_described",
    ),
    "tell_tales": ("brand_tell_tales_of_counterfeits", "brand_tell_tales_of_its_own"),
    "replica_wording": (
        "text_replica_grade", "text_inspired", "text_factory", "text_kinds", "text_beside_brand", "text_overclaim",
    ),
    "contact_elsewhere": ("text_contact", "text_contacts", "text_links", "text_hidden_links"),
    "description": (
        "text_description_words", "text_described", "text_repetition", "text_description_repeats_title",
        "text_title_length", "text_title_capitals", "text_title_digits", "text_scripts",
    ),
    "like_counterfeits": (
        "likeness_counterfeit", "likeness_counterfeits", "likeness_counterfeit_share", "likeness_own_counterfeit",
        "likeness_balance",
    ),
    "like_others": (
        "likeness_nearest", "likeness_offers", "likeness_sellers", "likeness_own_offers", "likeness_first_days",
    ),
    "like_genuine": ("likeness_genuine", "likeness_cleared", "likeness_authorised"),
    "price_among_copies": ("likeness_price_level", "likeness_price_offers"),
}  # fmt: skip
_STORY_OF: Final = {name: story for story, names in _STORIES.items() for name in names}


def explain(
    evidence: Evidence,
    vector: NDArray[np.float64],
    contributions: NDArray[np.float64],
    text_contribution: float,
    telling_words: tuple[str, ...],
) -> tuple[Reason, ...]:
    """The reasons of one score, strongest first.

    `vector` and `contributions` have shape (n_features,), in log-odds. A missing value can move a score but is no
    ground for suspicion, so no message names it. Its weight stays in the sum.
    """
    stories: dict[str, list[int]] = {}
    for column, name in enumerate(NAMES):
        stories.setdefault(_STORY_OF.get(name, name), []).append(column)
    reasons = []
    for code, columns in stories.items():
        known = [column for column in columns if not math.isnan(vector[column])]
        weight = float(contributions[columns].sum())
        same_side = [column for column in known if contributions[column] * weight > 0]
        if abs(weight) < _SMALLEST or not same_side:
            continue
        largest_first = sorted(same_side, key=lambda column: -abs(contributions[column]))
        told = (FEATURES[column].say(evidence, float(vector[column])) for column in largest_first)
        found = next((one for one in told if one is not None), None)
        if found is not None:
            reasons.append(Reason(code, found, weight))
    if abs(text_contribution) >= _SMALLEST:
        reasons.append(Reason(TEXT_CODE, _wording(text_contribution, telling_words), text_contribution))
    reasons.sort(key=lambda reason: (-abs(reason.weight), reason.code))
    return tuple(reasons[:MOST])


def _wording(contribution: float, words: tuple[str, ...]) -> Message:
    if contribution < 0:
        return message("wording.genuine")
    return message("wording", words=words) if words else message("wording.unquoted")
