"""How far promised thresholds are from what hindsight would allow: `python -m tests.training.threshold_limits [FILE]`.

For the halves of `tests.training.threshold_halves`, by score column and target, over the halves with a promise: our
recall on the unseen half; that of its oracle, the lowest threshold that reaches the target there; and that of the best
fixed threshold, the one with the most recall of those that miss in at most 5 % of all halves. The oracle and the fixed
threshold are chosen on the labels that they are judged by, so no rule reaches them.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.training.threshold_halves import COLUMNS, FILE, MOST_MISSED, Outcome, halves, ours, outcome
from training.threshold_file import ScoredListings, read_scored_listings

_TARGETS = (0.7, 0.8)
_HALVES = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one score column and target: the promises, the share missed, and mean recalls."""

    promises: int
    missed: float
    recall: float
    oracle: float
    fixed: float

    @property
    def of_the_oracle(self) -> float:
        """Our recall over the oracle's."""
        return self.recall / self.oracle


def oracle(unseen: ScoredListings, target: float) -> float:
    """The recall at the lowest threshold whose precision reaches the target, 0 if none does."""
    order = np.argsort(-unseen.scores, kind="stable")
    right = np.cumsum(unseen.labels[order])
    whole = np.append(np.diff(unseen.scores[order]) != 0, True)  # Equal scores are flagged together.
    kept = np.flatnonzero(whole & (right >= target * np.arange(1, len(order) + 1)))
    return float(right[kept[-1]] / right[-1]) if len(kept) else 0.0


def best_fixed(parts: Sequence[ScoredListings], target: float, thresholds: NDArray[np.float64]) -> float:
    """The most mean recall of a threshold that misses in few enough of the parts, 0 if each misses more."""
    best = 0.0
    for threshold in thresholds.tolist():
        found = [outcome(threshold, part, target) for part in parts]
        if np.mean([one.missed for one in found]) <= MOST_MISSED:
            best = max(best, float(np.mean([one.recall for one in found])))
    return best


def limits(data: ScoredListings, target: float, number: int, seed: int = 3) -> Limits:
    """The figures of one score column and target."""
    pairs = list(halves(data, number, seed))
    kept: list[tuple[Outcome, float]] = []
    for seen, unseen in pairs:
        threshold = ours(seen, target)
        if threshold is not None:
            kept.append((outcome(threshold, unseen, target), oracle(unseen, target)))
    places = np.minimum(20 * 1.05 ** np.arange(140), len(data.scores) - 1).astype(np.intp)
    thresholds = np.unique(np.sort(data.scores)[::-1][places])
    return Limits(
        len(kept),
        float(np.mean([one.missed for one, _ in kept])),
        float(np.mean([one.recall for one, _ in kept])),
        float(np.mean([best for _, best in kept])),
        best_fixed([unseen for _, unseen in pairs], target, thresholds),
    )


def main(path: Path) -> None:
    """Print the table of ADR 14."""
    print("| target | scores | promises | missed | recall | oracle | of the oracle | best fixed |\n|" + " --- |" * 8)  # noqa: T201
    for target in _TARGETS:
        for column in COLUMNS:
            data = read_scored_listings(path, score=column, label="resolution", group="SellerID")
            found = limits(data, target, _HALVES)
            figures = f"{found.recall:.3f} | {found.oracle:.3f} | {found.of_the_oracle:.2f} | {found.fixed:.3f}"
            print(f"| {target} | {column} | {found.promises} | {found.missed:.1%} | {figures} |")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
