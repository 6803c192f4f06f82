"""Simulated streams of scored listings with heavy-tailed sellers, on which the rule of promised thresholds was chosen.

`python -m tests.training.threshold_streams` prints, for caps of a seller's wrong listings, both kinds of large sellers
and each target, how many promises are made over 60 streams of 4 seller-disjoint halves, how many miss, and recall. No
real marketplace is like it.
"""

from dataclasses import replace
from itertools import product
from typing import Final

import numpy as np

from models.policies.learning import DEFAULT_PROMISE, PromisePolicy
from tests.training.threshold_halves import TARGETS, Outcome, Tally, halves, ours, outcome, tally
from training.threshold_file import ScoredListings

SELLERS: Final = 1_600
CAPS: Final = (8.0, 12.0, 1e9)


def stream(seed: int, *, honest_giants: bool = False) -> ScoredListings:
    """One marketplace: about 25,000 listings, with a tenth counterfeit and half of these from the ten largest sellers.

    A score is the sum of a listing signal, a seller signal and noise of both; their strengths are random. With
    `honest_giants` the largest are nearly all genuine and suspected: one of them is wrong many times at once.
    """
    random = np.random.default_rng(seed)
    sizes = np.minimum(np.ceil((random.pareto(1.1, SELLERS) + 0.35) * random.uniform(2.0, 3.5)), 900).astype(np.intp)
    crooked = random.random(SELLERS) < random.uniform(0.06, 0.14)
    shares = np.where(crooked, random.beta(1.5, 1.0, SELLERS), random.beta(0.3, 12.0, SELLERS))
    giants = random.choice(SELLERS, random.integers(6, 14), replace=False)
    sizes[giants] = random.integers(40, 260, len(giants))
    shares[giants] = random.beta(*((0.5, 8.0) if honest_giants else (3.0, 1.2)), len(giants))
    sellers = np.repeat(np.arange(SELLERS), sizes)
    labels = (random.random(len(sellers)) < shares[sellers]).astype(np.int8)
    signal, habit, spread = random.uniform(0.5, 3.0), random.uniform(0.0, 2.5), random.uniform(0.3, 1.6)
    known = habit * (shares - 0.1) + spread * random.normal(size=SELLERS)
    if honest_giants:
        known[giants] += random.uniform(0.0, 2.5)
    scores = signal * labels + known[sellers] + random.normal(size=len(sellers))
    return ScoredListings(labels, scores, sellers)


def measure_promises(
    policy: PromisePolicy, target: float, *, streams: int, times: int, seed: int, honest_giants: bool = False
) -> Tally:
    """The promises of a policy over the streams and the halves of each."""
    outcomes: list[Outcome] = []
    for number in range(seed, seed + streams):
        for seen, unseen in halves(stream(number, honest_giants=honest_giants), times, seed=number):
            outcomes.append(outcome(ours(seen, target, policy), unseen, target))
    return tally(outcomes)


if __name__ == "__main__":
    for cap, honest, target in product(CAPS, (False, True), TARGETS):
        policy = replace(DEFAULT_PROMISE, most_wrong_listings=cap)
        rates = measure_promises(policy, target, streams=60, times=4, seed=3_000, honest_giants=honest)
        kind, counted = "honest" if honest else "crooked", f"{rates.promises}/{rates.halves}"
        print(  # noqa: T201 - the table is what the command is for
            f"{cap:6g} {kind:8}{target:5g}{counted:>9}{rates.share_missed:8.1%}{rates.recall:8.3f}"
        )
