"""Promised thresholds on real scores, half of the sellers at a time, beside a seller bootstrap.

`python -m tests.training.threshold_halves [FILE]` prints a table for 200 random seller-disjoint halves of
`scored_stream_dev.parquet`, three columns and three targets. A promise is missed if the other half's precision is below
the target. The peer takes the lowest candidate threshold at which the share of resamples of whole sellers that reach
the target is at least its confidence. That confidence is then raised, on the same halves that judge it, until it misses
at most 5 % of its promises at that target. Such a peer is not available in practice, because it is tuned on the labels.

`python -m tests.training.threshold_halves --oracle [FILE]` prints `against_the_oracle` of all five columns at .7.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats
from models.policies.learning import DEFAULT_PROMISE, PromisePolicy
from models.thresholds import Promise, promise_threshold
from training.threshold_file import ScoredListings, read_scored_listings

FILE: Final = Path("../shared/datasets/ozon_ecup/scored_stream_dev.parquet")
COLUMNS: Final = ("p_social_mode2_tab_text", "p_social_mode3_tab_text_img", "p_catboost_m2_team_clean")
ALL_COLUMNS: Final = (*COLUMNS, "p_social_mode1_tab", "p_tabnet")
TARGETS: Final = (0.7, 0.8, 0.9)
CONFIDENCE: Final = 0.9
MOST_MISSED: Final = 0.05
RESAMPLES: Final = 1_000
CONFIDENCES: Final = (0.9, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.997, 0.998, 0.999, 1.0)


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of halves, promises and misses, and recall over all halves (0 where declined)."""

    halves: int
    promises: int
    missed: int
    recall: float

    @property
    def share_missed(self) -> float:
        """The share of promises that were missed; 0 without promises."""
        return self.missed / self.promises if self.promises else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one threshold on the unseen sellers; None if it was declined."""

    threshold: float | None
    missed: bool = False
    recall: float = 0.0


def tally(outcomes: list[Outcome]) -> Tally:
    """Count outcomes."""
    promises = [outcome for outcome in outcomes if outcome.threshold is not None]
    return Tally(
        len(outcomes),
        len(promises),
        sum(outcome.missed for outcome in promises),
        float(np.mean([outcome.recall for outcome in outcomes])),
    )


def halves(listings: ScoredListings, number: int, seed: int) -> Iterator[tuple[ScoredListings, ScoredListings]]:
    """Pairs of a half of the sellers for training and the other, unseen half; sellers keep their numbers."""
    random = np.random.default_rng(seed)
    sellers = int(listings.sellers.max()) + 1
    for _ in range(number):
        seen = np.zeros(sellers, dtype=bool)
        seen[random.permutation(sellers)[: sellers // 2]] = True
        rows = seen[listings.sellers]
        yield _part(listings, rows), _part(listings, ~rows)


def outcome(threshold: float | None, unseen: ScoredListings, target: float) -> Outcome:
    """The result of a threshold on unseen sellers. Without flagged listings it is not missed and has recall 0."""
    if threshold is None:
        return Outcome(None)
    flagged = unseen.scores >= threshold
    right = int(unseen.labels[flagged].sum())
    return Outcome(threshold, right < target * flagged.sum(), right / int(unseen.labels.sum()))


def ours(seen: ScoredListings, target: float, policy: PromisePolicy = DEFAULT_PROMISE) -> float | None:
    """The promised threshold, if any."""
    promise = promise_threshold(
        seen.labels, seen.scores, seen.sellers, precision=target, confidence=CONFIDENCE, policy=policy
    )
    return promise.threshold if isinstance(promise, Promise) else None


@dataclass(frozen=True, slots=True)
class OracleShare:
    """Over the halves with a promise: their number, the missed ones, and mean recalls of the promise and its oracle."""

    promises: int
    missed: int
    recall: float
    oracle: float

    @property
    def of_the_oracle(self) -> float:
        """The mean recall of the promises over that of their oracles; 0 without promises."""
        return self.recall / self.oracle if self.promises else 0.0


def oracle_recall(unseen: ScoredListings, target: float) -> float:
    """The most recall of a threshold that reaches the target on the very half that judges it, 0 if none does."""
    order = np.argsort(-unseen.scores, kind="stable")
    ends = np.flatnonzero(np.diff(unseen.scores[order], append=-np.inf) != 0)
    right = np.cumsum(unseen.labels[order])[ends]
    return float(right[right >= target * (ends + 1)].max(initial=0) / unseen.labels.sum())


def against_the_oracle(streams: list[ScoredListings], target: float, number: int, seed: int) -> OracleShare:
    """Promises on one half beside the oracle of the other, pooled over streams, `number` halves of each."""
    promised, oracles = [], []
    for listings in streams:
        for seen, unseen in halves(listings, number, seed):
            threshold = ours(seen, target)
            if threshold is not None:
                promised.append(outcome(threshold, unseen, target))
                oracles.append(oracle_recall(unseen, target))
    if not promised:
        return OracleShare(0, 0, 0.0, 0.0)
    counted = tally(promised)
    return OracleShare(counted.promises, counted.missed, counted.recall, float(np.mean(oracles)))


def oracle_lines(path: Path, number: int = 80, seeds: tuple[int, ...] = (3, 4, 5)) -> Iterator[str]:
    """The share of the oracle's recall by seed and column, and over all columns."""
    read = {name: read_scored_listings(path, score=name, label="resolution", group="SellerID") for name in ALL_COLUMNS}
    for seed in seeds:
        for name, streams in [(name, [stream]) for name, stream in read.items()] + [("all", list(read.values()))]:
            share = against_the_oracle(streams, 0.7, number, seed)
            yield f"{seed:<5}{name:38}{share.missed:>4} of {share.promises:<6}{share.of_the_oracle:.3f}"


def bootstrap(
    seen: ScoredListings, targets: tuple[float, ...], random: np.random.Generator, *, predictive: bool
) -> dict[tuple[float, float], float | None]:
    """The peer's threshold by target and confidence. A predictive peer resamples each resample again."""
    numbers = np.unique(seen.sellers, return_inverse=True)[1]
    thresholds = _grid(seen.scores)
    place = np.searchsorted(-thresholds, -seen.scores, side="left")
    shape = (int(numbers.max()) + 1, len(thresholds) + 1)
    flagged, right = np.zeros(shape), np.zeros(shape)
    np.add.at(flagged, (numbers, place), 1.0)
    np.add.at(right, (numbers, place), seen.labels)
    flagged, right = flagged.cumsum(axis=1)[:, :-1], right.cumsum(axis=1)[:, :-1]
    counts = random.multinomial(shape[0], np.full(shape[0], 1 / shape[0]), RESAMPLES)
    if predictive:
        counts = np.stack([random.multinomial(shape[0], row / shape[0]) for row in counts])
    accused = flagged[:, -1] > 0
    weights = counts[:, accused].astype(np.float32)
    peer_thresholds: dict[tuple[float, float], float | None] = {}
    for target in targets:
        reached = ((weights @ (right - target * flagged)[accused].astype(np.float32)) >= 0).mean(axis=0)
        for confidence in CONFIDENCES:
            indices = np.flatnonzero(reached >= confidence)
            peer_thresholds[target, confidence] = float(thresholds[indices[-1]]) if len(indices) else None
    return peer_thresholds


def _grid(scores: Floats) -> Floats:
    """The candidates of the rule under test, so that both have the same steps."""
    ordered = np.sort(scores)[::-1]
    counts = 10 * 1.08 ** np.arange(200)
    chosen: Floats = np.unique(ordered[counts[counts <= len(ordered)].astype(np.intp) - 1])[::-1]
    return chosen


def _part(listings: ScoredListings, rows: NDArray[np.bool_]) -> ScoredListings:
    return ScoredListings(listings.labels[rows], listings.scores[rows], listings.sellers[rows])


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our outcomes by (target, column), and the peers' by (peer, target, confidence) over all columns."""

    ours: dict[tuple[float, str], list[Outcome]]
    peers: dict[tuple[str, float, float], list[Outcome]]

    def pooled(self, target: float) -> Tally:
        """Ours over all columns."""
        return tally([outcome for (at, _), outcomes in self.ours.items() if at == target for outcome in outcomes])

    def raised(self, peer: str, target: float) -> tuple[float, Tally] | None:
        """The peer at the lowest confidence with few enough misses, or None if it always misses more."""
        for confidence in CONFIDENCES:
            peer_tally = tally(self.peers[peer, target, confidence])
            if peer_tally.share_missed <= MOST_MISSED:
                return confidence, peer_tally
        return None


def compare(path: Path, number: int, seed: int = 3) -> Comparison:
    """Run both on the same halves."""
    mine: dict[tuple[float, str], list[Outcome]] = {}
    peers: dict[tuple[str, float, float], list[Outcome]] = {}
    for column in COLUMNS:
        listings = read_scored_listings(path, score=column, label="resolution", group="SellerID")
        random = np.random.default_rng(seed + 1)
        for seen, unseen in halves(listings, number, seed):
            for target in TARGETS:
                mine.setdefault((target, column), []).append(outcome(ours(seen, target), unseen, target))
            for peer in ("seller bootstrap", "predictive bootstrap"):
                thresholds = bootstrap(seen, TARGETS, random, predictive=peer.startswith("predictive"))
                for (target, confidence), threshold in thresholds.items():
                    peers.setdefault((peer, target, confidence), []).append(outcome(threshold, unseen, target))
    return Comparison(mine, peers)


def lines(compared: Comparison) -> Iterator[str]:
    """The table, a line each."""
    yield f"{'target':7}{'rule':38}{'promises':>12}{'missed':>9}{'recall':>9}"
    for target in TARGETS:
        for column in COLUMNS:
            yield _line(target, column, tally(compared.ours[target, column]))
        yield _line(target, "all columns", compared.pooled(target))
        for peer in ("seller bootstrap", "predictive bootstrap"):
            raised = compared.raised(peer, target)
            if raised is None:
                yield f"{target:<7g}{peer + ': misses more at every confidence':60}"
            else:
                yield _line(target, f"{peer} at {raised[0]:g}", raised[1])


def _line(target: float, rule: str, rule_tally: Tally) -> str:
    counted = f"{rule_tally.promises}/{rule_tally.halves}"
    return f"{target:<7g}{rule:38}{counted:>12}{rule_tally.share_missed:>9.1%}{rule_tally.recall:>9.3f}"


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--oracle"]
    file = Path(names[0]) if names else FILE
    for line in oracle_lines(file) if "--oracle" in sys.argv else lines(compare(file, 200)):
        print(line)  # noqa: T201 - the table is what the command is for
