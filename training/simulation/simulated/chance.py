"""Random draws of the synthetic marketplace, each from a generator that the caller passes."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from training.simulation.simulated.habits import LogNormal

Random = np.random.Generator
T = TypeVar("T")


def happens(random: Random, share: float) -> bool:
    """True with probability `share`."""
    return random.random() < share


def choose(random: Random, options: Sequence[T]) -> T:
    """One of several options, all equally likely; ten times faster than `Generator.choice` on small sequences."""
    return options[int(random.random() * len(options))]


def choose_weighted(random: Random, shares: Mapping[T, float]) -> T:
    """One of the keys, with a probability proportional to its share."""
    drawn = random.random() * sum(shares.values())
    for option, share in shares.items():
        drawn -= share
        if drawn < 0:
            return option
    return list(shares)[-1]


def draw_around(random: Random, quantity: LogNormal) -> float:
    """A log-normal draw."""
    return quantity.median * float(np.exp(quantity.spread * random.standard_normal()))
