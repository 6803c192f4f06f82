"""The probability that an unflagged listing enters the random audit sample. Standard library only."""

import math
from statistics import NormalDist
from typing import Final

from models.policies.deciding import RoutingPolicy

_LEAST: Final = 1e-9
_NORMAL: Final = NormalDist()


def is_new_seller(known_days: float | None, judged: int, policy: RoutingPolicy) -> bool:
    """Whether a seller is too new for the model to know it: first seen days ago, and nobody has judged it.

    `known_days` is None where the seller is not known at all, `judged` counts its listings with an answer.
    """
    return not judged and (known_days is None or known_days < policy.newcomer_days)


def chance_of_review(probability: float, line: float, *, is_new_seller: bool, policy: RoutingPolicy) -> float:
    """The chance of an audit for a listing below the `line` from which somebody looks anyway.

    Of a seller known for long the model has much to go by, and every listing is drawn as rarely as the floor requires.
    Without it, the model's confident errors would stay unseen, and no estimate would be unbiased. A new seller's
    probability is a guess. Taken as log-odds that may be off by `newcomer_spread`, the chance of a draw is the chance
    that the listing belongs above the line (posterior sampling, Thompson 1933). So a draw falls where it may find
    something, and what it finds opens a whole account: all later listings of the seller are read with it.
    """
    if not is_new_seller:
        return policy.audit_least_share
    off = (_log_odds(probability) - _log_odds(line)) / policy.newcomer_spread
    return min(policy.audit_most_share, max(policy.audit_newcomer_share, _NORMAL.cdf(off)))


def _log_odds(probability: float) -> float:
    bounded = min(1 - _LEAST, max(_LEAST, probability))
    return math.log(bounded / (1 - bounded))
