"""Whether a confirmation waited with its removal, and until when: before people let it go it is held against nobody.

As columns of a query over `verdict`. A moment long past reads the same whenever it is asked, because what is changed
afterwards is only when the wait ended.
"""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select

from models.verdict import Judgement
from serving.cases.tables import verdict
from serving.platform.database.scope import same
from serving.takedowns.tables import action, removal_approval


def still_waits() -> ColumnElement[bool]:
    """Whether the removal that a verdict asks for waits for people."""
    return exists(_holds(removal_approval.c.action_id).where(removal_approval.c.settled_at.is_(None)))


def was_held() -> ColumnElement[bool]:
    """Whether the removal that a verdict asks for was ever held: what became of it is people's doing."""
    return exists(_holds(removal_approval.c.action_id))


def waited_until() -> ScalarSelect[Any]:
    """When people decided about the removal that a verdict asks for; null where it never waited, or still does."""
    ended = func.max(removal_approval.c.settled_at, type_=removal_approval.c.settled_at.type)
    return _holds(ended).where(removal_approval.c.settled_at >= verdict.c.known_at).scalar_subquery()


def _holds(what: Any) -> Select[Any]:
    """The holds of what a verdict asks for: of the removal that it made, or that it joined."""
    return (
        select(what)
        .select_from(removal_approval)
        .join(action, same(action, removal_approval, "action_id"))
        .where(
            action.c.marketplace_id == verdict.c.marketplace_id,
            action.c.listing_id == verdict.c.listing_id,
            verdict.c.judgement == Judgement.COUNTERFEIT.value,
            # Of one moment those before it did not ask for the removal; ids are ordered by time.
            or_(
                removal_approval.c.pending_since < verdict.c.known_at,
                and_(
                    removal_approval.c.pending_since == verdict.c.known_at, action.c.verdict_id <= verdict.c.verdict_id
                ),
            ),
        )
        .correlate(verdict)
    )
