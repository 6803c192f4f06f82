"""Snapshot to candidate: split by time and seller, fit, calibrate, judge, gate, refit on what was judged."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from features.compute import NAMES, matrix
from features.facts import Facts
from models.bundle import Bundle, from_files, to_files
from models.forest import Forest
from models.policies.learning import DEFAULT_GATES, DEFAULT_SECOND_REVIEW
from training.figures import curves, figures
from training.fit import CounterfeitClassifier
from training.fit_phrases import fit_phrases
from training.fit_settings import DEFAULT_SETTINGS, FitSettings
from training.golden import GoldenSet, refuse_golden_rows
from training.golden_gate import golden_evidence, golden_gate
from training.incumbent import InForce
from training.judging import Trial, judge
from training.operating import choose_thresholds, operating_curve, operating_points, promises
from training.second_stage import NO_ENCODER, second_stage_of
from training.snapshot import Snapshot, SnapshotRow
from training.soundness import leaks, refuse_copies, refuse_leaks, refuse_too_few
from training.splits import Rows, learnt_until, seller_groups, split_for_judging
from training.stages import ENCODE, FIT_ALL, Progress, of_fit
from training.suspects import suspects
from training.upheld import upheld_evidence, upheld_gate
from training.weighting import Weights, largest_sources, stands_for, training_weights

JUDGED_SHARE: Final = 0.25
EVERYTHING: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained bundle with its report."""

    files: Mapping[str, bytes]
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Learnt:
    """The rows that the shipped model learns, with weights that no other row affects."""

    rows: list[SnapshotRow]
    facts: list[Facts]
    labels: NDArray[np.int8]
    groups: NDArray[np.intp]
    weighed: Weights

    @classmethod
    def of(cls, rows: Sequence[SnapshotRow], facts: Sequence[Facts], groups: NDArray[np.intp], chosen: Rows) -> Self:
        """These of all rows."""
        its_rows, its_facts = [rows[i] for i in chosen], [facts[i] for i in chosen]
        labels = np.array([row.label for row in its_rows], dtype=np.int8)
        return cls(its_rows, its_facts, labels, groups[chosen], training_weights(its_rows, its_facts))


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
    learn_before: datetime | None = None,
    progress: Progress = lambda _w, _s: None,
) -> Candidate:
    """The candidate of a snapshot, with its report: split, figures, slices, operating points and gates.

    The judged figures are of models fitted on the rows before each time fold. The shipped model has the same settings
    and is fitted on the rows before the last time fold, as the last judged model; it scores the upheld appeals and the
    golden set. Later rows wait for the next training, because nothing that learnt them is judged (ADR 70). Where no
    model could be judged, which blocks the candidate, it is fitted on all rows. `learn_before` repeats the choice of an
    earlier training. Equal snapshots, seeds and choices give equal bundles. The gates judge first answers; `encoder`
    adds a second stage, which the report compares with them.

    Raises
    ------
    SnapshotRefused
        Too few labels or sellers of a class; copied rows; rows of the golden set; or a column that leaks the label and
        is not accepted by name.
    """
    if golden is not None:
        refuse_golden_rows(snapshot.rows, golden)
    labels, facts = snapshot.labels, snapshot.facts()
    groups = seller_groups([row.seller_cluster for row in snapshot.rows])
    refuse_too_few(labels, groups)
    refuse_copies(snapshot.rows)
    leaking = leaks(matrix(facts), labels)
    refuse_leaks(leaking, accepted_leaks)
    weighed = training_weights(snapshot.rows, facts)
    weights, represented = weighed.values, stands_for(snapshot.rows)
    times = [row.known_at for row in snapshot.rows]
    matured = [row.matured_at for row in snapshot.rows]
    split = split_for_judging(
        times,
        groups,
        labels,
        share=JUDGED_SHARE,
        champion_learnt_until=None if champion is None else learnt_until(times, matured, champion.references_as_of),
        fewest_positives=DEFAULT_GATES.fewest_positives,
        fewest_positive_sellers=DEFAULT_GATES.fewest_positive_sellers,
    )
    trial = Trial(
        facts, labels, groups, weights, represented, snapshot.references, split, seed, threads, learner, settings
    )
    judged = judge(trial, champion, progress)
    before = learn_before or (EVERYTHING if "why" in judged.report else split.time_folds[-1].cut)
    is_learnt = np.array([time < before for time in times])
    waiting = np.flatnonzero(~is_learnt)
    learnt = _Learnt.of(snapshot.rows, facts, groups, np.flatnonzero(is_learnt))
    model = CounterfeitClassifier(
        seed=seed, threads=threads, learner=learner, settings=settings, progress=of_fit(FIT_ALL, progress)
    )
    fitted_to = {"groups": learnt.groups, "sample_weight": learnt.weighed.values}
    model.fit(learnt.facts, learnt.labels, **fitted_to)
    second = second_stage_of(
        encoder, model, learnt.facts, learnt.labels, progress=lambda share: progress(ENCODE, share), **fitted_to
    )
    out_of_fold = model.model_.calibration.probabilities(model.out_of_fold_)
    represented = stands_for(learnt.rows)
    thresholds = choose_thresholds(learnt.labels, out_of_fold, represented)
    doubts = np.empty(len(labels))
    doubts[is_learnt], doubts[waiting] = out_of_fold, model.predict_proba([facts[i] for i in waiting])[:, 1]
    doubted = suspects(snapshot.rows, doubts, weighed.duplicates, most=DEFAULT_SECOND_REVIEW.most_reported)
    files = to_files(
        model.model_,
        thresholds=thresholds,
        references=snapshot.references,
        references_as_of=snapshot.as_of,
        masking=model.masking_,
        settings=settings.changed(),
        phrases=fit_phrases(
            learnt.facts,
            learnt.labels,
            learnt.weighed.values,
            learnt.groups,
            snapshot.references.brands.brands.values(),
        ),
        second_stage=second.stage,
    )
    shipped, incumbent = from_files(files), InForce(champion, threads)
    upheld = upheld_evidence(learnt.rows, learnt.facts, shipped, incumbent, DEFAULT_GATES)
    on_golden = None if golden is None else golden_evidence(golden, shipped, incumbent, DEFAULT_GATES)
    gates = (*judged.gates, upheld_gate(upheld, DEFAULT_GATES), golden_gate(on_golden, DEFAULT_GATES))
    report = {
        "snapshot": snapshot.digest,
        "golden_set": golden.digest if golden is not None else None,
        "rows": len(learnt.rows),
        "waiting": len(waiting),
        "positives": int(learnt.labels.sum()),
        "sellers": len(np.unique(learnt.groups)),
        "evidence_levels": _counts(row.evidence_level for row in learnt.rows),
        "lanes": _counts(row.lane for row in learnt.rows),
        "weights": learnt.weighed.report,
        "sources": largest_sources(learnt.rows),
        "accepted_leaks": [asdict(leak) for leak in leaking],
        "cut": split.cut.isoformat(),
        "learnt_before": before.isoformat() if before < EVERYTHING else None,
        "seed": seed,
        "learner": learner,
        "settings": settings.changed(),
        "feature_count": len(NAMES),
        "join": model.model_.combiner.join.value,
        "text_weight": model.model_.combiner.text_weight,
        "points_weight": None if model.model_.points is None else model.model_.points.weight,
        "calibration": model.model_.calibration.method.value,
        "thresholds": asdict(thresholds),
        "operating_points": operating_points(learnt.labels, out_of_fold, thresholds),
        "operating_curve": operating_curve(learnt.labels, out_of_fold, represented),
        "promises": promises(learnt.labels, out_of_fold, learnt.groups),
        "out_of_fold": figures(learnt.labels, out_of_fold),
        "second_stage": second.report,
        "judged": judged.report,
        "gates": [gate.as_json() for gate in gates],
        "curves": curves(learnt.labels, out_of_fold),
        "suspects": [asdict(one) for one in doubted],
    }
    return Candidate(files, without_nan(report))


def _counts(values: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return dict(sorted(found.items()))


def without_nan(value: Any) -> Any:
    """The value for JSON, with None in place of NaN.

    >>> without_nan({"ap": math.nan, "interval": (0.1, math.nan)})
    {'ap': None, 'interval': [0.1, None]}
    """
    if isinstance(value, Mapping):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
