"""The marketplace's webhook endpoint."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from models.errors import NotFound
from serving.accounts.rules.access import Scope
from serving.accounts.service import provisioning
from serving.api.answers import Answer, Moment, read_from
from serving.api.people import Body
from serving.api.requests.repeating import RepeatableRoute
from serving.guards import Caller, TheRuntime, key, runtime_of
from serving.platform.runtime import Runtime
from serving.webhooks.service.receivers import LONGEST_PAUSE_HOURS, disable_receiver, pause_receiver, wake_receiver
from serving.webhooks.store import endpoints

router = APIRouter(route_class=RepeatableRoute)
Manager = Annotated[Caller, key(Scope.ENDPOINTS)]
_LONGEST_ID = 40


class EndpointBody(Body):
    """The address for messages, and the status address that reports whether {listing} is shown."""

    url: str = Field(max_length=2_000, json_schema_extra={"pattern": r"^https://[^/?#@\s]+([/?#]\S*)?$"})
    status_url: str | None = Field(None, max_length=2_000)


class SecretBody(Body):
    """The hours in which the previous secret also signs."""

    overlap_hours: int = Field(24, ge=0, le=168)


class PauseBody(Body):
    """The hours of the pause."""

    hours: int = Field(ge=1, le=LONGEST_PAUSE_HOURS)


class DisableBody(Body):
    """The reason for disabling the endpoint."""

    reason: str = Field(min_length=1, max_length=500)


class Endpoint(Answer):
    """A webhook endpoint without its secret."""

    endpoint_id: str
    url: str
    status_url: str | None
    created_at: Moment
    verified_at: Moment | None
    failures: int
    failing_since: Moment | None
    paused_until: Moment | None
    previous_secret_until: Moment | None = read_from("previous_until")


class Endpoints(Answer):
    """The endpoint in force, if any."""

    endpoints: list[Endpoint]


class NewEndpoint(Endpoint):
    """A registered endpoint; only this response has its secret."""

    secret: str


class NewSecret(Answer):
    """The secret that signs from now on; only this response has it."""

    secret: str


@router.get("/api/v1/endpoints")
def get_endpoints(request: Request, caller: Manager) -> Endpoints:
    """The endpoint in force, if any, without its secret."""
    with runtime_of(request).store.read() as connection:
        endpoint = endpoints.endpoint_in_force(connection, caller.marketplace.marketplace_id)
    return Endpoints(endpoints=[] if endpoint is None else [endpoint])


@router.post("/api/v1/endpoints", status_code=201)
def post_endpoint(body: EndpointBody, runtime: TheRuntime, caller: Manager) -> NewEndpoint:
    """Register an endpoint in place of the previous one; only this response contains its secret."""
    secret = provisioning.register_webhook(
        runtime,
        url=body.url,
        allow_loopback=False,
        marketplace=caller.marketplace.name,
        secret=None,
        by=caller.actor,
        status_url=body.status_url,
    )
    return NewEndpoint(**Endpoint.model_validate(_endpoint_in_force(runtime, caller)).model_dump(), secret=secret)


@router.post("/api/v1/endpoints/{endpoint_id}/secret", status_code=201)
def post_secret(endpoint_id: str, body: SecretBody, request: Request, caller: Manager) -> NewSecret:
    """Sign with a new secret; only this response contains it."""
    runtime, name = runtime_of(request), caller.marketplace.name
    if _endpoint_in_force(runtime, caller).endpoint_id != endpoint_id:
        raise NotFound("There is no such endpoint in force.")
    secret = provisioning.rotate_secret(
        runtime, overlap_hours=body.overlap_hours, marketplace=name, secret=None, by=caller.actor
    )
    return NewSecret(secret=secret)


@router.post("/api/v1/endpoints/{endpoint_id}/pause", response_model=Endpoint)
def post_rest(endpoint_id: str, body: PauseBody, request: Request, caller: Manager) -> endpoints.Endpoint:
    """Pause deliveries for some hours."""
    runtime, named = runtime_of(request), endpoint_id[:_LONGEST_ID]
    pause_receiver(runtime, caller.marketplace, named, hours=body.hours, by=caller.actor)
    return _endpoint_in_force(runtime, caller)


@router.delete("/api/v1/endpoints/{endpoint_id}/pause", response_model=Endpoint)
def delete_rest(endpoint_id: str, request: Request, caller: Manager) -> endpoints.Endpoint:
    """End the pause and send the waiting messages at once."""
    runtime, named = runtime_of(request), endpoint_id[:_LONGEST_ID]
    wake_receiver(runtime, caller.marketplace, named, by=caller.actor)
    return _endpoint_in_force(runtime, caller)


@router.post("/api/v1/endpoints/{endpoint_id}/disable", status_code=204)
def post_disable(endpoint_id: str, body: DisableBody, request: Request, caller: Manager) -> None:
    """Disable the endpoint; nothing is sent to it from then on."""
    runtime, named = runtime_of(request), endpoint_id[:_LONGEST_ID]
    disable_receiver(runtime, caller.marketplace, named, by=caller.actor, reason=body.reason)


def _endpoint_in_force(runtime: Runtime, caller: Caller) -> endpoints.Endpoint:
    with runtime.store.read() as connection:
        endpoint = endpoints.endpoint_in_force(connection, caller.marketplace.marketplace_id)
    if endpoint is None:
        raise NotFound("There is no such endpoint in force.")
    return endpoint
