"""Snapshot to candidate: split by time and seller, fit, calibrate, judge, gate, refit on what was judged."""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from features.compute import NAMES
from models.arrays import Rows
from models.bundle import Bundle, from_files, to_files
from models.forest import Forest
from models.policies.learning import DEFAULT_GATES, DEFAULT_SECOND_REVIEW
from training.evaluate.comparison import curves, figures
from training.evaluate.judging import Trial, judge
from training.evaluate.metrics import effective_number
from training.evaluate.operating import choose_thresholds, operating_curve, operating_points, promises
from training.evaluate.splits import learnt_until, seller_groups, split_for_judging
from training.evaluate.suspects import suspects
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import ListingRows
from training.fit.phrases import fit_phrases
from training.fit.second_stage import NO_ENCODER, second_stage_of
from training.fit.settings import DEFAULT_SETTINGS, FitSettings
from training.fit.stages import ENCODE, FIT_ALL, Progress, fit_progress
from training.fit.weighting import (
    Weights,
    largest_sources,
    near_duplicates,
    represented_listings,
    suppliers,
    training_weights,
)
from training.gates.golden import GoldenSet, refuse_golden_rows
from training.gates.golden_gate import golden_evidence, golden_gate
from training.gates.incumbent import IncumbentScorer
from training.gates.upheld import upheld_evidence, upheld_gate
from training.snapshots.snapshot import Snapshot
from training.snapshots.soundness import leaks, refuse_copies, refuse_leaks, refuse_too_few


@dataclass(frozen=True, slots=True)
class Candidate:
    files: Mapping[str, bytes]
    report: Mapping[str, Any]


def train(
    snapshot: Snapshot,
    *,
    champion: Bundle | None,
    golden: GoldenSet | None = None,
    seed: int,
    threads: int,
    accepted_leaks: Collection[str] = (),
    learner: str = Forest.name,
    settings: FitSettings = DEFAULT_SETTINGS,
    encoder: str = NO_ENCODER,
    champion_learnt_until: datetime | None = None,
    looks: int = 1,
    progress: Progress = lambda _w, _s: None,
) -> Candidate:
    """The candidate of a snapshot, with its report: split, figures, slices, operating points and gates.

    The judged figures are of models fitted on the rows before each time fold. The last of them is shipped; it scores
    the upheld appeals and the golden set. Later rows wait for the next training, because nothing that learnt them is
    judged (ADR 68). A counterfeit that no fold held out represents itself alone, because labels that nothing judges
    must have little influence. Where no model could be judged, which blocks the candidate, one is fitted on all rows.
    `champion_learnt_until` repeats the split of an earlier training without its champion, and `looks` counts the
    candidates that were compared with this champion, this one included. Equal snapshots, seeds and choices give equal
    bundles. The gates judge first answers; `encoder` adds a second stage, which the report compares with them.

    Raises SnapshotRefused (too few labels or sellers of a class; copied rows; rows of the golden set; or a column that
    leaks the label and is not accepted by name).
    """
    if golden is not None:
        refuse_golden_rows(snapshot.rows, golden)
    labels, facts = snapshot.labels, snapshot.facts()
    groups = seller_groups([row.seller_cluster for row in snapshot.rows])
    refuse_too_few(labels, groups)
    refuse_copies(snapshot.rows)
    every_row = ListingRows.of(facts)
    leaking = leaks(every_row.numbers, labels)
    refuse_leaks(leaking, accepted_leaks)
    times = [row.known_at for row in snapshot.rows]
    matured = [row.matured_at for row in snapshot.rows]
    if champion is not None:
        champion_learnt_until = learnt_until(times, matured, champion.references_as_of)
    split = split_for_judging(
        times,
        groups,
        labels,
        champion_learnt_until=champion_learnt_until,
        fewest_positives=DEFAULT_GATES.fewest_positives,
        fewest_positive_sellers=DEFAULT_GATES.fewest_positive_sellers,
    )
    # Only later fits learn them and no fold holds them out, because their sellers were known by then.
    unjudged = np.setdiff1d(split.time_folds[-1].fit, np.concatenate([split.time_folds[0].fit, split.judge]))
    weighed_rows = list(snapshot.rows)
    for i in unjudged[labels[unjudged] == 1].tolist():
        weighed_rows[i] = replace(weighed_rows[i], inclusion_probability=1.0)
    represented = represented_listings(weighed_rows)

    def weights_of(chosen: Rows) -> Weights:
        return training_weights([weighed_rows[i] for i in chosen], [facts[i] for i in chosen])

    trial = Trial(
        facts,
        labels,
        groups,
        suppliers(facts, groups),
        lambda chosen: weights_of(chosen).values,
        represented,
        snapshot.references,
        split,
        seed,
        threads,
        learner,
        settings,
        looks,
    )
    judged = judge(trial, champion, progress)
    is_learnt = np.array([judged.model is None or time < split.time_folds[-1].cut for time in times])
    later = every_row[np.flatnonzero(~is_learnt)]
    duplicates = near_duplicates(facts, [row.seller_cluster for row in snapshot.rows])
    weighed = weights_of(np.flatnonzero(is_learnt))
    rows = [row for row, learnt in zip(snapshot.rows, is_learnt, strict=True) if learnt]
    facts = [row for row, learnt in zip(facts, is_learnt, strict=True) if learnt]
    labels, groups, represented = labels[is_learnt], groups[is_learnt], represented[is_learnt]
    weights, model = weighed.values, judged.model
    if model is None:
        model = CounterfeitClassifier(
            seed=seed,
            threads=threads,
            learner=learner,
            progress=fit_progress(FIT_ALL, progress),
            **settings.parameters(),
        )
        model.fit(
            every_row[np.flatnonzero(is_learnt)],
            labels,
            groups=trial.fit_groups(np.flatnonzero(is_learnt)),
            sample_weight=weights,
            represented=represented,
        )
    second = second_stage_of(
        encoder,
        model,
        facts,
        labels,
        groups=groups,
        sample_weight=weights,
        progress=lambda share: progress(ENCODE, share),
    )
    out_of_fold = model.model_.calibration.probabilities(model.out_of_fold_)
    thresholds = choose_thresholds(labels, out_of_fold, represented)
    doubts = np.empty(len(is_learnt))
    doubts[is_learnt], doubts[~is_learnt] = out_of_fold, model.predict_proba(later)[:, 1]
    doubted = suspects(snapshot.rows, doubts, duplicates, most=DEFAULT_SECOND_REVIEW.most_reported)
    files = to_files(
        model.model_,
        thresholds=thresholds,
        references=snapshot.references,
        references_as_of=snapshot.as_of,
        masking=model.masking_,
        settings=settings.changed(),
        phrases=fit_phrases(facts, labels, weights, groups, snapshot.references.brands.brands.values()),
        second_stage=second.stage,
    )
    shipped, incumbent = from_files(files), IncumbentScorer(champion, threads)
    upheld = upheld_evidence(rows, facts, shipped, incumbent, DEFAULT_GATES)
    twice = None if golden is None else golden.judged_twice()
    on_golden = golden_evidence(twice, shipped, incumbent, DEFAULT_GATES) if twice and twice.items else None
    gates = (*judged.gates, upheld_gate(upheld, DEFAULT_GATES), golden_gate(on_golden, DEFAULT_GATES))
    report = {
        "snapshot": snapshot.digest,
        "golden_set": golden.digest if golden is not None else None,
        "rows": len(rows),
        "waiting": len(later.numbers),
        "positives": int(labels.sum()),
        "sellers": len(np.unique(groups)),
        "evidence_levels": dict(sorted(Counter(row.evidence_level for row in rows).items())),
        "lanes": dict(sorted(Counter(row.lane for row in rows).items())),
        "weights": weighed.report,
        "sources": largest_sources(rows),
        "accepted_leaks": [asdict(leak) for leak in leaking],
        "cut": split.cut.isoformat(),
        "champion_learnt_until": None if champion_learnt_until is None else champion_learnt_until.isoformat(),
        "seed": seed,
        "learner": learner,
        "settings": settings.changed(),
        "feature_count": len(NAMES),
        "join": model.model_.combiner.join.value,
        "text_weight": model.model_.combiner.text_weight,
        "points_weight": None if model.model_.points is None else model.model_.points.weight,
        "calibration": model.model_.calibration.method.value,
        "thresholds": asdict(thresholds),
        "operating_points": operating_points(labels, out_of_fold, thresholds),
        "operating_curve": operating_curve(labels, out_of_fold, represented),
        "promises": promises(labels, out_of_fold, groups),
        "out_of_fold": figures(labels, out_of_fold),
        "second_stage": second.report,
        "calibrated_on": {
            "effective_n": effective_number(model.described_),
            "effective_positives": effective_number(model.described_[labels == 1]),
            "most_weight": float(model.described_.max()),
            "base_rate": float(np.average(labels, weights=model.described_)),
        },
        "judged": judged.report,
        "gates": [gate.as_json() for gate in gates],
        "curves": curves(labels, out_of_fold),
        "suspects": [asdict(suspect) for suspect in doubted],
    }
    return Candidate(files, without_nan(report))


def without_nan(node: Any) -> Any:
    """The value for JSON, with None in place of NaN.

    >>> without_nan({"ap": math.nan, "interval": (0.1, math.nan)})
    {'ap': None, 'interval': [0.1, None]}
    """
    if isinstance(node, Mapping):
        return {key: without_nan(child) for key, child in node.items()}
    if isinstance(node, list | tuple):
        return [without_nan(child) for child in node]
    return None if isinstance(node, float) and math.isnan(node) else node
