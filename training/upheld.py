"""The gate of upheld appeals: a listing that was found genuine on appeal must not be accused again by a new model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.compute import compute
from features.facts import Facts
from models.bundle import Bundle
from models.labels import EvidenceLevel
from models.policies.learning import GatePolicy
from training.gate import Gate, judged, not_judged
from training.gates import Incumbent
from training.incumbent import InForce
from training.snapshot import SnapshotRow

_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class UpheldEvidence:
    """The answers of both models about the listings with an overturned removal.

    `learnt` of the `offers` were known as such to the incumbent when it was trained. `shown` is how many each model
    would show to a person, candidate first. `regressed` are the versions that the candidate would show although the
    incumbent is clear about them. `mended` are those that the incumbent would show although the candidate is clear
    about them.
    """

    offers: int
    learnt: int
    incumbent: Incumbent
    shown: tuple[int, int]
    regressed: tuple[str, ...]
    mended: int


def upheld_evidence(
    rows: Sequence[SnapshotRow], facts: Sequence[Facts], shipped: Bundle, incumbent: InForce, policy: GatePolicy
) -> UpheldEvidence:
    """The evidence of the rows that an upheld appeal made genuine, scored by the very bundle that would be promoted."""
    chosen = [i for i, row in enumerate(rows) if row.evidence_level == EvidenceLevel.APPEAL.value and not row.label]
    computed = [compute(facts[i]) for i in chosen]
    candidate = InForce(shipped, incumbent.threads)
    ours, theirs = candidate.scores(computed), incumbent.scores(computed)
    shown = ours >= candidate.shown_from
    regressed = shown & incumbent.is_clear(theirs, ours, policy)
    mended = (theirs >= incumbent.shown_from) & candidate.is_clear(ours, theirs, policy)
    return UpheldEvidence(
        offers=len(chosen),
        learnt=sum(incumbent.knew(rows[i].matured_at) for i in chosen),
        incumbent=incumbent.name,
        shown=(int(shown.sum()), int((theirs >= incumbent.shown_from).sum())),
        regressed=tuple(rows[chosen[i]].version_id for i in np.flatnonzero(regressed)),
        mended=int(mended.sum()),
    )


def upheld_gate(evidence: UpheldEvidence, policy: GatePolicy) -> Gate:
    """The candidate newly flags no more listings that an appeal found genuine than it clears.

    A listing is newly flagged if the candidate would show it to a person although the incumbent is clear about it. It
    is cleared in the opposite case.

    The judgement calls. The bundle itself is scored, which has learnt these rows as genuine, and not a model without
    them. Listings that were removed once look like counterfeits, so a model without these rows flags many of them. A
    champion that was trained on them would win every time. The gate measures whether training on these rows had no
    effect, which is the result of planted confirmations against a rival. The incumbent must be clear
    (`InForce.is_clear`): between two equally good models some listing near the threshold always changes sides. The
    listings are judged together. Of hundreds, even the best candidate newly flags one or another and clears more;
    planted labels clear none. Without an upheld appeal the gate judges nothing and blocks nothing: there may never be
    one.
    """
    name = "upheld_appeals"
    if not evidence.offers:
        return not_judged(name, "No removal has been overturned by an appeal yet.", blocks=False)
    ours, theirs = evidence.shown
    incumbent = evidence.incumbent.value
    regressed = len(evidence.regressed)
    bound = policy.upheld_regressions + evidence.mended
    named = f" ({', '.join(evidence.regressed[:_MOST_NAMED])})" if regressed else ""
    flattered = f" {incumbent.capitalize()} had learnt {evidence.learnt} of them as well." if evidence.learnt else ""
    return judged(
        name,
        regressed <= bound,
        float(regressed),
        float(bound),
        f"{evidence.offers} listings were given back on appeal. The candidate, which has learnt them, would show "
        f"{ours} to a person, {incumbent} {theirs}; {regressed}{named} although {incumbent} is clear, "
        f"{evidence.mended} the other way round: {bound} allowed.{flattered}",
    )
