"""Freezes a golden set, by itself or for an administrator, and writes it as a separate file for a training."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from models.errors import Invalid
from models.policies.learning import DEFAULT_GATES, LabelPolicy
from serving.accounts.store import origins
from serving.audit.store import audit
from serving.learning.rules.promotion import AgreedAnswer, agreed_answer
from serving.learning.service.labelling import labelled_rows
from serving.learning.store import golden, learning, verdict_history
from serving.learning.store.golden import StoredSet
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.row_reader import row_of
from serving.platform.runtime import Runtime
from training.gates.golden import GoldenItem, freeze
from training.snapshots.snapshot import SnapshotRow

_BY_DEFAULT: Final = "training"


def freeze_golden_set(runtime: Runtime, marketplace: Marketplace, *, by: str) -> StoredSet:
    """Freeze all listings on which two analysts agree by now; the new set replaces the earlier one, which is kept.

    Raises Invalid (too few listings qualify, or they are all of one class).
    """
    marketplace_id, now = marketplace.marketplace_id, runtime.clock.now()
    with runtime.store.read() as connection:
        items = _double_labelled_items(connection, marketplace_id, runtime.policies[LabelPolicy], now)
    _refuse_too_few(len(items), sum(golden_item.label for golden_item in items))
    return _store_set(runtime, marketplace_id, items, now, by=by)


def freeze_by_default(runtime: Runtime, marketplace_id: str) -> None:
    """Freeze labels of sellers drawn at random, from enough mature labels on, and later what was judged twice since.

    Nobody chooses them. Those judged once await a second review. A set that an administrator froze stays as it is.
    """
    now, policy = runtime.clock.now(), runtime.policies[LabelPolicy]
    with runtime.store.read() as connection:
        stored = golden.in_force(connection, marketplace_id, now)
        if stored is not None and stored.frozen_by != _BY_DEFAULT:
            return
        known = golden.golden_set_of(connection, marketplace_id, now)
        drawn = known.items if known else _draw_items(runtime, labelled_rows(connection, marketplace_id, policy, now))
        twice = {gold.version_id: gold for gold in _double_labelled_items(connection, marketplace_id, policy, now)}
    items = [twice.get(gold.version_id, replace(gold, verdicts=())) for gold in drawn]
    if items and (known is None or set(items) != set(known.items)):
        _store_set(runtime, marketplace_id, items, known.as_of if known else now, by=_BY_DEFAULT)


def _draw_items(runtime: Runtime, rows: Sequence[SnapshotRow]) -> list[GoldenItem]:
    """All rows of sellers drawn at random, because no other row of theirs can be learnt; none from too few rows."""
    policy, chance = DEFAULT_GATES, defaultdict[str, float](runtime.draw)
    if len(rows) < policy.golden_from_labels:
        return []
    drawn = sorted((chance[row.seller_cluster or row.version_id], row.version_id, row) for row in rows)
    cut = min(policy.golden_most, int(policy.golden_share * len(rows)))
    return [
        GoldenItem(row.version_id, row.listing_id, row.seller, row.label, (), row.facts)
        for number, _, row in drawn[:cut]
        if number < drawn[cut][0]
    ]


def _store_set(
    runtime: Runtime, marketplace_id: str, items: Sequence[GoldenItem], as_of: datetime, *, by: str
) -> StoredSet:
    now, (content, digest) = runtime.clock.now(), freeze(items, as_of)
    golden_set = StoredSet(digest, len(items), sum(gold.label for gold in items), content, by, now)
    with runtime.store.write() as connection:
        key = {"marketplace_id": marketplace_id, "golden_set_id": runtime.ids.new("gld")}
        golden.add_set(connection, {**key, **row_of(golden_set)})
        counts = {"items": golden_set.items, "positives": golden_set.positives}
        audit.record(connection, now, marketplace_id, by, "golden_set.frozen", digest, **counts)
    return golden_set


def _double_labelled_items(
    connection: Connection, marketplace_id: str, policy: LabelPolicy, as_of: datetime
) -> list[GoldenItem]:
    versions = verdict_history.of_marketplace(connection, marketplace_id, as_of)
    golden_items, roots = [], origins.roots(connection)
    for row in learning.scored_reviewed_versions(connection, marketplace_id, as_of):
        version = versions[row["version_id"]]
        both = agreed_answer(
            [verdict.verdict for verdict in version.verdicts], version.appeal, roots=roots, as_of=as_of, policy=policy
        )
        if isinstance(both, AgreedAnswer):
            seller, facts = row["seller_external_id"], row["body"].decode()
            golden_items.append(
                GoldenItem(row["version_id"], row["listing_id"], seller, both.label, both.verdicts, facts)
            )
    return golden_items


def _refuse_too_few(items: int, positives: int) -> None:
    policy = DEFAULT_GATES
    if items < policy.golden_fewest or not policy.collapse_positives <= positives < items:
        raise Invalid(
            "{n} listings were judged alike by two analysts, the second in a blind review, {positives} of them "
            "counterfeit; a golden set needs {least} listings, {least_positives} counterfeit.",
            n=items,
            positives=positives,
            least=policy.golden_fewest,
            least_positives=policy.collapse_positives,
        )


def write_golden_set(runtime: Runtime, marketplace_id: str) -> tuple[Path, str] | None:
    """The set in force as a read-only file beside the snapshots, and its digest."""
    with runtime.store.read() as connection:
        stored = golden.in_force(connection, marketplace_id, runtime.clock.now())
    if stored is None:
        return None
    path = runtime.home.snapshots / f"golden-{stored.digest}.jsonl"
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    temporary.write_bytes(stored.content)
    temporary.chmod(0o400)
    temporary.replace(path)
    return path, stored.digest
