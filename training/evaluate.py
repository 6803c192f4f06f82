"""The model's quality on labelled rows of unseen sellers, beside baselines fitted in the same run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from features.brands import Brand, BrandRegister
from features.compute import matrix
from features.facts import Facts
from features.listing import Listing
from models.calibration import expits
from models.classifier import Join
from training import baselines, metrics
from training.fit import CounterfeitClassifier
from training.fit_forest import fit_forest, forest_settings
from training.references import OfflineReferences
from training.splits import Rows, grouped_folds, seller_groups

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

FOLDS: Final = 5
BOOTSTRAPS: Final = 1_000
_TOP: Final = (10, 20, 50, 100)
MODEL: Final = "model"
# The model's own parts, each on its own.
PARTS: Final = ("forest_alone", "text_alone")
# The baselines that the model is compared with, paired: the published one, and the strongest that is fair.
PEERS: Final = ("rank_average", "fair_peer")
# The model fitted without some features, where that was asked for.
WITHOUT: Final = "without"
_AVERAGES: Final = {"rank_average": ("numbers", "char_text"), "fair_peer": ("numbers", "field_text")}
_FITTED: Final = (MODEL, *PARTS, *(name for name in baselines.NAMES if name not in _AVERAGES))


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labelled listings: labels of shape (n,) in {0, 1}, sellers by external id or None."""

    listings: tuple[Listing, ...]
    labels: Labels

    @property
    def groups(self) -> NDArray[np.intp]:
        """Seller numbers, shape (n,)."""
        return seller_groups([listing.seller.external_id for listing in self.listings])


@dataclass(frozen=True, slots=True)
class Repeat:
    """Out-of-fold values of one repetition: name to array of shape (n,)."""

    values: dict[str, Floats]


def cross_validate(
    data: Labelled,
    brands: BrandRegister,
    *,
    repeats: int,
    as_of: datetime,
    marketplace: str,
    threads: int = 1,
    without: frozenset[str] = frozenset(),
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Repeat]:
    """Repeated 5-fold cross-validation grouped by seller.

    In each fold, references, features, text model, join weight and calibration come from the training rows alone.
    `threads` folds are fitted at a time; the number does not affect the figures. Where `without` names features, a
    second model is fitted that lacks them.

    Raises
    ------
    ValueError
        One class only, or too few sellers of a class for five folds.
    """
    folds = [
        (repeat, split)
        for repeat in range(repeats)
        for split in grouped_folds(data.labels, data.groups, folds=FOLDS, seed=repeat)
    ]
    # A register holds compiled automata, which cannot be pickled.
    known = tuple(brands.brands.values())
    work = (
        delayed(_fold)(data, known, split, seed=repeat, as_of=as_of, marketplace=marketplace, without=without)
        for repeat, split in folds
    )
    # One process per fold uses all cores; the trees of so few rows would not.
    done = Parallel(n_jobs=threads, return_as="generator")(work)
    names = (*_FITTED, WITHOUT) if without else _FITTED
    values = [{name: np.full(len(data.labels), np.nan) for name in names} for _ in range(repeats)]
    for number, ((repeat, (_, test)), found) in enumerate(zip(folds, done, strict=True)):
        progress(number, len(folds))
        for name, column in found.items():
            values[repeat][name][test] = column
    progress(len(folds), len(folds))
    return [Repeat(_with_averages(one)) for one in values]


def _with_averages(values: dict[str, Floats]) -> dict[str, Floats]:
    averages = {name: baselines.rank_average(values[n], values[t]) for name, (n, t) in _AVERAGES.items()}
    every = {**values, **averages}
    return {name: every[name] for name in (MODEL, *PARTS, *baselines.NAMES, WITHOUT) if name in every}


def _fold(
    data: Labelled,
    brands: Sequence[Brand],
    split: tuple[Rows, Rows],
    *,
    seed: int,
    as_of: datetime,
    marketplace: str,
    without: frozenset[str],
) -> dict[str, Floats]:
    """Scores of the test rows by every method, each fitted on the training rows."""
    train, test = split
    labels = data.labels[train]
    train_facts, test_facts = _fold_facts(
        data.listings, BrandRegister(brands), split, as_of=as_of, marketplace=marketplace
    )
    model = CounterfeitClassifier(seed=seed)
    model.fit(train_facts, labels, groups=data.groups[train])
    raw, texts = baselines.raw_numbers(data.listings), baselines.all_text(data.listings)
    lacking = {}
    if without:
        other = CounterfeitClassifier(seed=seed, without=without).fit(train_facts, labels, groups=data.groups[train])
        lacking[WITHOUT] = other.decision_function(test_facts)
    columns, tested = matrix(train_facts), matrix(test_facts)
    return {
        MODEL: model.decision_function(test_facts),
        **lacking,
        "forest_alone": _forest_alone(model, columns, labels, tested),
        "text_alone": model.model_.text.many([one.listing for one in test_facts]),
        "best_signal": baselines.best_signal(columns, labels, tested)[1],
        "field_text": baselines.fit_predict_field_text(
            [data.listings[i] for i in train], labels, [data.listings[i] for i in test]
        ),
        "numbers": baselines.fit_predict_numbers(raw[train], labels, raw[test]),
        "char_text": baselines.fit_predict_char_text([texts[i] for i in train], labels, [texts[i] for i in test]),
    }


def _forest_alone(model: CounterfeitClassifier, columns: Floats, labels: Labels, test_columns: Floats) -> Floats:
    """The log-odds of the model's forest; where text is a column of it, of one that is fitted without."""
    fitted = model.model_
    if fitted.combiner.join is Join.SUM:
        return fitted.learner.raw(test_columns)
    forest = fit_forest(
        columns,
        labels,
        np.ones(len(labels)),
        settings=forest_settings(int(labels.sum())),
        join=Join.SUM,
        seed=model.seed,
        threads=model.threads,
    )
    return forest.raw(test_columns)


def _fold_facts(
    listings: Sequence[Listing], brands: BrandRegister, split: tuple[Rows, Rows], *, as_of: datetime, marketplace: str
) -> tuple[list[Facts], list[Facts]]:
    train, test = split
    offline = OfflineReferences([listings[i] for i in train], brands)
    made = [
        [offline.facts(listings[i], as_of=as_of, marketplace=marketplace, took_part=took_part) for i in rows]
        for rows, took_part in ((train, True), (test, False))
    ]
    return made[0], made[1]


def summarise(data: Labelled, repeats: Sequence[Repeat]) -> dict[str, Any]:
    """The figures of `touchstone evaluate --json`: means over the repeats, with intervals over sellers.

    An interval resamples whole sellers and averages the figure over the repeats within each resample.
    """
    bootstrap = metrics.seller_bootstrap(data.groups, times=BOOTSTRAPS, seed=0)
    summary = {name: _figures(data.labels, [r.values[name] for r in repeats], bootstrap) for name in repeats[0].values}
    model, parts = summary.pop(MODEL), {name: summary.pop(name) for name in PARTS}
    lacking = {WITHOUT: summary.pop(WITHOUT)} if WITHOUT in summary else {}
    probabilities = [expits(repeat.values[MODEL]) for repeat in repeats]
    model["brier"] = _mean([metrics.brier(data.labels, p) for p in probabilities])
    model["calibration_error"] = _mean([metrics.calibration_error(data.labels, p) for p in probabilities])
    return {
        "rows": len(data.labels),
        "positives": int(data.labels.sum()),
        "sellers": len(np.unique(data.groups)),
        "folds": FOLDS,
        "repeats": len(repeats),
        "model": model,
        "parts": {**parts, **lacking},
        "baselines": summary,
        **{f"difference_to_{peer}": _difference(data.labels, repeats, bootstrap, peer) for peer in (*PEERS, *lacking)},
    }


def _figures(labels: Labels, values: Sequence[Floats], bootstrap: Floats) -> dict[str, Any]:
    by_repeat = [metrics.average_precision(labels, v) for v in values]
    precisions = np.mean([metrics.average_precisions(labels, v, bootstrap) for v in values], axis=0)
    areas = np.mean([metrics.roc_aucs(labels, v, bootstrap) for v in values], axis=0)
    return {
        "ap": _mean(by_repeat),
        "ap_standard_error": _standard_error(by_repeat),
        "ap_by_repeat": by_repeat,
        "ap_interval": metrics.central_interval(precisions),
        "roc_auc": _mean([metrics.roc_auc(labels, v) for v in values]),
        "roc_auc_interval": metrics.central_interval(areas),
        "precision_at": {str(k): _mean([metrics.precision_at(labels, v, k) for v in values]) for k in _TOP},
    }


def _difference(labels: Labels, repeats: Sequence[Repeat], bootstrap: Floats, peer: str) -> dict[str, Any]:
    """Average precision of the model minus that of a peer, paired on the same resamples of sellers.

    `ap_told_from_chance` approximates the least difference that is significant on this number of counterfeits.
    """
    pairs = [(repeat.values[MODEL], repeat.values[peer]) for repeat in repeats]
    by_repeat = [
        metrics.average_precision(labels, ours) - metrics.average_precision(labels, theirs) for ours, theirs in pairs
    ]
    resampled = np.mean(
        [
            metrics.average_precisions(labels, ours, bootstrap) - metrics.average_precisions(labels, theirs, bootstrap)
            for ours, theirs in pairs
        ],
        axis=0,
    )
    low, high = metrics.central_interval(resampled)
    theirs = _mean([metrics.average_precision(labels, theirs) for _, theirs in pairs])
    return {
        "ap": _mean(by_repeat),
        "ap_interval": (low, high),
        "ap_ratio": (theirs + _mean(by_repeat)) / theirs,
        # A difference smaller than its distance to the lower end has an interval that includes zero.
        "ap_told_from_chance": _mean(by_repeat) - low,
        "repeats_better": sum(d > 0 for d in by_repeat),
    }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _standard_error(values: Sequence[float]) -> float | None:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
