"""The gate of the replay: no known obfuscation costs too much recall or flags too many honest listings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import ComputedFeatures
from features.facts import Facts
from features.references import References
from models.arrays import Floats, Labels
from models.evidence import named_evidence
from models.policies.deciding import DEFAULT_ROUTING
from models.policies.learning import GatePolicy
from models.routing import Thresholds, asked_from
from training.evaluate import metrics
from training.gates.gate import Gate, combined_gate, judged_gate, unjudged_gate
from training.gates.obfuscation import TRANSFORMS
from training.gates.replay import facts_of_changed, honest_descriptions, rewrite_facts

_RESAMPLES: Final = 4_000  # Eight of them lie beyond the policy's two in a thousand.


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """The effect of one transform on listings of one class: the shares shown to people before and after.

    `worse` is the recall lost, or the increase in honest listings shown. `worse_at_least` is the lower end of its
    one-sided interval over resampled sellers. `effective` is the effective sample size.
    """

    name: str
    honest: bool
    listings: int
    effective: float
    before: float
    after: float
    worse: float
    worse_at_least: float


@dataclass(frozen=True, slots=True)
class HeldOutRows:
    """Listings that the model was not fitted on; arrays of shape (n,).

    `stands_for` is the number of listings that each represents.
    """

    facts: Sequence[Facts]
    labels: Labels
    groups: NDArray[np.intp]
    stands_for: Floats


def rows_shown(
    computed: Sequence[ComputedFeatures], probabilities: Floats, thresholds: Thresholds
) -> NDArray[np.bool_]:
    """Whether a person is shown each listing, by its probability and its named evidence; arrays of shape (n,)."""
    evidence = [named_evidence(row.evidence, row.vector) for row in computed]
    bars = [asked_from(thresholds, families, DEFAULT_ROUTING) for families in evidence]
    return np.asarray(probabilities >= bars, dtype=np.bool_)


def replay(
    held_out: HeldOutRows,
    is_shown: Callable[[Sequence[Facts], NDArray[np.intp]], NDArray[np.bool_]],
    references: References,
    policy: GatePolicy,
    *,
    seed: int,
) -> tuple[ReplayOutcome, ...]:
    """Rewrite counterfeits in every way and honest listings in the ways of honest sellers, and route them again.

    `is_shown` is whether a person is shown each listing, given its facts and its position among the rows.
    Counterfeits are unweighted, because the recall is that of the reviewed counterfeits. Honest listings are weighted
    by the number that they represent: most reviewed ones were flagged and lie near the threshold, unlike most honest
    listings.
    """
    honest_texts = honest_descriptions(
        [f for f, label in zip(held_out.facts, held_out.labels, strict=True) if not label]
    )
    rewrites: list[ReplayOutcome] = []
    for label in (1, 0):
        rows = _sample_rows(np.flatnonzero(held_out.labels == label), policy.replay_most, seed)
        if not len(rows):
            continue
        listings = [held_out.facts[i] for i in rows]
        # The baseline is computed in the same way, so that only the wording differs.
        before = is_shown([facts_of_changed(listing, listing.listing, references) for listing in listings], rows)
        weights = np.ones(len(rows)) if label else held_out.stands_for[rows]
        resampled = metrics.seller_bootstrap(held_out.groups[rows], times=_RESAMPLES, seed=seed) * weights
        for way in TRANSFORMS:
            if label or way.by_honest_sellers:
                changed = [rewrite_facts(listing, way, references, honest_texts, seed=seed) for listing in listings]
                after = is_shown(changed, rows)
                worse = (before.astype(np.float64) - after) * (1 if label else -1)
                shares = (resampled @ worse) / resampled.sum(axis=1)
                least = float(np.quantile(shares, 1 - policy.replay_confidence))
                rewrites.append(
                    ReplayOutcome(
                        way.name,
                        honest=not label,
                        listings=len(rows),
                        effective=metrics.effective_number(weights),
                        before=float(np.average(before, weights=weights)),
                        after=float(np.average(after, weights=weights)),
                        worse=float(np.average(worse, weights=weights)),
                        worse_at_least=least,
                    )
                )
    return tuple(rewrites)


def _sample_rows(rows: NDArray[np.intp], most: int, seed: int) -> NDArray[np.intp]:
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def replay_gate(replayed: Sequence[ReplayOutcome], policy: GatePolicy) -> Gate:
    """Every transform stays within its bound.

    With enough listings, the loss itself must be within the bound. With fewer, only a loss beyond doubt fails; any
    other result is not judged and does not block, because one listing would decide it.
    """
    parts = tuple(_replay_part(rewrite, policy) for rewrite in replayed)
    ways = sum(part.figure is not None for part in parts)
    return combined_gate(
        "obfuscation",
        parts,
        sentence=f"None of the {ways} judged transforms costs more than {policy.replay_recall_loss:.0%} of recall or "
        f"shows more than {policy.replay_alarms_rise:.1%} more of the honest listings.",
        nothing="There are too few held-out listings to measure the effect of a rewrite.",
    )


def _replay_part(replayed: ReplayOutcome, policy: GatePolicy) -> Gate:
    name, whom, bound, enough = (
        (
            f"honest, {replayed.name}",
            f"the honest listings that {replayed.listings} represent",
            policy.replay_alarms_rise,
            policy.replay_honest,
        )
        if replayed.honest
        else (replayed.name, f"{replayed.listings} counterfeits", policy.replay_recall_loss, policy.replay_counterfeits)
    )
    words = f"{replayed.after:.1%} of {whom} are shown to a person, {replayed.before:.1%} before"
    if replayed.worse_at_least > bound:
        beyond = f"worse by at least {replayed.worse_at_least:.3f} beyond doubt, at most {bound:.3f}"
        return judged_gate(name, False, replayed.worse, bound, f"{words}; {beyond}.")
    if replayed.effective < enough or (replayed.before == 0 and not replayed.honest):
        needed = f"effective sample size {replayed.effective:.0f}, {enough:,} are needed"
        return unjudged_gate(name, f"{words}; {needed}, shown before the rewrite.", blocks=False)
    return judged_gate(
        name,
        replayed.worse <= bound,
        replayed.worse,
        bound,
        f"{words}; worse by {replayed.worse:+.3f}, at most {bound:.3f}.",
    )
