"""The gate of the replay: no known way of writing costs too much recall, or accuses people who write so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts
from features.references import References
from models.policies.learning import GatePolicy
from training import metrics
from training.gate import Gate, judged, made_of, not_judged
from training.obfuscation import TRANSFORMS
from training.replay import facts_of_changed, honest_descriptions, rewritten_facts

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

_RESAMPLES: Final = 4_000  # So that eight of them lie beyond the policy's two in a thousand.


@dataclass(frozen=True, slots=True)
class Replayed:
    """The effect of one way of writing on listings of one class: shares shown to people before and after.

    `worse` is the share of recall lost, or of honest listings shown more; `worse_at_least` the lower end of its
    one-sided interval over resampled sellers. `effective` is the number of listings of equal weight with the same
    information.
    """

    name: str
    honest: bool
    offers: int
    effective: float
    before: float
    after: float
    worse: float
    worse_at_least: float


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Listings that the model was not fitted on; arrays of shape (n,).

    `stands_for` is how many listings each stands for, `shown_from` the probability from which somebody looks.
    """

    facts: Sequence[Facts]
    labels: Labels
    groups: NDArray[np.intp]
    stands_for: Floats
    shown_from: float


def replay(
    held_out: HeldOut,
    score: Callable[[Sequence[Facts], NDArray[np.intp]], Floats],
    references: References,
    policy: GatePolicy,
    *,
    seed: int,
) -> tuple[Replayed, ...]:
    """Rewrite counterfeits in every way and honest listings in those that honest people use, and score them again.

    Counterfeits count one each: what of those that people have seen would be missed. Honest listings count as many
    listings as they stand for: most that were reviewed were flagged and lie where any change of score tells, but few of
    all honest listings do.
    """
    honest_texts = honest_descriptions(
        [f for f, label in zip(held_out.facts, held_out.labels, strict=True) if not label]
    )
    found: list[Replayed] = []
    for label in (1, 0):
        rows = _drawn(np.flatnonzero(held_out.labels == label), policy.replay_most, seed)
        if not len(rows):
            continue
        listings = [held_out.facts[i] for i in rows]
        # The baseline is made the same way, so that only the writing differs.
        before = (
            score([facts_of_changed(one, one.listing, references) for one in listings], rows) >= held_out.shown_from
        )
        weights = np.ones(len(rows)) if label else held_out.stands_for[rows]
        resampled = metrics.seller_bootstrap(held_out.groups[rows], times=_RESAMPLES, seed=seed) * weights
        for way in TRANSFORMS:
            if label or way.by_honest_sellers:
                changed = [rewritten_facts(one, way, references, honest_texts, seed=seed) for one in listings]
                after = score(changed, rows) >= held_out.shown_from
                worse = (before.astype(np.float64) - after) * (1 if label else -1)
                shares = (resampled @ worse) / resampled.sum(axis=1)
                least = float(np.quantile(shares, 1 - policy.replay_confidence))
                found.append(
                    Replayed(
                        way.name,
                        honest=not label,
                        offers=len(rows),
                        effective=metrics.effective_number(weights),
                        before=float(np.average(before, weights=weights)),
                        after=float(np.average(after, weights=weights)),
                        worse=float(np.average(worse, weights=weights)),
                        worse_at_least=least,
                    )
                )
    return tuple(found)


def _drawn(rows: NDArray[np.intp], most: int, seed: int) -> NDArray[np.intp]:
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def replay_gate(replayed: Sequence[Replayed], policy: GatePolicy) -> Gate:
    """Every way of writing stays within its bound.

    The bounds hold at face value where there are listings enough. Of fewer, a loss beyond doubt fails, and anything
    else is not judged and does not stop: one listing would decide.
    """
    parts = tuple(_part(one, policy) for one in replayed)
    ways = sum(part.figure is not None for part in parts)
    return made_of(
        "obfuscation",
        parts,
        sentence=f"None of {ways} ways of rewriting that could be judged costs more than "
        f"{policy.replay_recall_loss:.0%} of recall, or shows {policy.replay_alarms_rise:.1%} more of the honest "
        "listings written so.",
        nothing="Too few held-out listings to see what rewriting them costs.",
    )


def _part(found: Replayed, policy: GatePolicy) -> Gate:
    name, whom, bound, enough = (
        (
            f"honest, {found.name}",
            f"the honest listings that {found.offers} stand for",
            policy.replay_alarms_rise,
            policy.replay_honest,
        )
        if found.honest
        else (found.name, f"{found.offers} counterfeits", policy.replay_recall_loss, policy.replay_counterfeits)
    )
    words = f"{found.after:.1%} of {whom} are shown to somebody, {found.before:.1%} before"
    if found.worse_at_least > bound:
        beyond = f"worse by at least {found.worse_at_least:.3f} beyond doubt, at most {bound:.3f}"
        return judged(name, False, found.worse, bound, f"{words}; {beyond}.")
    if found.effective < enough or (found.before == 0 and not found.honest):
        needed = f"they say as much as {found.effective:.0f} of equal weight, {enough:,} are needed"
        return not_judged(name, f"{words}; {needed}, shown before they are rewritten.", blocks=False)
    return judged(
        name, found.worse <= bound, found.worse, bound, f"{words}; worse by {found.worse:+.3f}, at most {bound:.3f}."
    )
