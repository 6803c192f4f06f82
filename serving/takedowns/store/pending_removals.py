"""Whether a confirmation's removal was pending approval, and until when; pending removals do not count as strikes.

These are columns of a query over `verdict`. Later changes only set the end of the wait, so point-in-time queries give
the same result at any later time.
"""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select

from models.verdict import Judgement
from serving.cases.tables import verdict
from serving.platform.database.scope import same
from serving.takedowns.tables import action, removal_approval


def still_waits() -> ColumnElement[bool]:
    """Whether the removal that a verdict requests is pending approval."""
    return exists(_holds(removal_approval.c.action_id).where(removal_approval.c.settled_at.is_(None)))


def was_pending() -> ColumnElement[bool]:
    """Whether the removal that a verdict requests was ever pending approval, so that people decided on it."""
    return exists(_holds(removal_approval.c.action_id))


def waited_until() -> ScalarSelect[Any]:
    """When people decided on the removal that a verdict requests; null where it never was, or still is, pending."""
    ended = func.max(removal_approval.c.settled_at, type_=removal_approval.c.settled_at.type)
    return _holds(ended).where(removal_approval.c.settled_at >= verdict.c.known_at).scalar_subquery()


def _holds(what: Any) -> Select[Any]:
    """The approvals of the removal that a verdict created or joined."""
    return (
        select(what)
        .select_from(removal_approval)
        .join(action, same(action, removal_approval, "action_id"))
        .where(
            action.c.marketplace_id == verdict.c.marketplace_id,
            action.c.listing_id == verdict.c.listing_id,
            verdict.c.judgement == Judgement.COUNTERFEIT.value,
            # At the same moment, verdicts with a lower id came before the removal; ids are ordered by time.
            or_(
                removal_approval.c.pending_since < verdict.c.known_at,
                and_(
                    removal_approval.c.pending_since == verdict.c.known_at, action.c.verdict_id <= verdict.c.verdict_id
                ),
            ),
        )
        .correlate(verdict)
    )
