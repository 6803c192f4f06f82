"""Ways to join forest and text, compared on real and on simulated listings: `python -m tests.training.join_weights`.

ADRs 49 and 54 have its table. Every way sees the same values: forest and text model are fitted on the training rows of
each fold, and what joins them on out-of-fold values of these rows alone. The 500 real rows are read from
`TOUCHSTONE_DATASETS`.
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
from training import baselines, metrics
from training.evaluate import FOLDS
from training.fit_forest import ForestSettings, fit_forest, forest_settings
from training.fit_join import fit_offset, standard_of, text_weight
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
_LEAVES: Final = (3, 7)


@dataclass(frozen=True, slots=True)
class Fold:
    """Values of a fold: out of fold for its training rows, and of its test rows.

    `on_text` are those of forests on the offset of the text, by their leaves.
    """

    test: Rows
    labels: Labels
    forest: Floats
    text: Floats
    test_forest: Floats
    test_text: Floats
    on_text: dict[int, Floats]
    numbers: Floats
    field_text: Floats


def folds_of(data: Labelled, brands: BrandRegister, as_of: datetime, seed: int) -> list[Fold]:
    """The values that are joined."""
    return [
        _fold(data, brands, as_of, split) for split in grouped_folds(data.labels, data.groups, folds=FOLDS, seed=seed)
    ]


def _fold(data: Labelled, brands: BrandRegister, as_of: datetime, split: tuple[Rows, Rows]) -> Fold:
    train, test = split
    texts, raw = TextMatrix.of(data.listings), baselines.raw_numbers(data.listings)
    facts, test_facts = FromFile(data, tuple(brands.brands.values()), as_of, "any").facts(split)
    columns, tested, labels = matrix(facts), matrix(test_facts), data.labels[train]
    settings = forest_settings(int(labels.sum()))
    forest, text = np.zeros(len(train)), np.zeros(len(train))
    for some, others in grouped_folds(labels, data.groups[train], folds=FOLDS, seed=0):
        forest[others] = _forest(columns[some], labels[some], columns[others], settings)
        text[others] = _text(texts, data.labels, train[some], train[others])
    test_text = _text(texts, data.labels, train, test)
    combiner, offset = fit_offset(text, labels, np.ones(len(labels)))
    by_text = combiner.join_values(np.zeros(len(test)), test_text)
    return Fold(
        test,
        labels,
        forest,
        text,
        _forest(columns, labels, tested, settings),
        test_text,
        {leaves: by_text + _forest(columns, labels, tested, _settings(leaves), offset) for leaves in _LEAVES},
        baselines.fit_predict_numbers(raw[train], labels, raw[test]),
        baselines.fit_predict_field_text([data.listings[i] for i in train], labels, [data.listings[i] for i in test]),
    )


def _settings(leaves: int) -> ForestSettings:
    return ForestSettings(rounds=400, leaves=leaves, learning_rate=0.03, rows_per_leaf=10, l2=1.0)


def _forest(
    columns: Floats, labels: Labels, others: Floats, settings: ForestSettings, offset: Floats | None = None
) -> Floats:
    ones = np.ones(len(labels))
    fitted = fit_forest(columns, labels, ones, settings=settings, names=NAMES, seed=0, threads=1, offset=offset)
    return fitted.raw(others)


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


Way = Callable[[Fold], Floats]


def _fixed(weight: float) -> Way:
    return lambda fold: _summed(fold, weight)


def _learnt(prior: float, strength: float) -> Way:
    def way(fold: Fold) -> Floats:
        values = standard_of(fold.forest).apply(fold.forest), standard_of(fold.text).apply(fold.text)
        weight = text_weight(*values, fold.labels, np.ones(len(fold.labels)), prior=prior, strength=strength)
        return _summed(fold, weight)

    return way


def _on_text(leaves: int) -> Way:
    return lambda fold: fold.on_text[leaves]


def _summed(fold: Fold, weight: float) -> Floats:
    """The test rows' values, standardised by the training rows' out-of-fold values."""
    forest, text = standard_of(fold.forest), standard_of(fold.text)
    return (1 - weight) * forest.apply(fold.test_forest) + weight * text.apply(fold.test_text)


WAYS: Final[dict[str, Way]] = {
    "forest alone": _fixed(0.0),
    "text alone": _fixed(1.0),
    "sum, equal": _fixed(0.5),
    "sum, two thirds text": _fixed(2 / 3),
    "sum, learnt, prior 2/3 of 100 positives": _learnt(2 / 3, 100),
    "sum, learnt, prior 1/2 of 30": _learnt(0.5, 30),
    "sum, learnt, no prior": _learnt(0.5, 0),
    **{f"forest of {leaves} leaves on the text's offset": _on_text(leaves) for leaves in _LEAVES},
    "fair peer": lambda fold: baselines.rank_average(fold.numbers, fold.field_text),
}


def main() -> None:
    """Print the mean average precision of each way on each source."""
    precisions: dict[str, dict[str, list[float]]] = {name: {} for name in WAYS}
    for source, data, brands, as_of, seed in sources():
        folds = folds_of(data, brands, as_of, seed)
        for name, way in WAYS.items():
            values = np.zeros(len(data.labels))
            for fold in folds:
                values[fold.test] = way(fold)
            precisions[name].setdefault(source, []).append(metrics.average_precision(data.labels, values))
    named = list(precisions["fair peer"])
    print(f"| way | {' | '.join(named)} |\n| --- |{' --- |' * len(named)}")  # noqa: T201
    for name, found in precisions.items():
        print(f"| {name} | {' | '.join(f'{np.mean(found[source]):.3f}' for source in named)} |")  # noqa: T201


if __name__ == "__main__":
    main()
