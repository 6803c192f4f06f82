"""Sellers: proposed sanctions, sanctions in force, and the allow, watch and deny lists."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Invalid
from models.seller_lists import Entry, SellerList
from serving.accounts.rules.access import Permission
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.guards import may, runtime_of
from serving.platform.runtime import Runtime
from serving.sellers.rules.sanction import Measure, SanctionCause, SanctionState
from serving.sellers.service.sanctioning import Sanctioned, in_force, lift, speak, undecided
from serving.sellers.service.seller_listing import check_lister, put_on_list, take_off_list
from serving.sellers.store import seller_lists
from serving.takedowns.rules.approval import PROGRAMME, REVIEW_TEAM
from serving.web import text_view
from serving.web.at_marketplace import PlaceLink, acted_on, scope_of
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
Speaker = Annotated[Session, may(Permission.REVIEW_CASES, Permission.LOOK_AFTER_BRANDS)]
Reviewer = Annotated[Session, may(Permission.REVIEW_CASES)]
_PLACE: Final = "/sellers"
_LONGEST_ID: Final = 40
_SHOWN: Final = 100
_ORGANISATIONS: Final = {REVIEW_TEAM: "review team", PROGRAMME: "account management"}
_MEASURES: Final = {Measure.RESTRICT: "Restrict", Measure.CLOSE: "Close"}


@dataclass(frozen=True, slots=True)
class LinkedRow:
    """An account linked with a sanctioned one: the path to it, and the reason if nothing is proposed for it."""

    path: Shown
    spared_because: str | None


@dataclass(frozen=True, slots=True)
class SanctionRow:
    """A sanction; `no_vote` says why the reader has no vote, `no_agreement` why they can only reject it.

    `able` are the names of the people who can approve it now.
    """

    sanction_id: str
    seller: Shown
    measure: str
    by_link: bool
    since: str
    until: str | None
    reasons: tuple[Shown, ...]
    linked: tuple[LinkedRow, ...]
    votes: tuple[str, ...]
    no_vote: str | None
    no_agreement: str | None
    able: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A seller on a list at a marketplace, whose name is None if the reader reviews at one only."""

    seller: Shown
    seller_id: str
    marketplace_id: str
    marketplace: str | None
    which: str
    reason: Shown
    by: str
    until: str


@dataclass(frozen=True, slots=True)
class SellersPage:
    """Proposed sanctions, sanctions in force, and the lists; `may_list` is whether the reader maintains lists.

    `places` are the marketplaces to choose from for a list, empty if there is only one.
    """

    template: ClassVar[str] = "sellers.html"
    place: ClassVar[str] = _PLACE

    undecided: tuple[SanctionRow, ...]
    in_force: tuple[SanctionRow, ...]
    entries: tuple[EntryRow, ...]
    lists: tuple[str, ...]
    may_list: bool
    places: tuple[PlaceLink, ...]


@router.get("/sellers")
def get_sellers(request: Request, session: Speaker) -> HTMLResponse:
    """The page."""
    return respond(request, sellers_page(runtime_of(request), session), session)


@router.post("/sellers/sanctions/{sanction_id}")
def post_vote(sanction_id: str, request: Request, session: Speaker, fields: Fields) -> Response:
    """Approve or reject a sanction."""
    answer = fields.get("decision", "")
    if answer not in {"agree", "refuse"}:
        raise Invalid("Approve or reject the sanction.")
    reason = fields.get("reason", "")[:500]
    state = speak(
        runtime_of(request), session.person, sanction_id[:_LONGEST_ID], agrees=answer == "agree", reason=reason
    )
    heard = {SanctionState.CARRIED_OUT: Flash.SANCTION_CARRIED_OUT, SanctionState.REFUSED: Flash.SANCTION_REFUSED}
    return go_to(request, _PLACE, heard.get(state, Flash.SANCTION_HEARD))


@router.post("/sellers/sanctions/{sanction_id}/lift")
def post_lift(sanction_id: str, request: Request, session: Speaker, fields: Fields) -> Response:
    """Lift a sanction that is in force."""
    lift(runtime_of(request), session.person, sanction_id[:_LONGEST_ID], fields.get("reason", "")[:500])
    return go_to(request, _PLACE, Flash.SANCTION_LIFTED)


@router.post("/sellers/lists")
def post_entry(request: Request, session: Reviewer, fields: Fields) -> Response:
    """Add a seller to a list."""
    runtime, which, days = runtime_of(request), fields.get("list", ""), fields.get("days", "").strip()
    if which not in set(SellerList):
        raise Invalid("Choose a list.")
    if days and not (days.isascii() and days.isdigit() and len(days) <= 5):
        raise Invalid("Enter the duration as a whole number of days.")
    here = acted_on(runtime, session.person, Permission.REVIEW_CASES, fields).marketplace_id
    check_lister(session.person, here, SellerList(which))
    put_on_list(
        runtime,
        here,
        fields.get("seller", ""),
        SellerList(which),
        reason=fields.get("reason", ""),
        days=int(days) if days else None,
        by=session.person.actor,
    )
    return go_to(request, _PLACE, Flash.SELLER_LISTED)


@router.post("/sellers/lists/remove")
def post_removal(request: Request, session: Reviewer, fields: Fields) -> Response:
    """Remove a seller from its list."""
    runtime = runtime_of(request)
    here = acted_on(runtime, session.person, Permission.REVIEW_CASES, fields).marketplace_id
    take_off_list(runtime, here, fields.get("seller", "")[:200], by=session.person.actor)
    return go_to(request, _PLACE, Flash.SELLER_UNLISTED)


def sellers_page(runtime: Runtime, session: Session) -> SellersPage:
    """The content of the page."""
    person, now = session.person, runtime.clock.now()
    reviewed = person.marketplaces(Permission.REVIEW_CASES)
    administers = bool(reviewed & person.marketplaces(Permission.ADMINISTER))
    with runtime.store.read() as connection:
        entries = seller_lists.in_force(connection, reviewed, now, _SHOWN)
        names = accounts.names(connection, [one.added_by.removeprefix("user:") for _, one, _ in entries])
    places = scope_of(runtime, person, Permission.REVIEW_CASES, {}).choices if len(reviewed) > 1 else ()
    named = {one.marketplace_id: one.name for one in places}
    return SellersPage(
        undecided=tuple(_row(one, now) for one in undecided(runtime, person)[:_SHOWN]),
        in_force=tuple(_row(one, now) for one in in_force(runtime, person)[:_SHOWN]),
        entries=tuple(_entry(one, place, named.get(place), names, now) for place, one, _ in entries),
        lists=tuple(one.value for one in SellerList if administers or one is not SellerList.ALLOW),
        may_list=bool(reviewed),
        places=places,
    )


def _row(one: Sanctioned, now: datetime) -> SanctionRow:
    found = one.sanction
    since = found.decided_at if found.state is SanctionState.CARRIED_OUT else found.proposed_at
    return SanctionRow(
        sanction_id=found.sanction_id,
        seller=text_view.show(found.seller_external_id),
        measure=_MEASURES[found.measure],
        by_link=found.cause is SanctionCause.LINKED,
        since=words.moment(since or found.proposed_at, now),
        until=words.moment(found.due_at, now) if found.due_at else None,
        reasons=tuple(text_view.show(reason) for reason in found.reasons),
        linked=tuple(
            LinkedRow(text_view.show(str(other["path"])), other["spared_because"] or None) for other in found.linked
        ),
        votes=tuple(
            f"{_ORGANISATIONS.get(text.organisation, 'brand')}: {'approve' if text.agrees else 'reject'}. {text.reason}"
            for text in one.votes
        ),
        no_vote=None if one.no_vote is None else str(one.no_vote),
        no_agreement=None if one.no_agreement is None else str(one.no_agreement),
        able=one.able,
    )


def _entry(one: Entry, place: str, marketplace: str | None, names: dict[str, str], now: datetime) -> EntryRow:
    return EntryRow(
        seller=text_view.show(one.seller),
        seller_id=one.seller,
        marketplace_id=place,
        marketplace=marketplace,
        which=one.which.value,
        reason=text_view.show(one.reason),
        by=names.get(one.added_by.removeprefix("user:"), one.added_by),
        until=words.moment(one.expires_at, now),
    )
