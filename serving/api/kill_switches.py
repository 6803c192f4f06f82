"""Automatic rules and their kill switches."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from models.errors import NotFound
from models.messages.english import in_english
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.answers import Answer, Moment
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


class Rule(Answer):
    """An automatic rule and its kill switch."""

    marketplace_id: str
    rule: str
    name: str
    on: bool
    says: str
    since: Moment | None
    by: str | None
    reason: str | None


class Rules(Answer):
    """Every automatic rule."""

    rules: list[Rule]


class Switched(Answer):
    """The new state of a kill switch."""

    rule: str
    marketplace_id: str
    on: bool


@router.get("/api/v1/switches")
def get_kill_switches(request: Request, session: Administrator) -> Rules:
    """Every rule with its state, since when, by whom and why."""
    board = kill_switch_states(runtime_of(request), session.person)
    return Rules(rules=[_rule(board, state) for state in board.rules])


@router.post("/api/v1/switches/{rule}", status_code=201)
def post_kill_switch(rule: str, body: SwitchBody, request: Request, session: Administrator) -> Switched:
    """Switch a rule off or on, from the next request on."""
    if rule not in set(AutomaticRule):
        raise NotFound("There is no such rule.")
    runtime, person = runtime_of(request), session.person
    place = administered(runtime, person, body.marketplace_id)
    by = f"user:{person.user_id}"
    switch(runtime, place, AutomaticRule(rule), on=body.on, by=by, reason=body.reason)
    return Switched(rule=rule, marketplace_id=place.marketplace_id, on=body.on)


def _rule(board: KillSwitchStates, state: RuleState) -> Rule:
    last = state.last
    return Rule(
        marketplace_id=state.marketplace.marketplace_id,
        rule=state.rule,
        name=in_english(state.words.name),
        on=state.is_on,
        says=in_english(state.words.on if state.is_on else state.words.off),
        since=last.at if last else None,
        by=board.name_of(last.by) if last else None,
        reason=last.reason if last else None,
    )
