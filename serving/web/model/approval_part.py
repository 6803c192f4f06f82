"""The approvals of the challenger, and those that are missing before it scores listings."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from serving.learning.policy import PromotionPolicy
from serving.learning.service.promote import standing_of, who_can_approve
from serving.learning.store import approvals
from serving.learning.store.learning import Model
from serving.platform.runtime import Runtime
from serving.web.model.training_part import who


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """A person's approval; `counts` is whether it counts now, `same_person` whether only another account bars it."""

    by: str
    at: datetime
    reason: str
    counts: bool
    same_person: bool


@dataclass(frozen=True, slots=True)
class Approvals:
    """The approvals of a model; `mine` is whether the reader's is among them.

    `able` are the names of the people whose approval would count now, and `may` is whether the reader is one of them.
    """

    given: tuple[ApprovalRow, ...]
    needed: int
    missing: int
    mine: bool
    able: tuple[str, ...]
    may: bool


def approvals_of(
    runtime: Runtime, connection: Connection, marketplace_id: str, model: Model, *, reader: str
) -> Approvals:
    """The approvals of a model for the reader."""
    stands = standing_of(runtime, connection, marketplace_id, model)
    given = approvals.waiting(connection, marketplace_id, model.digest)
    able = who_can_approve(connection, marketplace_id, stands)
    return Approvals(
        given=tuple(
            ApprovalRow(
                who(connection, one.approval.by),
                one.approved_at,
                one.approval.reason,
                one.approval in stands.counted,
                one.approval.by in stands.doubled,
            )
            for one in given
        ),
        needed=runtime.policies[PromotionPolicy].approvals_needed,
        missing=stands.missing,
        mine=any(one.by == reader for one in stands.counted) or reader in stands.doubled,
        able=tuple(sorted(able.values())),
        may=reader in able,
    )
