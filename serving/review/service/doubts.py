"""The doubt about a claim, from what is stored about its listing."""

from dataclasses import dataclass

from sqlalchemy import Connection

from features.facts import Facts
from serving.accounts.store import origins
from serving.cases.matching import brand_from
from serving.cases.store import case_brands, verdicts
from serving.review.rules.doubt import Background, Claim, Decision, Doubt, doubt
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
    here, listing_id = claimed.marketplace_id, claimed.listing_id
    standing = [
        action
        for action in actions.of_listing(connection, here, listing_id)
        if action.state is not ActionState.WITHDRAWN
    ]
    naming = case_brands.latest_of_listings(connection, here, [listing_id]).get(listing_id)
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
            for verdict in verdicts.of_listings(connection, here, [listing_id])
            if verdict.superseded_by is None
        ),
        reinstated_at=standing[-1].created_at if standing and standing[-1].kind is ActionKind.REINSTATE else None,
        brand_id=brand_from(claimed.facts, naming).brand_id,
    )
