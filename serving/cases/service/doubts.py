"""The doubt about a claim, from what is stored of its listing; and blind second reviews of sampled confirmations."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from features.facts import Facts
from models.policies.deciding import EnforcementPolicy
from models.policies.learning import SecondReviewPolicy
from serving.accounts.store import origins
from serving.cases.matching import brand_from
from serving.cases.rules.doubt import Background, Claim, Decision, Doubt, doubt
from serving.cases.store import case_brands, cases, verdicts
from serving.learning.service.second_reviews import second_review_case, second_review_event
from serving.learning.store import second_reviews
from serving.platform.runtime import Runtime
from serving.standing.store import standings
from serving.takedowns.store import actions
from serving.webhooks.rules.action import ActionKind, ActionState


@dataclass(frozen=True, slots=True)
class ClaimedVersion:
    """The version of a listing that a claim is about, with its facts."""

    marketplace_id: str
    listing_id: str
    version_id: str
    facts: Facts


def doubt_of(connection: Connection, claimed: ClaimedVersion, claim: Claim) -> Doubt | None:
    """What speaks against a removal by this claim now; None where it may remove."""
    background = _background(connection, claimed)
    settled = background.reinstated_at is None and not background.decisions
    return doubt(background, claim, {} if settled else origins.roots(connection))


def _background(connection: Connection, claimed: ClaimedVersion) -> Background:
    marketplace_id, listing_id = claimed.marketplace_id, claimed.listing_id
    standing = [
        action
        for action in actions.of_listing(connection, marketplace_id, listing_id)
        if action.state is not ActionState.WITHDRAWN
    ]
    naming = case_brands.latest_of_listings(connection, marketplace_id, [listing_id]).get(listing_id)
    return Background(
        decisions=tuple(
            Decision(
                verdict.judgement,
                verdict.side,
                verdict.user_id,
                verdict.brand_id,
                verdict.known_at,
                of_version=verdict.version_id == claimed.version_id,
            )
            for verdict in verdicts.of_listings(connection, marketplace_id, [listing_id])
            if verdict.superseded_by is None
        ),
        reinstated_at=standing[-1].created_at if standing and standing[-1].kind is ActionKind.REINSTATE else None,
        brand_id=brand_from(claimed.facts, naming).brand_id,
    )


_MOST_AT_ONCE: Final = 200


def open_sampled_reviews(runtime: Runtime) -> int:
    """Open the second reviews of sampled confirmations that can no longer be undone; returns how many.

    A version has at most one second review: one that a training requested serves both purposes.
    """
    now = runtime.clock.now()
    before = now - timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    due_at = now + timedelta(days=runtime.policies[SecondReviewPolicy].due_within_days)
    opened = 0
    with runtime.store.read() as connection:
        sampled = standings.due_for_review(connection, before=before, most=_MOST_AT_ONCE)
    for confirmation in sampled:
        with runtime.store.write() as connection:
            if not standings.claim_review(connection, confirmation):
                continue
            case_id = second_reviews.case_of(connection, confirmation.marketplace_id, confirmation.version_id)
            if case_id is None:
                case_id = runtime.ids.new("cas")
                first = cases.get(connection, confirmation.marketplace_id, confirmation.case_id)
                cases.add_cases(connection, [second_review_case(first, case_id, now, due_at)])
                cases.add_events(connection, [second_review_event(runtime, first, case_id, "standing", now)])
                opened += 1
            standings.record_review(connection, confirmation, case_id)
    return opened
