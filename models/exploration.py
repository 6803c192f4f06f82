"""The probability that an unflagged listing enters the random audit sample."""

import math
from statistics import NormalDist
from typing import Final

from models.policies.deciding import RoutingPolicy

_LEAST: Final = 1e-9
_NORMAL: Final = NormalDist()


def is_new_seller(known_days: float | None, judged: int, policy: RoutingPolicy) -> bool:
    """Whether a seller is new: first seen less than `new_seller_days` ago and without a reviewed listing.

    `known_days` is None for an unknown seller. `judged` counts the listings of the seller with a verdict.
    """
    return not judged and (known_days is None or known_days < policy.new_seller_days)


def chance_of_review(probability: float, line: float, *, is_new_seller: bool, policy: RoutingPolicy) -> float:
    """The probability of a random audit for a listing below the `line` from which every listing is reviewed.

    Listings of established sellers are sampled with the least share. Without this floor the model's confident errors
    would stay undetected and estimates would be biased. The probability of a new seller's listing is uncertain: its
    log-odds may be off by `new_seller_spread`. The sampling probability is the chance that the listing belongs above
    the line (posterior sampling, Thompson 1933). Audits therefore concentrate where they may find counterfeits, and a
    find informs the scores of all later listings of the seller.
    """
    if not is_new_seller:
        return policy.audit_least_share
    off = (_log_odds(probability) - _log_odds(line)) / policy.new_seller_spread
    return min(policy.audit_most_share, max(policy.audit_new_seller_share, _NORMAL.cdf(off)))


def at_odds(probability: float, factor: float) -> float:
    """The probability with `factor` times the odds.

    >>> round(at_odds(0.5, 4.0), 2)
    0.8
    """
    return factor * probability / (1 + (factor - 1) * probability)


def _log_odds(probability: float) -> float:
    bounded = min(1 - _LEAST, max(_LEAST, probability))
    return math.log(bounded / (1 - bounded))
