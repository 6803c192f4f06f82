"""The gate of the golden set: recall on listings that no labeller of training data can influence."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import compute
from models.bundle import Bundle
from models.policies.learning import GatePolicy
from training.evaluate import metrics
from training.evaluate.slices import slice_members
from training.evaluate.splits import seller_groups
from training.gates.gate import Gate, State, combined_gate, unjudged_gate
from training.gates.gates import Incumbent
from training.gates.golden import GoldenSet
from training.gates.incumbent import IncumbentScorer
from training.gates.slice_gate import ScoredRows, SliceEvidence, slice_evidence, slice_part

_NAME: Final = "golden_set"
_WHOLE: Final = "all of it"
_BOOTSTRAPS: Final = 1_000


@dataclass(frozen=True, slots=True)
class GoldenEvidence:
    """The results of both models on a golden set: as a whole, and in each slice of it that is large enough.

    `champion_saw` is whether the champion was trained before the set was frozen, possibly on its listings.
    """

    digest: str
    items: int
    positives: int
    incumbent: Incumbent
    champion_saw: bool
    parts: tuple[SliceEvidence, ...]


def golden_evidence(
    golden: GoldenSet, shipped: Bundle, incumbent: IncumbentScorer, policy: GatePolicy
) -> GoldenEvidence:
    """The evidence of a set, scored by the candidate bundle itself, which was not trained on the set."""
    facts, labels = golden.facts(), golden.labels
    computed = [compute(row) for row in facts]
    groups = seller_groups([golden_item.seller for golden_item in golden.items])
    scored = ScoredRows(
        labels,
        IncumbentScorer(shipped, incumbent.threads).scores(computed),
        incumbent.scores(computed),
        np.ones(len(labels)),
        groups,
        metrics.seller_bootstrap(groups, times=_BOOTSTRAPS, seed=0),
    )
    slices: dict[str, NDArray[np.intp]] = {_WHOLE: np.arange(len(labels))}
    slices |= {name: rows for name, rows in slice_members(facts).items() if len(rows) >= policy.golden_slice_rows}
    return GoldenEvidence(
        golden.digest,
        len(labels),
        int(labels.sum()),
        incumbent.name,
        incumbent.was_trained_by(golden.as_of),
        slice_evidence(scored, slices, replace(policy, slice_rows=1)),
    )


def golden_gate(evidence: GoldenEvidence | None, policy: GatePolicy) -> Gate:
    """The candidate stays within the bounds of slices on the golden set and on each of its large slices.

    Judgement calls: The bounds and their confidence are those of `training.gates.slice_gate`. Without a frozen set, or
    with too few counterfeits in it, the gate does not judge and does not block, because a marketplace needs models
    before it has two analysts with spare time. A champion that was trained before the freezing may have been trained on
    the set; that only makes the gate stricter, and the sentence says so.
    """
    if evidence is None:
        why = f"No golden set is judged twice yet; one is frozen from {policy.golden_from_labels} mature labels on."
        return unjudged_gate(_NAME, why, blocks=False)
    parts = tuple(slice_part(part, policy) for part in evidence.parts)
    named = f"Golden set {evidence.digest[:12]}, {evidence.items} listings, {evidence.positives} counterfeit"
    flattered = " The champion may have been trained on it, which flatters it." if evidence.champion_saw else ""
    slices = sum(part.state is State.PASSED for part in parts) - 1
    whole = parts[0].sentence if parts else ""
    gate = combined_gate(
        _NAME,
        parts,
        sentence=f"{named}: {whole} {slices} slices of {policy.golden_slice_rows} listings or more hold as well, "
        f"beside {evidence.incumbent.value}.{flattered}",
        nothing=f"{named}: at least {policy.collapse_positives} counterfeits are needed.",
    )
    if gate.state is not State.FAILED:
        return gate if not parts else replace(gate, figure=parts[0].figure, bound=parts[0].bound)
    return replace(gate, sentence=f"{named}, beside {evidence.incumbent.value}. {gate.sentence}{flattered}")
