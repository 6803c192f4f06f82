"""What people have said so far, as labelled facts: the only way from the live database to training."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from models.case import CaseLane
from models.errors import Invalid
from models.labels import AppealState, GivenVerdict, Label, label_from
from models.policies.labels import LabelPolicy
from serving.db import appeals, learning, marketplaces, references, verdicts
from serving.runtime import Runtime
from training.judging import FEWEST_NEGATIVES, FEWEST_POSITIVES
from training.snapshot import SnapshotRow, write_snapshot


def labelled_rows(
    connection: Connection, marketplace_id: str, policy: LabelPolicy, as_of: datetime
) -> list[SnapshotRow]:
    """A row for each listing version that has a mature label."""
    given: dict[str, list[GivenVerdict]] = {}
    for one in verdicts.of_marketplace(connection, marketplace_id):
        if one.lane is not CaseLane.APPEAL:
            verdict = GivenVerdict(
                one.verdict_id, one.judgement, one.side, one.user_id, one.known_at, one.superseded_by is not None
            )
            given.setdefault(one.version_id, []).append(verdict)
    contested = appeals.by_version(connection, marketplace_id)
    rows = []
    for found in learning.scored_reviewed_versions(connection, marketplace_id):
        version_id = found["version_id"]
        appeal = contested.get(version_id)
        label = label_from(
            given.get(version_id, ()),
            appeal.state if appeal else AppealState.NONE,
            as_of=as_of,
            policy=policy,
            appeal_decided_at=appeal.decided_at if appeal else None,
        )
        if isinstance(label, Label):
            rows.append(
                SnapshotRow(
                    version_id=version_id,
                    listing_id=found["listing_id"],
                    known_at=found["known_at"],
                    seller=found["seller_external_id"],
                    brand_id=found["brand_id"],
                    lane=found["lane"],
                    inclusion_probability=found["inclusion_probability"],
                    label=label.value,
                    weight=label.weight,
                    evidence_level=label.evidence_level.value,
                    provenance=label.provenance,
                    facts=found["body"].decode(),
                )
            )
    return rows


@dataclass(frozen=True, slots=True)
class LabelCount:
    """Mature labels, and how many of each a training needs."""

    counterfeit: int
    genuine: int
    counterfeit_needed: int = FEWEST_POSITIVES
    genuine_needed: int = FEWEST_NEGATIVES


def count_labels(runtime: Runtime, marketplace_id: str) -> LabelCount:
    """How many labels are mature now."""
    with runtime.store.read() as connection:
        rows = labelled_rows(connection, marketplace_id, runtime.policies.labels, runtime.clock.now())
    counterfeit = sum(row.label for row in rows)
    return LabelCount(counterfeit, len(rows) - counterfeit)


def export_snapshot(runtime: Runtime, marketplace_id: str) -> tuple[str, Path, str]:
    """Write the mature labels with their facts; returns the snapshot's id, file and digest.

    Raises
    ------
    Invalid
        No label is mature yet.
    """
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        rows = labelled_rows(connection, marketplace_id, runtime.policies.labels, now)
        found = references.load(connection, marketplaces.get(connection, marketplace_id), now)
    if not rows:
        raise Invalid("No label is mature yet, so there is nothing to learn from.")
    path, digest = write_snapshot(runtime.home.snapshots, rows, found, now)
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
