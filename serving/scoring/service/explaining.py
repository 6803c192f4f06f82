"""The explanation of a stored score. A listing that stays published keeps none, so it is computed when it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from features.compute import compute
from features.facts import Facts
from features.message import Message
from models.errors import BundleRefused, Unavailable
from models.evidence import hard_evidence
from models.score import Reason, ScoreKind
from models.second_scores import reasons_of_second_score
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels

# Beyond rounding, in log-odds: the parts would not add up to the value that people see.
_MOST_OFF: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parts of a score and its hard evidence.

    `computed` says that they were not stored. `why_none` is a sentence where the parts cannot be computed.
    """

    reasons: Sequence[Reason]
    evidence: Sequence[Message]
    computed: bool = False
    why_none: str | None = None


def explanation(runtime: Runtime, score: Mapping[str, Any], facts: Facts) -> Explanation:
    """The explanation of a stored score: as stored, or computed from its facts by the model that gave it.

    Loading a model that is no longer in force can take a second, so no transaction should be open meanwhile.
    """
    if score["reasons"] or score["kind"] == ScoreKind.SCORECARD.value:
        return Explanation(score["reasons"], score["evidence"])
    row = compute(facts)
    evidence = hard_evidence(row.evidence, row.vector)
    try:
        bundle = runtime.services[LiveModels].with_digest(score["scorer"])
    except (BundleRefused, Unavailable) as refused:
        return Explanation((), evidence, why_none=refused.sentence)
    if score["encoder"] is not None:
        return Explanation(reasons_of_second_score(bundle, row, score["value"]), evidence, computed=True)
    (again,) = bundle.score_many([row])
    if abs(again.value - score["value"]) > _MOST_OFF:
        return Explanation((), evidence, why_none="Its facts have another value in this version of the service.")
    return Explanation(again.reasons, evidence, computed=True)
