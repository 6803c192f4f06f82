"""Intake of rows: check, compare with the stored state, score, route, and store in one transaction."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from features.facts import Facts, assemble_facts
from features.fields import EARLIEST
from features.listing import Listing, Rejection, check
from features.near_duplicates import NearDuplicates
from features.references import References
from models.errors import Busy
from models.policies.deciding import RoutingPolicy, ScorecardPolicy
from models.routing import Lane
from serving.cases.store import case_brands, cases
from serving.intake.service.intake_rows import RowsToKeep
from serving.intake.service.intake_steps import Step, observed_of
from serving.intake.service.near_duplicates import BatchTexts
from serving.intake.service.questions import questions_now
from serving.intake.service.relists import relists_among
from serving.intake.service.seller_histories import SellerHistories
from serving.listings.service import external_id_of, quarantine_row
from serving.listings.store import listings
from serving.listings.store.listings import Latest
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels
from serving.scoring.service.on_trial import BothScored, Trials, score_beside
from serving.scoring.service.reference_context import ReferenceContextCache
from serving.scoring.service.scoring import Scored, ToScore, score_and_route
from serving.scoring.store import histories
from serving.scoring.store.histories import ScoredUntil
from serving.sellers.service.seller_listing import listed_among

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


def receive(
    runtime: Runtime,
    marketplace: Marketplace,
    rows: Sequence[object],
    *,
    source: str,
    backfill: bool = False,
    rejections: Mapping[int, Rejection] | None = None,
) -> list[RowAnswer]:
    """Take in at most a thousand rows, in order, and answer each; all are kept or quarantined in one transaction.

    Features and scores are computed before the transaction, so that the write lock lasts milliseconds. If another
    request changes one of the listings meanwhile, everything is computed again. `rejections` names rows that could not
    be read. With `backfill`, a row counts as known when it occurred, but not before listings of its seller that were
    scored without it.
    """
    now = runtime.clock.now()
    answers: dict[int, RowAnswer] = {}
    accepted: list[tuple[int, Listing]] = []
    refused: list[dict[str, Any]] = []
    for position, row in enumerate(rows):
        found = (rejections or {}).get(position) or check(row, received_at=now)
        if isinstance(found, Rejection):
            answers[position] = RowAnswer(RowStatus.QUARANTINED, external_id_of(row), rejection=found)
            refused.append(quarantine_row(runtime, marketplace.marketplace_id, row, found, source=source, at=now))
        else:
            accepted.append((position, found))
    rounds = _rounds(accepted) or [[]]
    for number, round_ in enumerate(rounds):
        # One microsecond apart, so that a round is later than everything that the earlier rounds stored.
        at = now + timedelta(microseconds=number)
        kept = refused if number == len(rounds) - 1 else []
        answers.update(_receive_round(runtime, marketplace, round_, kept, now=at, backfill=backfill))
    return [answers[position] for position in range(len(rows))]


def _rounds(accepted: Sequence[tuple[int, Listing]]) -> list[list[tuple[int, Listing]]]:
    """Rows grouped so that no round contains a listing twice: a batch can hold two changes of one listing."""
    rounds: list[list[tuple[int, Listing]]] = []
    seen: list[set[str]] = []
    for position, found in accepted:
        number = next((i for i, ids in enumerate(seen) if found.external_id not in ids), len(rounds))
        if number == len(rounds):
            rounds.append([])
            seen.append(set())
        rounds[number].append((position, found))
        seen[number].add(found.external_id)
    return rounds


def _receive_round(
    runtime: Runtime,
    marketplace: Marketplace,
    rows: Sequence[tuple[int, Listing]],
    refused: Sequence[dict[str, Any]],
    *,
    now: datetime,
    backfill: bool,
) -> dict[int, RowAnswer]:
    for _ in range(_TRIES):
        gathered = _gather(runtime, marketplace, rows, now=now, backfill=backfill)
        try:
            return _write(runtime, marketplace, gathered, refused)
        except (_Overtaken, IntegrityError):
            continue
    raise Busy("These listings are being changed by other requests; send them again.")


class _Overtaken(Exception):
    """A listing was changed between reading and writing."""


@dataclass(frozen=True, slots=True)
class _Gathered:
    steps: list[Step]  # In the order of their moments.
    facts: dict[int, Facts]
    late: dict[int, float | None]  # The log price of rows that came in after newer ones.
    texts: BatchTexts
    scored: dict[int, Scored]
    tried: dict[int, BothScored]
    draws: dict[int, float]
    relisted: frozenset[int]
    taking_part: frozenset[str]


def _gather(
    runtime: Runtime, marketplace: Marketplace, rows: Sequence[tuple[int, Listing]], *, now: datetime, backfill: bool
) -> _Gathered:
    external_ids = [found.external_id for _, found in rows]
    sellers = {found.seller.external_id for _, found in rows if found.seller.external_id is not None}
    here = marketplace.marketplace_id
    with runtime.store.read() as connection:
        known = listings.latest(connection, here, external_ids)
        known_ids = [latest.listing_id for latest in known.values()]
        floors = histories.scored_until(connection, here, sellers, known_ids) if backfill else None
        steps = sorted(
            (_step(position, found, known.get(found.external_id), now, floors) for position, found in rows),
            key=lambda step: step.as_of,
        )
        changed = [step for step in steps if not (step.is_repeat or step.is_late)]
        seller_histories = SellerHistories.read(connection, here, [(step.listing, step.as_of) for step in changed])
        context = runtime.services[ReferenceContextCache].of(connection, marketplace, now)
        questions = questions_now(connection, marketplace, context, now)
        open_cases = cases.open_cases(connection, here, known_ids)
        texts = BatchTexts(connection, here, changed)
    facts: dict[int, Facts] = {}
    for step in changed:
        found = _facts(step, context.references, seller_histories, marketplace, texts.near_duplicates_of(step))
        facts[step.position] = found
        texts.came(step, found)
        if step.is_version:
            seller_histories.take_in(step.listing, found, step.before, context.taking_part)
    draws = {
        step.position: step.before.draw if step.before and not step.is_version else runtime.draw() for step in changed
    }
    others = {step.position: facts[step.position] for step in changed}
    repeats, on_lists = relists_among(runtime, here, others, now), listed_among(runtime, here, others, now)
    to_score = [
        ToScore(
            facts[step.position],
            draws[step.position],
            already_open=step.is_version and step.before is not None and step.before.listing_id in open_cases,
            relist=repeats[step.position].reason if step.position in repeats else None,
            listed=on_lists.get(step.position),
        )
        for step in changed
    ]
    scored = score_and_route(
        to_score,
        model=runtime.services[LiveModels].of(marketplace.marketplace_id),
        questions=questions,
        routing=runtime.policies[RoutingPolicy],
        scorecard=runtime.policies[ScorecardPolicy],
        threads=runtime.settings.model_threads,
    )
    tried: dict[int, BothScored] = {}
    if (on_trial := runtime.services[Trials].of(here)) is not None:
        both = score_beside(
            on_trial,
            to_score,
            scored,
            questions=questions,
            routing=runtime.policies[RoutingPolicy],
            scorecard=runtime.policies[ScorecardPolicy],
            threads=runtime.settings.model_threads,
        )
        tried = {step.position: one for step, one in zip(changed, both, strict=True)}
        scored = [one.decided for one in both]
    by_position = {step.position: one for step, one in zip(changed, scored, strict=True)}
    relisted = frozenset(repeats)
    late = {step.position: step.log_price(context.references) for step in steps if step.is_late}
    return _Gathered(steps, facts, late, texts, by_position, tried, draws, relisted, context.taking_part)


def _step(position: int, found: Listing, before: Latest | None, now: datetime, floors: ScoredUntil | None) -> Step:
    as_of = now
    if floors is not None:
        floor = floors.of(found.seller.external_id, before.listing_id if before else None)
        as_of = min(max(found.occurred_at or now, floor or EARLIEST), now)
    hashes = found.content_hash, _hash(observed_of(found))
    return Step(position, found, as_of, before, *hashes, is_backfill=floors is not None)


def _facts(
    step: Step, references: References, recorded: SellerHistories, marketplace: Marketplace, near: NearDuplicates | None
) -> Facts:
    before = step.before
    price_before = None
    if before is not None:
        price_before = before.log_price if step.is_version else before.previous_log_price
    history = recorded.of(
        step.listing,
        listing_id=before.listing_id if before else None,
        as_of=step.as_of,
        complete_since=marketplace.seller_events_since,
        version=before.version + step.is_version if before else 1,
        previous_log_price=price_before,
        earlier_prices=step.earlier_prices,
        likeness=near,
    )
    return assemble_facts(step.listing, references, history, marketplace=marketplace.marketplace_id, as_of=step.as_of)


def _write(
    runtime: Runtime, marketplace: Marketplace, gathered: _Gathered, refused: Sequence[dict[str, Any]]
) -> dict[int, RowAnswer]:
    """Store everything that the rows changed, if nothing changed since they were compared."""
    here = marketplace.marketplace_id
    rows = RowsToKeep(runtime, here, gathered.taking_part)
    answers: dict[int, RowAnswer] = {}
    changed = [step for step in gathered.steps if step.position in gathered.facts]
    for step in gathered.steps:
        if step.position not in gathered.facts:
            status = RowStatus.STALE if step.is_late else RowStatus.UNCHANGED
            version = step.before.version if step.before else None
            answers[step.position] = RowAnswer(status, step.listing.external_id, version)
            if step.is_late:
                rows.keep_late(step, gathered.late[step.position])
    if not changed and not refused and not gathered.late:
        return answers
    with runtime.store.write() as connection:
        now = listings.latest(connection, here, [step.listing.external_id for step in changed], lock=True)
        if any(now.get(step.listing.external_id) != step.before for step in changed):
            raise _Overtaken
        known_ids = [step.before.listing_id for step in changed if step.before]
        open_cases = cases.open_cases(connection, here, known_ids)
        rows.named = case_brands.latest_of_listings(connection, here, known_ids)
        seen_versions = cases.versions_with_case(
            connection, here, [step.before.version_id for step in changed if step.before and not step.is_version]
        )
        for step in changed:
            scored, facts = gathered.scored[step.position], gathered.facts[step.position]
            ids = rows.keep(step, facts, scored, gathered.draws[step.position])
            if step.position in gathered.tried:
                rows.keep_trial(step, ids, gathered.tried[step.position])
            if step.is_version:
                rows.keep_text(gathered.texts.new_text(step, ids.version_id))
            open_case = open_cases.get(ids.listing_id)
            if step.is_version or (ids.version_id not in seen_versions and open_case is None):
                relisted = step.position in gathered.relisted
                rows.open_case(step, ids, facts, scored, open_case, relisted=relisted)
            version = facts.version
            answers[step.position] = RowAnswer(
                RowStatus.ACCEPTED, step.listing.external_id, version, step.is_version, scored.route.lane
            )
        rows.insert(connection)
        listings.add_quarantine(connection, refused)
    return answers


def _hash(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
