"""Turns contributions into the parts of a score: at most five findings with figures, and the remainders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import FEATURES
from features.message import Message, message
from features.spec import Evidence, Side
from models.phrases import CellKey, Contrast
from models.score import BASE, OTHER, TEXT, TITLE, Reason, remainder_reason

MOST: Final = 5
TEXT_CODE: Final = "wording"
_SMALLEST: Final = 0.05  # Log-odds; less moves a probability by about one point at most.

# Features of one story are one reason.
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
    "indicators": ("brand_tell_tales_of_counterfeits", "brand_tell_tales_of_its_own"),
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


@dataclass(frozen=True, slots=True)
class Split:
    """A score's value and its parts in log-odds: of the features, shape (n_features,), of the text, and the base.

    Their sum is the value, but for rounding. `title` is the part of an encoder in a second score; None in a first
    answer.
    """

    score: float
    features: NDArray[np.float64]
    text: float
    base: float
    title: float | None = None


@dataclass(frozen=True, slots=True)
class _AgreeingPart:
    """A feature's contribution that its words agree with."""

    weight: float
    message: Message
    concludes: bool


def explain(
    e: Evidence, vector: NDArray[np.float64], split: Split, quoted: Sequence[Contrast], weighed: Sequence[str] = ()
) -> tuple[Reason, ...]:
    """The parts of one score, which add up to its value: named ones, strongest first, then the remainders.

    `vector` has shape (n_features,). A feature's contribution is named only if its value is known and its words agree
    with the contribution's sign. Any other contribution goes to the remainder: a missing value can move a score and is
    no ground for suspicion, and words that contradict their weight explain nothing. The text is named only where
    phrases can be quoted. Otherwise its remainder says which words were `weighed` most, which is no finding.
    """
    stories: dict[str, list[_AgreeingPart]] = {}
    for column, weight in enumerate(split.features.tolist()):
        feature_value = float(vector[column])
        if weight and not math.isnan(feature_value):
            feature = FEATURES[column]
            words = feature.words(e, feature_value, weight)
            if words is not None:
                contribution = _AgreeingPart(weight, words, feature.side(e, feature_value) is not Side.EITHER)
                stories.setdefault(_STORY_OF.get(feature.name, feature.name), []).append(contribution)
    reasons = [
        reason for code, contributions in stories.items() if (reason := _story_reason(code, contributions)) is not None
    ]
    if quoted and split.text >= _SMALLEST:
        reasons.append(Reason(TEXT_CODE, _wording_message(quoted), split.text))
    reasons.sort(key=lambda reason: (-abs(reason.weight), reason.code))
    reasons = reasons[:MOST]
    if all(reason.code != TEXT_CODE for reason in reasons):
        heaviest = message("score.text.weighed", words=tuple(weighed)) if weighed else message("score.text")
        reasons.append(Reason(TEXT, heaviest, split.text))
    if split.title is not None:
        reasons.append(remainder_reason(TITLE, split.title))
    reasons.append(remainder_reason(BASE, split.base))
    return (*reasons, remainder_reason(OTHER, split.score - sum(reason.weight for reason in reasons)))


def _story_reason(code: str, contributions: Sequence[_AgreeingPart]) -> Reason | None:
    """The reason of a story: the sum of its contributions, and the words of the largest on the side of the sum.

    Words from which a reader concludes something go before those that only describe.
    """
    weight = sum(part.weight for part in contributions)
    if not abs(weight) >= _SMALLEST:  # Also where a damaged model gives no number.
        return None
    same_side = (part for part in contributions if part.weight * weight > 0)
    return Reason(code, max(same_side, key=lambda part: (part.concludes, abs(part.weight))).message, weight)


def _wording_message(quoted: Sequence[Contrast]) -> Message:
    return message(
        "wording", words=tuple(contrast.phrase for contrast in quoted), contrasts=tuple(map(_contrast_message, quoted))
    )


def _contrast_message(contrast: Contrast) -> Message:
    """How often counterfeits and genuine listings of the cell have the phrase."""
    cell = contrast.cell
    return message(
        "wording.contrast",
        phrase=contrast.phrase,
        counterfeit=contrast.counterfeit,
        counterfeits=cell.counterfeit,
        genuine=contrast.listings - contrast.counterfeit,
        genuines=cell.listings - cell.counterfeit,
        of=_cell_description(cell.key),
    )


def _cell_description(key: CellKey) -> Message:
    """What the listings of a cell have in common; what is not stated is named as such."""
    named = {"brand": key.brand, "category": key.category, "language": key.language}
    same = tuple(message(f"wording.{name}") for name, part in named.items() if part)
    unstated = tuple(message(f"wording.{name}") for name, part in named.items() if part == "")
    if not unstated:
        return message("wording.in_language") if key.brand is None else message("wording.same", same=same)
    return (
        message("wording.same_but", same=same, unstated=unstated)
        if same
        else message("wording.unstated", unstated=unstated)
    )
