"""The first champion and the promoted retrained bundle, scored offline on listings of sellers never sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from features.compute import NAMES, compute
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Listing
from models.bundle import from_files
from models.classifier import Join
from training import metrics
from training.baselines import best_signal
from training.synthetic import Settings, evaluation_set

Floats = NDArray[np.float64]

_TOP: Final = 100
_CHUNK: Final = 1_000
# A process takes seconds to start; for fewer listings it is faster to score them here.
_FEW: Final = 2 * _CHUNK


def compare(
    settings: Settings, bundles: Sequence[dict[str, bytes]], *, listings: int, as_of: datetime
) -> list[dict[str, Any]]:
    """Figures of each bundle, in order, on the same listings of sellers never sent. Large samples use all cores.

    `found_per_100_reviews` is the number of counterfeits among the hundred highest scores. The average precision of
    the bundle's parts and of single features stands beside that of the whole: `best_signal` is the feature that sorts
    these very listings best, ascending or descending. `forest_alone` is None where text is a column of the forest.
    """
    unseen, labels = evaluation_set(settings, listings)
    chunks = [unseen[start : start + _CHUNK] for start in range(0, len(unseen), _CHUNK)]
    processes = 1 if len(unseen) <= _FEW else -1
    parts = Parallel(n_jobs=processes)(delayed(_score)(files, chunk, as_of) for files in bundles for chunk in chunks)
    per_bundle = len(chunks)
    return [_figures(labels, parts[i * per_bundle : (i + 1) * per_bundle]) for i in range(len(bundles))]


@dataclass(frozen=True, slots=True)
class _Scored:
    """Values of some listings, of shape (n,), by the whole model and by its parts, and their features (n, columns)."""

    whole: Floats
    forest: Floats | None
    text: Floats
    features: Floats


def _score(files: dict[str, bytes], listings: Sequence[Listing], as_of: datetime) -> _Scored:
    bundle = from_files(files)
    model = bundle.classifier
    computed = [
        compute(assemble_facts(listing, bundle.references, NOTHING_RECORDED, marketplace="unsent", as_of=as_of))
        for listing in listings
    ]
    columns = np.stack([one.vector for one in computed])
    return _Scored(
        np.array([score.value for score in bundle.score_many(computed, with_reasons=False)]),
        model.learner.raw(columns) if model.combiner.join is Join.SUM else None,
        model.text.many(listings),
        columns,
    )


def _figures(labels: NDArray[np.int8], parts: Sequence[_Scored]) -> dict[str, Any]:
    whole, text = np.concatenate([one.whole for one in parts]), np.concatenate([one.text for one in parts])
    forests = [one.forest for one in parts if one.forest is not None]
    features = np.concatenate([one.features for one in parts])
    column, sorted_by_it = best_signal(features, labels, features)
    return {
        "average_precision": metrics.average_precision(labels, whole),
        "forest_alone": metrics.average_precision(labels, np.concatenate(forests)) if forests else None,
        "text_alone": metrics.average_precision(labels, text),
        "best_signal": NAMES[column],
        "best_signal_average_precision": metrics.average_precision(labels, sorted_by_it),
        "found_per_100_reviews": 100 * metrics.precision_at(labels, whole, _TOP),
        "listings": len(labels),
        "counterfeits": int(labels.sum()),
    }
