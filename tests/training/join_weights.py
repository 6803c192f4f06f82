"""Rules for the weight of text, compared on real and on simulated listings: `python -m tests.training.join_weights`.

ADR 49 has its table. Every rule sees the same values: forest and text model are fitted on the training rows of each
fold, and the rule on out-of-fold values of these rows alone. The 500 real rows are read from `TOUCHSTONE_DATASETS`.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.brands import BrandRegister
from features.compute import NAMES, matrix
from models.classifier import Standard
from training import metrics
from training.evaluate import FOLDS
from training.fit_forest import fit_forest, forest_settings
from training.fit_join import text_weight
from training.fit_text import fit_text
from training.labelled import load_labelled
from training.material import FromFile, Labelled
from training.splits import Rows, grouped_folds
from training.synthetic import Settings, build, evaluation_set
from training.text_matrix import TextMatrix

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
_AS_OF: Final = datetime(2026, 3, 2, tzinfo=UTC)
_REPEATS, _SEEDS = 6, 4
# Counterfeits and listings of each simulated source.
_SIMULATED: Final = ((45, 600), (150, 2_000))
_LISTINGS: Final = 8_000


@dataclass(frozen=True, slots=True)
class Fold:
    """Forest and text values of a fold: out of fold for its training rows, and of its test rows."""

    test: Rows
    labels: Labels
    forest: Floats
    text: Floats
    test_forest: Floats
    test_text: Floats


def folds_of(data: Labelled, brands: BrandRegister, as_of: datetime, seed: int) -> list[Fold]:
    """The values that the rules join."""
    found = []
    texts = TextMatrix.of(data.listings)
    for train, test in grouped_folds(data.labels, data.groups, folds=FOLDS, seed=seed):
        facts, test_facts = FromFile(data, tuple(brands.brands.values()), as_of, "any").facts((train, test))
        columns, labels = matrix(facts), data.labels[train]
        forest, text = np.zeros(len(train)), np.zeros(len(train))
        for some, others in grouped_folds(labels, data.groups[train], folds=FOLDS, seed=0):
            forest[others] = _forest(columns[some], labels[some], columns[others], int(labels.sum()))
            text[others] = _text(texts, data.labels, train[some], train[others])
        found.append(
            Fold(
                test,
                labels,
                forest,
                text,
                _forest(columns, labels, matrix(test_facts), int(labels.sum())),
                _text(texts, data.labels, train, test),
            )
        )
    return found


def _forest(columns: Floats, labels: Labels, others: Floats, positives: int) -> Floats:
    ones, settings = np.ones(len(labels)), forest_settings(positives)
    return fit_forest(columns, labels, ones, settings=settings, names=NAMES, seed=0, threads=1).raw(others)


def _text(texts: TextMatrix, labels: Labels, train: Rows, test: Rows) -> Floats:
    return fit_text(texts, train, labels, np.ones(len(labels))).many_rows(texts, test)


def sources() -> Iterator[tuple[str, Labelled, BrandRegister, datetime, int]]:
    """Name, rows, brands, moment and seed of each set."""
    datasets = Path(os.environ.get("TOUCHSTONE_DATASETS", Path(__file__).parents[3] / "shared" / "datasets"))
    real = datasets / "ozon_ecup" / "train_sample.csv"
    if real.exists():
        data = load_labelled(real, "ozon-ecup", received_at=_AS_OF).data
        for repeat in range(_REPEATS):
            yield "500 real rows", data, BrandRegister([]), _AS_OF, repeat
    for counterfeits, many in _SIMULATED:
        for seed in range(_SEEDS):
            settings = Settings(listings=_LISTINGS, seed=seed, start=_AS_OF)
            listings, labels = evaluation_set(settings, settings.listings)
            rows = _drawn(labels, counterfeits, many, seed)
            data = Labelled(tuple(listings[i] for i in rows), labels[rows].astype(np.int8))
            brands = BrandRegister([one.brand for one in build(settings).brands])
            yield f"simulated, {counterfeits} of {many:,}", data, brands, _AS_OF + timedelta(days=settings.days), 0


def _drawn(labels: NDArray[np.generic], counterfeits: int, many: int, seed: int) -> Rows:
    random = np.random.default_rng(seed)
    positive, negative = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    some = random.choice(positive, min(counterfeits, len(positive)), replace=False)
    return np.sort(np.concatenate([some, random.choice(negative, many - counterfeits, replace=False)]))


Rule = Callable[[Fold], float]


def _fixed(weight: float) -> Rule:
    return lambda _fold: weight


def _learnt(prior: float, strength: float) -> Rule:
    def rule(fold: Fold) -> float:
        forest, text = _standards(fold)
        values = forest.apply(fold.forest), text.apply(fold.text)
        return text_weight(*values, fold.labels, np.ones(len(fold.labels)), prior=prior, strength=strength)

    return rule


RULES: Final[dict[str, Rule]] = {
    "forest alone": _fixed(0.0),
    "text alone": _fixed(1.0),
    "equal": _fixed(0.5),
    "two thirds text": _fixed(2 / 3),
    "learnt, prior 2/3 of 100 positives (before)": _learnt(2 / 3, 100),
    "learnt, prior 2/3 of 30": _learnt(2 / 3, 30),
    "learnt, prior 1/2 of 30 (chosen)": _learnt(0.5, 30),
    "learnt, prior 1/2 of 10": _learnt(0.5, 10),
    "learnt, no prior": _learnt(0.5, 0),
}


def joined(fold: Fold, weight: float) -> Floats:
    """The test rows' values, standardised by the training rows' out-of-fold values."""
    forest, text = _standards(fold)
    return (1 - weight) * forest.apply(fold.test_forest) + weight * text.apply(fold.test_text)


def _standards(fold: Fold) -> tuple[Standard, Standard]:
    forest, text = (Standard(float(values.mean()), float(values.std())) for values in (fold.forest, fold.text))
    return forest, text


def main() -> None:
    """Print the mean average precision of each rule on each source, and the mean weight."""
    precisions: dict[str, dict[str, list[float]]] = {name: {} for name in RULES}
    weights: dict[str, dict[str, list[float]]] = {name: {} for name in RULES}
    for source, data, brands, as_of, seed in sources():
        folds = folds_of(data, brands, as_of, seed)
        for name, rule in RULES.items():
            values = np.zeros(len(data.labels))
            for fold in folds:
                weight = rule(fold)
                values[fold.test] = joined(fold, weight)
                weights[name].setdefault(source, []).append(weight)
            precisions[name].setdefault(source, []).append(metrics.average_precision(data.labels, values))
    named = list(precisions["equal"])
    print(f"| rule | {' | '.join(named)} |\n| --- |{' --- |' * len(named)}")  # noqa: T201
    for name, found in precisions.items():
        cells = [f"{np.mean(found[source]):.3f} ({np.mean(weights[name][source]):.2f})" for source in named]
        print(f"| {name} | {' | '.join(cells)} |")  # noqa: T201


if __name__ == "__main__":
    main()
