"""The labels of the newest snapshot beside those of the one before, with the reason of each that is gone."""

from collections.abc import Sequence
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
from serving.web import text_view
from serving.web.text_view import Shown
from training.snapshot import SnapshotRefused

_LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class ListingLink:
    """A listing by the marketplace's id; `address` is empty where the reader may not open it."""

    name: Shown
    address: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """Labels with one fate; `more` is the number of its listings that are not named."""

    fate: str
    number: str
    listings: tuple[ListingLink, ...]
    more: int


@dataclass(frozen=True, slots=True)
class LabelChangesCard:
    """The comparison of two snapshots; `why_not` is set where a file is gone."""

    before: str
    before_id: str
    before_rows: str
    after_rows: str
    added: str
    kept: str
    rows: tuple[ChangeRow, ...]
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
        return LabelChangesCard(before.digest[:10], before.snapshot_id, "", "", "", "", (), str(refused))
    return LabelChangesCard(
        before=before.digest[:10],
        before_id=before.snapshot_id,
        before_rows=f"{before.rows:,}",
        after_rows=f"{after.rows:,}",
        added=f"{found.added:,}",
        kept=f"{found.kept:,}",
        rows=_rows(connection, marketplace_id, found, may_open=may_open),
        why_not="",
    )


def _rows(connection: Connection, marketplace_id: str, found: LabelChanges, *, may_open: bool) -> tuple[ChangeRow, ...]:
    fates = {
        "Now genuine, before counterfeit": found.cleared,
        "Now counterfeit, before genuine": found.accused,
        **{f"Gone: {_lower(in_english(message(code)))}": versions for code, versions in found.lost.items()},
    }
    named = {one for versions in fates.values() for one in versions[:_LISTED]}
    known = links.listings_of(connection, marketplace_id, named)
    return tuple(
        ChangeRow(
            fate,
            f"{len(versions):,}",
            tuple(
                ListingLink(text_view.show(known[one][1]), f"/listings/{known[one][0]}" if may_open else "")
                for one in versions[:_LISTED]
                if one in known
            ),
            max(0, len(versions) - _LISTED),
        )
        for fate, versions in fates.items()
        if versions
    )


def _lower(sentence: str) -> str:
    """A sentence after a colon, without its full stop."""
    return f"{sentence[:1].lower()}{sentence[1:]}".rstrip(".")
