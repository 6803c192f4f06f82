"""Scores without storage, which a marketplace requests before it publishes a listing."""

from features.facts import assemble_facts
from features.listing import Listing
from models.policies.deciding import RoutingPolicy, ScorecardPolicy
from models.policies.sellers import SellerListPolicy
from models.routing import ASKED
from serving.cases.store import case_brands
from serving.intake.service.near_duplicates import near_duplicates_of
from serving.intake.service.questions import questions_now
from serving.intake.service.seller_histories import SellerHistories
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels
from serving.scoring.service.reference_context import ReferenceContextCache
from serving.scoring.service.scoring import Questions, Scored, ToScore, score_and_route
from serving.sellers.service.seller_listing import listed_among

# Never sampled for audit: the sample consists of listing versions, and there is none yet.
_NO_DRAW = 1.0


def precheck(runtime: Runtime, marketplace: Marketplace, listing: Listing) -> Scored:
    """The score of a listing as if it came in now; nothing is stored and no case is opened.

    A brand that a person named for the listing of this id counts, as it will when the listing comes in.
    """
    now, here = runtime.clock.now(), marketplace.marketplace_id
    with runtime.store.read() as connection:
        context = runtime.services[ReferenceContextCache].of(connection, marketplace, now)
        histories = SellerHistories.read(connection, here, [(listing, now)])
        near = near_duplicates_of(connection, here, listing, now)
        named = case_brands.of_external_id(connection, here, listing.external_id)
        history = histories.of(
            listing, listing_id=None, as_of=now, complete_since=marketplace.seller_events_since, likeness=near
        )
        facts = assemble_facts(listing, context.references, history, marketplace=here, as_of=now, named=named)
        on_list = listed_among(connection, here, {0: facts}, now, runtime.policies[SellerListPolicy]).get(0)
    row = ToScore(facts, _NO_DRAW, already_open=False, listed=on_list)
    scored = _scored(runtime, here, row, Questions(context.taking_part))
    if not any(reason.code == ASKED for reason in scored.route.reasons):
        return scored
    # Only now does it matter whether the model may ask; to read that takes a tenth of the time of a request.
    with runtime.store.read() as connection:
        questions = questions_now(connection, marketplace, context, now)
    return _scored(runtime, here, row, questions)


def _scored(runtime: Runtime, marketplace_id: str, row: ToScore, questions: Questions) -> Scored:
    (found,) = score_and_route(
        [row],
        model=runtime.services[LiveModels].of(marketplace_id),
        questions=questions,
        routing=runtime.policies[RoutingPolicy],
        scorecard=runtime.policies[ScorecardPolicy],
        threads=runtime.settings.model_threads,
    )
    return found
