"""A brand's rights as rows of an exported file."""

from collections.abc import Sequence
from typing import Any, Final

from serving.platform.tabular import Kind
from serving.rights.store.rights import StoredRight

RIGHT_COLUMNS: Final = {
    "kind": Kind.TEXT,
    "title": Kind.TEXT,
    "office": Kind.TEXT,
    "number": Kind.TEXT,
    "classes": Kind.TEXT,
    "territories": Kind.TEXT,
    "state": Kind.TEXT,
    "begins_at": Kind.MOMENT,
    "ends_at": Kind.MOMENT,
    "document_sha256": Kind.TEXT,
    "claimed_at": Kind.MOMENT,
    "settled_at": Kind.MOMENT,
    "note": Kind.TEXT,
}


def file_rows(found: Sequence[StoredRight]) -> list[tuple[Any, ...]]:
    """The rows of an export, one per right, in the order of `RIGHT_COLUMNS`."""
    return [
        (
            one.right.kind.value,
            one.right.title,
            one.right.office,
            one.right.number,
            ", ".join(map(str, one.right.classes)),
            ", ".join(sorted(one.right.territories)),
            one.right.state.value,
            one.right.begins_at,
            one.right.expires_at,
            one.document,
            one.claimed_at,
            one.settled_at,
            one.note,
        )
        for one in found
    ]
