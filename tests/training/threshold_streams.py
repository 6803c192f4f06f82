"""Simulated streams of scored listings with heavy-tailed sellers, on which the rule of promised thresholds was chosen.

`python -m tests.training.threshold_streams` prints, for caps of a seller's balance and each target, how many promises
are made over 100 streams of 20 seller-disjoint halves, how many miss, and recall. No real marketplace is like it.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from models.policies.learning import DEFAULT_PROMISE, PromisePolicy
from tests.training.threshold_halves import TARGETS, Outcome, Tally, halves, ours, outcome, tally
from training.threshold_file import ScoredListings

SELLERS: Final = 1_600
CAPS: Final = (10.0, 12.0, 15.0, 20.0)


def stream(seed: int) -> ScoredListings:
    """One marketplace: about 25,000 listings, with a tenth counterfeit and half of these from the ten largest sellers.

    A score is the sum of a listing signal, a seller signal and noise of both; their strengths are random.
    """
    random = np.random.default_rng(seed)
    sizes = np.minimum(np.ceil((random.pareto(1.1, SELLERS) + 0.35) * random.uniform(2.0, 3.5)), 900).astype(np.intp)
    crooked = random.random(SELLERS) < random.uniform(0.06, 0.14)
    shares = np.where(crooked, random.beta(1.5, 1.0, SELLERS), random.beta(0.3, 12.0, SELLERS))
    giants = random.choice(SELLERS, random.integers(6, 14), replace=False)
    sizes[giants] = random.integers(40, 260, len(giants))
    shares[giants] = random.beta(3.0, 1.2, len(giants))
    sellers = np.repeat(np.arange(SELLERS), sizes)
    labels = (random.random(len(sellers)) < shares[sellers]).astype(np.int8)
    signal, habit, spread = random.uniform(0.5, 3.0), random.uniform(0.0, 2.5), random.uniform(0.3, 1.6)
    known = habit * (shares - 0.1) + spread * random.normal(size=SELLERS)
    scores = signal * labels + known[sellers] + random.normal(size=len(sellers))
    return ScoredListings(labels, scores, sellers)


def measure_promises(policy: PromisePolicy, target: float, *, streams: int, times: int, seed: int) -> Tally:
    """The promises of a policy over the streams and the halves of each."""
    outcomes: list[Outcome] = []
    for number in range(seed, seed + streams):
        for seen, unseen in halves(stream(number), times, seed=number):
            outcomes.append(outcome(ours(seen, target, policy), unseen, target))
    return tally(outcomes)


if __name__ == "__main__":
    for cap in CAPS:
        for target in TARGETS:
            rates = measure_promises(
                replace(DEFAULT_PROMISE, most_right_listings=cap), target, streams=100, times=20, seed=3_000
            )
            print(  # noqa: T201 - the table is what the command is for
                f"{cap:5g}{target:6g}{rates.promises:7d}/{rates.halves}{rates.share_missed:8.1%}{rates.recall:8.3f}"
            )
