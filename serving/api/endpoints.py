"""A marketplace's webhook endpoint, for its own programs: register, rotate the secret, pause, disable."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from models.errors import NotFound
from serving.accounts.rules.access import Scope
from serving.administration.service import provisioning
from serving.api.people import Body
from serving.api.requests.repeating import Repeatable
from serving.delivery.service.receivers import LONGEST_PAUSE_HOURS, disable_receiver, pause_receiver, wake_receiver
from serving.guards import Caller, key, runtime_of
from serving.platform.runtime import Runtime
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint

router = APIRouter(route_class=Repeatable)
Manager = Annotated[Caller, key(Scope.ENDPOINTS)]
_LONGEST_ID = 40


class EndpointBody(Body):
    """The address for messages, and the status address that reports whether {listing} is shown."""

    url: str = Field(max_length=2_000)
    status_url: str | None = Field(None, max_length=2_000)


class SecretBody(Body):
    """The hours in which the previous secret also signs."""

    overlap_hours: int = Field(24, ge=0, le=168)


class RestBody(Body):
    """The hours of the pause."""

    hours: int = Field(ge=1, le=LONGEST_PAUSE_HOURS)


class DisableBody(Body):
    """The reason for disabling the endpoint."""

    reason: str = Field(min_length=1, max_length=500)


@router.get("/api/v1/endpoints")
def get_endpoints(request: Request, caller: Manager) -> dict[str, Any]:
    """The endpoint in force, if any, without its secret."""
    with runtime_of(request).store.read() as connection:
        found = endpoints.in_force(connection, caller.marketplace.marketplace_id)
    return {"endpoints": [] if found is None else [_shown(found)]}


@router.post("/api/v1/endpoints", status_code=201)
def post_endpoint(body: EndpointBody, request: Request, caller: Manager) -> dict[str, Any]:
    """Register an endpoint in place of the previous one; only this response contains its secret."""
    runtime = runtime_of(request)
    secret = provisioning.register_webhook(
        runtime,
        url=body.url,
        allow_loopback=False,
        marketplace=caller.marketplace.name,
        secret=None,
        by=caller.actor,
        status_url=body.status_url,
    )
    return {**_shown(_in_force(runtime, caller)), "secret": secret}


@router.post("/api/v1/endpoints/{endpoint_id}/secret", status_code=201)
def post_secret(endpoint_id: str, body: SecretBody, request: Request, caller: Manager) -> dict[str, str]:
    """Sign with a new secret; only this response contains it."""
    runtime, name = runtime_of(request), caller.marketplace.name
    if _in_force(runtime, caller).endpoint_id != endpoint_id:
        raise NotFound("There is no such endpoint in force.")
    secret = provisioning.rotate_secret(
        runtime, overlap_hours=body.overlap_hours, marketplace=name, secret=None, by=caller.actor
    )
    return {"secret": secret}


@router.post("/api/v1/endpoints/{endpoint_id}/rest")
def post_rest(endpoint_id: str, body: RestBody, request: Request, caller: Manager) -> dict[str, Any]:
    """Pause deliveries for some hours."""
    runtime, named = runtime_of(request), endpoint_id[:_LONGEST_ID]
    pause_receiver(runtime, caller.marketplace, named, hours=body.hours, by=caller.actor)
    return _shown(_in_force(runtime, caller))


@router.delete("/api/v1/endpoints/{endpoint_id}/rest")
def delete_rest(endpoint_id: str, request: Request, caller: Manager) -> dict[str, Any]:
    """End the pause and send the waiting messages at once."""
    runtime, named = runtime_of(request), endpoint_id[:_LONGEST_ID]
    wake_receiver(runtime, caller.marketplace, named, by=caller.actor)
    return _shown(_in_force(runtime, caller))


@router.post("/api/v1/endpoints/{endpoint_id}/disable", status_code=204)
def post_disable(endpoint_id: str, body: DisableBody, request: Request, caller: Manager) -> None:
    """Disable the endpoint; nothing is sent to it from then on."""
    runtime, named = runtime_of(request), endpoint_id[:_LONGEST_ID]
    disable_receiver(runtime, caller.marketplace, named, by=caller.actor, reason=body.reason)


def _in_force(runtime: Runtime, caller: Caller) -> Endpoint:
    with runtime.store.read() as connection:
        found = endpoints.in_force(connection, caller.marketplace.marketplace_id)
    if found is None:
        raise NotFound("There is no such endpoint in force.")
    return found


def _shown(found: Endpoint) -> dict[str, Any]:
    return {
        "endpoint_id": found.endpoint_id,
        "url": found.url,
        "status_url": found.status_url,
        "created_at": found.created_at.isoformat(),
        "verified_at": found.verified_at.isoformat() if found.verified_at else None,
        "failures": found.failures,
        "failing_since": found.failing_since.isoformat() if found.failing_since else None,
        "rests_until": found.paused_until.isoformat() if found.paused_until else None,
        "previous_secret_until": found.previous_until.isoformat() if found.previous_until else None,
    }
