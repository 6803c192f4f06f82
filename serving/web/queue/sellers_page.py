"""Sellers: proposed sanctions, sanctions in force, and the allow, watch and deny lists."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Invalid
from models.seller_lists import SellerList
from serving.accounts.rules.access import Permission
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.guards import Reviewer, Speaker, TheRuntime, runtime_of
from serving.platform.runtime import Runtime
from serving.sellers.rules.sanction import SanctionState
from serving.sellers.service.sanctioning import lift_sanction, record_vote, sanctions_in_force, undecided_sanctions
from serving.sellers.service.seller_listing import check_lister, put_on_list, take_off_list
from serving.sellers.store import seller_lists
from serving.web.at_marketplace import scope_of, scope_of_form
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
_PLACE: Final = "/sellers"
_SHOWN: Final = 100


@router.get("/sellers")
def get_sellers(request: Request, session: Speaker) -> HTMLResponse:
    return respond(request, sellers_page(runtime_of(request), session), session)


@router.post("/sellers/sanctions/{sanction_id}")
def post_vote(sanction_id: str, request: Request, session: Speaker, fields: Fields) -> Response:
    answer = fields.get("decision", "")
    if answer not in {"agree", "refuse"}:
        raise Invalid("Approve or reject the sanction.")
    reason = fields.get("reason", "")[:500]
    state = record_vote(
        runtime_of(request), session.person, sanction_id[:LONGEST_ID], agrees=answer == "agree", reason=reason
    )
    heard = {SanctionState.CARRIED_OUT: Flash.SANCTION_CARRIED_OUT, SanctionState.REFUSED: Flash.SANCTION_REFUSED}
    return go_to(request, _PLACE, heard.get(state, Flash.SANCTION_VOTED))


@router.post("/sellers/sanctions/{sanction_id}/lift")
def post_lift(sanction_id: str, request: Request, session: Speaker, fields: Fields) -> Response:
    lift_sanction(runtime_of(request), session.person, sanction_id[:LONGEST_ID], fields.get("reason", "")[:500])
    return go_to(request, _PLACE, Flash.SANCTION_LIFTED)


@router.post("/sellers/lists")
def post_entry(request: Request, session: Reviewer, fields: Fields) -> Response:
    runtime, which, days = runtime_of(request), fields.get("list", ""), fields.get("days", "").strip()
    if which not in set(SellerList):
        raise Invalid("Choose a list.")
    if days and not (days.isascii() and days.isdigit() and len(days) <= 5):
        raise Invalid("Enter the duration as a whole number of days.")
    marketplace_id = scope_of_form(runtime, session.person, Permission.REVIEW_CASES, fields).marketplace_id
    check_lister(session.person, marketplace_id, SellerList(which))
    put_on_list(
        runtime,
        marketplace_id,
        fields.get("seller", ""),
        SellerList(which),
        reason=fields.get("reason", ""),
        days=int(days) if days else None,
        by=session.person.actor,
    )
    return go_to(request, _PLACE, Flash.SELLER_LISTED)


@router.post("/sellers/lists/remove")
def post_removal(request: Request, runtime: TheRuntime, session: Reviewer, fields: Fields) -> Response:
    marketplace_id = scope_of_form(runtime, session.person, Permission.REVIEW_CASES, fields).marketplace_id
    take_off_list(runtime, marketplace_id, fields.get("seller", "")[:200], by=session.person.actor)
    return go_to(request, _PLACE, Flash.SELLER_UNLISTED)


def sellers_page(runtime: Runtime, session: Session) -> StaffPage:
    person, now = session.person, runtime.clock.now()
    reviewed = person.marketplaces(Permission.REVIEW_CASES)
    administers = bool(reviewed & person.marketplaces(Permission.ADMINISTER))
    with runtime.store.read() as connection:
        entries = seller_lists.entries_in_force(connection, reviewed, now, _SHOWN)
        names = accounts.names(connection, [list_entry.added_by.removeprefix("user:") for _, list_entry, _ in entries])
    places = scope_of(runtime, person, Permission.REVIEW_CASES, {}).choices if len(reviewed) > 1 else ()
    return StaffPage(
        "sellers.html",
        _PLACE,
        undecided=undecided_sanctions(runtime, person)[:_SHOWN],
        in_force=sanctions_in_force(runtime, person)[:_SHOWN],
        entries=[(place, list_entry) for place, list_entry, _ in entries],
        names=names,
        lists=[which for which in SellerList if administers or which is not SellerList.ALLOW],
        may_list=bool(reviewed),
        places=places,
    )
