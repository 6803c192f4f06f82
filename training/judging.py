"""How a candidate does on later listings of sellers that it never saw, beside the champion on the same listings."""

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
from training.splits import LaterSplit

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Progress = Callable[[str, float], None]

BOOTSTRAPS: Final = 1_000
FEWEST_POSITIVES: Final = 10
FEWEST_NEGATIVES: Final = 20


@dataclass(frozen=True, slots=True)
class Trial:
    """Labelled facts with the split: rows to fit on and rows to judge on. Arrays have shape (n,)."""

    facts: list[Facts]
    labels: Labels
    groups: NDArray[np.intp]
    weights: Floats
    split: LaterSplit
    seed: int
    threads: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found, ready for JSON, and the gates."""

    report: Mapping[str, Any]
    gates: tuple[Gate, ...]


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
    bootstrap = metrics.seller_bootstrap(trial.groups[rows], times=BOOTSTRAPS, seed=0)
    resampled = metrics.average_precisions(labels, ours, bootstrap)
    report: dict[str, Any] = {
        "rows": len(rows),
        "positives": positives,
        "sellers": len(np.unique(trial.groups[rows])),
        "candidate": {**figures(labels, ours), "ap_interval": metrics.central_interval(resampled)},
        "only_text_and_price": figures(labels, bare),
        "curves": {"candidate": curves(labels, ours)},
    }
    theirs: Floats | None = None
    difference: metrics.Interval | None = None
    if champion is not None:
        scores = champion.score_many([compute(one) for one in facts], with_reasons=False, threads=trial.threads)
        theirs = np.array([score.probability for score in scores])
        difference = metrics.central_interval(resampled - metrics.average_precisions(labels, theirs, bootstrap))
        report["champion"] = {"digest": champion.digest, **figures(labels, theirs)}
        report["difference_interval"] = difference
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


def refuse_too_few(labels: Labels, groups: NDArray[np.intp]) -> None:
    """Refuse labels on which nothing can be fitted.

    Raises
    ------
    SnapshotRefused
        Too few of a class, or all of one seller.
    """
    positives, negatives = int(labels.sum()), int((labels == 0).sum())
    if positives < FEWEST_POSITIVES or negatives < FEWEST_NEGATIVES:
        raise SnapshotRefused(
            f"{positives} counterfeit and {negatives} genuine labels are mature; at least {FEWEST_POSITIVES} and "
            f"{FEWEST_NEGATIVES} are needed to train."
        )
    for value, name in ((1, "counterfeit"), (0, "genuine")):
        sellers = len(np.unique(groups[labels == value]))
        if sellers < 2:
            raise SnapshotRefused(f"All {name} labels are of one seller; at least two are needed to test on another.")


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


def figures(labels: NDArray[np.int8], probabilities: Floats) -> dict[str, Any]:
    """The figures of one model over some rows."""
    return {
        "ap": metrics.average_precision(labels, probabilities),
        "roc_auc": metrics.roc_auc(labels, probabilities),
        "precision_at_20": metrics.precision_at(labels, probabilities, 20),
        "brier": metrics.brier(labels, probabilities),
        "calibration_error": metrics.calibration_error(labels, probabilities),
    }


def curves(labels: NDArray[np.int8], probabilities: Floats, points: int = 60, bins: int = 10) -> dict[str, Any]:
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
