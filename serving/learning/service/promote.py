"""The champion of a marketplace: approved by two people, recorded, in force at once, and rolled back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from models.errors import Conflict, Invalid, NotFound, require
from serving.accounts.rules.access import LOCAL, Grant, Permission, Role
from serving.accounts.store import accounts, origins, people
from serving.audit.store import audit
from serving.learning.policy import PromotionPolicy, RollbackPolicy
from serving.learning.rules.promotion import (
    Approval,
    ApprovalStatus,
    approval_status,
    check_approval,
    may_roll_back_alone,
    useful_approvers,
)
from serving.learning.service.champions import follow_champions
from serving.learning.service.monitoring import tell_of_rollback
from serving.learning.store import approvals, learning
from serving.learning.store.learning import Model
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform import jobs
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import BundleStore
from training.gates.gate import blocking_gates

CHALLENGER = "challenger"
ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class ApprovalResult:
    """The result of an approval."""

    digest: str
    status: ApprovalStatus

    @property
    def in_force(self) -> bool:
        """Whether the model scores now."""
        return self.status.complete


def approve(runtime: Runtime, marketplace: Marketplace, *, digest: str, by: str, reason: str = "") -> ApprovalResult:
    """Record a person's approval; the last approval needed puts the model in force at once.

    `digest` may be a prefix, or 'challenger' for the newest model. `by` is `user:` and an id; the owner of the data
    directory may act without a name only where one approval is enough.

    Raises Invalid (a gate is not passed and no reason is given for accepting that; or no person is named where two are
    needed) or NotFound, Conflict, Forbidden (there is no such model; it is already the champion; this person has
    already approved it, or their account counts as one person with an approver's).
    """
    _refuse_nameless(runtime, by)
    marketplace_id = marketplace.marketplace_id
    model = _model_named(runtime, marketplace, digest)
    reason = reason.strip()[:500]
    with runtime.store.read() as connection:
        _valid_approval(runtime, connection, marketplace_id, model, by, reason)
    runtime.services[BundleStore].load(model.digest)
    with runtime.store.write() as connection:
        audit.lock(connection)  # Of two simultaneous approvers, the second sees the first approval.
        stands = _record_approval(runtime, connection, marketplace_id, model, by, reason, kind="promote")
    follow_champions(runtime)
    return ApprovalResult(model.digest, stands)


def _refuse_nameless(runtime: Runtime, by: str) -> None:
    if by == LOCAL and runtime.policies[PromotionPolicy].approvals_needed > 1:
        needed = runtime.policies[PromotionPolicy].approvals_needed
        raise Invalid("{n} different people approve a promotion. Say who you are with --by and your e-mail.", n=needed)


def _record_approval(
    runtime: Runtime, connection: Connection, marketplace_id: str, model: Model, by: str, reason: str, *, kind: str
) -> ApprovalStatus:
    """Record an approval, and put the model in force if it was the last one needed."""
    approval, now = _valid_approval(runtime, connection, marketplace_id, model, by, reason), runtime.clock.now()
    approval_id = runtime.ids.new("apv")
    row = {"marketplace_id": marketplace_id, "approval_id": approval_id, "digest": model.digest}
    approvals.add_approval(
        connection, {**row, "approved_by": by, "reason": reason, "beside": approval.beside, "approved_at": now}
    )
    payload = {"approval": approval_id, "reason": reason, "beside": approval.beside, "not_passed": _failed_gates(model)}
    audit.record(connection, now, marketplace_id, by, "model.approve", model.digest, **payload)
    stands = approval_status_of(runtime, connection, marketplace_id, model)
    if stands.complete:
        _put_in_force(runtime, connection, marketplace_id, model, stands, kind=kind)
    return stands


def _valid_approval(
    runtime: Runtime, connection: Connection, marketplace_id: str, model: Model, by: str, reason: str
) -> Approval:
    """The approval, with the current champion as its comparison, if it would count."""
    champion = _champion(connection, marketplace_id)
    if champion == model.digest:
        raise Conflict("This model is the champion already.")
    approval = Approval(by, reason, champion)
    stands = approval_status_of(runtime, connection, marketplace_id, model)
    check_approval(stands, approval, _roots_of_actors(connection), not_passed=gates_not_passed(model))
    return approval


def withdraw_approval(runtime: Runtime, marketplace: Marketplace, *, digest: str, by: str) -> str:
    """Withdraw a person's approval of a model that is not in force; returns its digest.

    Raises Conflict (there is no approval to withdraw).
    """
    marketplace_id, now = marketplace.marketplace_id, runtime.clock.now()
    model = _model_named(runtime, marketplace, digest)
    with runtime.store.write() as connection:
        audit.lock(connection)
        if not approvals.withdraw(connection, marketplace_id, model.digest, by, now):
            raise Conflict("You have not approved this model, or it is in force already.")
        audit.record(connection, now, marketplace_id, by, "model.withdraw", model.digest)
    return model.digest


def rollback(runtime: Runtime, marketplace: Marketplace, *, by: str, reason: str = "") -> ApprovalResult:
    """Restore the previous champion, and mail that to all data scientists and administrators.

    One person is enough within `RollbackPolicy`, because a rollback must be fast. Otherwise this records an approval of
    the previous champion, and the last one that a promotion needs restores it.

    Raises Conflict, Forbidden (there is no previous champion; or the approval would not count) or Invalid (an approval
    is missing its reason or its person).
    """
    marketplace_id, reason = marketplace.marketplace_id, reason.strip()[:500]
    with runtime.store.read() as connection:
        earlier = _earlier_champion(connection, marketplace_id)
    runtime.services[BundleStore].load(earlier)
    with runtime.store.write() as connection:
        audit.lock(connection)
        if _earlier_champion(connection, marketplace_id) != earlier:
            raise Conflict("Somebody else changed the champion at the same moment. Check it, then try again.")
        if can_roll_back_alone(runtime, connection, marketplace_id, by):
            stands = ApprovalStatus((Approval(by, reason, _champion(connection, marketplace_id)),), 0)
            _record_promotion(
                runtime, connection, marketplace_id, earlier, kind=ROLLBACK, by=by, reason=reason, details={}
            )
        else:
            _refuse_nameless(runtime, by)
            model = learning.get_model(connection, marketplace_id, earlier)
            stands = _record_approval(runtime, connection, marketplace_id, model, by, reason, kind=ROLLBACK)
    follow_champions(runtime)
    return ApprovalResult(earlier, stands)


def can_roll_back_alone(runtime: Runtime, connection: Connection, marketplace_id: str, by: str) -> bool:
    """Whether this person may restore the previous champion alone."""
    past, may = learning.promotions(connection, marketplace_id), _may_promote(connection, marketplace_id, by)
    rollbacks = (promotion.promoted_at for promotion in past if promotion.kind == ROLLBACK)
    return may_roll_back_alone(
        runtime.clock.now(),
        account_since=origins.last_handover_at(connection, by.removeprefix("user:")) if may else None,
        champion_until=past[0].promoted_at,
        last_rollback=next(rollbacks, None),
        policy=runtime.policies[RollbackPolicy],
    )


def _earlier_champion(connection: Connection, marketplace_id: str) -> str:
    past = learning.promotions(connection, marketplace_id)
    for promotion in past:
        if promotion.digest != past[0].digest:
            return promotion.digest
    raise Conflict("There is no earlier champion to go back to.")


def challenger(runtime: Runtime, marketplace: Marketplace) -> Model | None:
    """The newest model, unless it is or was the champion."""
    with runtime.store.read() as connection:
        newest = learning.models(connection, marketplace.marketplace_id, 1)
        past = {promotion.digest for promotion in learning.promotions(connection, marketplace.marketplace_id)}
    return newest[0] if newest and newest[0].digest not in past else None


def gates_not_passed(model: Model) -> list[str]:
    """The gates that a model does not pass, in words."""
    return [gate["name"] for gate in _failed_gates(model)]


def approval_status_of(runtime: Runtime, connection: Connection, marketplace_id: str, model: Model) -> ApprovalStatus:
    """The approvals of a model that count now, and how many are missing."""
    given_approvals = [
        given_approval.approval
        for given_approval in approvals.unused_approvals(connection, marketplace_id, model.digest)
    ]
    return approval_status(
        given_approvals,
        champion=_champion(connection, marketplace_id),
        still_may={
            approval.by for approval in given_approvals if _may_promote(connection, marketplace_id, approval.by)
        },
        roots=_roots_of_actors(connection),
        not_passed=gates_not_passed(model),
        policy=runtime.policies[PromotionPolicy],
    )


def who_can_approve(connection: Connection, marketplace_id: str, stands: ApprovalStatus) -> dict[str, str]:
    """The people whose approval would count now: names by actor."""
    may = {
        f"user:{user_id}": name
        for role in Role
        if Grant(role, marketplace_id).carries(Permission.PROMOTE_MODELS)
        for user_id, name in people.holders(connection, [marketplace_id], role).get(marketplace_id, {}).items()
    }
    return {actor: may[actor] for actor in useful_approvers(stands, may, _roots_of_actors(connection))}


def _roots_of_actors(connection: Connection) -> dict[str, frozenset[str]]:
    return {f"user:{user_id}": user_roots for user_id, user_roots in origins.roots(connection).items()}


def _may_promote(connection: Connection, marketplace_id: str, by: str) -> bool:
    kind, _, user_id = by.partition(":")
    if kind != "user":
        return by == LOCAL
    try:
        person = accounts.person(connection, user_id)
    except NotFound:
        return False
    return marketplace_id in person.marketplaces(Permission.PROMOTE_MODELS)


def _failed_gates(model: Model) -> list[dict[str, Any]]:
    return list(blocking_gates(model.report["gates"]))


def _model_named(runtime: Runtime, marketplace: Marketplace, digest: str) -> Model:
    if digest != CHALLENGER:
        with runtime.store.read() as connection:
            return learning.get_model(connection, marketplace.marketplace_id, digest)
    return require(challenger(runtime, marketplace), "There is no challenger; retrain first.")


def _champion(connection: Connection, marketplace_id: str) -> str | None:
    return learning.champions(connection).get(marketplace_id)


def _put_in_force(
    runtime: Runtime, connection: Connection, marketplace_id: str, model: Model, stands: ApprovalStatus, *, kind: str
) -> None:
    reasons = [approval.reason for approval in stands.counted if approval.reason]
    promotion_id = _record_promotion(
        runtime,
        connection,
        marketplace_id,
        model.digest,
        kind=kind,
        by=stands.counted[-1].by,
        reason=" / ".join(dict.fromkeys(reasons)),
        details={
            "approved_by": {approval.by: approval.reason for approval in stands.counted},
            "not_passed": _failed_gates(model),
        },
    )
    unused = approvals.unused_approvals(connection, marketplace_id, model.digest)
    used = [given_approval.approval_id for given_approval in unused if given_approval.approval in stands.counted]
    approvals.mark_used(connection, marketplace_id, used, promotion_id)


def _record_promotion(
    runtime: Runtime,
    connection: Connection,
    marketplace_id: str,
    digest: str,
    *,
    kind: str,
    by: str,
    reason: str,
    details: Mapping[str, Any],
) -> str:
    now, promotion_id = runtime.clock.now(), runtime.ids.new("pro")
    before = _champion(connection, marketplace_id)
    row = {
        "marketplace_id": marketplace_id,
        "promotion_id": promotion_id,
        "digest": digest,
        "kind": kind,
        "promoted_by": by,
        "note": reason[:500],
        "promoted_at": now,
    }
    learning.add_promotion(connection, row)
    payload = {"promotion": promotion_id, "reason": reason, "before": before, **details}
    audit.record(connection, now, marketplace_id, by, f"model.{kind}", digest, **payload)
    if kind == ROLLBACK:
        tell_of_rollback(runtime, connection, marketplace_id, digest, by=by, reason=reason)
    job_id = f"publish:{promotion_id}"
    runtime.jobs.enqueue(connection, jobs.PUBLISH, jobs.TRAINING, job_id, marketplace_id, digest)
    return promotion_id
