"""The state of a brand's removals in the brand's words, from the click to the acknowledgement."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from serving.cases.store import case_figures
from serving.cases.store.case_figures import BrandAction
from serving.platform.database.scope import Pair
from serving.platform.tongues import say
from serving.takedowns.rules.removal_check import CheckState
from serving.web import text_view
from serving.web.rendering import Page
from serving.web.text_view import Shown
from serving.web.wording import words
from serving.web.wording.vocabulary import ACTION_STATES, CHECK_STATES, StateWords
from serving.webhooks.rules.action import ActionState

_MOST = 6
_MOVING = frozenset({ActionState.SCHEDULED, ActionState.SENDING})
_WATCHED_FOR = timedelta(minutes=10)  # Nobody watches by the second an endpoint that is down longer.


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal (or reinstatement) with its state and the time of that state."""

    listing: Shown
    state: StateWords
    when: str


@dataclass(frozen=True, slots=True)
class RemovalsPart(Page, template="parts/removals.html", place="/brand"):
    """The latest removals; `moving` is whether any of them is in transit, so that the page polls."""

    removals: tuple[Removal, ...]
    moving: bool


def removals_part(connection: Connection, pairs: frozenset[Pair], now: datetime) -> RemovalsPart:
    """The part of a brand's page that refreshes by itself."""
    found = case_figures.brand_actions(connection, pairs, _MOST)
    return RemovalsPart(tuple(_removal(one, now) for one in found), any(_is_moving(one, now) for one in found))


def _is_moving(found: BrandAction, now: datetime) -> bool:
    return found.state in _MOVING and now - found.leaves_at < _WATCHED_FOR


def _removal(found: BrandAction, now: datetime) -> Removal:
    listing = text_view.show(found.content.get("title") or found.external_id)
    seen = CHECK_STATES.get(found.check) if found.check is not None else None
    return Removal(listing, seen or ACTION_STATES[found.kind, found.state], _when(found, now))


def _when(found: BrandAction, now: datetime) -> str:
    if found.check is CheckState.STILL_SHOWN:
        return say("we ask the marketplace why")
    if found.check is CheckState.GONE and found.seconds_to_removal is not None:
        return say("verified as removed after %(time)s", time=words.duration(found.seconds_to_removal))
    match found.state:
        case ActionState.SCHEDULED:
            return say("in %(time)s", time=words.countdown((found.leaves_at - now).total_seconds()))
        case ActionState.SENDING if found.sent_at is not None:
            return words.short_moment(found.sent_at, now)
        case ActionState.ACKNOWLEDGED if found.acknowledged_at is not None:
            return words.short_moment(found.acknowledged_at, now)
        case ActionState.PENDING_APPROVAL:
            return say("people review it first")
        case ActionState.DEAD:
            return say("we are investigating")
        case _:
            return ""
