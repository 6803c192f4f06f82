"""The audit entries of messages, and the secrets that sign them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from serving.accounts.store import second_factors
from serving.audit.store import audit
from serving.platform.database.common_secrets import put_in_force
from serving.platform.runtime import Runtime
from serving.platform.sealing import SEALING_KEY, Sealer
from serving.webhooks.client import MARK
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint
from serving.webhooks.store.outbox import Outgoing


def record_step(
    connection: Connection, action: Outgoing, step: str, actor: str, at: datetime, payload: Mapping[str, Any]
) -> None:
    """Add the audit entry of one step of an action."""
    audit.record(
        connection, at, action.marketplace_id, actor, f"{action.kind.value}.{step}", action.action_id, **payload
    )


def record_steps(
    connection: Connection, step: str, actor: str, at: datetime, steps: Sequence[tuple[Outgoing, Mapping[str, Any]]]
) -> None:
    """Add the audit entries of the same step of several actions of one marketplace, each with its payload."""
    if steps:
        entries = [(f"{action.kind.value}.{step}", action.action_id, payload) for action, payload in steps]
        audit.record_all(connection, at, steps[0][0].marketplace_id, actor, entries)


def sealed(runtime: Runtime, secret: str) -> str:
    """A signing secret as it is stored."""
    return runtime.services[Sealer].seal(secret)


def signing_secrets(runtime: Runtime, endpoint: Endpoint, at: datetime) -> tuple[str, ...]:
    """The secrets that sign at a moment, the current one first.

    Raises
    ------
    Unsealable
        The key that sealed them is not here.
    """
    return tuple(map(runtime.services[Sealer].open, endpoint.secrets_at(at)))


def seal_clear_secrets(runtime: Runtime) -> int:
    """Seal the secrets that an earlier version stored as they are; returns how many endpoints had one."""
    sealer = runtime.services[Sealer]

    def kept(stored: str) -> str:
        return sealer.seal(stored) if stored.startswith(MARK) else stored

    with runtime.store.read() as connection:
        if not endpoints.with_clear_secrets(connection, MARK):
            return 0
    with runtime.store.write() as connection:
        return _seal_again(runtime, connection, kept)


def seal_under_new_key(runtime: Runtime) -> int:
    """Seal every secret under a new key, those of second factors too; returns of how many endpoints. The secrets stay.

    Keys of the operator's setting are used as they are set, the first one for sealing.

    Raises
    ------
    Unsealable
        A stored secret cannot be read; nothing is changed in the database.
    """
    sealer = runtime.services[Sealer]
    sealer.renew()
    now = runtime.wall.now()
    with runtime.store.write() as connection:
        put_in_force(connection, SEALING_KEY, sealer.in_force(), now)
        return _seal_again(runtime, connection, lambda stored: sealer.seal(sealer.open(stored)))


def _seal_again(runtime: Runtime, connection: Connection, change: Callable[[str], str]) -> int:
    found = endpoints.sealed(connection)
    changed = [
        replace(
            one,
            secret=change(one.secret),
            previous_secret=None if one.previous_secret is None else change(one.previous_secret),
        )
        for one in found
    ]
    changed = [one for one, before in zip(changed, found, strict=True) if one != before]
    endpoints.seal_again(connection, changed)
    second_factors.seal_again(connection, change)
    if changed:
        audit.record(
            connection,
            runtime.clock.now(),
            "",
            "system",
            "webhook.secrets_sealed",
            "webhooks",
            endpoints=len(changed),
        )
    return len(changed)
