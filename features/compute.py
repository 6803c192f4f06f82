"""Computes features from facts: one code path for a single listing at intake and for a million in training."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features import (
    brand_signals,
    item,
    lexicon,
    near_duplicate_signals,
    near_names,
    off_platform,
    price,
    price_history,
    price_listed,
    seller,
    seller_links,
    seller_listings,
    seller_trade,
    seller_verdicts,
    text,
    wording,
)
from features.facts import Facts
from features.fold import FOLD_TABLE_VERSION
from features.minhash import MINHASH_VERSION
from features.reading import read_text
from features.spec import MISSING, Evidence, Family, Feature, fingerprint
from features.text_kernel import KERNEL_VERSION

FEATURES: Final[tuple[Feature, ...]] = (
    *price.signals.features, *price_history.signals.features, *price_listed.signals.features, *item.signals.features,
    *seller.signals.features, *seller_trade.signals.features, *seller_listings.signals.features,
    *seller_verdicts.signals.features, *seller_links.signals.features, *brand_signals.signals.features,
    *wording.signals.features, *off_platform.signals.features, *text.signals.features,
    *near_duplicate_signals.signals.features,
)  # fmt: skip
NAMES: Final = tuple(feature.name for feature in FEATURES)
# Features in a row that need the same, with their values where it is not given.
_GROUPS: Final = tuple(
    (condition, functions := tuple(feature.compute for feature in row), [MISSING] * len(functions))
    for condition, row in groupby(FEATURES, lambda feature: feature.is_known)
)


def input_fingerprint() -> str:
    """A digest of everything that determines a model's input. A bundle with another fingerprint is refused."""
    tables: dict[str, str | int] = {
        "lexicon": lexicon.table_digest(),
        "ordinary_words": near_names.table_digest(),
        "fold_table": FOLD_TABLE_VERSION,
        "text_kernel": KERNEL_VERSION,
        "minhash": MINHASH_VERSION,
    }
    return fingerprint(FEATURES, tables)


def family_columns(family: Family) -> NDArray[np.intp]:
    """Columns of one signal family in the vector of `compute`."""
    return np.array([i for i, feature in enumerate(FEATURES) if feature.family is family], dtype=np.intp)


# Features that always have a value, such as whether there is a description, are no evidence and are left out. The
# absence of near-duplicates is no evidence either.
_EVIDENT: Final = tuple(family for family in Family if family is not Family.NEAR_DUPLICATES)
# A bit for each family, in the columns of its evidence.
_FAMILY_BITS: Final = np.array(
    [
        1 << _EVIDENT.index(feature.family) if feature.family in _EVIDENT and feature.missing != "never" else 0
        for feature in FEATURES
    ],
    dtype=np.int64,
)


@dataclass(frozen=True, slots=True)
class ComputedFeatures:
    """Facts with their text read and their feature vector, shape (n_features,); NaN is missing."""

    evidence: Evidence
    vector: NDArray[np.float64]

    @property
    def facts(self) -> Facts:
        """The facts of the listing version."""
        return self.evidence.facts

    def families_known(self) -> int:
        """How many signal families have any value."""
        return int(np.bitwise_or.reduce(_FAMILY_BITS[np.isfinite(self.vector)])).bit_count()


def compute(facts: Facts) -> ComputedFeatures:
    """The vector of one listing version, with the evidence for the messages of its reasons."""
    evidence = Evidence(facts, read_text(facts.listing))
    vector: list[float] = []
    for condition, functions, missing in _GROUPS:
        vector += [feature(evidence) for feature in functions] if condition(evidence) else missing
    return ComputedFeatures(evidence, np.array(vector, dtype=np.float64))


def matrix(all_facts: Iterable[Facts]) -> NDArray[np.float64]:
    """The feature vectors of many facts, shape (n, n_features), row by row through `compute`."""
    rows = [compute(facts).vector for facts in all_facts]
    return np.stack(rows) if rows else np.empty((0, len(FEATURES)))
