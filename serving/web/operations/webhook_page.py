"""The marketplace's webhook endpoint: register, rotate the secret, pause, disable. A secret is shown once."""

import re
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Invalid
from serving.accounts.policy import SecretPolicy
from serving.accounts.rules.access import Permission
from serving.accounts.service import provisioning
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.guards import Administrator, TheRuntime
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import PlaceScope, scope_of, scope_of_form
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, LONGEST_REASON, Fields, confirm_identity, factor_kinds
from serving.web.rendering import StaffPage, respond
from serving.webhooks.service.receivers import disable_receiver, pause_receiver, wake_receiver
from serving.webhooks.store import endpoints

router = APIRouter(include_in_schema=False)
PLACE: Final = "/operations/webhook"
_LONGEST_URL: Final = 2_000
_HOURS: Final = re.compile(r"[0-9]{1,3}")


@router.get(PLACE)
def get_webhook(request: Request, runtime: TheRuntime, session: Administrator) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, request.query_params)
    return respond(request, webhook_page(runtime, session, scope), session)


@router.post(f"{PLACE}/register")
def post_register(request: Request, runtime: TheRuntime, session: Administrator, fields: Fields) -> Response:
    """Register an endpoint that replaces the last one, after a proof; only this response shows its secret."""
    scope = scope_of_form(runtime, session.person, Permission.ADMINISTER, fields)
    confirm_identity(runtime, session, fields)
    status_url = fields.get("status_url", "").strip()[:_LONGEST_URL]
    secret = provisioning.register_webhook(
        runtime,
        url=fields.get("url", "").strip()[:_LONGEST_URL],
        allow_loopback=False,
        marketplace=scope.chosen.name,
        secret=None,
        by=session.person.actor,
        status_url=status_url or None,
    )
    return respond(request, webhook_page(runtime, session, scope, secret), session)


@router.post(f"{PLACE}/secret")
def post_secret(request: Request, runtime: TheRuntime, session: Administrator, fields: Fields) -> Response:
    """Rotate the secret after a proof; only this response shows the new one."""
    scope = scope_of_form(runtime, session.person, Permission.ADMINISTER, fields)
    hours = _parse_hours(fields.get("overlap_hours", ""))
    confirm_identity(runtime, session, fields)
    by = session.person.actor
    secret = provisioning.rotate_secret(runtime, overlap_hours=hours, marketplace=scope.chosen.name, secret=None, by=by)
    return respond(request, webhook_page(runtime, session, scope, secret), session)


@router.post(f"{PLACE}/pause")
def post_rest(request: Request, runtime: TheRuntime, session: Administrator, fields: Fields) -> Response:
    """Pause deliveries for some hours."""
    scope = scope_of_form(runtime, session.person, Permission.ADMINISTER, fields)
    endpoint_id, by = fields.get("endpoint_id", "")[:LONGEST_ID], session.person.actor
    pause_receiver(runtime, scope.chosen, endpoint_id, hours=_parse_hours(fields.get("hours", "")), by=by)
    return go_to(request, scope.at(PLACE), Flash.RECEIVER_PAUSED)


@router.post(f"{PLACE}/wake")
def post_wake(request: Request, runtime: TheRuntime, session: Administrator, fields: Fields) -> Response:
    """Resume deliveries now."""
    scope = scope_of_form(runtime, session.person, Permission.ADMINISTER, fields)
    wake_receiver(runtime, scope.chosen, fields.get("endpoint_id", "")[:LONGEST_ID], by=session.person.actor)
    return go_to(request, scope.at(PLACE), Flash.RECEIVER_WOKEN)


@router.post(f"{PLACE}/disable")
def post_disable(request: Request, runtime: TheRuntime, session: Administrator, fields: Fields) -> Response:
    scope = scope_of_form(runtime, session.person, Permission.ADMINISTER, fields)
    endpoint_id, reason = fields.get("endpoint_id", "")[:LONGEST_ID], fields.get("reason", "")[:LONGEST_REASON]
    disable_receiver(runtime, scope.chosen, endpoint_id, by=session.person.actor, reason=reason)
    return go_to(request, scope.at(PLACE), Flash.RECEIVER_OFF)


def _parse_hours(text: str) -> int:
    if not _HOURS.fullmatch(text):
        raise Invalid("The hours are not a whole number, so nothing was changed. Correct them.")
    return int(text)


def webhook_page(runtime: Runtime, session: Session, scope: PlaceScope, secret: str | None = None) -> StaffPage:
    place, now = scope.chosen, runtime.clock.now()
    with runtime.store.read() as connection:
        endpoint = endpoints.endpoint_in_force(connection, place.marketplace_id)
        maker = (
            ""
            if endpoint is None or endpoint.made_by is None
            else accounts.names(connection, [endpoint.made_by])[endpoint.made_by]
        )
    made_at = now if endpoint is None else endpoint.secret_made_at
    rotate_by = made_at + timedelta(days=runtime.policies[SecretPolicy].longest_days)
    return StaffPage(
        "webhook.html",
        "/operations",
        scope=scope,
        receiver=endpoint,
        maker=maker,
        rotate_by=rotate_by,
        secret=secret,
        factors=factor_kinds(runtime, session),
    )
