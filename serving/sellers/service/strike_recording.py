"""Strikes of a seller: recorded, voided and restored in the transaction of their cause, with resulting sanctions."""

from datetime import datetime

from sqlalchemy import Connection

from models.policies.sellers import SanctionPolicy
from models.policies.version import policy_version
from models.strikes import Hit, VoidCause, removal_weight
from serving.audit.store import audit
from serving.platform.runtime import Runtime
from serving.sellers.service import sanctioning
from serving.sellers.store import strikes
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind


def record_strike(runtime: Runtime, connection: Connection, removal: StoredAction, at: datetime) -> None:
    """Record the strike of a removal that is not pending, as of its confirmation, and propose a sanction if due."""
    ground = strikes.ground_of(connection, removal)
    if removal.kind is not ActionKind.REMOVE or ground.seller is None:
        return
    # Other strikes on the same seller wait for this transaction, and count it.
    audit.lock(connection)
    policy = runtime.policies[SanctionPolicy]
    weight = removal_weight(ground.judgement, ground.reason_code, policy)
    hit = Hit(removal.action_id, ground.reason_code, weight, ground.known_at)
    strikes.add_hit(connection, removal.marketplace_id, ground.seller, hit, policy_version(policy))
    sanctioning.propose_after_strike(runtime, connection, removal.marketplace_id, ground.seller, at)


def void_strike(runtime: Runtime, connection: Connection, removal: StoredAction, why: VoidCause, at: datetime) -> None:
    """Void the strike of a removal, and end the sanctions that the remaining strikes do not carry."""
    audit.lock(connection)
    seller = strikes.void_strike(connection, removal.marketplace_id, removal.action_id, why, at)
    if seller is not None:
        sanctioning.end_after_void(runtime, connection, removal.marketplace_id, seller, at)


def restore_strike(runtime: Runtime, connection: Connection, marketplace_id: str, action_id: str, at: datetime) -> None:
    """Restore the strike of a removal after its overturn was undone."""
    audit.lock(connection)
    seller = strikes.restore_strike(connection, marketplace_id, action_id)
    if seller is not None:
        sanctioning.propose_after_strike(runtime, connection, marketplace_id, seller, at)
