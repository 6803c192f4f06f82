"""Thresholds with a promised precision among unseen sellers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.message import Message, message
from models.arrays import Floats
from models.policies.learning import DEFAULT_PROMISE, PromisePolicy

_HALVINGS: Final = 30
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class SellerPrecision:
    """The seller-averaged promise: mean over accused sellers of the share of their flagged listings that are right."""

    observed: float
    bound: float


@dataclass(frozen=True, slots=True)
class Promise:
    """From `threshold` on (inclusive), precision among unseen sellers is at least the target in most sets of them.

    `bound` is the highest precision that the rule would promise at this threshold, `recall` the share of the
    counterfeits at hand that lie above it.
    """

    threshold: float
    bound: float
    precision: float
    recall: float
    flagged_listings: int
    flagged_sellers: int
    by_seller: SellerPrecision


@dataclass(frozen=True, slots=True)
class Decline:
    """No threshold can be promised. `needed_sellers` is None where more sellers alone would not help."""

    needed_sellers: int | None
    reason: Message


def promise_threshold(
    labels: NDArray[np.int8],
    scores: Floats,
    sellers: NDArray[np.intp],
    *,
    precision: float,
    confidence: float,
    policy: PromisePolicy = DEFAULT_PROMISE,
) -> Promise | Decline:
    """The lowest threshold whose precision reaches the target in `confidence` of equally large sets of unseen sellers.

    The unit is the seller. At a target of .8 one wrong listing undoes four right ones, so a seller's balance is the
    right listings less four times the wrong ones, and a set of sellers misses the target exactly if their balances
    total less than zero. A threshold holds if three things hold. The total exceeds its own noise and that of the unseen
    set, at `confidence` by the normal distribution, where a seller counts up to a cap, right or wrong. With losses in
    full, the total is above zero. And the accused sellers are enough for their spread to be known, the more the
    stricter the target. Nothing is promised unless some threshold would hold against several times the variance: a
    lucky sample of a doubtful market has none.

    This is an empirical rule, not a theorem. A theorem would need a limit to the size of a seller.

    Parameters
    ----------
    labels, scores, sellers
        Shape (n,): 1 is counterfeit, finite numbers, and a number from 0 on for each seller.
    precision
        The target, between 0 and 1.
    confidence
        From 0.5 to 1.
    """
    candidates = list(_candidates(labels, scores, sellers, policy))
    deviations = NormalDist().inv_cdf(confidence)
    growth = _growth_to_promise(candidates, precision, deviations, policy)
    if growth > 1:
        return _decline(growth, len(np.unique(sellers)), precision)
    chosen = [candidate for candidate in candidates if candidate.growth(precision, deviations, policy) <= 1][-1]
    right, flagged = chosen.right.sum(), chosen.flagged.sum()
    return Promise(
        threshold=chosen.threshold,
        bound=_highest_target(chosen, candidates, precision, deviations, policy),
        precision=float(right / flagged),
        recall=float(right / labels.sum()),
        flagged_listings=int(flagged),
        flagged_sellers=len(chosen.flagged),
        by_seller=_seller_precision(chosen, deviations),
    )


@dataclass(frozen=True, slots=True)
class _Candidate:
    """The flagged counts of each accused seller at a threshold, and how many of the flags are right."""

    threshold: float
    right: Floats
    flagged: Floats

    def growth(self, target: float, deviations: float, policy: PromisePolicy, reserve: float = 1.0) -> float:
        """The factor by which the number of similar sellers must grow to hold; infinite where more would not help."""
        sellers, odds = len(self.flagged), target / (1 - target)
        in_full = np.minimum(self.right - (self.flagged - self.right) * odds, policy.most_right_listings)
        balances = np.maximum(in_full, -odds * policy.most_wrong_listings)
        total = balances.sum()
        if min(total, in_full.sum()) <= _ROUNDING:
            return math.inf
        # The noise of the sellers at hand plus that of an equally large unseen set: twice the variance.
        noise = reserve * 2 * deviations**2 * ((balances - total / sellers) ** 2).sum() / total**2
        return float(max(policy.fewest_sellers / (sellers * (1 - target) ** 2), noise) - _ROUNDING)


def _candidates(
    labels: NDArray[np.int8], scores: Floats, sellers: NDArray[np.intp], policy: PromisePolicy
) -> Iterator[_Candidate]:
    """Thresholds from the strictest down, each at a score that occurs, equal scores flagged together."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf) != 0) + 1
    steps = math.ceil(math.log(max(len(scores) / policy.fewest_listings, 1), policy.step)) + 1
    listing_counts = policy.fewest_listings * policy.step ** np.arange(steps)
    places = np.unique(np.minimum(np.searchsorted(ends, listing_counts), len(ends) - 1))
    for end in ends[places]:
        chosen = order[:end]
        flagged = np.bincount(sellers[chosen]).astype(np.float64)
        right = np.bincount(sellers[chosen], weights=labels[chosen]).astype(np.float64)
        accused = flagged > 0
        yield _Candidate(float(scores[order[end - 1]]), right[accused], flagged[accused])


def _growth_to_promise(candidates: list[_Candidate], target: float, deviations: float, policy: PromisePolicy) -> float:
    """The least growth of a candidate that holds with the reserve."""
    return min(candidate.growth(target, deviations, policy, policy.reserve) for candidate in candidates)


def _highest_target(
    chosen: _Candidate, candidates: list[_Candidate], target: float, deviations: float, policy: PromisePolicy
) -> float:
    """The highest target that is promised at a threshold, from below."""
    low, high = target, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        growth = max(
            chosen.growth(middle, deviations, policy), _growth_to_promise(candidates, middle, deviations, policy)
        )
        low, high = (middle, high) if growth <= 1 else (low, middle)
    return low


def _seller_precision(chosen: _Candidate, deviations: float) -> SellerPrecision:
    """Mean over sellers, and its bound for as many unseen sellers plus one who is wholly genuine."""
    shares = np.sort(chosen.right / chosen.flagged)
    careful = np.append(shares, 0.0)
    bound = careful.mean() - deviations * math.sqrt(2 * careful.var(ddof=1) / len(careful))
    return SellerPrecision(float(shares.mean()), float(min(max(bound, 0.0), 1.0)))


def _decline(growth: float, sellers: int, target: float) -> Decline:
    if math.isinf(growth):
        return Decline(None, message("threshold.large_sellers", target=target))
    needed = max(math.ceil(sellers * growth), sellers + 1)
    return Decline(needed, message("threshold.few_sellers", n=sellers, target=target, needed=needed))
