"""A marketplace's receiver: pause, resume or disable it; every change is audited."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from models.errors import Conflict, Invalid, NotFound
from serving.audit.store import audit
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.webhooks.service.letters import BOXES
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint

LONGEST_PAUSE_HOURS: Final = 72  # Waiting messages become undeliverable after a week; a pause must leave time to try.


def pause_receiver(runtime: Runtime, marketplace: Marketplace, endpoint_id: str, *, hours: int, by: str) -> None:
    """Send nothing for some hours, for example during a repair; then one message tests the receiver.

    Raises Invalid, NotFound (the hours are not between 1 and 72; the endpoint is not the one in force).
    """
    if not 1 <= hours <= LONGEST_PAUSE_HOURS:
        raise Invalid("A receiver can be paused for 1 to {most} hours.", most=LONGEST_PAUSE_HOURS)
    until = runtime.clock.now() + timedelta(hours=hours)
    with runtime.store.write() as connection:
        endpoint = _endpoint_in_force(connection, marketplace, endpoint_id)
        endpoints.pause(connection, endpoint, until=until)
        make_due(connection, marketplace.marketplace_id, until)
        _record_act(runtime, connection, endpoint, "webhook.rested", by, {"until": until.isoformat()})


def wake_receiver(runtime: Runtime, marketplace: Marketplace, endpoint_id: str, *, by: str) -> None:
    """Resume deliveries at once. Raises NotFound, Conflict (the endpoint is not the one in force; it is not paused)."""
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        endpoint = _endpoint_in_force(connection, marketplace, endpoint_id)
        if endpoint.paused_until is None:
            raise Conflict("The receiver is not paused; due messages are sent to it.")
        endpoints.pause(connection, endpoint, until=None)
        make_due(connection, marketplace.marketplace_id, now)
        _record_act(runtime, connection, endpoint, "webhook.woken", by, {})


def disable_receiver(runtime: Runtime, marketplace: Marketplace, endpoint_id: str, *, by: str, reason: str) -> None:
    """Send nothing to this endpoint from now on. Later messages wait up to a week for another receiver.

    Raises Invalid, NotFound (no reason is given; the endpoint is not the one in force).
    """
    if not reason.strip():
        raise Invalid("Give the reason for disabling this endpoint.")
    with runtime.store.write() as connection:
        endpoint = _endpoint_in_force(connection, marketplace, endpoint_id)
        endpoints.disable(connection, endpoint, runtime.clock.now())
        _record_act(runtime, connection, endpoint, "webhook.disabled", by, {"reason": reason.strip()[:500]})


def _endpoint_in_force(connection: Connection, marketplace: Marketplace, endpoint_id: str) -> Endpoint:
    endpoint = endpoints.endpoint_in_force(connection, marketplace.marketplace_id)
    if endpoint is None or endpoint.endpoint_id != endpoint_id:
        raise NotFound("There is no such endpoint in force.")
    return endpoint


def _record_act(
    runtime: Runtime, connection: Connection, endpoint: Endpoint, act: str, by: str, payload: Mapping[str, Any]
) -> None:
    audit.record(connection, runtime.clock.now(), endpoint.marketplace_id, by, act, endpoint.endpoint_id, **payload)


def make_due(connection: Connection, marketplace_id: str, at: datetime) -> None:
    """Make messages due at a moment that wait for a later one: now, or the end of a pause."""
    for box in BOXES:
        box.wake(connection, marketplace_id, at)
