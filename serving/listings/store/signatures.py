"""Signatures of listings' texts, under the keys by which similar texts are found.

A key is sixteen times in the row of its text: an index each, and no row of its own. Only half a key is stored. The
whole keys are equal where the bins of the signature that they are made of are (`bins_of`), which a query compares.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, select

from features.minhash import BANDS, ROWS, Signature, band_keys
from serving.listings.tables import TEXT_BANDS, judged_band, text_signature
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.scope import HERE, inside
from serving.platform.database.series import insert_at_end
from serving.platform.database.store import add, insert_or_ignore
from serving.platform.ids import digits_of

_STORED: Final = np.dtype("<u2")
# Bytes of a stored signature that make one key.
BINS_BYTES: Final = ROWS * _STORED.itemsize
_NO_KEYS: Final = dict.fromkeys(TEXT_BANDS)


@dataclass(frozen=True, slots=True)
class NewText:
    """The text of a new version; `text_id` is the first version of the listing with this text, perhaps this one."""

    version_id: str
    text_id: str
    signature: Signature


def add_texts(connection: Connection, marketplace_id: str, texts: Sequence[NewText]) -> None:
    """Store the signatures of new versions, and the keys of texts that are new."""
    add(connection, text_signature, [_row(marketplace_id, text) for text in texts])


def _row(marketplace_id: str, new_text: NewText) -> dict[str, Any]:
    keys: dict[str, Any] = _NO_KEYS
    if new_text.text_id == new_text.version_id:
        keys = dict(zip(TEXT_BANDS, halves_of(marketplace_id, band_keys(new_text.signature)).tolist(), strict=True))
    return {
        "marketplace_id": marketplace_id,
        "version_id": new_text.version_id,
        "text_id": new_text.text_id,
        "signature": new_text.signature.astype(_STORED).tobytes(),
        "received": digits_of(new_text.version_id),
        **keys,
    }


def halves_of(marketplace_id: str, keys: NDArray[np.int64]) -> NDArray[np.int32]:
    """The stored half of each key, of any shape; other marketplaces have other halves of equal keys."""
    halves: NDArray[np.int32] = keys.astype(np.int32) ^ np.int32(_salt(marketplace_id))
    return halves


@cache
def _salt(marketplace_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(marketplace_id.encode(), digest_size=4).digest(), "big", signed=True)


def bins_of(signature: Signature) -> list[bytes]:
    """What each key of a signature is made of, as stored, in the order of the keys."""
    stored = signature.astype(_STORED).tobytes()
    return [stored[BINS_BYTES * band : BINS_BYTES * (band + 1)] for band in range(BANDS)]


_OF_VERSION: Final = KeyedQuery(
    select(text_signature.c.text_id, text_signature.c.signature).where(
        inside(text_signature, HERE, version_id=bindparam("version"))
    )
)


def mark_judged(connection: Connection, marketplace_id: str, version_id: str) -> None:
    """Keep a text with a verdict findable, however many similar texts there are."""
    for stored in _OF_VERSION.rows(connection, {"here": marketplace_id, "version": version_id}):
        # Two bands of one text may have the same key by chance; the set removes the duplicate.
        keys = sorted(set(band_keys(signature_of(stored.signature)).tolist()))
        rows = [{"marketplace_id": marketplace_id, "band": key, "text_id": stored.text_id} for key in keys]
        insert_at_end(connection, insert_or_ignore(connection, judged_band), rows)


def signature_of(stored: bytes) -> Signature:
    return np.frombuffer(stored, _STORED)
