"""How likely a listing that nobody would look at is drawn for a check: more likely, the less sure the model is."""

import math

from models.policies.routing import RoutingPolicy


def chance_of_review(probability: float | None, policy: RoutingPolicy) -> float:
    """The chance of an audit for a listing below the thresholds; `probability` is None before the first model.

    Draws in proportion to the standard deviation of the answer, sqrt(p (1 - p)), tell the share of counterfeits most
    precisely for their number (Neyman 1934), and they fall where an answer teaches most: below the threshold, where
    a new kind of counterfeit first shows (uncertainty sampling, Lewis and Gale 1994). The floor keeps every listing
    possible: without it, what the model is wrongly sure of would never be seen, and no estimate would be unbiased.
    """
    if probability is None:
        return policy.audit_share
    doubt = math.sqrt(probability * (1 - probability))
    return min(policy.audit_most_share, max(policy.audit_least_share, policy.audit_doubt_share * doubt))
