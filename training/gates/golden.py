"""The golden set: listings on which two people agreed or shall, frozen under a digest and excluded from training."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts, facts_from_json
from features.listing import Listing
from features.minhash import Signature, band_keys, signature_of, similarities
from features.near_duplicates import NEAR
from training.snapshots.snapshot import SnapshotRefused, SnapshotRow

_SCHEMA: Final = 1
_LARGEST: Final = 500_000_000


@dataclass(frozen=True, slots=True)
class GoldenItem:
    """One version with label, agreeing verdicts (none while it awaits a second review), and facts as canonical JSON."""

    version_id: str
    listing_id: str
    seller: str | None
    label: int
    verdicts: tuple[str, ...]
    facts: str


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """A frozen set. `as_of` is the time of freezing, `digest` the digest of its canonical content."""

    items: tuple[GoldenItem, ...]
    as_of: datetime
    digest: str

    @property
    def labels(self) -> NDArray[np.int8]:
        """Labels, shape (n,)."""
        return np.array([golden_item.label for golden_item in self.items], dtype=np.int8)

    @property
    def sellers(self) -> frozenset[str]:
        """The known sellers of its listings."""
        return frozenset(golden_item.seller for golden_item in self.items if golden_item.seller is not None)

    def facts(self) -> list[Facts]:
        """The facts, parsed."""
        return [facts_from_json(golden_item.facts) for golden_item in self.items]

    def judged_twice(self) -> "GoldenSet":
        """The set without the listings that await a second review."""
        return replace(self, items=tuple(golden_item for golden_item in self.items if golden_item.verdicts))


def freeze(items: Sequence[GoldenItem], as_of: datetime) -> tuple[bytes, str]:
    """The canonical content of a set and its digest: one line of JSON for the set and one for each item, by version."""
    ordered = sorted(items, key=lambda golden_item: golden_item.version_id)
    lines: list[dict[str, Any]] = [{"schema": _SCHEMA, "as_of": as_of.isoformat(), "items": len(ordered)}]
    lines += [asdict(golden_item) for golden_item in ordered]
    content = "".join(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in lines).encode()
    return content, digest_of(content)


def digest_of(content: bytes) -> str:
    """The digest that identifies a set."""
    return hashlib.sha256(content).hexdigest()


def parse_golden(content: bytes, expected: str) -> GoldenSet:
    """The set parsed from its content, whose digest must be `expected`.

    Raises SnapshotRefused (the digest differs, or this version cannot read the set).
    """
    if (digest := digest_of(content)) != expected:
        raise SnapshotRefused(f"The golden set is {digest[:12]}, not {expected[:12]} as frozen; nothing is trained.")
    try:
        head, *lines = [json.loads(line) for line in content.splitlines()]
        items = tuple(GoldenItem(**{**line, "verdicts": tuple(line["verdicts"])}) for line in lines)
        golden_set = GoldenSet(items, datetime.fromisoformat(head["as_of"]), digest)
        golden_set.facts()
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise SnapshotRefused(f"The golden set cannot be read: {type(error).__name__}.") from None
    if (
        head.get("schema") != _SCHEMA
        or head.get("items") != len(items)
        or not set(golden_set.labels.tolist()) <= {0, 1}
    ):
        raise SnapshotRefused("The golden set is not one that this version reads.")
    return golden_set


def read_golden(path: Path, *, expected: str) -> GoldenSet:
    """The set in a file; see `parse_golden`."""
    if path.stat().st_size > _LARGEST:
        raise SnapshotRefused("The golden set is too large.")
    return parse_golden(path.read_bytes(), expected)


def rows_apart_from(rows: Sequence[SnapshotRow], golden: GoldenSet, clusters: Mapping[str, str]) -> list[SnapshotRow]:
    """The rows that share no listing, no seller and no near-duplicate text with a golden set.

    `clusters` has the cluster of each seller of the set; sellers of one cluster are one seller. Otherwise an attacker
    could pass the gate by relisting the golden listings and having them judged. A text is a near-duplicate by
    `features.near_duplicates.NEAR`.
    """
    listings = {golden_item.listing_id for golden_item in golden.items}
    sellers = golden.sellers | {clusters.get(seller, seller) for seller in golden.sellers}
    texts = _TextIndex(facts.listing for facts in golden.facts())
    return [
        row
        for row in rows
        if row.listing_id not in listings
        and not {row.seller, row.seller_cluster} & sellers
        and not texts.near(facts_from_json(row.facts).listing)
    ]


class _TextIndex:
    """An index of texts; similar texts share one of sixteen keys with a probability of at least 87 %.

    A text too short for a signature matches none, because unrelated sellers write the same short text.
    """

    def __init__(self, listings: Iterable[Listing]) -> None:
        self._by_key: dict[tuple[int, int], list[Signature]] = {}
        for listing in listings:
            if (signature := signature_of(listing)) is not None:
                for key in _index_keys(signature):
                    self._by_key.setdefault(key, []).append(signature)

    def near(self, listing: Listing) -> bool:
        if (signature := signature_of(listing)) is None:
            return False
        met = [other_signature for key in _index_keys(signature) for other_signature in self._by_key.get(key, ())]
        return bool(met) and bool((similarities(signature, np.stack(met)) >= NEAR).any())


def _index_keys(signature: Signature) -> list[tuple[int, int]]:
    return list(enumerate(map(int, band_keys(signature))))


def refuse_golden_rows(rows: Sequence[SnapshotRow], golden: GoldenSet) -> None:
    """Refuse a snapshot with rows of the golden set or its sellers.

    Raises SnapshotRefused (a row is of a listing of the golden set, or of one of its sellers).
    """
    listings = {golden_item.listing_id for golden_item in golden.items}
    sellers = golden.sellers
    row_count = sum(row.listing_id in listings or bool({row.seller, row.seller_cluster} & sellers) for row in rows)
    if row_count:
        raise SnapshotRefused(f"{row_count:,} rows of the snapshot are of the golden set or its sellers; export again.")
