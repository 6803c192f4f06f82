"""Strikes of a seller: recorded, voided and restored in the transaction of their cause, with resulting sanctions."""

from datetime import datetime

from sqlalchemy import Connection

from models.policies.sellers import SanctionPolicy
from models.policies.version import policy_version
from models.strikes import Hit, Void, weight_of
from serving.audit.store import audit
from serving.platform.runtime import Runtime
from serving.sellers.service import sanctioning
from serving.sellers.store import strikes
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind


def strike(runtime: Runtime, connection: Connection, removal: StoredAction, at: datetime) -> None:
    """Record the strike of a removal that is not pending, as of its confirmation, and propose a sanction if due."""
    ground = strikes.ground_of(connection, removal)
    if removal.kind is not ActionKind.REMOVE or ground.seller is None:
        return
    # Other strikes on the same seller wait for this transaction, and count it.
    audit.hold(connection)
    policy = runtime.policies[SanctionPolicy]
    weight = weight_of(ground.judgement, ground.reason_code, policy)
    hit = Hit(removal.action_id, ground.reason_code, weight, ground.known_at)
    strikes.add_hit(connection, removal.marketplace_id, ground.seller, hit, policy_version(policy))
    sanctioning.climb(runtime, connection, removal.marketplace_id, ground.seller, at)


def take_away(runtime: Runtime, connection: Connection, removal: StoredAction, why: Void, at: datetime) -> None:
    """Void the strike of a removal, and end the sanctions that the remaining strikes do not carry."""
    audit.hold(connection)
    seller = strikes.void(connection, removal.marketplace_id, removal.action_id, why, at)
    if seller is not None:
        sanctioning.descend(runtime, connection, removal.marketplace_id, seller, at)


def give_again(runtime: Runtime, connection: Connection, marketplace_id: str, action_id: str, at: datetime) -> None:
    """Restore the strike of a removal after its overturn was undone."""
    audit.hold(connection)
    seller = strikes.give_again(connection, marketplace_id, action_id)
    if seller is not None:
        sanctioning.climb(runtime, connection, marketplace_id, seller, at)
