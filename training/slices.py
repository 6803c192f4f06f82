"""Figures per slice: where a good average hides a model that fails somebody."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts, with_history
from features.history import NOTHING_RECORDED
from features.listing import Listing
from training import metrics

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

_NEW_SELLER_DAYS: Final = 30
_FEWEST_SHOWN: Final = 10


def slices(facts: Sequence[Facts], labels: Labels, candidate: Floats, champion: Floats | None) -> list[dict[str, Any]]:
    """Average precision of both models per brand, language, new sellers and missing evidence, ten rows or more each."""
    found = []
    for name, rows in _members(facts).items():
        if len(rows) < _FEWEST_SHOWN:
            continue
        row: dict[str, Any] = {
            "slice": name,
            "rows": len(rows),
            "positives": int(labels[rows].sum()),
            "candidate_ap": _known(metrics.average_precision(labels[rows], candidate[rows])),
        }
        if champion is not None:
            row["champion_ap"] = _known(metrics.average_precision(labels[rows], champion[rows]))
        found.append(row)
    return found


def _members(facts: Sequence[Facts]) -> Mapping[str, NDArray[np.intp]]:
    groups: dict[str, list[int]] = {}
    for i, one in enumerate(facts):
        for name in _names(one):
            groups.setdefault(name, []).append(i)
    return {name: np.array(groups[name], dtype=np.intp) for name in sorted(groups)}


def _names(facts: Facts) -> list[str]:
    seller_age = facts.listing.seller.age_days
    conditions: tuple[tuple[str, bool], ...] = (
        (f"brand {facts.brand.name}", facts.brand.name is not None),
        (f"language {facts.listing.language}", facts.listing.language is not None),
        ("sellers under 30 days", seller_age is not None and seller_age < _NEW_SELLER_DAYS),
        ("no price reference", facts.price.brand_category is None),
        ("no description", facts.listing.description is None),
    )
    return [name for name, holds in conditions if holds]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def only_text_and_price(facts: Facts) -> Facts:
    """The facts as they would be with title, description, brand, category and price alone (DECISIONS 17)."""
    kept = facts.listing
    listing = Listing(
        external_id=kept.external_id,
        title=kept.title,
        description=kept.description,
        brand=kept.brand,
        product_type=kept.product_type,
        price=kept.price,
        currency=kept.currency,
    )
    return with_history(replace(facts, listing=listing, likeness=None), NOTHING_RECORDED)
