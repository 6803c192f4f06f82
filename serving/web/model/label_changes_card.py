"""The labels of the newest snapshot beside those of the one before, with the reason of each that is gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from features.message import message
from models.messages.english import in_english
from models.policies.learning import LabelPolicy
from serving.learning.service.label_changes import LabelChanges, label_changes
from serving.learning.service.snapshot_files import SnapshotFiles
from serving.learning.store import links
from serving.learning.store.learning import StoredSnapshot
from serving.platform.runtime import Runtime
from training.snapshot import SnapshotRefused

_LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class LabelChangesCard:
    """The comparison of two snapshots; `why_not` is set where a file is gone.

    `fates` are the versions whose label changed or is gone; `listings` are the ids of those that the page may name.
    """

    before: StoredSnapshot
    after: StoredSnapshot
    changes: LabelChanges | None
    fates: Mapping[str, Sequence[str]]
    listings: Mapping[str, tuple[str, str]]
    may_open: bool
    why_not: str


def label_changes_card(
    runtime: Runtime, connection: Connection, marketplace_id: str, newest: Sequence[StoredSnapshot], *, may_open: bool
) -> LabelChangesCard | None:
    """The card of the two newest snapshots, newest first; None where there is none to compare with."""
    if len(newest) < 2:
        return None
    after, before = newest[:2]
    try:
        found = label_changes(
            connection, marketplace_id, runtime.services[SnapshotFiles], before, after, runtime.policies[LabelPolicy]
        )
    except SnapshotRefused as refused:
        return LabelChangesCard(before, after, None, {}, {}, may_open, str(refused))
    fates = {
        "Now genuine, before counterfeit": found.cleared,
        "Now counterfeit, before genuine": found.accused,
        **{f"Gone: {_lower(in_english(message(code)))}": versions for code, versions in found.lost.items()},
    }
    named = {version for versions in fates.values() for version in versions[:_LISTED]}
    listings = links.listings_of(connection, marketplace_id, named)
    return LabelChangesCard(before, after, found, fates, listings, may_open, "")


def _lower(sentence: str) -> str:
    """A sentence after a colon, without its full stop."""
    return f"{sentence[:1].lower()}{sentence[1:]}".rstrip(".")
