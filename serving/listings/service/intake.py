"""Intake of rows: check, compare with the stored state, score, route, and store in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from features.listing import Listing, Rejection, check
from models.errors import Busy
from models.routing import Lane
from serving.cases.store import case_brands
from serving.listings.service.batch_scoring import BatchCases, ScoredBatch
from serving.listings.service.intake_rows import GatheredBatch, RowsToKeep, gather_batch
from serving.listings.service.intake_steps import Step
from serving.listings.service.refused_rows import external_id_of, refused_row_columns
from serving.listings.store import listings
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime

LARGEST_BATCH: Final = 1_000
_TRIES: Final = 5


class RowStatus(StrEnum):
    """The result of one row."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    STALE = "stale"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """The answer to one row: why it is quarantined, or whether it is a new listing or version."""

    status: RowStatus
    external_id: str | None
    version: int | None = None
    new_version: bool = False
    lane: Lane | None = None
    rejection: Rejection | None = None


def receive_rows(
    runtime: Runtime,
    marketplace: Marketplace,
    rows: Sequence[object],
    *,
    source: str,
    backfill: bool = False,
    rejections: Mapping[int, Rejection] | None = None,
    first_row: int = 1,
) -> list[RowAnswer]:
    """Take in at most a thousand rows, in order, and answer each; all are kept or quarantined in one transaction.

    Features and scores are computed before the transaction, so that the write lock lasts milliseconds. If another
    request changes one of the listings meanwhile, everything is computed again. `rejections` names rows that could not
    be read, and `first_row` is the number of the first row in its file. With `backfill`, a row counts as known when it
    occurred, but not before listings of its seller that were scored without it.
    """
    now = runtime.clock.now()
    answers: dict[int, RowAnswer] = {}
    accepted: list[tuple[int, Listing]] = []
    refused: list[dict[str, Any]] = []
    for position, row in enumerate(rows):
        outcome = (rejections or {}).get(position) or check(row, received_at=now)
        if isinstance(outcome, Rejection):
            answers[position] = RowAnswer(RowStatus.QUARANTINED, external_id_of(row), rejection=outcome)
            number, marketplace_id = first_row + position, marketplace.marketplace_id
            refused.append(
                refused_row_columns(runtime, marketplace_id, row, outcome, source=source, number=number, at=now)
            )
        else:
            accepted.append((position, outcome))
    answers |= _take_in(runtime, marketplace, accepted, refused, now, backfill=backfill)
    return [answers[position] for position in range(len(rows))]


def _take_in(
    runtime: Runtime,
    marketplace: Marketplace,
    accepted: Sequence[tuple[int, Listing]],
    refused: Sequence[dict[str, Any]],
    now: datetime,
    *,
    backfill: bool,
) -> dict[int, RowAnswer]:
    for _ in range(_TRIES):
        gathered = gather_batch(runtime, marketplace, accepted, now=now, backfill=backfill)
        try:
            return _write(runtime, marketplace, gathered, refused)
        except (_ConcurrentChange, IntegrityError):
            continue
    raise Busy("These listings are being changed by other requests; send them again.")


class _ConcurrentChange(Exception):
    """A listing was changed, or its brand named, between reading and writing."""


def _write(
    runtime: Runtime, marketplace: Marketplace, gathered: GatheredBatch, refused: Sequence[dict[str, Any]]
) -> dict[int, RowAnswer]:
    """Store everything that the rows changed, if nothing changed since they were compared."""
    marketplace_id, changed = marketplace.marketplace_id, gathered.changed
    answers = {step.position: _answer(step, gathered.batch) for step in gathered.steps}
    if not changed and not gathered.late and not refused:
        return answers
    with runtime.store.write() as connection:
        # A listing that was unknown is inserted, which is refused if it is known by now.
        known = {name: version for step in changed if (version := gathered.known.get(name := step.listing.external_id))}
        now = listings.latest_states(connection, marketplace_id, list(known), lock=True)
        if now != known:
            raise _ConcurrentChange
        cases = BatchCases.read(connection, marketplace_id, changed)
        named = case_brands.latest_of_listings(
            connection, marketplace_id, [version.listing_id for version in now.values()]
        )
        if any(named.get(version.listing_id) != gathered.named.get(version.listing_id) for version in now.values()):
            raise _ConcurrentChange
        rows = RowsToKeep(runtime, marketplace_id, gathered.taking_part, cases.stored, named)
        for step in gathered.steps:  # In the order of their moments, so that ids tell what came first.
            if step.is_late:
                rows.keep_late(step, gathered.late[step.position])
            if not step.is_change:
                continue
            scored, facts = gathered.batch.scored[step.position], gathered.facts[step.position]
            score_id = rows.keep(step, facts, scored)
            rows.keep_text(gathered.texts.get(step.position))
            if (both := gathered.batch.tried.get(step.position)) is not None:
                rows.keep_trial(step, both)
            if cases.opens(step, scored.route.lane):
                relisted = step.position in gathered.batch.relisted
                rows.cases.open(step, score_id, facts, scored, relisted=relisted)
        rows.insert(connection)
        listings.add_quarantine(connection, refused)
    return answers


def _answer(step: Step, batch: ScoredBatch) -> RowAnswer:
    if step.is_change:
        lane = batch.scored[step.position].route.lane
        return RowAnswer(RowStatus.ACCEPTED, step.listing.external_id, step.version, step.is_version, lane)
    status = RowStatus.STALE if step.is_late else RowStatus.UNCHANGED
    return RowAnswer(status, step.listing.external_id, step.before.version if step.before else None)
