"""The questions that the model has put to brands."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from models.case import CaseLane
from serving.cases.tables import review_case
from serving.listings.tables import score
from serving.platform.database.scope import HERE, inside, same

# Built once, because every score asks.
_ASKED: Final = (
    select(review_case.c.brand_id, func.count().label("n"))
    .join(score, same(score, review_case, "score_id"))
    .where(
        inside(review_case, HERE),
        review_case.c.brand_id.in_(bindparam("brands", expanding=True)),
        review_case.c.opened_at >= bindparam("since"),
        score.c.lane == CaseLane.ASK_BRAND.value,
    )
    .group_by(review_case.c.brand_id)
)


def asked_since(
    connection: Connection, marketplace_id: str, brand_ids: Collection[str], since: datetime
) -> dict[str, int]:
    """The number of questions that the model has put to each of these brands since a moment."""
    wanted = {"here": marketplace_id, "brands": list(brand_ids), "since": since}
    return {row.brand_id: row.n for row in connection.execute(_ASKED, wanted)}
