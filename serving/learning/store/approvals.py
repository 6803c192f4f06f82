"""Model approvals: the approver, the model, and the change of the champion that used the approval."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from serving.learning.rules.promotion import Approval
from serving.learning.tables import promotion_approval
from serving.platform.database.scope import inside
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class GivenApproval:
    approval_id: str
    approval: Approval
    approved_at: datetime


def add_approval(connection: Connection, row: Mapping[str, Any]) -> None:
    add(connection, promotion_approval, [row])


def unused_approvals(connection: Connection, marketplace_id: str, digest: str) -> list[GivenApproval]:
    """Approvals of a model that are neither withdrawn nor used, in order."""
    table = promotion_approval
    query = (
        select(table)
        .where(
            inside(table, marketplace_id, digest=digest), table.c.withdrawn_at.is_(None), table.c.promotion_id.is_(None)
        )
        .order_by(table.c.approved_at, table.c.approval_id)
    )
    return [
        GivenApproval(row.approval_id, Approval(row.approved_by, row.reason, row.beside), row.approved_at)
        for row in connection.execute(query)
    ]


def mark_used(connection: Connection, marketplace_id: str, approval_ids: Collection[str], promotion_id: str) -> None:
    """Mark approvals as used by a change of the champion; they count for no other change."""
    connection.execute(
        update(promotion_approval)
        .where(inside(promotion_approval, marketplace_id), promotion_approval.c.approval_id.in_(approval_ids))
        .values(promotion_id=promotion_id)
    )


def withdraw(connection: Connection, marketplace_id: str, digest: str, by: str, at: datetime) -> int:
    """Withdraw a person's unused approvals of a model; returns how many."""
    table = promotion_approval
    done = connection.execute(
        update(table)
        .where(
            inside(table, marketplace_id, digest=digest, approved_by=by),
            table.c.withdrawn_at.is_(None),
            table.c.promotion_id.is_(None),
        )
        .values(withdrawn_at=at)
    )
    return int(done.rowcount)


def used_by_promotion(connection: Connection, marketplace_id: str) -> dict[str, list[Approval]]:
    """The approvals behind each change of the champion, by the change's id."""
    table = promotion_approval
    query = (
        select(table)
        .where(table.c.marketplace_id == marketplace_id, table.c.promotion_id.is_not(None))
        .order_by(table.c.approved_at, table.c.approval_id)
    )
    approvals: dict[str, list[Approval]] = {}
    for row in connection.execute(query):
        approvals.setdefault(row.promotion_id, []).append(Approval(row.approved_by, row.reason, row.beside))
    return approvals
