"""People and their roles, for administrators: users, open invitations, and the form to invite a user."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError
from serving.accounts.policy import InvitationPolicy
from serving.accounts.rules.access import Grant, Permission, Role
from serving.accounts.service import inviting
from serving.accounts.service.people import administered_marketplaces, staff
from serving.accounts.store.accounts import Session
from serving.brands.store import brands
from serving.guards import Administrator, runtime_of
from serving.platform.runtime import Runtime
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields, full_address
from serving.web.rendering import StaffPage, respond
from serving.web.wording.vocabulary import ROLES

router = APIRouter(include_in_schema=False)
_MOST: Final = 200
_LONGEST: Final = 320


@dataclass(frozen=True, slots=True)
class TypedInvitation:
    """The typed values of the invitation form."""

    email: str = ""
    role: str = Role.ANALYST.value
    marketplace: str = ""
    brand: str = ""


@router.get("/people")
def get_people(request: Request, session: Administrator) -> HTMLResponse:
    return respond(request, people_page(request, session), session)


@router.post("/people/invitations")
def post_invitation(request: Request, session: Administrator, fields: Fields) -> Response:
    """Invite a user. The response shows the link, which is not stored, so there is no redirect."""
    typed = TypedInvitation(
        *(fields.get(name, "").strip()[:_LONGEST] for name in ("email", "role", "marketplace_id", "brand_id"))
    )
    try:
        link = inviting.invite(
            runtime_of(request), session.person, typed.email, _grant_of_form(request, session, typed)
        )
    except DomainError as refused:
        return respond(request, people_page(request, session, typed, refused.sentence), session, status=422)
    return respond(request, people_page(request, session, typed, link=full_address(request, link)), session)


@router.post("/people/invitations/{invitation_id}/withdraw")
def post_withdraw(invitation_id: str, request: Request, session: Administrator) -> Response:
    """Withdraw an invitation, so that its link no longer works."""
    inviting.withdraw(runtime_of(request), session.person, invitation_id[:40])
    return go_to(request, "/people", Flash.INVITATION_WITHDRAWN)


def _grant_of_form(request: Request, session: Session, typed: TypedInvitation) -> Grant:
    """The role that the form names, at the only marketplace that the person administers if it names none."""
    places = administered_marketplaces(runtime_of(request), session.person)
    where = typed.marketplace or (places[0].marketplace_id if len(places) == 1 else "")
    role = Role(typed.role) if typed.role in set(Role) else Role.ANALYST
    return Grant(role, where, typed.brand or None if role is Role.BRAND else None)


def people_page(
    request: Request,
    session: Session,
    typed: TypedInvitation | None = None,
    error: str | None = None,
    link: str | None = None,
) -> StaffPage:
    runtime = runtime_of(request)
    sought = request.query_params.get("q", "").strip()[:100]
    role_name = request.query_params.get("role", "")
    role = Role(role_name) if role_name in set(Role) else None
    staff_list = staff(runtime, session.person, words=sought, role=role, most=_MOST)
    names = {place.marketplace_id: place.name for place in staff_list.places}
    enrolled = enrolled_brands(runtime, session)
    return StaffPage(
        "people.html",
        "/people",
        staff=staff_list,
        roles_of={
            person.user_id: [role_words(grant, names, enrolled) for grant in person.grants]
            for person in staff_list.people
        },
        words=sought,
        role=role,
        roles=ROLES,
        brands=enrolled,
        invitations=inviting.open_invitations(runtime, session.person),
        typed=typed if typed is not None and link is None else TypedInvitation(),
        error=error,
        link=link,
        link_for=typed.email if typed is not None else "",
        mails=bool(runtime.settings.smtp_host),
        valid_days=runtime.policies[InvitationPolicy].valid_days,
        wall=runtime.wall.now(),
    )


def enrolled_brands(runtime: Runtime, session: Session) -> dict[str, str]:
    """The brands of a person's marketplaces, by id."""
    places = session.person.marketplaces(Permission.ADMINISTER)
    with runtime.store.read() as connection:
        names = {
            brand_id: brand.name for place in places for brand_id, brand in brands.enrolments(connection, place).items()
        }
    return dict(sorted(names.items(), key=lambda pair: pair[1]))


def role_words(grant: Grant, places: dict[str, str], enrolled: dict[str, str]) -> str:
    """A role in words, with its brand, and its marketplace where a person administers several."""
    brand = f" {enrolled.get(grant.brand_id, 'another brand')}" if grant.brand_id else ""
    leads = " with lead rights" if grant.leads else ""
    where = f" at {places[grant.marketplace_id]}" if len(places) > 1 and grant.marketplace_id in places else ""
    elsewhere = "" if grant.marketplace_id in places else " at another marketplace"
    return f"{ROLES[grant.role]}{brand if elsewhere == '' else ''}{leads}{where}{elsewhere}"
