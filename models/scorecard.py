"""The starter scorecard over the same features: transparent points until the first model is promoted."""

import math
from typing import Final

from features.compute import FEATURES, ComputedFeatures
from features.spec import Family
from models.evidence import hard_evidence
from models.policies.deciding import Rule, ScorecardPolicy
from models.policies.version import policy_version
from models.score import OTHER, PRICE_ALONE, Reason, Score, ScoreKind, remainder_reason

_BY_NAME: Final = {feature.name: (column, feature) for column, feature in enumerate(FEATURES)}
_NEW: Final = "new"


def score_by_points(row: ComputedFeatures, *, policy: ScorecardPolicy, fingerprint: str) -> Score:
    """Points of one listing, with reasons; a missing feature scores nothing. Not a probability."""
    applied, reasons = [rule for rule in policy.rules if _applies(rule, row)], []
    for rule in applied:
        column, feature = _BY_NAME[rule.feature]
        words = feature.words(row.evidence, float(row.vector[column]), rule.points)
        if words is not None:
            reasons.append(Reason(rule.feature, words, rule.points))
    reasons.sort(key=lambda reason: -abs(reason.weight))
    points = sum(rule.points for rule in applied)
    unnamed = points - sum(reason.weight for reason in reasons)
    if unnamed:
        reasons.append(remainder_reason(OTHER, unnamed))
    excess = _excess_of_price_alone(applied, policy)
    if excess:
        reasons.append(remainder_reason(PRICE_ALONE, -excess))
    return Score(
        kind=ScoreKind.SCORECARD,
        value=float(points - excess),
        probability=None,
        reasons=tuple(reasons),
        scorer=policy_version(policy),
        fingerprint=fingerprint,
        evidence=hard_evidence(row.evidence, row.vector),
    )


def _applies(rule: Rule, row: ComputedFeatures) -> bool:
    feature_value = float(row.vector[_BY_NAME[rule.feature][0]])
    if math.isnan(feature_value) or not rule.low <= feature_value < rule.high:
        return False
    return not rule.new_only or row.facts.listing.condition == _NEW


def _excess_of_price_alone(applied: list[Rule], policy: ScorecardPolicy) -> float:
    """The points of price signals above their maximum; 0 where another signal adds points."""
    adding = [rule for rule in applied if rule.points > 0]
    if any(_BY_NAME[rule.feature][1].family is not Family.PRICE for rule in adding):
        return 0.0
    return max(0.0, sum(rule.points for rule in adding) - policy.price_alone_at_most)
