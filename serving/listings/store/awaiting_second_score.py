"""Listings that wait for a second score: current versions that no person sees, just below the threshold."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, and_, or_, select

from features.facts import Facts, facts_from_json
from models.routing import Lane
from serving.listings.tables import facts, listing, score
from serving.platform.database.scope import inside, same


@dataclass(frozen=True, slots=True)
class ScoreZone:
    """First answers of a model since a moment, with probabilities from `low` to below `high`."""

    scorer: str
    low: float
    high: float
    since: datetime


@dataclass(frozen=True, slots=True)
class WaitingListing:
    """A listing with the first answer that waits for a second score."""

    score_id: str
    external_id: str
    version_id: str
    facts_digest: str
    facts: Facts


def oldest_waiting_id(connection: Connection, marketplace_id: str, zone: ScoreZone) -> str | None:
    """The id of the score that has waited longest; None where none waits."""
    row = connection.execute(_waiting_scores(marketplace_id, zone).limit(1)).first()
    return None if row is None else str(row.score_id)


def waiting_listings(connection: Connection, marketplace_id: str, zone: ScoreZone, most: int) -> list[WaitingListing]:
    """The listings that have waited longest."""
    query = (
        _waiting_scores(marketplace_id, zone)
        .add_columns(listing.c.external_id, score.c.version_id, score.c.facts_digest, facts.c.body)
        .join(facts, (facts.c.marketplace_id == score.c.marketplace_id) & (facts.c.digest == score.c.facts_digest))
        .limit(most)
    )
    return [
        WaitingListing(row.score_id, row.external_id, row.version_id, row.facts_digest, facts_from_json(row.body))
        for row in connection.execute(query)
    ]


def _waiting_scores(marketplace_id: str, zone: ScoreZone) -> Select[str]:
    later = score.alias("later")
    newer = (
        select(later.c.score_id)
        .where(
            same(later, score, "version_id"),
            or_(
                later.c.scored_at > score.c.scored_at,
                and_(later.c.scored_at == score.c.scored_at, later.c.score_id > score.c.score_id),
            ),
        )
        .exists()
    )
    return (
        select(score.c.score_id)
        .join(listing, same(listing, score, "listing_id", "version_id"))
        .where(
            inside(score, marketplace_id, scorer=zone.scorer, lane=Lane.NO_ACTION.value),
            score.c.scored_at > zone.since,
            score.c.encoder.is_(None),
            score.c.probability >= zone.low,
            score.c.probability < zone.high,
            ~newer,
        )
        .order_by(score.c.scored_at, score.c.score_id)
    )
