"""Ways to keep the scorecard in the model, on real and on simulated listings: `python -m tests.training.points_ways`.

ADR 56 has its table. The 500 real rows are cross-validated and read from `TOUCHSTONE_DATASETS`. The simulated labels
are true ones of listings drawn at random, judged on listings of unsent sellers with new suppliers.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.compute import NAMES, matrix
from features.facts import Facts
from models.points import Points
from models.policies.deciding import DEFAULT_SCORECARD
from tests.training.join_weights import sources
from tests.training.market_figures import parts_of
from training import metrics
from training.evaluate import FOLDS
from training.fit import inner_folds
from training.fit_forest import MASK_SHARE, fit_forest, forest_settings
from training.fit_join import fit_offset, fit_points
from training.fit_text import fit_text
from training.material import FromFile
from training.splits import grouped_folds
from training.synthetic import Settings
from training.text_matrix import TextMatrix

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
_REPEATS: Final = 4
_SEEDS: Final = 2
_LABELS: Final = (300, 1_000, 3_000)
_SENT, _FRESH = 12_000, 5_000
_START: Final = datetime(2026, 1, 5, tzinfo=UTC)


class Labelled(NamedTuple):
    """Facts to fit on, with their labels and sellers."""

    facts: list[Facts]
    labels: Labels
    groups: NDArray[np.intp]


def ways(fit: Labelled, tested: list[Facts], seed: int) -> dict[str, Floats]:
    """The values of the tested facts by each way."""
    many, weights = len(fit.labels), np.ones(len(fit.labels))
    listings, test_listings = [one.listing for one in fit.facts], [one.listing for one in tested]
    texts = TextMatrix.of([*listings, *test_listings])
    rows, new = np.arange(many), many + np.arange(len(tested))
    text = np.zeros(many)
    for some, others in inner_folds(fit.labels, fit.groups, seed=seed):
        text[others] = fit_text(texts, some, fit.labels, weights).many_rows(texts, others)
    test_text = fit_text(texts, rows, fit.labels, weights).many_rows(texts, new)
    columns, test_columns = matrix(fit.facts), matrix(tested)
    bare = Points(DEFAULT_SCORECARD.rules, DEFAULT_SCORECARD.price_alone_at_most, 0.0, 0.0, 1.0)
    sums, test_sums = bare.sums(columns, listings), bare.sums(test_columns, test_listings)
    points = fit_points(text, DEFAULT_SCORECARD, sums, fit.labels, weights)
    given, test_given = points.values(columns, listings), points.values(test_columns, test_listings)
    combiner, offset = fit_offset(text, fit.labels, weights)
    by_text = combiner.join_values(np.zeros(len(tested)), test_text)

    def forest(start: Floats) -> Floats:
        settings = forest_settings(int(fit.labels.sum()))
        found = fit_forest(
            columns, fit.labels, weights, settings=settings, names=NAMES, seed=seed, threads=1,
            mask_share=MASK_SHARE, offset=start,
        )  # fmt: skip
        return found.raw(test_columns)

    without = forest(offset) + by_text
    return {
        "without the points (ADR 54)": without,
        "points alone": test_sums,
        "**points added to the fitted model**": without + test_given,
        "points added, with half of the weight": without + test_given / 2,
        "forest fitted to what text and points leave open": forest(offset + given) + by_text + test_given,
    }


def figures() -> Iterator[tuple[str, str, float]]:
    """Source, way and average precision of every run."""
    for source, data, brands, as_of, repeat in sources():
        if not source.startswith("500") or repeat >= _REPEATS:
            break
        material = FromFile(data, tuple(brands.brands.values()), as_of, "any")
        values: dict[str, Floats] = {}
        for train, test in grouped_folds(data.labels, data.groups, folds=FOLDS, seed=repeat):
            facts, tested = material.facts((train, test))
            for name, found in ways(Labelled(facts, data.labels[train], data.groups[train]), tested, repeat).items():
                values.setdefault(name, np.zeros(len(data.labels)))[test] = found
        for name, found in values.items():
            yield source, name, metrics.average_precision(data.labels, found)
    for seed in range(_SEEDS):
        sent, new, _ = parts_of(Settings(listings=_SENT, seed=seed, start=_START), _FRESH)
        order = np.random.default_rng(seed).permutation(len(sent.labels))
        for size in _LABELS:
            some = sent.some(order[:size])
            for name, found in ways(
                Labelled(list(some.facts), some.labels, some.sellers), list(new.facts), seed
            ).items():
                yield f"simulated, {size:,} labels", name, metrics.average_precision(new.labels, found)


def main() -> None:
    """Print the mean average precision of each way on each source."""
    found: dict[str, dict[str, list[float]]] = {}
    for source, way, precision in figures():
        found.setdefault(way, {}).setdefault(source, []).append(precision)
    named = list(next(iter(found.values())))
    print(f"| way | {' | '.join(named)} |\n| --- |{' --- |' * len(named)}")  # noqa: T201
    for way, precisions in found.items():
        print(f"| {way} | {' | '.join(f'{np.mean(precisions[source]):.3f}' for source in named)} |")  # noqa: T201


if __name__ == "__main__":
    main()
