"""The golden set: listings that two people judged alike, frozen under a digest, and never learnt."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts, facts_from_json
from features.listing import Listing
from features.minhash import Signature, band_keys, signature_of, similarities
from features.near_duplicates import NEAR
from training.snapshot import SnapshotRefused, SnapshotRow

_SCHEMA: Final = 1
_LARGEST: Final = 500_000_000


@dataclass(frozen=True, slots=True)
class GoldenItem:
    """One listing version with its label, the verdicts that agree on it, and its facts as canonical JSON."""

    version_id: str
    listing_id: str
    seller: str | None
    label: int
    verdicts: tuple[str, ...]
    facts: str


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """A frozen set, read back: `as_of` is when it was frozen, `digest` is of its canonical content."""

    items: tuple[GoldenItem, ...]
    as_of: datetime
    digest: str

    @property
    def labels(self) -> NDArray[np.int8]:
        """Labels, shape (n,)."""
        return np.array([item.label for item in self.items], dtype=np.int8)

    def facts(self) -> list[Facts]:
        """The facts, parsed."""
        return [facts_from_json(item.facts) for item in self.items]


def freeze(items: Sequence[GoldenItem], as_of: datetime) -> tuple[bytes, str]:
    """The canonical content of a set and its digest: a line of JSON for the set and one for each item, by version."""
    ordered = sorted(items, key=lambda item: item.version_id)
    lines: list[dict[str, Any]] = [{"schema": _SCHEMA, "as_of": as_of.isoformat(), "items": len(ordered)}]
    lines += [asdict(item) for item in ordered]
    content = "".join(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in lines).encode()
    return content, digest_of(content)


def digest_of(content: bytes) -> str:
    """The digest by which a set is known."""
    return hashlib.sha256(content).hexdigest()


def thawed(content: bytes, expected: str) -> GoldenSet:
    """The set in its content, which must be what was frozen to the byte.

    Raises
    ------
    SnapshotRefused
        A byte is another one, or what was frozen is no set that this version reads.
    """
    if (digest := digest_of(content)) != expected:
        raise SnapshotRefused(f"The golden set is {digest[:12]}, not {expected[:12]} as frozen; nothing is trained.")
    try:
        head, *lines = [json.loads(line) for line in content.splitlines()]
        items = tuple(GoldenItem(**{**line, "verdicts": tuple(line["verdicts"])}) for line in lines)
        found = GoldenSet(items, datetime.fromisoformat(head["as_of"]), digest)
        found.facts()
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise SnapshotRefused(f"The golden set cannot be read: {type(error).__name__}.") from None
    if head.get("schema") != _SCHEMA or head.get("items") != len(items) or not set(found.labels.tolist()) <= {0, 1}:
        raise SnapshotRefused("The golden set is not one that this version reads.")
    return found


def read_golden(path: Path, *, expected: str) -> GoldenSet:
    """The set in a file, as `thawed`."""
    if path.stat().st_size > _LARGEST:
        raise SnapshotRefused("The golden set is larger than one can be.")
    return thawed(path.read_bytes(), expected)


def kept_apart(rows: Sequence[SnapshotRow], golden: GoldenSet) -> list[SnapshotRow]:
    """The rows that have nothing in common with a golden set: other listings, other sellers, other wording.

    Otherwise, somebody who wants to pass the gate would only have to list the golden listings again and have them
    judged. Another seller's text counts as the same where it is near a golden one (`features.near_duplicates.NEAR`).
    """
    listings = {item.listing_id for item in golden.items}
    sellers = {item.seller for item in golden.items} - {None}
    texts = _Texts(one.listing for one in golden.facts())
    return [
        row
        for row in rows
        if row.listing_id not in listings
        and not {row.seller, row.seller_cluster} & sellers
        and not texts.near(facts_from_json(row.facts).listing)
    ]


class _Texts:
    """Texts to be compared with: like ones share one of sixteen keys with a chance of 87 % and more.

    One too short for a signature is near none: two people write it without knowing of each other.
    """

    def __init__(self, listings: Iterable[Listing]) -> None:
        self._by_key: dict[tuple[int, int], list[Signature]] = {}
        for listing in listings:
            if (signature := signature_of(listing)) is not None:
                for key in _keys(signature):
                    self._by_key.setdefault(key, []).append(signature)

    def near(self, listing: Listing) -> bool:
        if (signature := signature_of(listing)) is None:
            return False
        met = [one for key in _keys(signature) for one in self._by_key.get(key, ())]
        return bool(met) and bool((similarities(signature, np.stack(met)) >= NEAR).any())


def _keys(signature: Signature) -> list[tuple[int, int]]:
    return list(enumerate(map(int, band_keys(signature))))


def refuse_golden_rows(rows: Sequence[SnapshotRow], golden: GoldenSet) -> None:
    """Refuse a snapshot that holds what must not be learnt.

    Raises
    ------
    SnapshotRefused
        A listing of the golden set, or another of its sellers', is among the rows.
    """
    listings = {item.listing_id for item in golden.items}
    sellers = {item.seller for item in golden.items} - {None}
    found = sum(row.listing_id in listings or bool({row.seller, row.seller_cluster} & sellers) for row in rows)
    if found:
        raise SnapshotRefused(f"{found:,} rows of the snapshot are of the golden set or its sellers; export anew.")
