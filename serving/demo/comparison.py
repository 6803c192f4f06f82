"""The demo's candidates, promoted or not, scored offline on listings of sellers never sent.

Their counterfeiters have suppliers whose goods were never sent either.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed

from features.compute import NAMES, compute, matrix
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Listing
from models.arrays import Floats, Labels, Rows
from models.bundle import from_files
from models.calibration import expits
from models.points import DEFAULT_POINTS
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
from training.evaluate.splits import seller_groups
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
_RESAMPLES: Final = 200


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A bundle's files, the snapshot that it was trained on, and the number of its rows that it learnt.

    These are the earliest; the later ones judged it or waited (`training.runs.pipeline`).
    """

    files: dict[str, bytes]
    snapshot: Snapshot
    learnt: int


def load_trained_model(home: Home, digest: str) -> TrainedModel:
    """A bundle of the data directory with its snapshot."""
    folder = home.bundles / digest
    report = json.loads((folder / ABOUT).read_bytes())["report"]
    snapshot = read_snapshot(home.snapshots / f"{report['snapshot']}.parquet", expected=report["snapshot"])
    return TrainedModel(read_bundle_folder(folder), snapshot, report["rows"])


def compare(
    settings: Settings, models: Sequence[TrainedModel], *, listings: int, as_of: datetime
) -> list[dict[str, Any]]:
    """Figures of each model, in order, on the same listings of sellers never sent. Large samples use all cores.

    `found_per_100_reviews` is the number of counterfeits among the hundred highest scores. `rivals` are what a model
    replaces, its parts and a fair peer (`training.evaluate.baselines`) that learnt every label of the snapshot, each
    with the interval of the whole's lead over it: `best_signal` is the feature that sorts these very listings best,
    ascending or descending, `forest_alone` learnt the rows of the model, and `without_text` is this with the model's
    points. `deciles` are the tenths of
    the listings by probability: its mean, the mean interval that the model states, and the share of counterfeits with
    its own. Intervals are of 95 %, over sellers.
    """
    unseen, labels = evaluation_set(settings, listings)
    bootstrap = metrics.seller_bootstrap(
        seller_groups([listing.seller.external_id for listing in unseen]), times=_RESAMPLES, seed=settings.seed
    )
    chunks = [unseen[start : start + _CHUNK] for start in range(0, len(unseen), _CHUNK)]
    processes = 1 if len(unseen) <= _FEW else -1
    # Listings instead of the snapshot, whose register of brands cannot be sent to another process.
    labelled = [[facts.listing for facts in model.snapshot.facts()] for model in models]
    learnt = [model.snapshot.labels for model in models]
    peers = [delayed(_peer_scores)(*pair, unseen, labels) for pair in zip(labelled, learnt, strict=True)]
    scoring = [delayed(_score)(model.files, chunk, as_of) for model in models for chunk in chunks]
    outcomes = Parallel(n_jobs=processes)([*peers, *scoring])
    parts, per_bundle = outcomes[len(models) :], len(chunks)
    return [
        _figures(labels, parts[i * per_bundle : (i + 1) * per_bundle], model, peer, bootstrap)
        for i, (model, peer) in enumerate(zip(models, outcomes, strict=False))
    ]


@dataclass(frozen=True, slots=True)
class _Scores:
    """Values of some listings, of shape (n,), by the whole model, its rivals and its points, with the intervals of the
    probabilities (n, 2), NaN where the model states none, and the features (n, columns)."""

    whole: Floats
    intervals: Floats
    rivals: dict[str, Floats]
    points: Floats
    features: Floats


def _score(files: dict[str, bytes], listings: Sequence[Listing], as_of: datetime) -> _Scores:
    bundle = from_files(files)
    model = bundle.classifier
    computed = [
        compute(assemble_facts(listing, bundle.references, NOTHING_RECORDED, marketplace="unsent", as_of=as_of))
        for listing in listings
    ]
    columns = np.stack([row.vector for row in computed])
    scores = bundle.score_many(computed, with_reasons=False)
    return _Scores(
        np.array([score.value for score in scores]),
        np.array([score.interval or (np.nan, np.nan) for score in scores]),
        {"scorecard": DEFAULT_POINTS.sums(columns, listings), "text_alone": model.text.many(listings)},
        np.zeros(len(listings)) if model.points is None else model.points.values(columns, listings),
        columns,
    )


def _peer_scores(
    labelled: Sequence[Listing], learnt: Labels, unseen: Sequence[Listing], labels: Labels
) -> tuple[Rows, Floats]:
    """All counterfeits and one genuine listing in so many, and their scores by the peer that learnt labelled ones."""
    chosen = np.flatnonzero((labels == 1) | (np.arange(len(labels)) % _PEER_ONE_IN == 0))
    tested = [unseen[i] for i in chosen.tolist()]
    numbers = fit_predict_numbers(raw_numbers(labelled), learnt, raw_numbers(tested))
    return chosen, rank_average(numbers, fit_predict_field_text(labelled, learnt, tested))


def _figures(
    labels: Labels, parts: Sequence[_Scores], model: TrainedModel, peer: tuple[Rows, Floats], bootstrap: Floats
) -> dict[str, Any]:
    whole = np.concatenate([part.whole for part in parts])
    features = np.concatenate([part.features for part in parts])
    learnt = replace(model.snapshot, rows=model.snapshot.rows[: model.learnt])
    facts = learnt.facts()
    forest = forest_alone(matrix(facts), learnt.labels, training_weights(learnt.rows, facts).values)
    column, sorted_by_it = best_signal(features, labels, features)
    rivals = {name: np.concatenate([part.rivals[name] for part in parts]) for name in parts[0].rivals}
    rivals |= {"best_signal": sorted_by_it, "forest_alone": forest.raw(features)}
    rivals["without_text"] = rivals["forest_alone"] + np.concatenate([part.points for part in parts])
    chosen, peer_scores = peer
    counted = np.where(labels[chosen] == 1, 1.0, _PEER_ONE_IN)
    return {
        "average_precision": metrics.average_precision(labels, whole),
        "rivals": {name: _rival(labels, whole, scores, bootstrap) for name, scores in rivals.items()}
        | {"fair_peer": _rival(labels[chosen], whole[chosen], peer_scores, bootstrap[:, chosen] * counted, counted)},
        "best_signal": NAMES[column],
        "found_per_100_reviews": 100 * metrics.precision_at(labels, whole, _TOP),
        "deciles": list(_deciles(labels, expits(whole), np.concatenate([part.intervals for part in parts]), bootstrap)),
        "listings": len(labels),
        "counterfeits": int(labels.sum()),
    }


def _rival(
    labels: Labels, whole: Floats, scores: Floats, bootstrap: Floats, counted: Floats | None = None
) -> dict[str, Any]:
    ours, theirs = (metrics.average_precisions(labels, values, bootstrap) for values in (whole, scores))
    return {
        "average_precision": metrics.average_precision(labels, scores, counted),
        "lead": metrics.central_interval(ours - theirs),
    }


def _deciles(labels: Labels, probabilities: Floats, intervals: Floats, bootstrap: Floats) -> Iterator[dict[str, Any]]:
    for rows in np.array_split(np.argsort(probabilities, kind="stable"), 10):
        resampled = bootstrap[:, rows]
        yield {
            "probability": float(probabilities[rows].mean()),
            "interval": intervals[rows].mean(axis=0).tolist(),
            "share": float(labels[rows].mean()),
            "share_interval": metrics.central_interval(resampled @ labels[rows] / resampled.sum(axis=1)),
        }
