"""The kill switches: automatic rules, their state and reason, and the form to change it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Invalid, NotFound
from models.messages.english import in_english
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.guards import may, runtime_of
from serving.marketplaces.rules import RULES, AutomaticRule
from serving.marketplaces.store.kill_switches import KillSwitchChange
from serving.operations.service.kill_switch_record import KillSwitchStates, RuleState, administered, kill_switch_states
from serving.operations.service.kill_switches import switch
from serving.platform.runtime import Runtime
from serving.web import text_view
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
Administrator = Annotated[Session, may(Permission.ADMINISTER)]
_LONGEST_ID: Final = 40
_LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a switch: rule, direction, time, actor and reason."""

    rule: str
    on: bool
    when: str
    by: Shown
    reason: Shown


@dataclass(frozen=True, slots=True)
class KillSwitchRow:
    """A rule: its state, the meaning of that state, the last change, and the address of its form."""

    key: str
    address: str
    marketplace_id: str
    marketplace: str
    name: str
    is_on: bool
    says: str
    would_say: str
    last: Change | None


@dataclass(frozen=True, slots=True)
class KillSwitchesPage:
    """Every switch that the reader may change, and the latest changes."""

    template: ClassVar[str] = "kill_switches.html"
    place: ClassVar[str] = "/kill-switches"

    rows: tuple[KillSwitchRow, ...]
    several: bool
    off: int
    changes: tuple[Change, ...]


@router.get("/kill-switches")
def get_kill_switches(request: Request, session: Administrator) -> HTMLResponse:
    """The page."""
    return respond(request, kill_switches_page(runtime_of(request), session), session)


@router.post("/kill-switches/{rule}")
def post_kill_switch(rule: str, request: Request, session: Administrator, fields: Fields) -> Response:
    """Change a switch."""
    if rule not in set(AutomaticRule):
        raise NotFound("This rule does not exist. Open Kill switches and choose one there.")
    if fields.get("to") not in {"on", "off"}:
        raise Invalid("The new state is missing, so nothing was changed. Choose on or off.")
    runtime, on = runtime_of(request), fields["to"] == "on"
    place = administered(runtime, session.person, fields.get("marketplace_id", "")[:_LONGEST_ID])
    reason = fields.get("reason", "")[:_LONGEST_REASON]
    switch(runtime, place, AutomaticRule(rule), on=on, by=session.person.actor, reason=reason)
    return go_to(request, "/kill-switches", Flash.SWITCHED_ON if on else Flash.SWITCHED_OFF)


def kill_switches_page(runtime: Runtime, session: Session) -> KillSwitchesPage:
    """The content of the page."""
    board, now = kill_switch_states(runtime, session.person), runtime.clock.now()
    return KillSwitchesPage(
        rows=tuple(_row(board, one, now) for one in board.rules),
        several=len({one.marketplace.marketplace_id for one in board.rules}) > 1,
        off=sum(not one.is_on for one in board.rules),
        changes=tuple(_change(board, one, now) for one in board.changes),
    )


def _row(board: KillSwitchStates, one: RuleState, now: datetime) -> KillSwitchRow:
    return KillSwitchRow(
        key=f"{one.marketplace.marketplace_id}-{one.rule.value}",
        address=f"/kill-switches/{one.rule.value}",
        marketplace_id=one.marketplace.marketplace_id,
        marketplace=one.marketplace.name,
        name=in_english(one.words.name),
        is_on=one.is_on,
        says=in_english(one.words.on if one.is_on else one.words.off),
        would_say=in_english(one.words.off if one.is_on else one.words.on),
        last=None if one.last is None else _change(board, one.last, now),
    )


def _change(board: KillSwitchStates, one: KillSwitchChange, now: datetime) -> Change:
    by, reason = text_view.show(board.name_of(one.by)), text_view.show(one.reason)
    return Change(in_english(RULES[one.rule].name), one.on, words.moment(one.at, now), by, reason)
