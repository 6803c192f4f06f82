"""The fair peer beside the candidate: baselines fitted on the same rows before each time fold, judged on the same rows.

They are those of `touchstone evaluate`, with the same definitions (`training.evaluate.baselines`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from features.facts import Facts
from models.arrays import Floats, Labels, Rows
from models.points import DEFAULT_POINTS
from training.evaluate import baselines
from training.evaluate.splits import LaterSplit
from training.fit.classifier import CounterfeitClassifier
from training.fit.forest import forest_alone

FAIR_PEER: Final = "fair_peer"
# In the order of the report: the peer, the same with the scorecard's points, its halves, the scorecard, the strongest
# single signal, then the model without the points and its own parts. `without_text` is the forest alone with the points
# that the model gave the scorecard, calibrated as the model is, because values of several time folds are compared.
NAMES: Final = (
    FAIR_PEER, "fair_peer_with_points", "field_text", "numbers", "scorecard", "best_signal",
    "without_points", "forest_alone", "without_text", "text_alone",
)  # fmt: skip
_AVERAGES: Final = {FAIR_PEER: "numbers", "fair_peer_with_points": "numbers_with_points"}
# The peer's text model takes about as long as one of ours. With more rows to fit on it gets a sample of this size, and
# a peer that learnt less than the candidate shows nothing about it. Ours.
MOST_FITTED: Final = 4_000


def fitted_rows(fit: Rows, *, seed: int) -> Rows:
    """The rows that the baselines are fitted on: all, or a random sample of `MOST_FITTED`."""
    if len(fit) <= MOST_FITTED:
        return fit
    return np.sort(np.random.default_rng(seed).choice(fit, MOST_FITTED, replace=False))


def peer_scores(
    facts: Sequence[Facts],
    columns: Floats,
    labels: Labels,
    split: LaterSplit,
    models: Sequence[CounterfeitClassifier],
    weights: Sequence[Floats],
    *,
    seed: int,
    threads: int,
) -> Mapping[str, Floats]:
    """The scores of the judged rows by each baseline, shape (judged,), in the order of `split.judge`.

    `columns` are the features of all rows, shape (n, features). `models` are the candidate's fits for the time folds,
    and `weights` those of the rows of each. The best signal is the one that sorts the rows before the first fold best.
    """
    derived = {*_AVERAGES, "best_signal", "scorecard"}
    names = (*(name for name in NAMES if name not in derived), "numbers_with_points")
    fold_scores: dict[str, list[Floats]] = {name: [] for name in names}
    listings = [listing_facts.listing for listing_facts in facts]
    raw, sums = baselines.raw_numbers(listings), DEFAULT_POINTS.sums(columns, listings)
    pointed = np.column_stack([raw, sums])
    for fold, model, fold_weights in zip(split.time_folds, models, weights, strict=True):
        fit, judge = fitted_rows(fold.fit, seed=seed), fold.judge
        fitted_weights = fold_weights[np.searchsorted(fold.fit, fit)]
        shown, hidden = [listings[i] for i in fit], [listings[i] for i in judge]
        for name, table in (("numbers", raw), ("numbers_with_points", pointed)):
            fold_scores[name].append(
                baselines.fit_predict_numbers(
                    table[fit], labels[fit], table[judge], weights=fitted_weights, threads=threads
                )
            )
        bare = replace(model.model_, points=None)
        fold_scores["without_points"].append(bare.log_odds(columns[judge], hidden))
        fold_scores["field_text"].append(
            baselines.fit_predict_field_text(shown, labels[fit], hidden, weights=fitted_weights, quickly=True)
        )
        fold_scores["text_alone"].append(model.model_.text.many(hidden))
        forest = forest_alone(columns[fold.fit], labels[fold.fit], fold_weights, seed=seed, threads=threads)
        numbers, points = forest.raw(columns[judge]), model.model_.points
        fold_scores["forest_alone"].append(numbers)
        without = numbers if points is None else numbers + points.values(columns[judge], hidden)
        fold_scores["without_text"].append(model.calibration_.log_odds(without))
    scores = {name: np.concatenate(parts) for name, parts in fold_scores.items()}
    first = fitted_rows(split.time_folds[0].fit, seed=seed)
    scores["best_signal"] = baselines.best_signal(columns[first], labels[first], columns[split.judge])[1]
    scores["scorecard"] = sums[split.judge]
    for name, halves in _AVERAGES.items():
        scores[name] = baselines.rank_average(scores[halves], scores["field_text"])
    return {name: scores[name] for name in NAMES}
