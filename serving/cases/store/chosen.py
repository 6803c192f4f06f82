"""Cases that a person or a brand's report opened of their own accord, and what keeps others from being opened."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, or_, select

from models.case import CaseLane
from serving.cases.store.case_filters import IS_OPEN
from serving.cases.tables import review_case
from serving.platform.database.scope import inside, same


def open_case_on(connection: Connection, marketplace_id: str, listing_id: str) -> str | None:
    """The id of an open case on a listing, whatever it decides about; one about the listing itself before others."""
    query = select(review_case.c.case_id).where(inside(review_case, marketplace_id, listing_id=listing_id), IS_OPEN)
    last = review_case.c.lane == CaseLane.SECOND_REVIEW.value
    case_id: str | None = connection.execute(query.order_by(last, review_case.c.case_id).limit(1)).scalar()
    return case_id


def versions_opened_by_choice(marketplace_id: str, as_of: datetime) -> Select[str]:
    """The versions that were first reviewed because a person chose them or a brand reported them.

    No random sampling had a part in it. A version that had a case before keeps the probability of that case.
    """
    by_choice = or_(review_case.c.opened_by.is_not(None), review_case.c.report_id.is_not(None))
    return _versions_first_opened(by_choice, marketplace_id, as_of)


def versions_opened_by_report(marketplace_id: str, as_of: datetime) -> Select[str]:
    """Those of them that a brand reported. An estimate from a random sample treats them as not reviewed.

    The sample is drawn when a listing comes in, and represents also the listings that brands report later. If these
    were counted beside it, the counterfeits that brands report would be counted twice.
    """
    return _versions_first_opened(review_case.c.report_id.is_not(None), marketplace_id, as_of)


def _versions_first_opened(how: ColumnElement[bool], marketplace_id: str, as_of: datetime) -> Select[str]:
    before = review_case.alias("before")
    looked_at = (
        select(before.c.case_id)
        .where(same(before, review_case, "version_id"), before.c.opened_at < review_case.c.opened_at)
        .exists()
    )
    return select(review_case.c.version_id).where(
        review_case.c.marketplace_id == marketplace_id, how, review_case.c.opened_at <= as_of, ~looked_at
    )
