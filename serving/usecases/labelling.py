"""What people have said so far, as labelled facts: the only way from the live database to training."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from models.case import CaseLane
from models.errors import Invalid
from models.labels import AppealState, GivenVerdict, Label, NoLabel, label_from
from models.policies.labels import LabelPolicy
from serving.db import appeals, learning, marketplaces, references, verdicts
from serving.runtime import Runtime
from training.judging import FEWEST_NEGATIVES, FEWEST_POSITIVES
from training.snapshot import SnapshotRow, write_snapshot


@dataclass(frozen=True, slots=True)
class Said:
    """All that was said of one listing version, and how an appeal against its removal stands."""

    verdicts: tuple[GivenVerdict, ...]
    appeal: AppealState
    appeal_decided_at: datetime | None

    def label(self, as_of: datetime, policy: LabelPolicy) -> Label | NoLabel:
        """The label at a moment, or why there is none."""
        return label_from(
            self.verdicts, self.appeal, as_of=as_of, policy=policy, appeal_decided_at=self.appeal_decided_at
        )


def _all_said(connection: Connection, marketplace_id: str) -> dict[str, Said]:
    """What was said of each version that anybody judged; a verdict on appeal speaks through the appeal's state."""
    given: dict[str, list[GivenVerdict]] = {}
    for one in verdicts.of_marketplace(connection, marketplace_id):
        if one.lane is not CaseLane.APPEAL:
            verdict = GivenVerdict(
                one.verdict_id, one.judgement, one.side, one.user_id, one.known_at, one.superseded_by is not None
            )
            given.setdefault(one.version_id, []).append(verdict)
    contested = appeals.by_version(connection, marketplace_id)
    return {
        version_id: Said(tuple(said), appeal.state, appeal.decided_at)
        if (appeal := contested.get(version_id))
        else Said(tuple(said), AppealState.NONE, None)
        for version_id, said in given.items()
    }


def labelled_rows(
    connection: Connection, marketplace_id: str, policy: LabelPolicy, as_of: datetime
) -> list[SnapshotRow]:
    """A row for each listing version that has a mature label."""
    said = _all_said(connection, marketplace_id)
    rows = []
    for found in learning.scored_reviewed_versions(connection, marketplace_id):
        version_id = found["version_id"]
        label = said[version_id].label(as_of, policy) if version_id in said else None
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
class LabelState:
    """Mature labels of each class, what a training needs at the least, and how many more will be mature in time."""

    counterfeit: int
    genuine: int
    counterfeit_needed: int
    genuine_needed: int
    waiting: int
    held_back: int

    @property
    def enough(self) -> bool:
        """Whether a training would be tried."""
        return self.counterfeit >= self.counterfeit_needed and self.genuine >= self.genuine_needed


def label_state(connection: Connection, marketplace_id: str, policy: LabelPolicy, now: datetime) -> LabelState:
    """The state of a marketplace's labels now. What is held back has an open appeal or no clear answer."""
    # Beyond every maturity: what has no label even then is held back for another reason than time.
    later = now + timedelta(days=policy.counterfeit_matures_days + policy.genuine_matures_days)
    mature, waiting, held_back = [0, 0], 0, 0
    for said in _all_said(connection, marketplace_id).values():
        label = said.label(now, policy)
        if isinstance(label, Label):
            mature[label.value] += 1
        elif isinstance(said.label(later, policy), Label):
            waiting += 1
        else:
            held_back += 1
    return LabelState(mature[1], mature[0], FEWEST_POSITIVES, FEWEST_NEGATIVES, waiting, held_back)


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
