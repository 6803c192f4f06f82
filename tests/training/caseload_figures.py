"""Our exploration on a simulator that others wrote: `python -m tests.training.caseload_figures [SEEDS]`.

`caseload` 0.1.0 (BSD) plays rounds of cases with hidden labels. Halfway the positives move to where the detector scores
lowest, and only reviewed cases teach it the new ones. Episodes, budget and detector are those of the package. Ours are
which cases are reviewed and what each weighs in the next fit. docs/simulation.md has the table.
"""

import sys
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from caseload import Episode, GradientBoostScorer, InvestigationMDP, TopK, YieldTriggered, rollout
from caseload.envs import make_episode
from caseload.evaluation import paired_difference
from joblib import Parallel, delayed

from models.arrays import Floats
from models.exploration import chance_of_review
from models.policies.deciding import DEFAULT_ROUTING
from models.policies.learning import DEFAULT_WEIGHTING

SEEDS: Final = 30
BUDGET: Final = 0.1  # The package's share of the cases of an episode that can be reviewed.
OURS, SHARES_ONLY, QUEUE, RULE, TOP = (
    "ours, spare reviews to the random sample",
    "ours, the sampling shares of the service alone",
    "ours, spare reviews to the next scores",
    "its yield-triggered rule",
    "its top-k",
)


@dataclass(frozen=True, slots=True)
class Recall:
    """The share of an episode's positives that were reviewed: overall, before its break and after."""

    overall: float
    before: float
    after: float


def ours(episode: Episode, breaks: Sequence[int], seed: int, *, flags_to_the_end: bool, samples_spare: bool) -> Recall:
    """An episode by the policy of the service.

    Cases from the analyst threshold are reviewed, the highest first. The others are sampled as listings of new sellers,
    because no case has a history. A round may spend an equal part of the reviews that are left; what it does not need
    is left to later rounds. `samples_spare` raises the chance of all others evenly until the expected reviews use up
    the round's part. `flags_to_the_end` reviews by score instead, as `training.simulation` does, without a threshold.
    """
    random = np.random.default_rng([seed, 1])
    detector = GradientBoostScorer()
    reviews_left = round(BUDGET * episode.n_cases)
    seen, labels, weights = [episode.warm_x], [episode.warm_y], [np.ones(len(episode.warm_y))]
    found_counts, present = [], []
    for number, cases in enumerate(episode.rounds):
        # A row of weight ten is ten rows, because the detector takes no weights.
        copies = np.round(np.concatenate(weights)).astype(int)
        detector.fit(np.repeat(np.concatenate(seen), copies, axis=0), np.repeat(np.concatenate(labels), copies))
        scores = detector.score(cases.x)
        threshold = 0.0 if flags_to_the_end else DEFAULT_ROUTING.analyst_from
        chances = _chances(scores, reviews_left / (episode.n_rounds - number), threshold, samples_spare=samples_spare)
        reviewed = np.flatnonzero(random.random(len(chances)) < chances)
        # Only chance can exceed what is left, in the last rounds: then the least likely reviews are dropped.
        reviewed = reviewed[np.argsort(-chances[reviewed], kind="stable")][:reviews_left]
        reviews_left -= len(reviewed)
        seen.append(cases.x[reviewed])
        labels.append(cases.y[reviewed])
        weights.append(np.minimum(1 / chances[reviewed], DEFAULT_WEIGHTING.most_weight))
        found_counts.append(int(cases.y[reviewed].sum()))
        present.append(int(cases.y.sum()))
    return _recall(found_counts, present, breaks[0])


def _chances(scores: Floats, budget: float, threshold: float, *, samples_spare: bool) -> Floats:
    """The probability of review of each case; it is one from a score that the budget and the threshold allow."""
    order = np.argsort(-scores, kind="stable")

    def chances(flagged: int) -> Floats:
        line = float(scores[order[flagged - 1]]) if flagged else 1.0
        review_chances = np.ones(len(scores))
        for i in order[flagged:]:
            review_chances[i] = chance_of_review(float(scores[i]), line, is_new_seller=True, policy=DEFAULT_ROUTING)
        return review_chances

    above = int((scores >= threshold).sum())
    flagged = bisect_right(range(min(above, int(budget)) + 1), budget, key=lambda n: float(chances(n).sum())) - 1
    review_chances = chances(max(0, flagged))
    others, spare = order[max(0, flagged) :], budget - float(review_chances.sum())
    if samples_spare and spare > 0 and len(others):
        review_chances[others] = np.minimum(
            DEFAULT_ROUTING.audit_most_share, review_chances[others] + spare / len(others)
        )
    return review_chances


def _recall(found_counts: Sequence[int], present: Sequence[int], breaks_at: int) -> Recall:
    parts = (slice(None), slice(None, breaks_at), slice(breaks_at, None))
    return Recall(*(sum(found_counts[part]) / max(1, sum(present[part])) for part in parts))


def theirs(episode: Episode, breaks: Sequence[int], seed: int, *, policy: TopK | YieldTriggered) -> Recall:
    """An episode by a policy of the package, in its own environment."""
    done = rollout(InvestigationMDP(episode, GradientBoostScorer(), budget_frac=BUDGET), policy, seed)
    return _recall([step.found for step in done.steps], [step.available for step in done.steps], breaks[0])


Way = Callable[[Episode, Sequence[int], int], Recall]
WAYS: Final[Mapping[str, Way]] = {
    OURS: lambda *arguments: ours(*arguments, flags_to_the_end=False, samples_spare=True),
    SHARES_ONLY: lambda *arguments: ours(*arguments, flags_to_the_end=False, samples_spare=False),
    QUEUE: lambda *arguments: ours(*arguments, flags_to_the_end=True, samples_spare=False),
    RULE: lambda *arguments: theirs(*arguments, policy=YieldTriggered()),
    TOP: lambda *arguments: theirs(*arguments, policy=TopK()),
}


def play_episodes(ways: Sequence[str], seeds: int, *, processes: int = 1) -> dict[str, list[Recall]]:
    """The recall of each way in each episode; all ways play the same episodes."""
    episode_recalls = Parallel(n_jobs=processes)(delayed(_play_episode)(ways, seed) for seed in range(seeds))
    return {name: [recalls[number] for recalls in episode_recalls] for number, name in enumerate(ways)}


def _play_episode(ways: Sequence[str], seed: int) -> list[Recall]:
    episode, breaks = make_episode(seed)
    return [WAYS[name](episode, breaks, seed) for name in ways]


def recall_gain(ours: Sequence[Recall], theirs: Sequence[Recall]) -> tuple[float, float, float]:
    """The gain in overall recall with its 95 % interval: the package's interquartile mean of the paired differences."""
    gain = paired_difference(*(np.array([recall.overall for recall in recalls]) for recalls in (ours, theirs)))
    return gain.point, gain.lo, gain.hi


def main(seeds: int) -> None:
    """Print the table."""
    recalls_by_way = play_episodes(list(WAYS), seeds, processes=-1)
    print(f"{seeds} episodes:\n")  # noqa: T201  # the result
    print("| way | recall | before the break | after it | over its yield-triggered rule | 95 %, paired |")  # noqa: T201
    print("| --- | --- | --- | --- | --- | --- |")  # noqa: T201
    for name, recalls in recalls_by_way.items():
        means = [
            f"{np.mean([getattr(recall, part) for recall in recalls]):.3f}" for part in ("overall", "before", "after")
        ]
        point, low, high = recall_gain(recalls, recalls_by_way[RULE])
        over = ["", ""] if name == RULE else [f"{point:+.3f}", f"{low:+.3f} to {high:+.3f}"]
        print(f"| {name} | {' | '.join([*means, *over])} |")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
