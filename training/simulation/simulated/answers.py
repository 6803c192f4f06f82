"""Answers of brands, analysts and sellers of the synthetic marketplace: mostly right, and delayed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np

from training.simulation.simulated.goods import HOUSES, SMALL_MAKERS
from training.simulation.simulated.habits import HonestTrade
from training.simulation.simulated.stream import Truth

BRAND_SILENT: Final = 0.15
APPEALS: Final[Mapping[bool, float]] = {True: 0.70, False: 0.15}  # By whether the seller is honest.

# Shares of each verdict; the remainder is cannot_tell.
_BRAND: Final = {
    "counterfeit": {"counterfeit": 0.935, "genuine": 0.03},
    "genuine": {"genuine": 0.935, "counterfeit": 0.03},
    "import": {"grey_market": 0.75, "genuine": 0.15, "counterfeit": 0.06},
}
_ANALYST: Final = {
    "counterfeit": {"counterfeit": 0.78, "genuine": 0.08},
    "genuine": {"genuine": 0.78, "counterfeit": 0.08},
    "import": {"grey_market": 0.36, "genuine": 0.38, "counterfeit": 0.10},
}
_NAMES: Final = {house.brand.brand_id: house.brand.name for house in HOUSES}
_BRAND_HOURS: Final = (14.0, 1.0, 240.0)  # Median, spread of the log, and maximum: a legal department with other work.
_ANALYST_HOURS: Final = (1.5, 0.8, 48.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict as a value of the service, and its delay in hours."""

    verdict: str
    delay_hours: float


def brand_answer(truth: Truth, random: np.random.Generator) -> Answer | None:
    """The rights holder's answer to a question; None if it does not answer."""
    if random.random() < BRAND_SILENT:
        return None
    return Answer(_draw_verdict(_BRAND[_truth_kind(truth)], random), _draw_capped_hours(_BRAND_HOURS, random))


def analyst_answer(truth: Truth, random: np.random.Generator) -> Answer:
    """An analyst's decision: faster, less certain and more often wrong than a brand's."""
    return Answer(_draw_verdict(_ANALYST[_truth_kind(truth)], random), _draw_capped_hours(_ANALYST_HOURS, random))


@dataclass(frozen=True, slots=True)
class NamedBrand:
    """The brand that an analyst names for a listing: a registered one, or a small maker's mark with its owner."""

    name: str
    brand_id: str | None
    owner: str | None = None


def named_brand(truth: Truth) -> NamedBrand:
    """The brand whose goods an analyst believes to be copied: the true one, or a small maker's where there is none."""
    if truth.brand_id:
        return NamedBrand(_NAMES[truth.brand_id], truth.brand_id)
    maker = SMALL_MAKERS[crc32(truth.seller.encode()) % len(SMALL_MAKERS)]
    return NamedBrand(maker, None, f"{maker} Workshop Ltd")


def seller_appeals(truth: Truth, random: np.random.Generator) -> bool:
    """Whether the seller appeals a removal; an honest seller of an unrecognised fake may appeal as well."""
    return bool(random.random() < APPEALS[truth.kind in set(HonestTrade)])


def _truth_kind(truth: Truth) -> str:
    if truth.counterfeit:
        return "counterfeit"
    return "import" if truth.kind == HonestTrade.PARALLEL_IMPORT and truth.brand_id else "genuine"


def _draw_verdict(shares: Mapping[str, float], random: np.random.Generator) -> str:
    drawn = random.random()
    for verdict, share in shares.items():
        if drawn < share:
            return verdict
        drawn -= share
    return "cannot_tell"


def _draw_capped_hours(delay: tuple[float, float, float], random: np.random.Generator) -> float:
    median, spread, longest = delay
    return float(min(median * random.lognormal(0, spread), longest))
