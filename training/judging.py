"""How a candidate does on later listings of sellers that it never saw, beside the champion on the same listings.

Every figure is given twice. Over all judged rows as they are, which is mostly what the champion chose to show to a
person; and over the random slice: the same rows, each counted as many times as it stands for, which together describe
all listings, the unseen ones too. Only the second can say whether a candidate finds what the champion misses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.compute import compute
from features.facts import Facts
from models.bundle import Bundle
from training import metrics
from training.fit import CounterfeitClassifier
from training.gates import Gate, Judged, gates
from training.slices import only_text_and_price, slices
from training.snapshot import SnapshotRefused
from training.soundness import refuse_too_few
from training.splits import LaterSplit

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Progress = Callable[[str, float], None]

BOOTSTRAPS: Final = 1_000
# Recall is stated where one honest offer in a hundred is flagged: about what reviewers have time for.
FALSE_ALARMS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Trial:
    """Labelled facts with the split: rows to fit on and rows to judge on. Arrays have shape (n,).

    `weights` is how much a row counts in fitting, `stands_for` how many listings it stands for in judging.
    """

    facts: list[Facts]
    labels: Labels
    groups: NDArray[np.intp]
    weights: Floats
    stands_for: Floats
    split: LaterSplit
    seed: int
    threads: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found, ready for JSON, and the gates."""

    report: Mapping[str, Any]
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True)
class _View:
    """Judged rows seen twice: each as it is, and as many times as it stands for. `bootstrap` has shape (times, n)."""

    labels: Labels
    stands_for: Floats
    bootstrap: Floats

    def size(self) -> dict[str, Any]:
        """How many rows were drawn at random, for how many listings all stand, and the share of counterfeits."""
        drawn = self.stands_for > 1
        return {
            "drawn": int(drawn.sum()),
            "drawn_positives": int(self.labels[drawn].sum()),
            "listings": float(self.stands_for.sum()),
            "prevalence": float(np.average(self.labels, weights=self.stands_for)),
        }

    def figures(self, probabilities: Floats) -> dict[str, Any]:
        """The figures of one model in both views, with intervals over resampled sellers."""
        plain, sliced = (metrics.central_interval(found) for found in self._resampled(probabilities))
        of_slice = slice_figures(self.labels, probabilities, self.stands_for)
        return {
            **figures(self.labels, probabilities),
            "ap_interval": plain,
            "random_slice": {**of_slice, "ap_interval": sliced},
        }

    def differences(self, ours: Floats, theirs: Floats) -> tuple[metrics.Interval, metrics.Interval]:
        """How much higher the average precision of the first is in both views, on the same resampled sellers."""
        pairs = zip(self._resampled(ours), self._resampled(theirs), strict=True)
        plain, sliced = (metrics.central_interval(one - other) for one, other in pairs)
        return plain, sliced

    def _resampled(self, probabilities: Floats) -> tuple[Floats, Floats]:
        weightings = (self.bootstrap, self.bootstrap * self.stands_for)
        plain, sliced = (metrics.average_precisions(self.labels, probabilities, one) for one in weightings)
        return plain, sliced


def judge(trial: Trial, champion: Bundle | None, progress: Progress) -> Judgement:
    """Fit on the rows before the cut, judge on the rows after it; say so where there is too little for either."""
    fit, rows = trial.split.fit, trial.split.judge
    labels = trial.labels[rows]
    positives = int(labels.sum())
    why = _too_little(trial)
    if why is not None:
        return _not_judged(why, len(rows), positives)
    model = CounterfeitClassifier(seed=trial.seed, threads=trial.threads, progress=progress)
    model.fit(
        [trial.facts[i] for i in fit], trial.labels[fit], groups=trial.groups[fit], sample_weight=trial.weights[fit]
    )
    progress("judge", 0.0)
    facts = [trial.facts[i] for i in rows]
    ours = model.predict_proba(facts)[:, 1]
    bare = model.predict_proba([only_text_and_price(one) for one in facts])[:, 1]
    view = _View(labels, trial.stands_for[rows], metrics.seller_bootstrap(trial.groups[rows], times=BOOTSTRAPS, seed=0))
    report: dict[str, Any] = {
        "rows": len(rows),
        "positives": positives,
        "sellers": len(np.unique(trial.groups[rows])),
        "random_slice": view.size(),
        "candidate": view.figures(ours),
        "only_text_and_price": figures(labels, bare),
        "curves": {"candidate": curves(labels, ours)},
    }
    theirs: Floats | None = None
    difference: metrics.Interval | None = None
    if champion is not None:
        scores = champion.score_many([compute(one) for one in facts], with_reasons=False, threads=trial.threads)
        theirs = np.array([score.probability for score in scores])
        difference, slice_difference = view.differences(ours, theirs)
        report["champion"] = {"digest": champion.digest, **view.figures(theirs)}
        report["difference_interval"] = difference
        report["random_slice"]["difference_interval"] = slice_difference
        report["curves"]["champion"] = curves(labels, theirs)
    report["slices"] = slices(facts, labels, ours, theirs)
    found = gates(
        _judged(report["candidate"]),
        _judged(report["champion"]) if champion is not None else None,
        difference_interval=difference,
        judged=len(rows),
        judged_positives=positives,
    )
    return Judgement(report, found)


def _too_little(trial: Trial) -> str | None:
    try:
        refuse_too_few(trial.labels[trial.split.fit], trial.groups[trial.split.fit])
    except SnapshotRefused as refused:
        return f"Before the cut: {refused}"
    labels = trial.labels[trial.split.judge]
    if len(np.unique(labels)) < 2:
        return f"{len(labels)} later listings of unseen sellers, {int(labels.sum())} counterfeit: no two classes."
    return None


def _not_judged(why: str, rows: int, positives: int) -> Judgement:
    found = gates(None, None, difference_interval=None, judged=rows, judged_positives=positives)
    return Judgement({"rows": rows, "positives": positives, "why": why}, found)


def _judged(figures: Mapping[str, float]) -> Judged:
    return Judged(figures["ap"], figures["calibration_error"])


def figures(labels: Labels, probabilities: Floats) -> dict[str, Any]:
    """The figures of one model over some rows, each counted once."""
    return {
        "ap": metrics.average_precision(labels, probabilities),
        "roc_auc": metrics.roc_auc(labels, probabilities),
        "precision_at_20": metrics.precision_at(labels, probabilities, 20),
        "recall": metrics.recall_at(labels, probabilities, false_alarms=FALSE_ALARMS),
        "brier": metrics.brier(labels, probabilities),
        "calibration_error": metrics.calibration_error(labels, probabilities),
    }


def slice_figures(labels: Labels, probabilities: Floats, stands_for: Floats) -> dict[str, Any]:
    """The figures of one model over all listings, as far as some rows stand for them.

    `effective_n` is how many rows of equal weight would say as much: a handful of drawn counterfeits can carry the
    whole recall, and then it is small.
    """
    return {
        "ap": metrics.average_precision(labels, probabilities, stands_for),
        "roc_auc": metrics.roc_auc(labels, probabilities, stands_for),
        "recall": metrics.recall_at(labels, probabilities, stands_for, false_alarms=FALSE_ALARMS),
        "brier": metrics.brier(labels, probabilities, stands_for),
        "calibration_error": metrics.calibration_error(labels, probabilities, stands_for),
        "effective_n": metrics.effective_number(stands_for),
        "effective_positives": metrics.effective_number(stands_for[labels == 1]),
    }


def curves(labels: Labels, probabilities: Floats, points: int = 60, bins: int = 10) -> dict[str, Any]:
    """A precision-recall curve and reliability bins, small enough for a page."""
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(labels[order])
    ranks = np.unique(np.linspace(1, len(order), min(points, len(order))).astype(int))
    parts = [part for part in np.array_split(order[::-1], bins) if len(part)]
    return {
        "recall": [float(hits[r - 1] / max(hits[-1], 1)) for r in ranks],
        "precision": [float(hits[r - 1] / r) for r in ranks],
        "reliability": [
            [float(probabilities[p].mean()), float(labels[p].mean()), len(p), int(labels[p].sum())] for p in parts
        ],
    }
