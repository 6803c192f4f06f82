"""Training on the answers of an arm so far: snapshot, candidate and promotion."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts
from features.message import message
from models.bundle import from_files
from models.labels import Label, NoLabel, label_from
from models.policies.learning import DEFAULT_LABELS
from models.routing import Lane
from training.evaluate.splits import seller_groups
from training.runs.pipeline import train
from training.simulation.year import Case, Training, Year
from training.snapshots.snapshot import Snapshot, SnapshotRefused, SnapshotRow


@dataclass(frozen=True, slots=True)
class TrueLabels:
    """Every listing of an arm with the facts of its arrival and the truth. Arrays have shape (n,)."""

    facts: list[Facts]
    labels: NDArray[np.int8]
    groups: NDArray[np.intp]


def true_labels(year: Year) -> TrueLabels:
    """What only a simulator knows: the label of every listing, reviewed or not, in the order of arrival."""
    return TrueLabels(
        [case.arrival.computed.facts for case in year.cases],
        np.array([case.offered.truth.counterfeit for case in year.cases], dtype=np.int8),
        seller_groups([case.offered.seller for case in year.cases]),
    )


def train_and_promote(year: Year, month: int) -> None:
    """Train on the mature labels; the candidate becomes champion if no gate blocks it."""
    snapshot = snapshot_of(year)
    rows, positives = len(snapshot.rows), int(snapshot.labels.sum())
    try:
        candidate = train(snapshot, champion=year.champion, seed=year.market.settings.seed, threads=1)
    except SnapshotRefused as refused:
        year.trainings.append(Training(month, rows, positives, False, {"snapshot": str(refused)}))
        return
    failed = {gate["name"]: gate["sentence"] for gate in candidate.report["gates"] if gate["blocks"]}
    if not failed:
        year.champion = year.champions[month] = from_files(candidate.files)
    year.trainings.append(Training(month, rows, positives, not failed, failed))


def snapshot_of(year: Year) -> Snapshot:
    """The mature labels of an arm with their facts, as the service exports them."""
    rows = tuple(row for case in year.cases if (row := _training_row(year, case)) is not None)
    return Snapshot(rows, year.market.references(year.now), year.now, digest=f"simulated, {year.now:%Y-%m-%d}")


def label_of(case: Case, as_of: datetime) -> Label | NoLabel:
    """The label of a case at a given time, or the reason for its absence."""
    settled = case.settled
    if settled is None:
        return NoLabel(message("no_label.not_reviewed"))
    return label_from(
        settled.verdicts,
        settled.appeal(as_of),
        as_of=as_of,
        policy=DEFAULT_LABELS,
        appeal_decided_at=settled.decision.known_at if settled.decision else None,
        appeal_verdict=settled.decision,
    )


def _training_row(year: Year, case: Case) -> SnapshotRow | None:
    """The case as a training row; an arm without exploration ignores earlier random samples as well."""
    if case.route.lane is Lane.AUDIT and not year.arm.explores:
        return None
    label = label_of(case, year.now)
    if not isinstance(label, Label):
        return None
    facts, offered = case.arrival.computed.facts, case.offered
    return SnapshotRow(
        version_id=offered.external_id,
        listing_id=offered.external_id,
        known_at=offered.at,
        seller=offered.seller,
        seller_cluster=offered.seller,
        brand_id=facts.brand.brand_id,
        lane=case.route.lane.value,
        inclusion_probability=case.route.inclusion_probability,
        label=label.target,
        weight=label.weight,
        evidence_level=label.evidence_level.value,
        matured_at=label.matured_at,
        provenance=label.provenance,
        sources=label.sources,
        audit_entries=(),
        facts=facts.to_json().decode(),
        reported=case.reported,
    )
