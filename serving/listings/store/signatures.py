"""Signatures of listings' texts, under the keys by which similar texts are found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, select

from features.minhash import Signature, band_keys
from serving.listings.tables import judged_band, text_band, text_signature
from serving.platform.database.scope import inside
from serving.platform.database.store import add, insert_or_ignore

_STORED: Final = np.dtype("<u2")


@dataclass(frozen=True, slots=True)
class NewText:
    """The text of a new version; `text_id` is the first version of the listing with this text, perhaps this one."""

    version_id: str
    text_id: str
    signature: Signature


def add_texts(connection: Connection, marketplace_id: str, texts: Sequence[NewText]) -> None:
    """Store the signatures of new versions, and the keys of texts that are new."""
    rows = [
        {
            "marketplace_id": marketplace_id,
            "version_id": one.version_id,
            "text_id": one.text_id,
            "signature": one.signature.astype(_STORED).tobytes(),
        }
        for one in texts
    ]
    add(connection, text_signature, rows)
    new = [one for one in texts if one.text_id == one.version_id]
    add(connection, text_band, [row for one in new for row in _band_rows(marketplace_id, one.text_id, one.signature)])


def mark_judged(connection: Connection, marketplace_id: str, version_id: str) -> None:
    """Keep a text with a verdict findable, however many similar texts there are."""
    query = select(text_signature.c.text_id, text_signature.c.signature).where(
        inside(text_signature, marketplace_id, version_id=version_id)
    )
    stored = connection.execute(query).one_or_none()
    if stored is not None:
        rows = _band_rows(marketplace_id, stored.text_id, signature_of(stored.signature))
        connection.execute(insert_or_ignore(connection, judged_band), rows)


def _band_rows(marketplace_id: str, text_id: str, signature: Signature) -> list[dict[str, Any]]:
    # Two bands of one text may have the same key by chance; the set removes the duplicate.
    keys = sorted(set(band_keys(signature).tolist()))
    return [{"marketplace_id": marketplace_id, "band": key, "text_id": text_id} for key in keys]


def signature_of(stored: bytes) -> Signature:
    return np.frombuffer(stored, _STORED)
