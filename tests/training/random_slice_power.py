"""How often a candidate passes the gate of the random slice, with trimmed weights, untrimmed weights and a fixed cap.

Simulated markets: the champion hardly detects one kind of counterfeit. It flags a tenth of the listings, and one in
thirty-three of the rest is sampled. `python -m tests.training.random_slice_power [MARKETS]` prints the table of ADR 15.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.policies.learning import DEFAULT_GATES
from training.metrics import average_precision, effective_number
from training.weighting import trimmed

Floats = NDArray[np.float64]
Weighing = Callable[[Floats, NDArray[np.bool_]], Floats]

_COUNTERFEIT, _HIDDEN = 0.05, 0.4
_SHOWN, _DRAWN = 0.09, 0.03
_ALIKE: Final = 0.7  # Correlation of the two models' noise.
_FIXED_CAP: Final = 10.0


@dataclass(frozen=True, slots=True)
class Signal:
    """The number of standard deviations by which a model scores counterfeits above genuine listings."""

    plain: float
    hidden: float


CHAMPION: Final = Signal(plain=2.0, hidden=0.3)
CANDIDATES: Final[Mapping[str, Signal]] = {
    "equal": CHAMPION,
    "worse": Signal(plain=1.5, hidden=0.1),
    "finds the hidden kind": Signal(plain=2.0, hidden=1.5),
    "same on what is shown, blind to the hidden": Signal(plain=2.0, hidden=-0.7),
}
WEIGHINGS: Final[Mapping[str, Weighing]] = {
    "trimmed": lambda weights, positive: trimmed(weights, positive, DEFAULT_GATES.fewest_effective_positives),
    "untrimmed": lambda weights, _positive: weights,
    "capped at ten": lambda weights, _positive: np.minimum(weights, _FIXED_CAP),
}


@dataclass(frozen=True, slots=True)
class Passed:
    """The shares of markets in which the gate judges, and in which the candidate passes."""

    judged: float
    passed: float


def passes(candidate: Signal, listings: int, markets: int, seed: int = 0) -> dict[str, Passed]:
    """The gate's results with each weighting of the same markets."""
    judged, passed = dict.fromkeys(WEIGHINGS, 0), dict.fromkeys(WEIGHINGS, 0)
    for number in range(markets):
        labels, weights, ours, theirs = _reviewed(candidate, listings, np.random.default_rng([seed, number]))
        positive = labels == 1
        if positive.sum() < DEFAULT_GATES.fewest_positives:
            continue
        for name, weighing in WEIGHINGS.items():
            counted = weighing(weights, positive)
            if effective_number(counted[positive]) >= DEFAULT_GATES.fewest_effective_positives:
                judged[name] += 1
                passed[name] += average_precision(labels, ours, counted) > average_precision(labels, theirs, counted)
    return {name: Passed(judged[name] / markets, passed[name] / markets) for name in WEIGHINGS}


def _reviewed(
    candidate: Signal, listings: int, random: np.random.Generator
) -> tuple[NDArray[np.int8], Floats, Floats, Floats]:
    """Labels, numbers of represented listings, and scores of candidate and champion, for the reviewed listings."""
    labels = (random.random(listings) < _COUNTERFEIT).astype(np.int8)
    hidden = random.random(listings) < _HIDDEN
    noise = random.standard_normal(listings)
    other = _ALIKE * noise + np.sqrt(1 - _ALIKE**2) * random.standard_normal(listings)
    theirs = noise + labels * np.where(hidden, CHAMPION.hidden, CHAMPION.plain)
    ours = other + labels * np.where(hidden, candidate.hidden, candidate.plain)
    shown = theirs >= np.quantile(theirs, 1 - _SHOWN)
    seen = shown | (random.random(listings) < _DRAWN)
    return labels[seen], np.where(shown, 1.0, 1 / _DRAWN)[seen], ours[seen], theirs[seen]


def main(markets: int) -> None:
    """Print the table."""
    print("| listings | candidate | " + " | ".join(f"{name}: judged | passes" for name in WEIGHINGS) + " |")  # noqa: T201
    print("| --- " * (2 + 2 * len(WEIGHINGS)) + "|")  # noqa: T201
    for listings in (800, 2_400):
        for name, candidate in CANDIDATES.items():
            found = passes(candidate, listings, markets)
            cells = " | ".join(f"{one.judged:.0%} | {one.passed:.0%}" for one in found.values())
            print(f"| {listings:,} | {name} | {cells} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
