"""The model's quality on labelled rows of unseen sellers, beside baselines fitted in the same run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed

from features.facts import Facts
from models.arrays import Floats, Rows
from models.calibration import expits
from models.points import DEFAULT_POINTS
from training.evaluate import baselines, metrics
from training.evaluate.compared import COMPARED, compared_scores
from training.evaluate.comparison import difference, figures_of, mean
from training.evaluate.material import LabelledListings, Material
from training.evaluate.splits import grouped_folds
from training.evaluate.tried import TriedFile, tried_columns
from training.fit.classifier import CounterfeitClassifier
from training.fit.forest import forest_alone
from training.fit.listing_rows import ListingRows
from training.fit.second_stage import fit_second_stage

FOLDS: Final = 5
BOOTSTRAPS: Final = 1_000
MODEL: Final = "model"
# The model without the scorecard's points, and its own parts, each on its own.
WITHOUT_POINTS: Final = "without_points"
PARTS: Final = (WITHOUT_POINTS, "forest_alone", "text_alone")
# The baselines that the model is compared with, paired: the published one, and the strongest that are fair. The last
# has the points of the scorecard, as the model has.
PEERS: Final = ("rank_average", "fair_peer", "fair_peer_with_points")
# The model fitted without some features, where that was asked for.
WITHOUT: Final = "without"
# The model fitted with features that are tried, and without those left out.
WITH: Final = "with"
# The model with the second score of an encoder, where one is given.
SECOND: Final = "second_stage"
_AVERAGES: Final = {
    "rank_average": ("numbers", "char_text"),
    "fair_peer": ("numbers", "field_text"),
    "fair_peer_with_points": ("numbers_with_points", "field_text"),
}
_FITTED: Final = (MODEL, *PARTS, *(name for name in baselines.NAMES if name not in _AVERAGES))


@dataclass(frozen=True, slots=True)
class Repeat:
    """Out-of-fold values of one repetition: name to array of shape (n,)."""

    values: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Changes:
    """How a second model differs: it lacks the features `without`, and has those of a file.

    `encoded` are an encoder's numbers of the listings' titles, shape (n, d), for the second score of the first model.
    `compared` names the entries of `training.evaluate.compared` that are compared with the first model.
    """

    without: frozenset[str] = frozenset()
    tried: TriedFile | None = None
    encoded: Floats | None = None
    compared: tuple[str, ...] = ()

    @property
    def name(self) -> str | None:
        """The second model's name among the values; None where there is none."""
        if self.tried is not None:
            return WITH
        return WITHOUT if self.without else None

    def of(self, rows: ListingRows, facts: Sequence[Facts]) -> ListingRows:
        """The rows of these facts as the second model has them. Raises ValueError (a tried feature fails)."""
        features = self.tried.features() if self.tried else ()
        return rows.with_columns([f.name for f in features], tried_columns(features, facts)).without(self.without)


def cross_validate(
    material: Material,
    *,
    repeats: int,
    threads: int = 1,
    changes: Changes = Changes(),
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Repeat]:
    """Repeated 5-fold cross-validation grouped by seller.

    In each fold, references, features, text model, join weight and calibration come from the training rows alone.
    `threads` folds are fitted at a time; the number does not affect the figures.

    Raises ValueError (one class only, too few sellers of a class for five folds, or a tried feature that fails).
    """
    labels = material.labels
    folds = [
        (repeat, split)
        for repeat in range(repeats)
        for split in grouped_folds(labels, material.groups, folds=FOLDS, seed=repeat)
    ]
    work = (delayed(fold_scores)(material, split, seed=repeat, changes=changes) for repeat, split in folds)
    # One process per fold uses all cores; the trees of so few rows would not.
    done = Parallel(n_jobs=threads, return_as="generator")(work)
    names = (
        *_FITTED,
        *([changes.name] if changes.name else []),
        *([] if changes.encoded is None else [SECOND]),
        *changes.compared,
    )
    values = [{name: np.full(len(labels), np.nan) for name in names} for _ in range(repeats)]
    for number, ((repeat, (_, test)), scores) in enumerate(zip(folds, done, strict=True)):
        progress(number, len(folds))
        for name, column in scores.items():
            values[repeat][name][test] = column
    progress(len(folds), len(folds))
    return [Repeat(_with_averages(repeat_values)) for repeat_values in values]


def _with_averages(values: dict[str, Floats]) -> dict[str, Floats]:
    averages = {name: baselines.rank_average(values[n], values[t]) for name, (n, t) in _AVERAGES.items()}
    every = {**values, **averages}
    names = (MODEL, *PARTS, *baselines.NAMES, SECOND, WITHOUT, WITH)
    return {name: every[name] for name in dict.fromkeys((*names, *values)) if name in every}


def fold_scores(material: Material, split: tuple[Rows, Rows], *, seed: int, changes: Changes) -> dict[str, Floats]:
    """Scores of the test rows by every method, each fitted on the training rows."""
    train, test = split
    labels, groups, weights = material.labels[train], material.groups[train], material.weights[train]
    listings = material.listings
    train_facts, test_facts = material.facts(split)
    fitted, tested = ListingRows.of(train_facts), ListingRows.of(test_facts)
    model = CounterfeitClassifier(seed=seed)
    model.fit(fitted, labels, groups=groups, sample_weight=weights)
    raw, texts = baselines.raw_numbers(listings), baselines.all_text(listings)
    changed = {}
    if changes.name:
        other = CounterfeitClassifier(seed=seed)
        other.fit(changes.of(fitted, train_facts), labels, groups=groups, sample_weight=weights)
        changed[changes.name] = other.decision_function(changes.of(tested, test_facts))
    judged = tested.listings or ()
    points, tested_points = (DEFAULT_POINTS.sums(rows.numbers, rows.listings or ()) for rows in (fitted, tested))
    if changes.encoded is not None:
        stage, _ = fit_second_stage(model, SECOND, changes.encoded[train], labels, groups=groups, sample_weight=weights)
        first = model.model_.values(tested.numbers, judged)
        changed[SECOND] = stage.log_odds(first, changes.encoded[test])
    changed |= {name: compared_scores(name, fitted, labels, tested, seed=seed) for name in changes.compared}
    return {
        MODEL: model.decision_function(tested),
        **changed,
        WITHOUT_POINTS: replace(model.model_, points=None).log_odds(tested.numbers, judged),
        "forest_alone": forest_alone(fitted.numbers, labels, weights, seed=seed).raw(tested.numbers),
        "text_alone": model.model_.text.many(judged),
        "best_signal": baselines.best_signal(fitted.numbers, labels, tested.numbers)[1],
        "scorecard": tested_points,
        "numbers_with_points": baselines.fit_predict_numbers(
            np.column_stack([raw[train], points]), labels, np.column_stack([raw[test], tested_points])
        ),
        "field_text": baselines.fit_predict_field_text(
            [listings[i] for i in train], labels, [listings[i] for i in test]
        ),
        "numbers": baselines.fit_predict_numbers(raw[train], labels, raw[test]),
        "char_text": baselines.fit_predict_char_text([texts[i] for i in train], labels, [texts[i] for i in test]),
    }


def summarise(material: Material | LabelledListings, repeats: Sequence[Repeat]) -> dict[str, Any]:
    """The figures of `touchstone evaluate --json`: means over the repeats, with intervals over sellers.

    An interval resamples whole sellers and averages the figure over the repeats within each resample.
    """
    bootstrap = metrics.seller_bootstrap(material.groups, times=BOOTSTRAPS, seed=0)

    def compared(ours: str, theirs: str) -> dict[str, Any]:
        return difference(
            material.labels, [(repeat.values[ours], repeat.values[theirs]) for repeat in repeats], bootstrap
        )

    summary = {
        name: figures_of(material.labels, [r.values[name] for r in repeats], bootstrap) for name in repeats[0].values
    }
    model, parts = summary.pop(MODEL), {name: summary.pop(name) for name in PARTS}
    changed = {name: summary.pop(name) for name in (SECOND, WITHOUT, WITH) if name in summary}
    probabilities = [expits(repeat.values[MODEL]) for repeat in repeats]
    model["brier"] = mean([metrics.brier(material.labels, p) for p in probabilities])
    model["calibration_error"] = mean([metrics.calibration_error(material.labels, p) for p in probabilities])
    return {
        "rows": len(material.labels),
        "positives": int(material.labels.sum()),
        "sellers": len(np.unique(material.groups)),
        "folds": FOLDS,
        "repeats": len(repeats),
        "model": model,
        "parts": {**parts, **changed},
        "baselines": summary,
        **{f"difference_to_{peer}": compared(MODEL, peer) for peer in summary if peer in {*PEERS, *COMPARED}},
        f"difference_of_{WITHOUT_POINTS}_to_fair_peer": compared(WITHOUT_POINTS, "fair_peer"),
        **({f"difference_to_{WITHOUT}": compared(MODEL, WITHOUT)} if WITHOUT in changed else {}),
        **({f"gain_{WITH}": compared(WITH, MODEL)} if WITH in changed else {}),
        **(_second_score_gain(compared) if SECOND in changed else {}),
    }


def _second_score_gain(compared: Callable[[str, str], dict[str, Any]]) -> dict[str, Any]:
    """What the second score gains over the first answer, and its differences to the peers."""
    peers = {f"difference_of_{SECOND}_to_{peer}": compared(SECOND, peer) for peer in PEERS}
    return {f"gain_{SECOND}": compared(SECOND, MODEL), **peers}
