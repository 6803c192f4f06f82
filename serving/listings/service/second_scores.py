"""Second scores: an encoder reads the titles of listings just below the threshold, long after their first answer.

The first answer stays valid meanwhile. A second score is stored beside it, and it can only bring a listing before a
person that nobody would have seen: it closes no case and takes nothing down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from models.arrays import Floats
from models.bundle import Bundle
from models.policies.deciding import RoutingPolicy, ScorecardPolicy
from models.policies.sellers import SellerListPolicy
from serving.cases.store import case_brands
from serving.listings.service.batch_scoring import BatchCases
from serving.listings.service.intake_rows import RowsToKeep, questions_now
from serving.listings.service.intake_steps import Step, observed_of
from serving.listings.store import awaiting_second_score, listings
from serving.listings.store.awaiting_second_score import ScoreZone, WaitingListing
from serving.listings.store.listings import LatestState
from serving.marketplaces.store import marketplaces
from serving.platform import children, jobs
from serving.platform.database.types import CanonicalText
from serving.platform.runtime import Runtime
from serving.scoring.policy import SecondStagePolicy
from serving.scoring.service.bundles import LiveModels
from serving.scoring.service.scoring import BatchScores, ReferenceContextCache, ScoredVersion, ScoringInput
from serving.sellers.service.seller_listing import list_matches
from training.fit.encoders import ENCODERS, encode


def queue_second_scores(runtime: Runtime) -> int:
    """Leave a job for each marketplace where a listing waits; returns how many.

    A job is named after the listing that has waited longest, so that none is left twice for it.
    """
    with runtime.store.read() as connection:
        oldest_scores = [
            (marketplace_id, oldest)
            for marketplace in marketplaces.all_marketplaces(connection)
            if (model := _model(runtime, marketplace_id := marketplace.marketplace_id)) is not None
            and (
                oldest := awaiting_second_score.oldest_waiting_id(
                    connection, marketplace_id, _score_zone(runtime, model)
                )
            )
            is not None
        ]
    if oldest_scores:
        with runtime.store.write() as connection:
            for marketplace_id, oldest in oldest_scores:
                runtime.jobs.enqueue(
                    connection, jobs.SECOND_SCORES, jobs.SECOND_STAGE, f"second_stage:{oldest}", marketplace_id
                )
    return len(oldest_scores)


def give_second_scores(runtime: Runtime, marketplace_id: str) -> int:
    """Give the listings that have waited longest their second score; returns how many have one now."""
    model = _model(runtime, marketplace_id)
    if model is None:
        return 0
    policy = runtime.policies[SecondStagePolicy]
    with runtime.store.read() as connection:
        waiting_listings = awaiting_second_score.waiting_listings(
            connection, marketplace_id, _score_zone(runtime, model), policy.most_at_once
        )
    if not waiting_listings:
        return 0
    encoded = encode(
        ENCODERS[runtime.settings.encoder],
        [listing.facts.listing.title or "" for listing in waiting_listings],
        threads=runtime.settings.model_threads,
        environment=children.minimal_environment(),
    )
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        steps = _steps(
            waiting_listings,
            listings.latest_states(connection, marketplace_id, [listing.external_id for listing in waiting_listings]),
            now,
        )
        scored, taking_part = _second_scores(
            runtime, connection, marketplace_id, _EncodedTitles(model, waiting_listings, encoded), steps
        )
    with runtime.store.write() as connection:
        now_latest = listings.latest_states(
            connection, marketplace_id, [listing.external_id for listing in waiting_listings], lock=True
        )
        steps = {i: step for i, step in steps.items() if now_latest.get(waiting_listings[i].external_id) == step.before}
        cases = BatchCases.read(connection, marketplace_id, list(steps.values()))
        named = case_brands.latest_of_listings(connection, marketplace_id, [step.listing_id for step in steps.values()])
        rows = RowsToKeep(runtime, marketplace_id, taking_part, cases.stored, named)
        for i, step in steps.items():
            score_id = rows.keep_score(step, waiting_listings[i].facts_digest, scored[i])
            if cases.opens(step, scored[i].route.lane):
                rows.cases.open(step, score_id, waiting_listings[i].facts, scored[i], relisted=False)
        rows.insert(connection)
    return len(steps)


def _model(runtime: Runtime, marketplace_id: str) -> Bundle | None:
    """The champion, if it weighs what the encoder of this process says."""
    name = runtime.settings.encoder
    model = runtime.services[LiveModels].loaded(marketplace_id) if name in ENCODERS else None
    if model is None or model.second_stage is None or model.second_stage.encoder != ENCODERS[name].identity:
        return None
    return model


def _score_zone(runtime: Runtime, model: Bundle) -> ScoreZone:
    policy = runtime.policies[SecondStagePolicy]
    threshold = min(model.thresholds.analyst_from, model.thresholds.ask_brand_from)
    since = runtime.clock.now() - timedelta(hours=policy.window_hours)
    return ScoreZone(model.digest, policy.from_share * threshold, threshold, since)


def _steps(
    waiting_listings: Sequence[WaitingListing], latest: Mapping[str, LatestState], now: datetime
) -> dict[int, Step]:
    """Each listing as if it were observed again, unchanged, by its number; without those that have a newer version."""
    steps = {}
    for i, listing in enumerate(waiting_listings):
        before = latest.get(listing.external_id)
        if before is not None and before.version_id == listing.version_id:
            steps[i] = Step(
                position=i,
                listing=listing.facts.listing,
                as_of=now,
                before=before,
                observed=CanonicalText.of(observed_of(listing.facts.listing)),
                content_hash=before.content_hash,
                observed_hash=before.observed_hash,
                listing_id=before.listing_id,
                version_id=before.version_id,
                draw=before.draw,
            )
    return steps


@dataclass(frozen=True, slots=True)
class _EncodedTitles:
    """Waiting listings with the encoder's numbers of their titles, shape (n, d), and the model that weighs them."""

    model: Bundle
    waiting: Sequence[WaitingListing]
    encoded: Floats


def _second_scores(
    runtime: Runtime, connection: Connection, marketplace_id: str, read: _EncodedTitles, steps: Mapping[int, Step]
) -> tuple[dict[int, ScoredVersion], frozenset[str]]:
    """The second scores with their routes, by number, and the brands that take part."""
    now = runtime.clock.now()
    marketplace = marketplaces.get(connection, marketplace_id)
    context = runtime.services[ReferenceContextCache].of(connection, marketplace, now)
    questions = questions_now(connection, marketplace, context, now)
    facts = {i: read.waiting[i].facts for i in steps}
    on_lists = list_matches(connection, marketplace_id, facts, now, runtime.policies[SellerListPolicy])
    scores = BatchScores(
        facts,
        model=read.model,
        questions=questions,
        routing=runtime.policies[RoutingPolicy],
        scorecard=runtime.policies[ScorecardPolicy],
        threads=runtime.settings.model_threads,
        encoded=read.encoded[list(steps)],
    )
    rows = {
        i: ScoringInput(facts[i], step.draw, already_open=False, listed=on_lists.get(i)) for i, step in steps.items()
    }
    scores.route(rows, questions.remaining)
    return scores.scored(), context.taking_part
