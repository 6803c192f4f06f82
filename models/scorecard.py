"""The starter scorecard over the same features: transparent points until the first model is earned."""

import math

from features.compute import FEATURES, Computed
from models.policies.deciding import ScorecardPolicy
from models.policies.version import policy_version
from models.score import Reason, Score, ScoreKind

_BY_NAME = {feature.name: (column, feature) for column, feature in enumerate(FEATURES)}


def score_by_points(row: Computed, *, policy: ScorecardPolicy, fingerprint: str) -> Score:
    """Points of one listing with a reason for each; a missing feature scores nothing. Not a probability."""
    reasons: list[Reason] = []
    for rule in policy.rules:
        column, feature = _BY_NAME[rule.feature]
        value = float(row.vector[column])
        if not math.isnan(value) and rule.low <= value < rule.high:
            reasons.append(Reason(rule.feature, feature.say(row.evidence, value), rule.points))
    reasons.sort(key=lambda reason: -abs(reason.weight))
    return Score(
        kind=ScoreKind.SCORECARD,
        value=sum(reason.weight for reason in reasons),
        probability=None,
        reasons=tuple(reasons),
        scorer=policy_version(policy),
        fingerprint=fingerprint,
    )
