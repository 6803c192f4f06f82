"""Scores without storage, which a marketplace requests before it publishes a listing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from features.facts import Facts, assemble_facts
from features.listing import Listing
from models.policies.deciding import RoutingPolicy, ScorecardPolicy
from models.policies.sellers import SellerListPolicy
from models.routing import ASK_BRAND_CODE
from serving.cases.store import case_brands
from serving.listings.service.intake_rows import questions_now
from serving.listings.service.near_duplicates import near_duplicates_of_all
from serving.listings.service.seller_events import SellerHistories
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels
from serving.scoring.service.scoring import (
    BatchScores,
    QuestionBudget,
    ReferenceContext,
    ReferenceContextCache,
    ScoredVersion,
    ScoringInput,
)
from serving.sellers.service.seller_listing import list_matches

# Never sampled for audit: the sample consists of listing versions, and there is none yet.
_NO_DRAW = 1.0


def precheck(runtime: Runtime, marketplace: Marketplace, listing: Listing) -> ScoredVersion:
    """The score of a listing as if it came in now; nothing is stored and no case is opened.

    A brand that a person named for the listing of this id counts, as it will when the listing comes in.
    """
    with runtime.store.read() as connection:
        (outcome,) = precheck_all(runtime, connection, marketplace, [listing])
    return outcome


def precheck_all(
    runtime: Runtime, connection: Connection, marketplace: Marketplace, listings: Sequence[Listing]
) -> list[ScoredVersion]:
    """The scores of some listings in order, each as if it were the only one; every table is read once for all."""
    now, marketplace_id = runtime.clock.now(), marketplace.marketplace_id
    context = runtime.services[ReferenceContextCache].of(connection, marketplace, now)
    facts = dict(enumerate(_facts(connection, marketplace, context, listings, now)))
    on_lists = list_matches(connection, marketplace_id, facts, now, runtime.policies[SellerListPolicy])
    rows = {
        i: ScoringInput(row_facts, _NO_DRAW, already_open=False, listed=on_lists.get(i))
        for i, row_facts in facts.items()
    }
    scores = BatchScores(
        facts,
        model=runtime.services[LiveModels].of(marketplace_id),
        questions=QuestionBudget(context.taking_part),
        routing=runtime.policies[RoutingPolicy],
        scorecard=runtime.policies[ScorecardPolicy],
        threads=runtime.settings.model_threads,
    )
    asking = {i: row for i, row in rows.items() if _route_alone(scores, i, row, {})}
    if asking:
        # Only now does it matter whether the model may ask.
        scores.questions = questions_now(connection, marketplace, context, now)
        for i, row in asking.items():
            scores.route({i: row}, scores.questions.remaining)
    return list(scores.scored().values())


def _route_alone(scores: BatchScores, i: int, row: ScoringInput, questions_left: Mapping[str, int]) -> bool:
    """Route one row apart from the others; whether the route depends on what the model may ask."""
    return any(reason.code == ASK_BRAND_CODE for reason in scores.route({i: row}, questions_left)[i].reasons)


def _facts(
    connection: Connection,
    marketplace: Marketplace,
    context: ReferenceContext,
    listings: Sequence[Listing],
    now: datetime,
) -> list[Facts]:
    marketplace_id = marketplace.marketplace_id
    histories = SellerHistories.read(connection, marketplace_id, [(listing, now) for listing in listings])
    near = near_duplicates_of_all(connection, marketplace_id, listings, now)
    named = case_brands.of_external_ids(connection, marketplace_id, [listing.external_id for listing in listings])
    return [
        assemble_facts(
            listing,
            context.references,
            histories.of(
                listing,
                listing_id=None,
                as_of=now,
                complete_since=marketplace.seller_events_since,
                near_duplicates=near_duplicates,
            ),
            marketplace=marketplace_id,
            as_of=now,
            named=named.get(listing.external_id, ()),
        )
        for listing, near_duplicates in zip(listings, near, strict=True)
    ]
