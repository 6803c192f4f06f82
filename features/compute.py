"""Facts to numbers: the one code path for a single listing at intake and for a million in training."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features import brand_signals, item, lexicon, price, seller, text
from features.facts import Facts
from features.fold import FOLD_TABLE_VERSION
from features.reading import read
from features.spec import Evidence, Family, Feature, fingerprint
from features.text_kernel import KERNEL_VERSION

FEATURES: Final[tuple[Feature, ...]] = (
    *price.signals.features,
    *item.signals.features,
    *seller.signals.features,
    *brand_signals.signals.features,
    *text.signals.features,
)
NAMES: Final = tuple(feature.name for feature in FEATURES)
_COMPUTE: Final = tuple(feature.compute for feature in FEATURES)


def input_fingerprint() -> str:
    """Names everything that decides what a model is given; a bundle with another one is refused."""
    return fingerprint(
        FEATURES, lexicon_digest=lexicon.digest(), fold_table=FOLD_TABLE_VERSION, text_kernel=KERNEL_VERSION
    )


def family_columns(family: Family) -> NDArray[np.intp]:
    """Columns of one signal family in the vector of `compute`."""
    return np.array([i for i, feature in enumerate(FEATURES) if feature.family is family], dtype=np.intp)


def evidence(facts: Facts) -> Evidence:
    """Facts with their text read; kept by callers that also need the words of a reason."""
    return Evidence(facts, read(facts.listing))


def vector(found: Evidence) -> NDArray[np.float64]:
    """The feature vector, shape (n_features,); NaN is missing."""
    return np.array([compute(found) for compute in _COMPUTE], dtype=np.float64)


def matrix(all_facts: Iterable[Facts]) -> NDArray[np.float64]:
    """The feature vectors of many facts, shape (n, n_features), row by row through `vector`."""
    rows = [vector(evidence(facts)) for facts in all_facts]
    return np.stack(rows) if rows else np.empty((0, len(FEATURES)))
