"""A brand's statements against sellers, by report and by confirmation."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from models.verdict import Judgement, Side
from serving.cases.store.verdicts import NOT_WITHDRAWN
from serving.cases.tables import verdict
from serving.listings.tables import listing_version
from serving.platform.database.scope import inside, same
from serving.reports.rules.campaigns import Accusation


def brands_with_many(
    connection: Connection, marketplace_id: str, brand_ids: set[str], *, since: datetime, least: int
) -> list[str]:
    """The brands among these that accused at least so many listings of one seller since a moment."""
    query = (
        _given(marketplace_id, verdict.c.brand_id, verdict.c.brand_id.in_(brand_ids), since)
        .group_by(verdict.c.brand_id, listing_version.c.seller_external_id)
        .having(func.count(verdict.c.listing_id.distinct()) >= least)
    )
    return sorted({row.brand_id for row in connection.execute(query)})


def accusations(connection: Connection, marketplace_id: str, brand_id: str, *, since: datetime) -> list[Accusation]:
    """The accusations of a brand since a moment that it did not withdraw."""
    columns = (listing_version.c.seller_external_id, verdict.c.listing_id, verdict.c.known_at)
    query = _given(marketplace_id, columns, verdict.c.brand_id == brand_id, since)
    return [Accusation(*row) for row in connection.execute(query)]


def _given(marketplace_id: str, columns: Any, brands: Any, since: datetime) -> Select[Any]:
    wanted = columns if isinstance(columns, tuple) else (columns,)
    return (
        select(*wanted)
        .select_from(verdict)
        .join(listing_version, same(listing_version, verdict, "version_id"))
        .where(
            inside(verdict, marketplace_id, side=Side.BRAND.value, judgement=Judgement.COUNTERFEIT.value),
            brands,
            verdict.c.known_at > since,
            listing_version.c.seller_external_id.is_not(None),
            NOT_WITHDRAWN,
        )
    )
