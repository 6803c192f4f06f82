"""How often the gate of slices refuses equal models and poisoned models: simulated, with the real rule.

`python -m tests.training.slice_power [REPEATS]` prints the table of the ADR on gates.
"""

import sys
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.policies.learning import DEFAULT_GATES
from training.evaluate.metrics import seller_bootstrap
from training.gates.gate import State
from training.gates.slice_gate import ScoredRows, slice_evidence, slice_gate

_SIGNAL: Final = 2.2  # With this strength, recall at one false alarm in a hundred is about a third.
_SHOWN, _AUDITED = 0.10, 0.03
_RESAMPLES: Final = 400


@dataclass(frozen=True, slots=True)
class Setting:
    """A market of slices of equal size; `poison` is the share of signal that the candidate lost in the first slice.

    `fakes` is the share of sellers who sell counterfeits, `alike` the common share of the models' noise. `shown` is
    whether rows are flagged rows with an audit sample of the rest, or all rows.
    """

    name: str
    slices: int = 10
    rows: int = 50
    fakes: float = 0.25
    poison: float = 0.0
    alike: float = 0.7
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Refusals:
    """Shares of refused markets, refused slices (only the first if it is poisoned) and unjudged slices."""

    markets: float
    slices: float
    unjudged: float
    rows: float
    counterfeits: float
    sellers: float


SETTINGS: Final = (
    Setting("equal models"),
    Setting("equal, 30 slices", slices=30),
    Setting("equal, little alike", alike=0.4),
    Setting("equal, 200 rows", rows=200),
    Setting("equal, shown by the champion", rows=450, fakes=0.06, shown=True),
    Setting("poisoned", poison=1.0),
    Setting("poisoned, few fakes", fakes=0.12, poison=1.0),
    Setting("half poisoned", poison=0.5),
    Setting("poisoned, 200 rows", rows=200, poison=1.0),
    Setting("half poisoned, 200 rows", rows=200, poison=0.5),
    Setting("poisoned, shown by the champion", rows=450, fakes=0.06, poison=1.0, shown=True),
)


def refusals(setting: Setting, repeats: int, seed: int = 0) -> Refusals:
    """The gate's results on many simulated markets of one kind."""
    market_figures = []
    for number in range(repeats):
        scored, members = a_market(setting, np.random.default_rng([seed, number]))
        evidence = slice_evidence(scored, members, DEFAULT_GATES)
        gate = slice_gate(evidence, DEFAULT_GATES)
        looked_at = [part for part in gate.parts if not setting.poison or part.name == "slice 0"]
        first = [part for part in evidence if not setting.poison or part.name == "slice 0"]
        market_figures.append(
            (
                gate.state is State.FAILED,
                _mean([part.state is State.FAILED for part in looked_at]),
                _mean([part.state is State.NOT_JUDGED for part in looked_at]),
                _mean([part.rows for part in first]),
                _mean([part.positives for part in first]),
                _mean([part.positive_sellers for part in first]),
            )
        )
    return Refusals(*(float(mean) for mean in np.nanmean(np.array(market_figures, dtype=np.float64), axis=0)))


def _mean(values: list[bool] | list[int]) -> float:
    return float(np.mean(values)) if values else float("nan")


def a_market(setting: Setting, random: np.random.Generator) -> tuple[ScoredRows, dict[str, NDArray[np.intp]]]:
    """Sellers with one or more listings; both models see the signals of seller and listing, with independent errors."""
    sizes = 1 + random.geometric(0.4, setting.slices * setting.rows)
    groups = np.repeat(np.arange(len(sizes)), sizes)[: setting.slices * setting.rows]
    of_slice = np.repeat(np.arange(setting.slices), setting.rows)
    sells_fakes = random.random(len(sizes)) < setting.fakes
    labels = (random.random(len(groups)) < np.where(sells_fakes[groups], 0.85, 0.01)).astype(np.int8)
    common = random.normal(0, 0.6, len(sizes))[groups] + random.normal(0, 0.8, len(groups))
    own = np.sqrt((1 - setting.alike) / setting.alike)
    theirs, ours = (_SIGNAL * labels + common + random.normal(0, own, len(groups)) for _ in range(2))
    ours = ours - setting.poison * _SIGNAL * labels * (of_slice == 0)
    weights = np.ones(len(groups))
    if setting.shown:
        shown = theirs >= np.quantile(theirs, 1 - _SHOWN)
        weights = np.where(shown, 1.0, min(1 / _AUDITED, DEFAULT_GATES.slice_most_weight))
        mask = shown | (random.random(len(groups)) < _AUDITED)
        labels, ours, theirs, weights = labels[mask], ours[mask], theirs[mask], weights[mask]
        groups, of_slice = groups[mask], of_slice[mask]
    resampled = seller_bootstrap(groups, times=_RESAMPLES, seed=int(random.integers(2**31)))
    members = {f"slice {i}": np.flatnonzero(of_slice == i) for i in range(setting.slices)}
    return ScoredRows(labels, ours, theirs, weights, groups, resampled), members


def main(repeats: int) -> None:
    """Print the table."""
    print("| simulated | rows | counterfeits | their sellers | slices refused | not judged | markets refused |")  # noqa: T201
    print("| --- | --- | --- | --- | --- | --- | --- |")  # noqa: T201  # the table is the result
    for setting in SETTINGS:
        rates = refusals(setting, repeats)
        cells = (
            f"{rates.rows:.0f} | {rates.counterfeits:.0f} | {rates.sellers:.1f} | {rates.slices:.1%} | "
            f"{rates.unjudged:.0%} | {rates.markets:.0%}"
        )
        print(f"| {setting.name} | {cells} |", flush=True)  # noqa: T201  # as above


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
