"""Verdicts as labelled facts: the only way from the live database to training.

Labels of one snapshot that the next one has not, each with its reason.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from features.facts import facts_from_json
from features.message import Message, message
from features.references import References
from models.errors import Invalid
from models.labels import Label, NoLabel, label_from
from models.policies.learning import LabelPolicy
from serving.learning.service.publish import SnapshotFiles
from serving.learning.store import golden, learning, verdict_history
from serving.learning.store.learning import StoredSnapshot
from serving.learning.store.verdict_history import VerdictHistory
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.scoring.store import references
from serving.sellers.service.sanction_steps import components_at
from training.gates.golden import rows_apart_from
from training.snapshots.snapshot import SnapshotRow, write_snapshot
from training.snapshots.soundness import FEWEST_NEGATIVES, FEWEST_POSITIVES
from training.snapshots.summary import labels_in


def label_of(version: VerdictHistory, as_of: datetime, policy: LabelPolicy) -> Label | NoLabel:
    """The label of one version at a moment, or the reason why there is none."""
    decision = version.decision.verdict if version.decision else None
    return label_from(
        [verdict.verdict for verdict in version.verdicts],
        version.appeal,
        as_of=as_of,
        policy=policy,
        appeal_decided_at=decision.known_at if decision else None,
        appeal_verdict=decision,
    )


def labelled_rows(
    connection: Connection, marketplace_id: str, policy: LabelPolicy, as_of: datetime
) -> list[SnapshotRow]:
    """A row for each listing version with a mature label, if the audit log proves every verdict behind it.

    Its cluster is the component of linked sellers at the moment. The rows and their labels depend on the log alone:
    values overwritten since the moment have no effect.
    """
    versions = verdict_history.of_marketplace(connection, marketplace_id, as_of)
    proven = []
    for row in learning.scored_reviewed_versions(connection, marketplace_id, as_of):
        version = versions[row["version_id"]]
        label = label_of(version, as_of, policy)
        if isinstance(label, Label) and (proof := proof_of(version, label)):
            proven.append((row, label, proof, any(verdict.reported for verdict in version.verdicts)))
    sellers = {row["seller_external_id"] for row, *_ in proven} - {None}
    clusters = components_at(connection, marketplace_id, sellers, as_of)
    return [
        _row(*proven_row, cluster=clusters.get(proven_row[0]["seller_external_id"]), as_of=as_of)
        for proven_row in proven
    ]


def proof_of(version: VerdictHistory, label: Label) -> tuple[int, ...]:
    """The audit entries of the verdicts behind a label; none where one is missing, or a verdict has no person.

    A verdict in its table without an entry in the log was not given through the service.
    """
    recorded = {verdict.verdict.verdict_id: verdict.audit_sequence for verdict in version.verdicts}
    if version.decision:
        recorded[version.decision.verdict.verdict_id] = version.decision.audit_sequence
    entries = [recorded[verdict_id] for verdict_id in label.provenance]
    proven = tuple(sequence for sequence in entries if sequence is not None)
    return proven if label.sources and len(proven) == len(entries) else ()


def _row(
    row: Mapping[str, Any],
    label: Label,
    proof: tuple[int, ...],
    reported: bool,
    *,
    cluster: str | None,
    as_of: datetime,
) -> SnapshotRow:
    named_at, body = row["brand_named_at"], row["body"].decode()
    later = named_at is not None and named_at > as_of
    return SnapshotRow(
        version_id=row["version_id"],
        listing_id=row["listing_id"],
        known_at=row["known_at"],
        seller=row["seller_external_id"],
        seller_cluster=cluster,
        brand_id=facts_from_json(body).brand.brand_id if later else row["brand_id"],
        lane=row["lane"],
        inclusion_probability=row["inclusion_probability"],
        label=label.target,
        weight=label.weight,
        evidence_level=label.evidence_level.value,
        matured_at=label.matured_at,
        provenance=label.provenance,
        sources=label.sources,
        audit_entries=proof,
        facts=body,
        reported=reported,
    )


def mature_labels(
    connection: Connection,
    marketplace_id: str,
    policy: LabelPolicy,
    as_of: datetime,
    *,
    only: Collection[str] | None = None,
) -> dict[str, bool]:
    """Whether each listing version with a mature label is counterfeit; with `only`, for these versions alone."""
    versions = (
        verdict_history.of_marketplace(connection, marketplace_id, as_of)
        if only is None
        else verdict_history.of_versions(connection, marketplace_id, only, as_of)
    )
    labels = {version_id: label_of(version, as_of, policy) for version_id, version in versions.items()}
    return {version_id: label.target == 1 for version_id, label in labels.items() if isinstance(label, Label)}


@dataclass(frozen=True, slots=True)
class LabelState:
    """Mature labels of each class, how many a training needs at least, and how many more will mature.

    `reasons` are the codes of the reasons of those withheld, each with its number.
    """

    counterfeit: int
    genuine: int
    counterfeit_needed: int
    genuine_needed: int
    waiting: int
    withheld: int
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def enough(self) -> bool:
        return self.counterfeit >= self.counterfeit_needed and self.genuine >= self.genuine_needed


def label_state(connection: Connection, marketplace_id: str, policy: LabelPolicy, now: datetime) -> LabelState:
    """The state of a marketplace's labels now, with the reasons of those withheld, the most frequent first."""
    # After every maturity period: a version without a label even then is withheld for another reason than time.
    later = now + policy.matures
    mature, waiting, withheld = [0, 0], 0, Counter[str]()
    for version in verdict_history.of_marketplace(connection, marketplace_id, now).values():
        label = label_of(version, now, policy)
        if isinstance(label, Label):
            mature[label.target] += 1
        elif isinstance(label_of(version, later, policy), Label):
            waiting += 1
        else:
            withheld[label.reason.code] += 1
    reasons = tuple(sorted(withheld.items(), key=lambda code_and_count: (-code_and_count[1], code_and_count[0])))
    return LabelState(mature[1], mature[0], FEWEST_POSITIVES, FEWEST_NEGATIVES, waiting, withheld.total(), reasons)


def snapshot_content(runtime: Runtime, marketplace_id: str, as_of: datetime) -> tuple[list[SnapshotRow], References]:
    """The content of a snapshot as of a moment, without the golden set; a repeated call returns the same content.

    Raises Invalid (the golden set does not match its digest).
    """
    with runtime.store.read() as connection:
        rows = labelled_rows(connection, marketplace_id, runtime.policies[LabelPolicy], as_of)
        golden_set = golden.golden_set_of(connection, marketplace_id, as_of)
        if golden_set is not None:
            clusters = components_at(connection, marketplace_id, golden_set.sellers, as_of)
            rows = rows_apart_from(rows, golden_set, clusters)
        return rows, references.references_as_of(connection, marketplaces.get(connection, marketplace_id), as_of)


def export_snapshot(runtime: Runtime, marketplace_id: str) -> tuple[str, Path, str]:
    """Write the mature labels with their facts; returns the snapshot's id, file and digest.

    Raises Invalid (no label is mature yet, or the golden set does not match its digest).
    """
    now = runtime.clock.now()
    rows, references = snapshot_content(runtime, marketplace_id, now)
    if not rows:
        raise Invalid("No label is mature yet, so there is nothing to learn from.")
    files = runtime.services[SnapshotFiles]
    path, digest = write_snapshot(files.folder, rows, references, now)
    files.share(digest)
    snapshot_id = runtime.ids.new("snp")
    row = {
        "marketplace_id": marketplace_id,
        "snapshot_id": snapshot_id,
        "digest": digest,
        "rows": len(rows),
        "positives": sum(row.label for row in rows),
        "as_of": now,
        "created_at": now,
    }
    with runtime.store.write() as connection:
        learning.add_snapshot(connection, row)
    return snapshot_id, path, digest


@dataclass(frozen=True, slots=True)
class LabelChanges:
    """The labels of two snapshots compared: numbers, and the lost versions by the code of the reason.

    `cleared` labels were counterfeit and are genuine now, `accused` the reverse.
    """

    unchanged: int
    added: int
    cleared: tuple[str, ...]
    accused: tuple[str, ...]
    lost: Mapping[str, tuple[str, ...]]


def label_changes(
    connection: Connection,
    marketplace_id: str,
    files: SnapshotFiles,
    before: StoredSnapshot,
    after: StoredSnapshot,
    policy: LabelPolicy,
) -> LabelChanges:
    """What became of the labels of `before` in `after`, by the verdicts known when `after` was written.

    Raises SnapshotRefused (a file is missing or not a snapshot).
    """
    old, new = (labels_in(files.path(snapshot.digest), snapshot.digest) for snapshot in (before, after))
    gone = sorted(old.keys() - new.keys())
    both = sorted(old.keys() & new.keys())
    histories = verdict_history.of_versions(connection, marketplace_id, gone, after.as_of)
    is_frozen = golden.in_force(connection, marketplace_id, after.as_of) is not None
    lost: dict[str, list[str]] = defaultdict(list)
    for version_id in gone:
        lost[_loss_reason(histories.get(version_id), after, policy, is_frozen=is_frozen).code].append(version_id)
    return LabelChanges(
        unchanged=sum(old[version_id] == new[version_id] for version_id in both),
        added=len(new.keys() - old.keys()),
        cleared=tuple(version_id for version_id in both if old[version_id] > new[version_id]),
        accused=tuple(version_id for version_id in both if old[version_id] < new[version_id]),
        lost={code: tuple(ids) for code, ids in sorted(lost.items(), key=lambda pair: (-len(pair[1]), pair[0]))},
    )


def _loss_reason(
    history: VerdictHistory | None, after: StoredSnapshot, policy: LabelPolicy, *, is_frozen: bool
) -> Message:
    if history is None:
        return message("no_label.not_reviewed")
    label = label_of(history, after.as_of, policy)
    if isinstance(label, NoLabel):
        return label.reason
    if not proof_of(history, label):
        return message("no_label.unproven")
    return message("no_label.golden" if is_frozen else "no_label.facts_gone")
