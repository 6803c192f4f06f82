"""The explanation of a stored score. A listing that stays published keeps none, so it is computed when it is read."""

from collections.abc import Mapping
from typing import Any, Final

from features.compute import compute
from features.facts import Facts
from models.errors import BundleRefused, Unavailable
from models.evidence import hard_evidence
from models.score import TITLE, ScoreKind, remainder
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels

_MOST_OFF: Final = 1e-6  # Beyond rounding, in log-odds: the parts would not add up to the value that people see.


def explained(runtime: Runtime, score: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """A stored score with reasons and evidence, computed from its facts by its model where it was stored without.

    `why_none` is a sentence where the reasons cannot be computed. Of a second score they are those of the first answer,
    and what the title changed. Loading a model takes a moment, so no view of the database should be open meanwhile.
    """
    if score["reasons"] or score["kind"] == ScoreKind.SCORECARD.value:
        return {**score, "why_none": None}
    row = compute(facts)
    evidence = hard_evidence(row.evidence, row.vector)
    try:
        (again,) = runtime.services[LiveModels].with_digest(score["scorer"]).score_many([row])
    except (BundleRefused, Unavailable) as refused:
        return {**score, "evidence": evidence, "why_none": refused.sentence}
    reasons, why_none, change = again.reasons, None, score["value"] - again.value
    if score["encoder"] is not None:
        reasons = (*reasons, remainder(TITLE, change))
    elif abs(change) > _MOST_OFF:
        reasons, why_none = (), "Its facts have another value in this version of the service."
    return {**score, "reasons": reasons, "evidence": evidence, "why_none": why_none}
