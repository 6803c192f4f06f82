"""The kill switches of automatic rules, for administrators' tools; a page does the same with forms."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from models.errors import NotFound
from models.messages.english import in_english
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.people import Body
from serving.api.requests.repeating import Repeatable
from serving.guards import may, runtime_of
from serving.marketplaces.rules import AutomaticRule
from serving.operations.service.kill_switch_record import KillSwitchStates, RuleState, administered, kill_switch_states
from serving.operations.service.kill_switches import switch

router = APIRouter(route_class=Repeatable)
Administrator = Annotated[Session, may(Permission.ADMINISTER)]


class SwitchBody(Body):
    """The new state and the reason; an administrator of a single marketplace may omit `marketplace_id`."""

    on: bool
    reason: str = Field(max_length=500)
    marketplace_id: str | None = Field(None, max_length=40)


@router.get("/api/v1/switches")
def get_kill_switches(request: Request, session: Administrator) -> dict[str, Any]:
    """Every rule with its state, since when, by whom and why."""
    found = kill_switch_states(runtime_of(request), session.person)
    return {"rules": [_state(found, one) for one in found.rules]}


@router.post("/api/v1/switches/{rule}", status_code=201)
def post_kill_switch(rule: str, body: SwitchBody, request: Request, session: Administrator) -> dict[str, Any]:
    """Switch a rule off or on, from the next request on."""
    if rule not in set(AutomaticRule):
        raise NotFound("There is no such rule.")
    runtime, person = runtime_of(request), session.person
    place = administered(runtime, person, body.marketplace_id)
    by = person.actor
    switch(runtime, place, AutomaticRule(rule), on=body.on, by=by, reason=body.reason)
    return {"rule": rule, "marketplace_id": place.marketplace_id, "on": body.on}


def _state(board: KillSwitchStates, one: RuleState) -> dict[str, Any]:
    last = one.last
    return {
        "marketplace_id": one.marketplace.marketplace_id,
        "rule": one.rule.value,
        "name": in_english(one.words.name),
        "on": one.is_on,
        "says": in_english(one.words.on if one.is_on else one.words.off),
        "since": last.at.isoformat() if last else None,
        "by": board.name_of(last.by) if last else None,
        "reason": last.reason if last else None,
    }
