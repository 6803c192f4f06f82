"""The starter scorecard over the same features: transparent points until the first model is promoted."""

import math

from features.compute import FEATURES, Computed
from models.evidence import hard_evidence
from models.policies.deciding import ScorecardPolicy
from models.policies.version import policy_version
from models.score import OTHER, Reason, Score, ScoreKind, remainder

_BY_NAME = {feature.name: (column, feature) for column, feature in enumerate(FEATURES)}


def score_by_points(row: Computed, *, policy: ScorecardPolicy, fingerprint: str) -> Score:
    """Points of one listing, with reasons; a missing feature scores nothing. Not a probability."""
    points, reasons = 0.0, []
    for rule in policy.rules:
        column, feature = _BY_NAME[rule.feature]
        value = float(row.vector[column])
        if not math.isnan(value) and rule.low <= value < rule.high:
            points += rule.points
            told = feature.words(row.evidence, value, rule.points)
            if told is not None:
                reasons.append(Reason(rule.feature, told, rule.points))
    reasons.sort(key=lambda reason: -abs(reason.weight))
    unnamed = points - sum(reason.weight for reason in reasons)
    if unnamed:
        reasons.append(remainder(OTHER, unnamed))
    return Score(
        kind=ScoreKind.SCORECARD,
        value=points,
        probability=None,
        reasons=tuple(reasons),
        scorer=policy_version(policy),
        fingerprint=fingerprint,
        evidence=hard_evidence(row.evidence, row.vector),
    )
