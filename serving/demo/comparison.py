"""The first champion and the promoted retrained bundle, scored offline on listings of sellers never sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from features.compute import compute
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Listing
from models.bundle import from_files
from training import metrics
from training.synthetic import Settings, evaluation_set

_TOP: Final = 100
_CHUNK: Final = 1_000
# A process takes seconds to start; for fewer listings it is faster to score them here.
_FEW: Final = 2 * _CHUNK


def compare(
    settings: Settings, bundles: Sequence[dict[str, bytes]], *, listings: int, as_of: datetime
) -> list[dict[str, Any]]:
    """Figures of each bundle, in order, on the same listings of sellers never sent. Large samples use all cores.

    `found_per_100_reviews` is the number of counterfeits among the hundred highest scores.
    """
    unseen, labels = evaluation_set(settings, listings)
    chunks = [unseen[start : start + _CHUNK] for start in range(0, len(unseen), _CHUNK)]
    processes = 1 if len(unseen) <= _FEW else -1
    parts = Parallel(n_jobs=processes)(delayed(_score)(files, chunk, as_of) for files in bundles for chunk in chunks)
    per_bundle = len(chunks)
    return [_figures(labels, np.concatenate(parts[i * per_bundle : (i + 1) * per_bundle])) for i in range(len(bundles))]


def _score(files: dict[str, bytes], listings: Sequence[Listing], as_of: datetime) -> NDArray[np.float64]:
    bundle = from_files(files)
    computed = [
        compute(assemble_facts(listing, bundle.references, NOTHING_RECORDED, marketplace="unsent", as_of=as_of))
        for listing in listings
    ]
    return np.array([score.value for score in bundle.score_many(computed, with_reasons=False)])


def _figures(labels: NDArray[np.int8], values: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "average_precision": metrics.average_precision(labels, values),
        "found_per_100_reviews": 100 * metrics.precision_at(labels, values, _TOP),
        "listings": len(labels),
        "counterfeits": int(labels.sum()),
    }
