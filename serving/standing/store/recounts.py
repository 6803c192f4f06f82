"""The brands whose standing may have changed since a moment."""

from datetime import datetime

from sqlalchemy import Connection, and_, select, union

from serving.brands.tables import brand_enrolment
from serving.cases.tables import review_case, verdict
from serving.platform.database.scope import same
from serving.takedowns.tables import action


def enrolled(connection: Connection) -> list[tuple[str, str]]:
    """The (marketplace, brand) of every enrolment, in order."""
    query = select(brand_enrolment.c.marketplace_id, brand_enrolment.c.brand_id)
    return [(place, brand_id) for place, brand_id in connection.execute(query.order_by(*query.selected_columns))]


def touched(connection: Connection, after: datetime, until: datetime) -> list[tuple[str, str]]:
    """The enrolments with a verdict or an action in (after, until] on one of the brand's cases, in order.

    Every part reads an index by marketplace and time.
    """
    pairs = enrolled(connection)
    places = sorted({place for place, _ in pairs})
    of_case = (review_case.c.marketplace_id, review_case.c.brand_id)
    judged = and_(verdict.c.known_at > after, verdict.c.known_at <= until)
    ruled = (
        select(*of_case)
        .join(verdict, same(review_case, verdict, "case_id"))
        .where(verdict.c.marketplace_id.in_(places), verdict.c.brand_id.is_(None), judged)
    )
    acted = (
        select(*of_case)
        .join(verdict, same(review_case, verdict, "case_id"))
        .join(action, same(action, verdict, "verdict_id"))
        .where(action.c.marketplace_id.in_(places), action.c.created_at > after, action.c.created_at <= until)
    )
    answered = (
        select(brand_enrolment.c.marketplace_id, brand_enrolment.c.brand_id)
        .join(verdict, same(brand_enrolment, verdict, "brand_id"))
        .where(judged)
    )
    found = {(place, brand_id) for place, brand_id in connection.execute(union(ruled, acted, answered))}
    return [pair for pair in pairs if pair in found]
