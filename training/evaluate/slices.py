"""Figures per slice, which show losses that a good average hides."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts, with_history
from features.fold import fold
from features.history import NOTHING_RECORDED
from features.listing import Listing
from features.price_lists import ListedBy
from models.arrays import Floats, Labels
from training.evaluate import metrics

_NEW_SELLER_DAYS: Final = 30
_FEWEST_SHOWN: Final = 10


def slices(facts: Sequence[Facts], labels: Labels, candidate: Floats, champion: Floats | None) -> list[dict[str, Any]]:
    """Average precision of both models in each slice with at least ten rows."""
    slice_rows = []
    for name, rows in slice_members(facts).items():
        if len(rows) < _FEWEST_SHOWN:
            continue
        row: dict[str, Any] = {
            "slice": name,
            "rows": len(rows),
            "positives": int(labels[rows].sum()),
            "candidate_ap": _none_if_nan(metrics.average_precision(labels[rows], candidate[rows])),
        }
        if champion is not None:
            row["champion_ap"] = _none_if_nan(metrics.average_precision(labels[rows], champion[rows]))
        slice_rows.append(row)
    return slice_rows


def slice_members(facts: Sequence[Facts]) -> Mapping[str, NDArray[np.intp]]:
    """The rows of each slice by name: brands, markets, languages, categories, new sellers, missing evidence."""
    groups: dict[str, list[int]] = {}
    for i, listing_facts in enumerate(facts):
        for name in _slice_names(listing_facts):
            groups.setdefault(name, []).append(i)
    return {name: np.array(groups[name], dtype=np.intp) for name in sorted(groups)}


def _slice_names(facts: Facts) -> list[str]:
    """The slices of one listing. The currency stands for the market, because no other field describes the buyers."""
    listing, seller = facts.listing, facts.listing.seller
    conditions: tuple[tuple[str, bool], ...] = (
        (f"brand {facts.brand.name}", facts.brand.name is not None),
        (f"market {listing.currency}", listing.currency is not None),
        (f"language {listing.language}", listing.language is not None),
        (f"category {fold(listing.product_type or '')}", listing.product_type is not None),
        (f"sellers in {seller.country}", seller.country is not None),
        ("sellers under 30 days", seller.age_days is not None and seller.age_days < _NEW_SELLER_DAYS),
        ("no price reference", facts.price.brand_category is None),
        ("no description", listing.description is None),
    )
    return [name for name, holds in conditions if holds]


def _none_if_nan(figure: float) -> float | None:
    return None if math.isnan(figure) else figure


def only_text_and_price(facts: Facts) -> Facts:
    """The facts of the listing with only its title, description, brand, category and price."""
    full_listing = facts.listing
    listing = Listing(
        external_id=full_listing.external_id,
        title=full_listing.title,
        description=full_listing.description,
        brand=full_listing.brand,
        product_type=full_listing.product_type,
        price=full_listing.price,
        currency=full_listing.currency,
    )
    listed = facts.price.listed
    if listed is not None and listed.by in {ListedBy.GTIN, ListedBy.MPN}:
        listed = None
    price = replace(facts.price, listed=listed)
    return with_history(replace(facts, listing=listing, price=price, near_duplicates=None), NOTHING_RECORDED)
