"""The questions that the model has put to brands."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select

from models.case import CaseLane
from serving.cases.tables import review_case
from serving.listings.tables import score
from serving.platform.database.scope import same


def asked_since(
    connection: Connection, marketplace_id: str, brand_ids: Collection[str], since: datetime
) -> dict[str, int]:
    """The number of questions that the model has put to each of these brands since a moment."""
    query = (
        select(review_case.c.brand_id, func.count().label("n"))
        .join(score, same(score, review_case, "score_id"))
        .where(
            review_case.c.marketplace_id == marketplace_id,
            review_case.c.brand_id.in_(brand_ids),
            review_case.c.opened_at >= since,
            score.c.lane == CaseLane.ASK_BRAND.value,
        )
        .group_by(review_case.c.brand_id)
    )
    return {row.brand_id: row.n for row in connection.execute(query)}
