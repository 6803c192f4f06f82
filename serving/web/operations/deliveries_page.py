"""Deliveries: pending, acknowledged and failed messages, dead letters with replay, and checks of removed listings."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from serving.accounts.rules.access import Permission, Person
from serving.guards import Administrator, TheRuntime, Watcher
from serving.platform.runtime import Runtime
from serving.sellers.store.seller_actions import StoredSellerAction
from serving.takedowns.store import removal_checks
from serving.takedowns.store.actions import StoredAction
from serving.web.at_marketplace import PlaceScope, scope_of, scope_of_form
from serving.web.bar_charts import Bars, bars
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields
from serving.web.rendering import StaffPage, respond
from serving.web.text_view import Span, period_starts
from serving.web.wording import words
from serving.webhooks.service.dead_letters import replay
from serving.webhooks.service.letters import Letter, undeliverable_letters
from serving.webhooks.store import delivery_counts as outgoing
from serving.webhooks.store.listing_requests import StoredListingRequest

router = APIRouter(include_in_schema=False)
PLACE: Final = "/operations/deliveries"
_SHOWN: Final = 100
_LATELY: Final = timedelta(days=30)


@router.get(PLACE)
def get_deliveries(request: Request, runtime: TheRuntime, session: Watcher) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.SEE_OPERATIONS, request.query_params)
    return respond(request, deliveries_page(runtime, session.person, scope), session)


@router.post(f"{PLACE}/replay")
def post_replay(request: Request, runtime: TheRuntime, session: Administrator, fields: Fields) -> Response:
    """Send one dead letter again, or all of them."""
    scope = scope_of_form(runtime, session.person, Permission.ADMINISTER, fields)
    named = None if fields.get("all") == "yes" else [fields.get("action_id", "")[:LONGEST_ID]]
    replay(runtime, scope.chosen, named, by=session.person.actor)
    return go_to(request, scope.at(PLACE), Flash.REPLAYED)


def deliveries_page(runtime: Runtime, person: Person, scope: PlaceScope) -> StaffPage:
    marketplace_id, now = scope.marketplace_id, runtime.clock.now()
    hours = period_starts(Span.HOURS, now)
    with runtime.store.read() as connection:
        arrived = outgoing.acknowledged_hourly(connection, marketplace_id, hours[0], hours[-1] + timedelta(hours=1))
        return StaffPage(
            "deliveries.html",
            "/operations",
            scope=scope,
            counts=outgoing.counts_by_state(connection, marketplace_id),
            arrived=_acknowledged_chart(hours, arrived, now),
            failing=outgoing.failing_messages(connection, marketplace_id, _SHOWN),
            dead=[
                (_letter_subject(letter), letter)
                for letter in undeliverable_letters(connection, marketplace_id, _SHOWN)
            ],
            checks=removal_checks.counts_by_state(connection, marketplace_id),
            took=removal_checks.removal_times(connection, marketplace_id, since=now - _LATELY),
            administers=marketplace_id in person.marketplaces(Permission.ADMINISTER),
        )


def _acknowledged_chart(hours: Sequence[datetime], counted: Mapping[datetime, int], now: datetime) -> Bars | None:
    if not counted:
        return None
    first = words.moment(hours[0], now)
    label = (
        f"{words.many(sum(counted.values()), 'acknowledgement')} since {first}, "
        f"at most {max(counted.values()):,} in one hour."
    )
    return bars([float(counted.get(hour, 0)) for hour in hours], label, first=first, last=words.moment(now, now))


def _letter_subject(letter: Letter) -> str:
    match letter:
        case StoredAction():
            return letter.external_id
        case StoredSellerAction():
            return f"seller {letter.seller_external_id}"
        case StoredListingRequest():
            return letter.location
