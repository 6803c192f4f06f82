"""People and their roles, for administrators: users, open invitations, and the form to invite a user."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError
from serving.accounts.policy import InvitationPolicy
from serving.accounts.rules.access import Grant, Permission, Role
from serving.accounts.store.accounts import Session
from serving.accounts.store.people import Colleague
from serving.administration.service import inviting
from serving.administration.service.inviting import Asked
from serving.administration.service.people import Staff, administered, staff
from serving.brands.store import brands
from serving.guards import may, runtime_of
from serving.platform.runtime import Runtime
from serving.web import text_view
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.whole_address import whole_address
from serving.web.wording import words
from serving.web.wording.vocabulary import ROLES, Option

router = APIRouter(include_in_schema=False)
Administrator = Annotated[Session, may(Permission.ADMINISTER)]
_MOST: Final = 200
_LONGEST: Final = 320


@dataclass(frozen=True, slots=True)
class Row:
    """A user: roles in words, last sign-in, cases in hand, and whether they can sign in."""

    address: str
    name: Shown
    email: str
    roles: tuple[str, ...]
    seen: str
    in_hand: int
    active: bool


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An open invitation, and the address that withdraws it."""

    email: str
    role: str
    by: str
    until: str
    address: str


@dataclass(frozen=True, slots=True)
class Typed:
    """The typed values of the invitation form."""

    email: str = ""
    role: str = Role.ANALYST.value
    marketplace: str = ""
    brand: str = ""


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """The users by the chosen filter, open invitations, the form, and a new link, which is shown only once."""

    template: ClassVar[str] = "people.html"
    place: ClassVar[str] = "/people"

    rows: tuple[Row, ...]
    number: int
    words: str
    role: str
    roles: tuple[Option, ...]
    places: tuple[Option, ...]
    brands: tuple[Option, ...]
    invitations: tuple[InvitationRow, ...]
    typed: Typed
    error: str | None
    link: str | None
    link_for: str
    valid_days: int


@router.get("/people")
def get_people(request: Request, session: Administrator) -> HTMLResponse:
    """The page."""
    return respond(request, people_page(request, session), session)


@router.post("/people/invitations")
def post_invitation(request: Request, session: Administrator, fields: Fields) -> Response:
    """Invite a user. The response shows the link, which is not stored, so there is no redirect."""
    typed = Typed(
        *(fields.get(name, "").strip()[:_LONGEST] for name in ("email", "role", "marketplace_id", "brand_id"))
    )
    try:
        link = inviting.invite(runtime_of(request), session.person, typed.email, _grant(request, session, typed))
    except DomainError as refused:
        return respond(request, people_page(request, session, typed, refused.sentence), session, status=422)
    return respond(request, people_page(request, session, typed, link=whole_address(request, link)), session)


@router.post("/people/invitations/{invitation_id}/withdraw")
def post_withdraw(invitation_id: str, request: Request, session: Administrator) -> Response:
    """Withdraw an invitation, so that its link no longer works."""
    inviting.withdraw(runtime_of(request), session.person, invitation_id[:40])
    return go_to(request, "/people", Flash.INVITATION_WITHDRAWN)


def _grant(request: Request, session: Session, typed: Typed) -> Grant:
    """The role that the form names, at the only marketplace that the person administers if it names none."""
    places = administered(runtime_of(request), session.person)
    where = typed.marketplace or (places[0].marketplace_id if len(places) == 1 else "")
    role = Role(typed.role) if typed.role in set(Role) else Role.ANALYST
    return Grant(role, where, typed.brand or None if role is Role.BRAND else None)


def people_page(
    request: Request, session: Session, typed: Typed | None = None, error: str | None = None, link: str | None = None
) -> PeoplePage:
    """The content of the page."""
    runtime, now = runtime_of(request), runtime_of(request).wall.now()
    sought = request.query_params.get("q", "").strip()[:100]
    wanted = request.query_params.get("role", "")
    role = Role(wanted) if wanted in set(Role) else None
    found = staff(runtime, session.person, words=sought, role=role, most=_MOST)
    names = {one.marketplace_id: one.name for one in found.places}
    enrolled = enrolled_brands(runtime, session)
    return PeoplePage(
        rows=tuple(_row(one, found, names, enrolled, now) for one in found.people),
        number=found.number,
        words=sought,
        role=role.value if role else "",
        roles=tuple(Option(one.value, ROLES[one]) for one in Role),
        places=tuple(Option(one.marketplace_id, one.name) for one in found.places),
        brands=tuple(Option(brand_id, name) for brand_id, name in enrolled.items()),
        invitations=tuple(
            _invitation(one, now, several=len(names) > 1) for one in inviting.open_invitations(runtime, session.person)
        ),
        typed=typed if typed is not None and link is None else Typed(),
        error=error,
        link=link,
        link_for=typed.email if typed is not None else "",
        valid_days=runtime.policies[InvitationPolicy].valid_days,
    )


def enrolled_brands(runtime: Runtime, session: Session) -> dict[str, str]:
    """The brands of a person's marketplaces, by id."""
    places = session.person.marketplaces(Permission.ADMINISTER)
    with runtime.store.read() as connection:
        found = {
            brand_id: one.name for place in places for brand_id, one in brands.enrolments(connection, place).items()
        }
    return dict(sorted(found.items(), key=lambda one: one[1]))


def role_words(grant: Grant, places: dict[str, str], enrolled: dict[str, str]) -> str:
    """A role in words, with its brand, and its marketplace where a person administers several."""
    brand = f" {enrolled.get(grant.brand_id, 'another brand')}" if grant.brand_id else ""
    leads = " with lead rights" if grant.leads else ""
    where = f" at {places[grant.marketplace_id]}" if len(places) > 1 and grant.marketplace_id in places else ""
    elsewhere = "" if grant.marketplace_id in places else " at another marketplace"
    return f"{ROLES[grant.role]}{brand if elsewhere == '' else ''}{leads}{where}{elsewhere}"


def _row(one: Colleague, found: Staff, places: dict[str, str], enrolled: dict[str, str], now: datetime) -> Row:
    return Row(
        address=f"/people/{one.user_id}",
        name=text_view.show(one.name),
        email=one.email,
        roles=tuple(role_words(grant, places, enrolled) for grant in one.grants),
        seen=words.moment(one.signed_in_at, now) if one.signed_in_at else "none recorded",
        in_hand=found.in_hand[one.user_id],
        active=one.disabled_at is None,
    )


def _invitation(one: Asked, now: datetime, *, several: bool) -> InvitationRow:
    made = one.invitation
    where = f" at {one.marketplace}" if several else ""
    return InvitationRow(
        made.email,
        f"{ROLES[made.grant.role]}{f' {one.brand}' if one.brand else ''}{where}",
        one.by,
        words.moment(made.expires_at, now),
        f"/people/invitations/{made.invitation_id}/withdraw",
    )
