"""The kill switches: automatic rules, their state and reason, and the form to change it."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Invalid, NotFound
from serving.accounts.store.accounts import Session
from serving.guards import Administrator, runtime_of
from serving.marketplaces.rules import RULES, AutomaticRule
from serving.marketplaces.service.kill_switches import administered_marketplace, kill_switch_states, switch_rule
from serving.platform.runtime import Runtime
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, LONGEST_REASON, Fields
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)


@router.get("/kill-switches")
def get_kill_switches(request: Request, session: Administrator) -> HTMLResponse:
    return respond(request, kill_switches_page(runtime_of(request), session), session)


@router.post("/kill-switches/{rule}")
def post_kill_switch(rule: str, request: Request, session: Administrator, fields: Fields) -> Response:
    if rule not in set(AutomaticRule):
        raise NotFound("This rule does not exist. Open Kill switches and choose one there.")
    if fields.get("to") not in {"on", "off"}:
        raise Invalid("The new state is missing, so nothing was changed. Choose on or off.")
    runtime, on = runtime_of(request), fields["to"] == "on"
    place = administered_marketplace(runtime, session.person, fields.get("marketplace_id", "")[:LONGEST_ID])
    reason = fields.get("reason", "")[:LONGEST_REASON]
    switch_rule(runtime, place, AutomaticRule(rule), on=on, by=session.person.actor, reason=reason)
    return go_to(request, "/kill-switches", Flash.SWITCHED_ON if on else Flash.SWITCHED_OFF)


def kill_switches_page(runtime: Runtime, session: Session) -> StaffPage:
    return StaffPage(
        "kill_switches.html", "/kill-switches", states=kill_switch_states(runtime, session.person), names=RULES
    )
