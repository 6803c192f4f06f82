"""Labels of one snapshot that the next one has not, each with its reason."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from features.message import Message, message
from models.labels import NoLabel
from models.policies.learning import LabelPolicy
from serving.learning.service.labelling import label_of, proof_of
from serving.learning.service.snapshot_files import SnapshotFiles
from serving.learning.store import golden, verdict_history
from serving.learning.store.learning import StoredSnapshot
from serving.learning.store.verdict_history import VerdictHistory
from training.snapshots.summary import labels_in


@dataclass(frozen=True, slots=True)
class LabelChanges:
    """The labels of two snapshots compared: numbers, and the lost versions by the code of the reason.

    `cleared` labels were counterfeit and are genuine now, `accused` the reverse.
    """

    kept: int
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
    old, new = (labels_in(files.path(one.digest), one.digest) for one in (before, after))
    gone = sorted(old.keys() - new.keys())
    both = sorted(old.keys() & new.keys())
    histories = verdict_history.of_versions(connection, marketplace_id, gone, after.as_of)
    is_frozen = golden.in_force(connection, marketplace_id, after.as_of) is not None
    lost: dict[str, list[str]] = defaultdict(list)
    for version_id in gone:
        lost[_why(histories.get(version_id), after, policy, is_frozen=is_frozen).code].append(version_id)
    return LabelChanges(
        kept=sum(old[one] == new[one] for one in both),
        added=len(new.keys() - old.keys()),
        cleared=tuple(one for one in both if old[one] > new[one]),
        accused=tuple(one for one in both if old[one] < new[one]),
        lost={code: tuple(found) for code, found in sorted(lost.items(), key=lambda one: (-len(one[1]), one[0]))},
    )


def _why(found: VerdictHistory | None, after: StoredSnapshot, policy: LabelPolicy, *, is_frozen: bool) -> Message:
    if found is None:
        return message("no_label.not_reviewed")
    label = label_of(found, after.as_of, policy)
    if isinstance(label, NoLabel):
        return label.reason
    if not proof_of(found, label):
        return message("no_label.unproven")
    return message("no_label.golden" if is_frozen else "no_label.facts_gone")
