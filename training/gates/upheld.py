"""The gate of upheld appeals: a new model must not flag listings again that an appeal found genuine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.compute import compute
from features.facts import Facts
from models.bundle import Bundle
from models.labels import EvidenceLevel
from models.policies.learning import GatePolicy
from training.gates.gate import Gate, judged_gate, unjudged_gate
from training.gates.gates import Incumbent
from training.gates.incumbent import IncumbentScorer
from training.snapshots.snapshot import SnapshotRow

_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class UpheldEvidence:
    """The scores of both models for the listings whose removal was overturned on appeal.

    The incumbent was trained on `learnt` of the `listings`. `shown` is the number that each model would show to a
    person, candidate first. `regressed` are the versions that the candidate would show although the incumbent
    clears them. `mended` is the number that the incumbent would show although the candidate clears them.
    """

    listings: int
    learnt: int
    incumbent: Incumbent
    shown: tuple[int, int]
    regressed: tuple[str, ...]
    mended: int


def upheld_evidence(
    rows: Sequence[SnapshotRow], facts: Sequence[Facts], shipped: Bundle, incumbent: IncumbentScorer, policy: GatePolicy
) -> UpheldEvidence:
    """The evidence of the rows that are genuine by an upheld appeal, scored by the candidate bundle itself."""
    chosen = [i for i, row in enumerate(rows) if row.evidence_level == EvidenceLevel.APPEAL.value and not row.label]
    computed = [compute(facts[i]) for i in chosen]
    candidate = IncumbentScorer(shipped, incumbent.threads)
    ours, theirs = candidate.scores(computed), incumbent.scores(computed)
    shown = ours >= candidate.shown_from
    regressed = shown & incumbent.is_clear(theirs, ours, policy)
    mended = (theirs >= incumbent.shown_from) & candidate.is_clear(ours, theirs, policy)
    return UpheldEvidence(
        listings=len(chosen),
        learnt=sum(incumbent.knew(rows[i].matured_at) for i in chosen),
        incumbent=incumbent.name,
        shown=(int(shown.sum()), int((theirs >= incumbent.shown_from).sum())),
        regressed=tuple(rows[chosen[i]].version_id for i in np.flatnonzero(regressed)),
        mended=int(mended.sum()),
    )


def upheld_gate(evidence: UpheldEvidence, policy: GatePolicy) -> Gate:
    """The candidate newly flags at most as many listings that an appeal found genuine as it clears.

    A listing is newly flagged if the candidate would show it to a person although the incumbent clears it. It is
    cleared in the opposite case.

    Judgement calls: The gate scores the bundle itself, which was trained on these rows as genuine. A model without
    these rows would flag many of them, because removed listings look like counterfeits, and a champion that was trained
    on them would always win. The gate detects that training on these rows had no effect, which is the result of planted
    confirmations against a rival. The incumbent must be clear (`IncumbentScorer.is_clear`), because some listing near
    the threshold always changes sides between two equal models. The listings are judged together: among hundreds, even
    the best candidate newly flags a few and clears more, but planted labels clear none. Without an upheld appeal the
    gate is not judged and does not block.
    """
    name = "upheld_appeals"
    if not evidence.listings:
        return unjudged_gate(name, "No removal has been overturned by an appeal yet.", blocks=False)
    ours, theirs = evidence.shown
    incumbent = evidence.incumbent.value
    regressed = len(evidence.regressed)
    bound = policy.upheld_regressions + evidence.mended
    named = f" ({', '.join(evidence.regressed[:_MOST_NAMED])})" if regressed else ""
    flattered = f" {incumbent.capitalize()} was trained on {evidence.learnt} of them." if evidence.learnt else ""
    return judged_gate(
        name,
        regressed <= bound,
        float(regressed),
        float(bound),
        f"{evidence.listings} listings were restored on appeal. The candidate, which was trained on them, would show "
        f"{ours} to a person, {incumbent} {theirs}; {regressed}{named} although {incumbent} is clear, "
        f"{evidence.mended} the other way round: {bound} allowed.{flattered}",
    )
