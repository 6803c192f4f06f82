"""The marketplace's webhook endpoint: register, rotate the secret, pause, disable. A secret is shown once."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Invalid
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.administration.service import provisioning
from serving.delivery.service.receivers import disable_receiver, pause_receiver, wake_receiver
from serving.guards import may, runtime_of
from serving.platform.runtime import Runtime
from serving.web import text_view
from serving.web.at_marketplace import AtMarketplace, PlaceScope, acted_on, scope_of
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import words
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint

router = APIRouter(include_in_schema=False)
Administrator = Annotated[Session, may(Permission.ADMINISTER)]
PLACE: Final = "/operations/webhook"
_LONGEST_URL: Final = 2_000
_LONGEST_ID: Final = 40
_LONGEST_REASON: Final = 500
_HOURS: Final = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Receiver:
    """The current endpoint. `rests` is empty unless it is paused, `both_until` unless two secrets sign."""

    endpoint_id: str
    url: Shown
    status_url: Shown | None
    since: str
    failing: str
    verified: bool
    rests: str
    both_until: str


@dataclass(frozen=True, slots=True)
class WebhookPage(AtMarketplace):
    """The page; `secret` is set only in the response to the form that created it."""

    template: ClassVar[str] = "webhook.html"
    place: ClassVar[str] = "/operations"

    marketplace: str
    receiver: Receiver | None
    secret: str | None


@router.get(PLACE)
def get_webhook(request: Request, session: Administrator) -> HTMLResponse:
    """The page."""
    runtime = runtime_of(request)
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, request.query_params)
    return respond(request, webhook_page(runtime, scope), session)


@router.post(f"{PLACE}/register")
def post_register(request: Request, session: Administrator, fields: Fields) -> Response:
    """Register an endpoint that replaces the last one; only this response shows its secret."""
    runtime = runtime_of(request)
    scope = acted_on(runtime, session.person, Permission.ADMINISTER, fields)
    status_url = fields.get("status_url", "").strip()[:_LONGEST_URL]
    secret = provisioning.register_webhook(
        runtime,
        url=fields.get("url", "").strip()[:_LONGEST_URL],
        allow_loopback=False,
        marketplace=scope.chosen.name,
        secret=None,
        by=f"user:{session.person.user_id}",
        status_url=status_url or None,
    )
    return respond(request, webhook_page(runtime, scope, secret), session)


@router.post(f"{PLACE}/secret")
def post_secret(request: Request, session: Administrator, fields: Fields) -> Response:
    """Rotate the secret; only this response shows the new one."""
    runtime = runtime_of(request)
    scope = acted_on(runtime, session.person, Permission.ADMINISTER, fields)
    hours = _hours(fields.get("overlap_hours", ""))
    by = f"user:{session.person.user_id}"
    secret = provisioning.rotate_secret(runtime, overlap_hours=hours, marketplace=scope.chosen.name, secret=None, by=by)
    return respond(request, webhook_page(runtime, scope, secret), session)


@router.post(f"{PLACE}/pause")
def post_rest(request: Request, session: Administrator, fields: Fields) -> Response:
    """Pause deliveries for some hours."""
    runtime = runtime_of(request)
    scope = acted_on(runtime, session.person, Permission.ADMINISTER, fields)
    endpoint_id, by = fields.get("endpoint_id", "")[:_LONGEST_ID], f"user:{session.person.user_id}"
    pause_receiver(runtime, scope.chosen, endpoint_id, hours=_hours(fields.get("hours", "")), by=by)
    return go_to(request, scope.at(PLACE), Flash.RECEIVER_PAUSED)


@router.post(f"{PLACE}/wake")
def post_wake(request: Request, session: Administrator, fields: Fields) -> Response:
    """Resume deliveries now."""
    runtime = runtime_of(request)
    scope = acted_on(runtime, session.person, Permission.ADMINISTER, fields)
    wake_receiver(
        runtime, scope.chosen, fields.get("endpoint_id", "")[:_LONGEST_ID], by=f"user:{session.person.user_id}"
    )
    return go_to(request, scope.at(PLACE), Flash.RECEIVER_WOKEN)


@router.post(f"{PLACE}/disable")
def post_disable(request: Request, session: Administrator, fields: Fields) -> Response:
    """Disable the endpoint."""
    runtime = runtime_of(request)
    scope = acted_on(runtime, session.person, Permission.ADMINISTER, fields)
    endpoint_id, reason = fields.get("endpoint_id", "")[:_LONGEST_ID], fields.get("reason", "")[:_LONGEST_REASON]
    disable_receiver(runtime, scope.chosen, endpoint_id, by=f"user:{session.person.user_id}", reason=reason)
    return go_to(request, scope.at(PLACE), Flash.RECEIVER_OFF)


def _hours(value: str) -> int:
    if not _HOURS.fullmatch(value):
        raise Invalid("The hours are not a whole number, so nothing was changed. Correct them.")
    return int(value)


def webhook_page(runtime: Runtime, scope: PlaceScope, secret: str | None = None) -> WebhookPage:
    """The content of the page."""
    place, now = scope.chosen, runtime.clock.now()
    with runtime.store.read() as connection:
        found = endpoints.in_force(connection, place.marketplace_id)
    return WebhookPage(scope, place.name, None if found is None else _receiver(found, now), secret)


def _receiver(found: Endpoint, now: datetime) -> Receiver:
    two_sign = found.previous_until is not None and len(found.secrets_at(now)) > 1
    return Receiver(
        endpoint_id=found.endpoint_id,
        url=text_view.show(found.url),
        status_url=text_view.show(found.status_url) if found.status_url else None,
        since=words.moment(found.created_at, now),
        failing=f"{found.failures:,} consecutive failures since {words.moment(found.failing_since, now)}"
        if found.failing_since
        else "",
        verified=found.verified_at is not None,
        rests=words.moment(found.paused_until, now) if found.paused_until else "",
        both_until=words.moment(found.previous_until, now) if two_sign and found.previous_until else "",
    )
