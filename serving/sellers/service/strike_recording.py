"""Hits of a seller, in the transaction of the removal that makes one or of what takes it away, and what follows."""

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
    """Let a removal that is not held count against its seller from when it was confirmed; people may have to decide."""
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
    """Let a removal count no longer; a sanction that its strikes carry no more ends."""
    audit.hold(connection)
    seller = strikes.void(connection, removal.marketplace_id, removal.action_id, why, at)
    if seller is not None:
        sanctioning.descend(runtime, connection, removal.marketplace_id, seller, at)


def give_again(runtime: Runtime, connection: Connection, marketplace_id: str, action_id: str, at: datetime) -> None:
    """Let a removal count again after its reinstatement was undone."""
    audit.hold(connection)
    seller = strikes.give_again(connection, marketplace_id, action_id)
    if seller is not None:
        sanctioning.climb(runtime, connection, marketplace_id, seller, at)
