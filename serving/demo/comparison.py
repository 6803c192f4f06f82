"""The first champion and the promoted retrained bundle, scored offline on listings of sellers never sent.

Their counterfeiters have suppliers whose goods were never sent either.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed

from features.compute import NAMES, compute, matrix
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Listing
from models.arrays import Floats, Labels
from models.bundle import from_files
from models.forest import Forest
from serving.platform.home import Home
from training.bundle_folder import ABOUT, read_bundle_folder
from training.evaluate import metrics
from training.evaluate.baselines import (
    best_signal,
    fit_predict_field_text,
    fit_predict_numbers,
    rank_average,
    raw_numbers,
)
from training.fit.forest import forest_alone
from training.fit.weighting import training_weights
from training.simulation.synthetic import Settings, evaluation_set
from training.snapshots.snapshot import Snapshot, read_snapshot

_TOP: Final = 100
_CHUNK: Final = 1_000
# A process takes seconds to start; for fewer listings it is faster to score them here.
_FEW: Final = 2 * _CHUNK
# The peer takes a millisecond a listing, which would make the demo longer by half a minute.
_PEER_ONE_IN: Final = 4


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A bundle's files, and the snapshot that it was trained on."""

    files: dict[str, bytes]
    snapshot: Snapshot


def load_trained_model(home: Home, digest: str) -> TrainedModel:
    """A bundle of the data directory with its snapshot."""
    folder = home.bundles / digest
    snapshot = json.loads((folder / ABOUT).read_bytes())["report"]["snapshot"]
    labelled_snapshot = read_snapshot(home.snapshots / f"{snapshot}.parquet", expected=snapshot)
    return TrainedModel(read_bundle_folder(folder), labelled_snapshot)


def compare(
    settings: Settings, models: Sequence[TrainedModel], *, listings: int, as_of: datetime
) -> list[dict[str, Any]]:
    """Figures of each model, in order, on the same listings of sellers never sent. Large samples use all cores.

    `found_per_100_reviews` is the number of counterfeits among the hundred highest scores. The average precision of
    the bundle's parts, of a fair peer (`training.evaluate.baselines`) fitted on the same labels, and of single features
    stands beside that of the whole: `best_signal` is the feature that sorts these very listings best, ascending or
    descending. `forest_alone` is fitted on the same labels without the text.
    """
    unseen, labels = evaluation_set(settings, listings)
    chunks = [unseen[start : start + _CHUNK] for start in range(0, len(unseen), _CHUNK)]
    processes = 1 if len(unseen) <= _FEW else -1
    # Listings instead of the snapshot, whose register of brands cannot be sent to another process.
    labelled = [[facts.listing for facts in model.snapshot.facts()] for model in models]
    learnt = [model.snapshot.labels for model in models]
    peers = [delayed(_peer_precision)(*pair, unseen, labels) for pair in zip(labelled, learnt, strict=True)]
    scoring = [delayed(_score)(model.files, chunk, as_of) for model in models for chunk in chunks]
    outcomes = Parallel(n_jobs=processes)([*peers, *scoring])
    parts, per_bundle = outcomes[len(models) :], len(chunks)
    return [
        {
            **_figures(labels, parts[i * per_bundle : (i + 1) * per_bundle], _fit_forest(model.snapshot)),
            "fair_peer": peer,
        }
        for i, (model, peer) in enumerate(zip(models, outcomes, strict=False))
    ]


@dataclass(frozen=True, slots=True)
class _PartScores:
    """Values of some listings, of shape (n,), by the whole model and by its parts, and their features (n, columns)."""

    whole: Floats
    text: Floats
    features: Floats


def _score(files: dict[str, bytes], listings: Sequence[Listing], as_of: datetime) -> _PartScores:
    bundle = from_files(files)
    model = bundle.classifier
    computed = [
        compute(assemble_facts(listing, bundle.references, NOTHING_RECORDED, marketplace="unsent", as_of=as_of))
        for listing in listings
    ]
    columns = np.stack([row.vector for row in computed])
    return _PartScores(
        np.array([score.value for score in bundle.score_many(computed, with_reasons=False)]),
        model.text.many(listings),
        columns,
    )


def _peer_precision(labelled: Sequence[Listing], learnt: Labels, unseen: Sequence[Listing], labels: Labels) -> float:
    """The average precision of the peer that learnt labelled listings.

    It is judged on all counterfeits and one genuine listing in so many, which weighs as many.
    """
    chosen = np.flatnonzero((labels == 1) | (np.arange(len(labels)) % _PEER_ONE_IN == 0))
    tested = [unseen[i] for i in chosen.tolist()]
    numbers = fit_predict_numbers(raw_numbers(labelled), learnt, raw_numbers(tested))
    ranks = rank_average(numbers, fit_predict_field_text(labelled, learnt, tested))
    weights = np.where(labels[chosen] == 1, 1.0, _PEER_ONE_IN)
    return metrics.average_precision(labels[chosen], ranks, weights)


def _fit_forest(snapshot: Snapshot) -> Forest:
    facts = snapshot.facts()
    return forest_alone(matrix(facts), snapshot.labels, training_weights(snapshot.rows, facts).values)


def _figures(labels: Labels, parts: Sequence[_PartScores], forest: Forest) -> dict[str, Any]:
    whole, text = np.concatenate([part.whole for part in parts]), np.concatenate([part.text for part in parts])
    features = np.concatenate([part.features for part in parts])
    column, sorted_by_it = best_signal(features, labels, features)
    return {
        "average_precision": metrics.average_precision(labels, whole),
        "forest_alone": metrics.average_precision(labels, forest.raw(features)),
        "text_alone": metrics.average_precision(labels, text),
        "best_signal": NAMES[column],
        "best_signal_average_precision": metrics.average_precision(labels, sorted_by_it),
        "found_per_100_reviews": 100 * metrics.precision_at(labels, whole, _TOP),
        "listings": len(labels),
        "counterfeits": int(labels.sum()),
    }
