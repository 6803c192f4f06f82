"""Deliveries: pending, acknowledged and failed messages, dead letters with replay, and checks of removed listings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from serving.accounts.rules.access import Permission, Person
from serving.accounts.store.accounts import Session
from serving.delivery import store as outgoing
from serving.delivery.service.dead_letters import replay
from serving.delivery.service.letters import Letter, given_up
from serving.delivery.store import Failing
from serving.guards import may, runtime_of
from serving.platform.runtime import Runtime
from serving.sellers.store.seller_actions import StoredSellerAction
from serving.takedowns.rules.removal_check import CheckState
from serving.takedowns.store import removal_checks
from serving.takedowns.store.actions import StoredAction
from serving.web import text_view
from serving.web.at_marketplace import AtMarketplace, PlaceScope, acted_on, scope_of
from serving.web.bar_charts import Bars, bars
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import respond
from serving.web.spans import Span, starts
from serving.web.text_view import Shown
from serving.web.wording import words
from serving.webhooks.rules.action import ActionState
from serving.webhooks.store.listing_requests import StoredListingRequest

router = APIRouter(include_in_schema=False)
Watcher = Annotated[Session, may(Permission.SEE_OPERATIONS)]
Administrator = Annotated[Session, may(Permission.ADMINISTER)]
PLACE: Final = "/operations/deliveries"
_SHOWN: Final = 100
_LONGEST_ID: Final = 40
_LATELY: Final = timedelta(days=30)
_KINDS: Final = {
    "remove": "Remove",
    "reinstate": "Reinstate",
    "restrict": "Restrict",
    "suspend": "Close account",
    "restore": "Restore account",
    "requested": "Send listing",
}
_STATES: Final = (
    (ActionState.PENDING_APPROVAL, "pending approval"),
    (ActionState.SCHEDULED, "scheduled"),
    (ActionState.SENDING, "sending"),
    (ActionState.ACKNOWLEDGED, "acknowledged"),
    (ActionState.WITHDRAWN, "withdrawn"),
    (ActionState.DEAD, "dead letters"),
)


@dataclass(frozen=True, slots=True)
class StateFigure:
    """The number of messages in one state."""

    name: str
    number: str
    bad: bool


@dataclass(frozen=True, slots=True)
class LetterRow:
    """An undelivered message: its request, its listing or seller, and the last response."""

    action_id: str
    kind: str
    about: Shown
    attempts: int
    text: Shown
    when: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Results of removal checks in 30 days; `took` is empty if no listing was seen to be removed."""

    gone: str
    still_shown: int
    unknown: int
    took: str


@dataclass(frozen=True, slots=True)
class DeliveriesPage(AtMarketplace):
    """The page; `more` is the number of dead letters beyond those shown."""

    template: ClassVar[str] = "deliveries.html"
    place: ClassVar[str] = "/operations"

    states: tuple[StateFigure, ...]
    arrived: Bars | None
    failing: tuple[LetterRow, ...]
    dead: tuple[LetterRow, ...]
    more: int
    seen: Seen
    administers: bool


@router.get(PLACE)
def get_deliveries(request: Request, session: Watcher) -> HTMLResponse:
    """The page."""
    runtime = runtime_of(request)
    scope = scope_of(runtime, session.person, Permission.SEE_OPERATIONS, request.query_params)
    return respond(request, deliveries_page(runtime, session.person, scope), session)


@router.post(f"{PLACE}/replay")
def post_replay(request: Request, session: Administrator, fields: Fields) -> Response:
    """Send one dead letter again, or all of them."""
    runtime = runtime_of(request)
    scope = acted_on(runtime, session.person, Permission.ADMINISTER, fields)
    named = None if fields.get("all") == "yes" else [fields.get("action_id", "")[:_LONGEST_ID]]
    replay(runtime, scope.chosen, named, by=session.person.actor)
    return go_to(request, scope.at(PLACE), Flash.REPLAYED)


def deliveries_page(runtime: Runtime, person: Person, scope: PlaceScope) -> DeliveriesPage:
    """The content of the page."""
    here, now = scope.marketplace_id, runtime.clock.now()
    hours = starts(Span.HOURS, now)
    with runtime.store.read() as connection:
        counted = outgoing.by_state(connection, here)
        arrived = outgoing.acknowledged_hourly(connection, here, hours[0], hours[-1] + timedelta(hours=1))
        failing = outgoing.failing(connection, here, _SHOWN)
        dead = given_up(connection, here, _SHOWN)
        seen = _seen(connection, here, now)
    return DeliveriesPage(
        scope=scope,
        states=tuple(
            StateFigure(name, f"{counted[state]:,}", state is ActionState.DEAD and counted[state] > 0)
            for state, name in _STATES
        ),
        arrived=_arrived(hours, arrived, now),
        failing=tuple(_failing(one, now) for one in failing),
        dead=tuple(_dead(one, now) for one in dead),
        more=counted[ActionState.DEAD] - len(dead),
        seen=seen,
        administers=here in person.marketplaces(Permission.ADMINISTER),
    )


def _arrived(hours: Sequence[datetime], counted: Mapping[datetime, int], now: datetime) -> Bars | None:
    if not counted:
        return None
    first = words.moment(hours[0], now)
    label = (
        f"{words.many(sum(counted.values()), 'acknowledgement')} since {first}, "
        f"at most {max(counted.values()):,} in one hour."
    )
    return bars([float(counted.get(one, 0)) for one in hours], label, first=first, last=words.moment(now, now))


def _failing(one: Failing, now: datetime) -> LetterRow:
    return LetterRow(
        one.action_id,
        _KINDS[one.kind],
        text_view.show(one.about),
        one.attempts,
        text_view.show(one.last_error),
        words.moment(one.due_at, now) if one.due_at else "",
    )


def _dead(one: Letter, now: datetime) -> LetterRow:
    match one:
        case StoredAction():
            about = one.external_id
        case StoredSellerAction():
            about = f"seller {one.seller_external_id}"
        case StoredListingRequest():
            about = one.location
    return LetterRow(
        one.action_id,
        _KINDS[one.kind.value],
        text_view.show(about),
        one.attempts,
        text_view.show(one.last_error or ""),
        words.moment(one.sent_at, now) if one.sent_at else "",
    )


def _seen(connection: Connection, here: str, now: datetime) -> Seen:
    counted = removal_checks.counts(connection, here)
    took = removal_checks.times(connection, here, since=now - _LATELY)
    gone, total = counted.get(CheckState.GONE, 0), sum(counted.values())
    return Seen(
        gone=f"{gone:,} of {total:,}",
        still_shown=counted.get(CheckState.STILL_SHOWN, 0),
        unknown=counted.get(CheckState.UNKNOWN, 0),
        took=""
        if took.median_seconds is None
        else f"{words.duration(took.median_seconds)} (n = {took.removals:,}, last 30 days)",
    )
