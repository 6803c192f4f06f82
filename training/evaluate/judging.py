"""The candidate's quality on later listings of unseen sellers, beside the champion if neither has learnt them.

Every figure has two versions. The first is over all judged rows unweighted, mostly rows that the champion flagged. The
second is over the random slice: the same rows, each weighted by the number of listings that it represents. Together
these describe all listings, so only the second shows whether a candidate finds what the champion misses.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from features.compute import ComputedFeatures, compute
from features.facts import Facts
from features.references import References
from models.arrays import Floats, Labels, Rows
from models.bundle import Bundle
from models.forest import Forest
from models.policies.learning import DEFAULT_GATES, GatePolicy
from training.evaluate import metrics
from training.evaluate.comparison import curves, figures, reliability, slice_figures
from training.evaluate.operating import choose_thresholds
from training.evaluate.peers import FAIR_PEER, MOST_FITTED, peer_scores
from training.evaluate.slices import only_text_and_price, slice_members, slices
from training.evaluate.splits import LaterSplit
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import ListingRows
from training.fit.settings import DEFAULT_SETTINGS, FitSettings
from training.fit.stages import FITS, GATES, JUDGE, PEERS, Progress, fit_progress
from training.fit.weighting import trim_weights
from training.gates.gate import Gate
from training.gates.gates import (
    GateEvidence,
    Incumbent,
    IncumbentComparison,
    all_gates,
    unjudged_gates,
    why_not_comparable,
)
from training.gates.incumbent import IncumbentScorer
from training.gates.replay_gate import HeldOutRows, replay, rows_shown
from training.gates.slice_gate import ScoredRows, slice_evidence
from training.snapshots.snapshot import SnapshotRefused
from training.snapshots.soundness import refuse_too_few

BOOTSTRAPS: Final = 1_000
NO_INTERVAL: Final = (float("nan"), float("nan"))


@dataclass(frozen=True, slots=True)
class Trial:
    """Labelled facts with the split into rows to fit on and rows to judge on. Arrays have shape (n,).

    `groups` are sellers, and `suppliers` those of `training.fit.weighting`.
    `weigh` gives the fitting weights of some rows from these alone; `stands_for` is the number of listings that a row
    represents. `references` are the reference context of rewritten listings. `looks` counts the candidates compared
    with this champion, this one included.
    """

    facts: list[Facts]
    labels: Labels
    groups: NDArray[np.intp]
    suppliers: NDArray[np.intp]
    weigh: Callable[[Rows], Floats]
    stands_for: Floats
    references: References
    split: LaterSplit
    seed: int
    threads: int
    learner: str = Forest.name
    settings: FitSettings = DEFAULT_SETTINGS
    looks: int = 1

    def fit_groups(self, rows: Rows) -> NDArray[np.intp]:
        """The groups of these rows in a fit: suppliers, or sellers where one supplier has all of a class."""
        by_supplier, labels = self.suppliers[rows], self.labels[rows]
        counts = [len(np.unique(by_supplier[labels == label])) for label in (0, 1)]
        return by_supplier if min(counts) > 1 else self.groups[rows]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The figures, ready for JSON, the gates, and the model of the last time fold, None where none could be judged."""

    report: Mapping[str, Any]
    gates: tuple[Gate, ...]
    model: CounterfeitClassifier | None = None


@dataclass(frozen=True, slots=True)
class _View:
    """Judged rows, unweighted and weighted by `stands_for`. `bootstrap` has shape (times, n)."""

    labels: Labels
    stands_for: Floats
    bootstrap: Floats

    def size(self) -> dict[str, Any]:
        """The number of randomly sampled rows, the number of represented listings, and the prevalence."""
        drawn = self.stands_for > 1
        return {
            "drawn": int(drawn.sum()),
            "drawn_positives": int(self.labels[drawn].sum()),
            "listings": float(self.stands_for.sum()),
            "prevalence": float(np.average(self.labels, weights=self.stands_for)),
        }

    def figures(self, probabilities: Floats) -> dict[str, Any]:
        """The figures of one model in both versions, with intervals over resampled sellers."""
        plain, sliced = (metrics.central_interval(precisions) for precisions in self._resampled(probabilities))
        of_slice = slice_figures(self.labels, probabilities, self.stands_for)
        return {
            **figures(self.labels, probabilities),
            "ap_interval": plain,
            "random_slice": {**of_slice, "ap_interval": sliced},
        }

    def ranking(self, scores: Floats) -> dict[str, Any]:
        """The figures of one baseline, whose scores only rank."""
        plain, sliced = (metrics.central_interval(precisions) for precisions in self._resampled(scores))
        return {
            "ap": metrics.average_precision(self.labels, scores),
            "ap_interval": plain,
            "roc_auc": metrics.roc_auc(self.labels, scores),
            "precision_at_20": metrics.precision_at(self.labels, scores, 20),
            "random_slice": {
                "ap": metrics.average_precision(self.labels, scores, self.stands_for),
                "ap_interval": sliced,
            },
        }

    def gain(self, ours: Floats, theirs: Floats) -> float:
        """Average precision of `ours` minus that of `theirs`, unweighted."""
        return metrics.average_precision(self.labels, ours) - metrics.average_precision(self.labels, theirs)

    def differences(self, ours: Floats, theirs: Floats, counted: Floats) -> Floats:
        """The difference in average precision, `ours` minus `theirs`, in each resample of sellers, shape (times,).
        `counted` are the row weights, shape (n,)."""
        weights = self.bootstrap * counted
        first, second = (metrics.average_precisions(self.labels, scores, weights) for scores in (ours, theirs))
        return first - second

    def difference(self, ours: Floats, theirs: Floats, counted: Floats) -> metrics.Interval:
        """The interval of `differences`."""
        return metrics.central_interval(self.differences(ours, theirs, counted))

    def calibration_difference(self, ours: Floats, theirs: Floats, counted: Floats) -> metrics.Interval:
        """Interval of the difference in calibration error, `ours` minus `theirs`; `counted` as in `differences`."""
        weights = self.bootstrap * counted
        errors = [metrics.calibration_errors(self.labels, scores, weights) for scores in (ours, theirs)]
        return metrics.central_interval(errors[0] - errors[1])

    def _resampled(self, probabilities: Floats) -> tuple[Floats, Floats]:
        weightings = (self.bootstrap, self.bootstrap * self.stands_for)
        plain, sliced = (metrics.average_precisions(self.labels, probabilities, weighting) for weighting in weightings)
        return plain, sliced


@dataclass(frozen=True, slots=True)
class _PrequentialFits:
    """One model for each time fold, fitted on all earlier rows, and the weights of these.

    `time_fold` is the number of the fold of each judged row, shape (n,).
    """

    models: tuple[CounterfeitClassifier, ...]
    weights: tuple[Floats, ...]
    time_fold: NDArray[np.intp]

    @classmethod
    def fitted(cls, trial: Trial, rows: ListingRows, progress: Progress) -> Self:
        models, fold_weights = [], []
        for stage, time_fold in zip(FITS, trial.split.time_folds, strict=False):
            fit = time_fold.fit
            model = CounterfeitClassifier(
                seed=trial.seed,
                threads=trial.threads,
                learner=trial.learner,
                **trial.settings.parameters(),
                progress=fit_progress(stage, progress),
            )
            weights = trial.weigh(fit)
            model.fit(
                rows[fit],
                trial.labels[fit],
                groups=trial.fit_groups(fit),
                sample_weight=weights,
                represented=trial.stands_for[fit],
            )
            models.append(model)
            fold_weights.append(weights)
        sizes = [len(time_fold.judge) for time_fold in trial.split.time_folds]
        return cls(tuple(models), tuple(fold_weights), np.repeat(np.arange(len(sizes)), sizes))

    def probabilities(self, computed: Sequence[ComputedFeatures], rows: NDArray[np.intp]) -> Floats:
        """The score of each row by the model of its time fold; `rows`, shape (m,), are its positions among the judged
        rows."""
        scores = np.empty(len(computed))
        for number, model in enumerate(self.models):
            its = np.flatnonzero(self.time_fold[rows] == number)
            if len(its):
                scores[its] = model.predict_proba(ListingRows.of_computed([computed[i] for i in its.tolist()]))[:, 1]
        return scores

    def shown_by(self, trial: Trial) -> Callable[[Sequence[Facts], NDArray[np.intp]], NDArray[np.bool_]]:
        """Whether a person is shown each listing: by the latest model's thresholds and the listing's named evidence."""
        model, fit = self.models[-1], trial.split.time_folds[-1].fit
        out_of_fold = model.model_.calibration.probabilities(model.out_of_fold_)
        thresholds = choose_thresholds(trial.labels[fit], out_of_fold, trial.stands_for[fit])

        def is_shown(facts: Sequence[Facts], rows: NDArray[np.intp]) -> NDArray[np.bool_]:
            computed = [compute(listing_facts) for listing_facts in facts]
            return rows_shown(computed, self.probabilities(computed, rows), thresholds)

        return is_shown


def judge(trial: Trial, champion: Bundle | None, progress: Progress, policy: GatePolicy = DEFAULT_GATES) -> Judgement:
    """Fit on the rows before each time fold and judge on those in it; the report says why if there are too few."""
    rows = trial.split.judge
    labels, groups = trial.labels[rows], trial.groups[rows]
    why = _why_too_little(trial)
    if why is not None:
        return _judgement_without_figures(why, labels, groups, policy)
    every_row = ListingRows.of(trial.facts)
    model = _PrequentialFits.fitted(trial, every_row, progress)
    progress(JUDGE, 0.0)
    facts = [trial.facts[i] for i in rows]
    computed = [compute(listing_facts) for listing_facts in facts]
    every = np.arange(len(rows))
    ours = model.probabilities(computed, every)
    bare = model.probabilities([compute(only_text_and_price(listing_facts)) for listing_facts in facts], every)
    in_force, learnt = IncumbentScorer(champion, trial.threads), trial.split.champion_learnt
    theirs = None if learnt else in_force.scores(computed)
    view = _View(labels, trial.stands_for[rows], metrics.seller_bootstrap(groups, times=BOOTSTRAPS, seed=0))
    report: dict[str, Any] = {
        "rows": len(rows),
        "positives": int(labels.sum()),
        "sellers": len(np.unique(groups)),
        "champion_saw": learnt > 0,
        "random_slice": view.size(),
        "candidate": view.figures(ours),
        "only_text_and_price": figures(labels, bare),
        "curves": {"candidate": curves(labels, ours)},
    }
    if learnt:
        report["not_comparable"] = why_not_comparable(learnt, len(rows), policy)
    elif champion is not None and theirs is not None:
        report["champion"] = {"digest": champion.digest, **view.figures(theirs)}
        report["difference_interval"] = view.difference(ours, theirs, np.ones(len(rows)))
        report["random_slice"]["difference_interval"] = view.difference(ours, theirs, view.stands_for)
        report["curves"]["champion"] = curves(labels, theirs)
    report["slices"] = slices(facts, labels, ours, theirs if champion is not None else None)
    progress(PEERS, 0.0)
    peers = peer_scores(
        trial.facts,
        every_row.numbers,
        trial.labels,
        trial.split,
        model.models,
        model.weights,
        seed=trial.seed,
        threads=trial.threads,
    )
    report["peers"] = _peer_figures(trial, peers, view, ours)
    progress(GATES, 0.0)
    weights = np.minimum(view.stands_for, policy.slice_most_weight)
    counted = trim_weights(view.stands_for, labels == 1, policy.fewest_effective_positives)
    yardsticks = {Incumbent.SCORECARD: peers["scorecard"], Incumbent.BEST_SIGNAL: peers["best_signal"]}
    yardsticks[Incumbent.WITHOUT_TEXT] = peers["without_text"]
    if champion is not None and theirs is not None:
        yardsticks[Incumbent.CHAMPION] = theirs
    most_weight = float(counted.max())
    report["random_slice"] |= {"most_weight": most_weight, "effective_n": metrics.effective_number(counted)}
    report["random_slice"]["reliability"] = reliability(labels, ours, counted)
    held_out = HeldOutRows(facts, labels, groups, view.stands_for)
    evidence = GateEvidence(
        rows=len(rows),
        positives=int(labels.sum()),
        positive_sellers=len(np.unique(groups[labels == 1])),
        champion_learnt=learnt,
        looks=trial.looks,
        average_precision=metrics.average_precision(labels, ours, counted),
        incumbents=tuple(
            IncumbentComparison(
                name,
                metrics.average_precision(labels, scores, counted),
                view.differences(ours, scores, counted),
                view.gain(ours, scores),
            )
            for name, scores in yardsticks.items()
        ),
        rank=metrics.roc_auc(labels, ours, counted),
        effective_positives=metrics.effective_number(counted[labels == 1]),
        most_weight=most_weight if most_weight < view.stands_for.max() else None,
        calibration_error=(
            metrics.calibration_error(labels, ours, counted),
            None if champion is None or theirs is None else metrics.calibration_error(labels, theirs, counted),
        ),
        calibration_interval=(
            NO_INTERVAL if champion is None or theirs is None else view.calibration_difference(ours, theirs, counted)
        ),
        slices=()
        if theirs is None
        else slice_evidence(
            ScoredRows(labels, ours, theirs, weights, groups, view.bootstrap), slice_members(facts), policy
        ),
        replayed=replay(held_out, model.shown_by(trial), trial.references, policy, seed=trial.seed),
    )
    return Judgement(report, all_gates(evidence, policy), model.models[-1])


def _peer_figures(trial: Trial, peers: Mapping[str, Floats], view: _View, ours: Floats) -> dict[str, Any]:
    """The figures of the baselines on the judged rows, and the difference of the candidate to the fair peer.

    `fitted` is the number of rows that the baselines of the last time fold learnt, of `known` that the candidate
    learnt.
    """
    theirs, known = peers[FAIR_PEER], len(trial.split.time_folds[-1].fit)
    return {
        "figures": {name: view.ranking(scores) for name, scores in peers.items()},
        "difference": view.gain(ours, theirs),
        "difference_interval": view.difference(ours, theirs, np.ones(len(ours))),
        "fitted": min(known, MOST_FITTED),
        "known": known,
    }


def _why_too_little(trial: Trial) -> str | None:
    try:
        first = trial.split.time_folds[0].fit
        refuse_too_few(trial.labels[first], trial.groups[first])
    except SnapshotRefused as refused:
        return f"Before the cut: {refused}"
    labels = trial.labels[trial.split.judge]
    if len(np.unique(labels)) < 2:
        return f"{len(labels)} later listings of unseen sellers, {int(labels.sum())} counterfeit: no two classes."
    return None


def _judgement_without_figures(why: str, labels: Labels, groups: NDArray[np.intp], policy: GatePolicy) -> Judgement:
    rows, positives = len(labels), int(labels.sum())
    gate_results = unjudged_gates(rows, positives, len(np.unique(groups[labels == 1])), policy)
    return Judgement({"rows": rows, "positives": positives, "why": why}, gate_results)
