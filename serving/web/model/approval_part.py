"""The approvals of the challenger, and those that are missing before it scores listings."""

from types import SimpleNamespace

from sqlalchemy import Connection

from serving.learning.policy import PromotionPolicy
from serving.learning.service.promote import standing_of, who_can_approve
from serving.learning.store import approvals
from serving.learning.store.learning import Model
from serving.platform.runtime import Runtime
from serving.web.model.training_part import who


def approvals_of(
    runtime: Runtime, connection: Connection, marketplace_id: str, model: Model, *, reader: str
) -> SimpleNamespace:
    stands = standing_of(runtime, connection, marketplace_id, model)
    given = approvals.waiting(connection, marketplace_id, model.digest)
    able = who_can_approve(connection, marketplace_id, stands)
    return SimpleNamespace(
        given=tuple(
            SimpleNamespace(
                by=who(connection, one.approval.by),
                at=one.approved_at,
                reason=one.approval.reason,
                counts=one.approval in stands.counted,
                same_person=one.approval.by in stands.doubled,
            )
            for one in given
        ),
        needed=runtime.policies[PromotionPolicy].approvals_needed,
        missing=stands.missing,
        mine=any(one.by == reader for one in stands.counted) or reader in stands.doubled,
        able=tuple(sorted(able.values())),
        may=reader in able,
    )
