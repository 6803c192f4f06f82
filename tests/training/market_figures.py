"""The methods on the simulated marketplace, by number of labels: `python -m tests.training.market_figures`.

It prints the tables of docs/simulation.md and draws docs/diagrams/labels.svg. The labels are true ones, of listings
drawn at random from those sent. All methods are fitted on the same labels, with the prices of all sent listings as
references, and judged on listings of unsent sellers with new suppliers. Ours is judged with the suppliers of the sent
listings too.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from features.brands import BrandRegister
from features.compute import matrix
from features.facts import Facts
from features.listing import Listing, check
from features.references import Rates
from tests.docs.curves import Curve, svg
from training import baselines, metrics
from training.fit import CounterfeitClassifier
from training.fit_forest import forest_alone
from training.references import OfflineReferences
from training.splits import seller_groups
from training.synthetic import PER_EURO, Settings, build, evaluation_set

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

LABELS: Final = (300, 1_000, 3_000, 10_000, 30_000)
SEEDS: Final = 5
SENT: Final = 30_000
FRESH: Final = 8_000
PICTURE: Final = Path(__file__).parents[2] / "docs" / "diagrams" / "labels.svg"
OURS, PEER, SIGNAL = "Touchstone", "fair peer", "best single signal"
METHODS: Final = (OURS, "its forest alone", "its text model alone", PEER, SIGNAL)
_START: Final = datetime(2026, 1, 5, tzinfo=UTC)
_RESAMPLES: Final = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """Average precision of each method, and in each resample of the sellers, shape (resamples,)."""

    points: Mapping[str, float]
    resampled: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Figures:
    """One market and number of labels.

    `out_of_fold` is our average precision on the labels themselves, `shared` that on sellers with known suppliers.
    """

    labels: int
    counterfeits: int
    out_of_fold: float
    new: Judged
    shared: float


@dataclass(frozen=True, slots=True)
class _Part:
    """Some listings of a market, with everything that a method reads or is judged by."""

    facts: Sequence[Facts]
    labels: Labels

    @property
    def listings(self) -> list[Listing]:
        return [one.listing for one in self.facts]

    @property
    def sellers(self) -> NDArray[np.intp]:
        return seller_groups([one.listing.seller.external_id for one in self.facts])

    def some(self, rows: NDArray[np.intp]) -> "_Part":
        return _Part([self.facts[row] for row in rows], self.labels[rows])


def figures(seed: int, sizes: Sequence[int], fresh: int) -> list[Figures]:
    """The figures of one market, for each number of labels."""
    sent, new, shared = parts_of(Settings(listings=SENT, seed=seed, start=_START), fresh)
    order = np.random.default_rng(seed).permutation(len(sent.labels))
    return [_figures(sent.some(order[:size]), new, shared, seed) for size in sizes]


def parts_of(settings: Settings, fresh: int) -> list[_Part]:
    """The sent listings, and unsent ones of new and of shared suppliers."""
    world = build(settings)
    sent: dict[str, Listing] = {}
    for one in world.sent:
        listing = check(one.row, received_at=one.at)
        if isinstance(listing, Listing):
            sent.setdefault(listing.external_id, listing)
    rates = Rates("EUR", {currency: 1 / per_euro for currency, per_euro in PER_EURO.items()})
    offline = OfflineReferences(list(sent.values()), BrandRegister(one.brand for one in world.brands), rates)
    truth = np.array([world.truth[external_id].counterfeit for external_id in sent], dtype=np.int8)
    found = [(tuple(sent.values()), truth)]
    found += [evaluation_set(settings, fresh, shares_suppliers=shared) for shared in (False, True)]
    as_of = _START + timedelta(days=settings.days)
    return [
        _Part(
            [offline.facts(one, as_of=as_of, marketplace="simulated", took_part=number == 0) for one in listings],
            labels,
        )
        for number, (listings, labels) in enumerate(found)
    ]


def _figures(train: _Part, new: _Part, shared: _Part, seed: int) -> Figures:
    model = CounterfeitClassifier(seed=seed)
    model.fit(train.facts, train.labels, groups=train.sellers)
    return Figures(
        labels=len(train.labels),
        counterfeits=int(train.labels.sum()),
        out_of_fold=metrics.average_precision(train.labels, model.out_of_fold_),
        new=_judged(new, _values(model, train, new), seed),
        shared=metrics.average_precision(shared.labels, model.decision_function(shared.facts)),
    )


def _values(model: CounterfeitClassifier, train: _Part, test: _Part) -> dict[str, Floats]:
    columns, tested = matrix(train.facts), matrix(test.facts)
    raw, raw_tested = (baselines.raw_numbers(one.listings) for one in (train, test))
    numbers = baselines.fit_predict_numbers(raw, train.labels, raw_tested)
    text = baselines.fit_predict_field_text(train.listings, train.labels, test.listings)
    found = (
        model.decision_function(test.facts),
        forest_alone(columns, train.labels, np.ones(len(train.labels))).raw(tested),
        model.model_.text.many(test.listings),
        baselines.rank_average(numbers, text),
        baselines.best_signal(columns, train.labels, tested)[1],
    )
    return dict(zip(METHODS, found, strict=True))


def _judged(part: _Part, values: Mapping[str, Floats], seed: int) -> Judged:
    resamples = metrics.seller_bootstrap(part.sellers, times=_RESAMPLES, seed=seed)
    return Judged(
        {name: metrics.average_precision(part.labels, found) for name, found in values.items()},
        {name: metrics.average_precisions(part.labels, found, resamples) for name, found in values.items()},
    )


def methods_table(runs: Sequence[Figures]) -> list[str]:
    """The methods at one number of labels, means over the markets; `runs` has one entry for each market."""
    lines = ["|  | average precision | 95 % over sellers | ours minus it | 95 % over sellers, paired |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for name in METHODS:
        point = np.mean([one.new.points[name] for one in runs])
        cells = [name, _three(point), " to ".join(map(_three, _interval([one.new.resampled[name] for one in runs])))]
        if name != OURS:
            less = [one.new.resampled[OURS] - one.new.resampled[name] for one in runs]
            ours = np.mean([one.new.points[OURS] for one in runs])
            cells += [_signed(ours - point), " to ".join(map(_signed, _interval(less)))]
        lines.append(f"| {' | '.join([*cells, '', ''][:5])} |")
    return lines


def labels_table(by_size: Sequence[Sequence[Figures]]) -> list[str]:
    """The learning curve; each entry of `by_size` has one run for each market."""
    lines = [f"| labels | of them counterfeit | out of fold | {' | '.join(METHODS)} | {OURS}, suppliers known |"]
    lines.append("| --- |" + " --- |" * (len(METHODS) + 3))
    for runs in by_size:
        cells = [f"{runs[0].labels:,}", f"{np.mean([one.counterfeits for one in runs]):,.0f}"]
        cells.append(_three(np.mean([one.out_of_fold for one in runs])))
        cells.extend(_three(np.mean([one.new.points[name] for one in runs])) for name in METHODS)
        cells.append(_three(np.mean([one.shared for one in runs])))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def picture(by_size: Sequence[Sequence[Figures]]) -> str:
    """The learning curve as SVG: our interval over sellers as a band."""
    sizes = [float(runs[0].labels) for runs in by_size]
    curves = []
    for name in METHODS:
        points = [float(np.mean([one.new.points[name] for one in runs])) for runs in by_size]
        band = [_interval([one.new.resampled[name] for one in runs]) for runs in by_size] if name == OURS else []
        curves.append(Curve(name, tuple(zip(sizes, points, strict=True)), tuple(band)))
    markets = len(by_size[0])
    return svg(
        f"Simulated: average precision on new sellers with new suppliers, mean of {markets} markets",
        ("true labels", "average precision"),
        curves,
    )


def _interval(resampled: Sequence[Floats]) -> tuple[float, float]:
    """The central interval of the mean over the markets, whose sellers are resampled independently."""
    return metrics.central_interval(np.mean(resampled, axis=0))


def _three(value: float | np.floating) -> str:
    return f"{value:.3f}".removeprefix("0")


def _signed(value: float | np.floating) -> str:
    return f"{value:+.3f}".replace("0.", ".", 1)


def main() -> None:
    """Print the tables and draw the picture."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=SEEDS)
    options.add_argument("--labels", type=int, nargs="+", default=LABELS)
    options.add_argument("--compared-at", type=int, default=3_000, help="number of labels of the table of methods")
    options.add_argument("--fresh", type=int, default=FRESH)
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--picture", type=Path, default=PICTURE)
    chosen = options.parse_args()
    work = (delayed(figures)(seed, chosen.labels, chosen.fresh) for seed in range(chosen.seeds))
    by_size = list(zip(*Parallel(n_jobs=chosen.processes)(work), strict=True))
    at = next(runs for runs in by_size if runs[0].labels == chosen.compared_at)
    print(f"{chosen.compared_at:,} labels, {chosen.seeds} markets, {chosen.fresh:,} fresh listings:\n")  # noqa: T201
    print("\n".join([*methods_table(at), "", *labels_table(by_size)]))  # noqa: T201  # the result
    chosen.picture.write_text(picture(by_size), encoding="utf-8")


if __name__ == "__main__":
    main()
