"""The stored ranking of a marketplace's sellers, and the scores that it is computed from."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from models.outcomes import Ruling
from serving.listings.tables import listing_version, score
from serving.platform.database.pages import page
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.platform.database.store import add, insert_or_ignore
from serving.scoring.store import histories
from serving.sellers.rules.seller_risk import Ranking, SellerRisk
from serving.sellers.tables import seller_ranking, seller_risk


class LastScore(NamedTuple):
    """A listing as it was last scored; `probability` is None where only the scorecard scored it."""

    seller: str
    listing_id: str
    probability: float | None


def last_scores(
    connection: Connection, marketplace_id: str, *, since: datetime, until: datetime
) -> Iterator[LastScore]:
    """The last score of each listing scored in [since, until), with the seller of the scored version.

    Listings without a seller are left out. One query reads the window by its index and the rest by key.
    """
    place = func.row_number().over(
        partition_by=score.c.listing_id, order_by=(score.c.scored_at.desc(), score.c.score_id.desc())
    )
    numbered = (
        select(score.c.listing_id, score.c.version_id, score.c.probability, place.label("place"))
        .where(*_scored_between(marketplace_id, since, until))
        .subquery()
    )
    query = (
        select(listing_version.c.seller_external_id, numbered.c.listing_id, numbered.c.probability)
        .select_from(numbered)
        .join(listing_version, inside(listing_version, marketplace_id, version_id=numbered.c.version_id))
        .where(numbered.c.place == 1, listing_version.c.seller_external_id.is_not(None))
    )
    return map(LastScore._make, connection.execute(query))


def rulings(
    connection: Connection, marketplace_id: str, *, since: datetime, until: datetime
) -> Mapping[str, list[Ruling]]:
    """All verdicts on the listings of `last_scores` and on earlier versions of them, by seller."""
    scored = select(score.c.listing_id).where(*_scored_between(marketplace_id, since, until))
    return histories.rulings_on(connection, marketplace_id, scored)


def _scored_between(marketplace_id: str, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (score.c.marketplace_id == marketplace_id, score.c.scored_at >= since, score.c.scored_at < until)


@dataclass(frozen=True, slots=True)
class RankingHeader:
    """The common values of a ranking: its moment, its window, and its policy."""

    as_of: datetime
    window_days: int
    sellers: int
    base_rate: float | None
    policy_version: str


def save_ranking(connection: Connection, marketplace_id: str, ranking: Ranking, kept_ranking: RankingHeader) -> bool:
    """Store a ranking in place of an earlier one; False where one of the same or a later moment is stored."""
    row = {"marketplace_id": marketplace_id, **asdict(kept_ranking)}
    earlier = (seller_ranking.c.marketplace_id == marketplace_id) & (seller_ranking.c.as_of < kept_ranking.as_of)
    later = update(seller_ranking).where(earlier).values(row).returning(seller_ranking.c.as_of)
    if connection.execute(later).first() is None:
        first = insert_or_ignore(connection, seller_ranking).values(row).returning(seller_ranking.c.as_of)
        if connection.execute(first).first() is None:
            return False
    connection.execute(delete(seller_risk).where(seller_risk.c.marketplace_id == marketplace_id))
    rows = [
        {"marketplace_id": marketplace_id, "seller_external_id": name, **asdict(risk), "state": risk.state.value}
        for name, risk in sorted(ranking.risks.items())
    ]
    add(connection, seller_risk, rows)
    return True


def ranking_header(connection: Connection, marketplace_id: str) -> RankingHeader | None:
    """What the whole ranking in force has in common, without its sellers; None before the first."""
    query = select(seller_ranking).where(seller_ranking.c.marketplace_id == marketplace_id)
    return reader(RankingHeader).single(connection, query)


def of_seller(connection: Connection, marketplace_id: str, name: str) -> SellerRisk | None:
    """The risk of a seller in the ranking in force; None where none of its listings was scored in the window."""
    query = select(seller_risk).where(inside(seller_risk, marketplace_id, seller_external_id=name))
    return reader(SellerRisk).single(connection, query)


def riskiest_sellers(
    connection: Connection, marketplace_id: str, most: int, after: str | None = None
) -> list[tuple[str, SellerRisk]]:
    """At most `most` sellers with a percentile, the riskiest first; or those behind the seller `after`."""
    risk = seller_risk.c
    query = select(seller_risk).where(risk.marketplace_id == marketplace_id, risk.percentile.is_not(None))
    order = (risk.percentile.desc(), risk.expected.desc(), risk.seller_external_id)
    query = page(connection, query, {marketplace_id}, after, *order).limit(most)
    return [(row["seller_external_id"], reader(SellerRisk).of(row)) for row in connection.execute(query).mappings()]
