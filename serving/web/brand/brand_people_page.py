"""A brand's people and agents: roles, certification, and powers of attorney with their expiry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError, Invalid
from serving.accounts.policy import InvitationPolicy, ResetLinkPolicy
from serving.accounts.service.reset_links import make_link_for_colleague
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.brands.policy import EnrolmentPolicy
from serving.brands.rules.certification import CertificationPass, gate_for, new_invitee_objection
from serving.brands.rules.rights import RightKind, day_of
from serving.brands.service import rights_sharing
from serving.brands.service.brand_people import (
    appoint_agent,
    end_agency,
    invite_colleague,
    open_invitations,
    remove_person,
    withdraw_invitation,
)
from serving.brands.service.mandates import NewMandate
from serving.brands.service.rights_sharing import share_mandate
from serving.brands.store import certifications
from serving.brands.store import mandates as powers
from serving.brands.store import rights_documents as documents
from serving.guards import Member, TheRuntime, runtime_of
from serving.platform.runtime import Runtime
from serving.platform.tongues import say, say_many
from serving.web.brand.brand_scope import AboutBrand, BrandScope, refusal_page, scope_of, share_target
from serving.web.brand.rights_page import KINDS, MandateRow, mandate_rows
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields, full_address
from serving.web.rendering import respond
from serving.web.wording import words
from serving.web.wording.vocabulary import Option

router = APIRouter(include_in_schema=False)
_PLACE: Final = "/brand/people"
_KIND: Final = "kind:"


@dataclass(frozen=True, slots=True)
class ColleagueRow:
    """A person of the brand; `certification_state` is in words, `confirms` is whether they may confirm now."""

    user_id: str
    name: str
    email: str
    since: str
    leads: bool
    agent: bool
    confirms: bool
    certification_state: str
    waits: str | None
    can_go: bool


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """A link that nobody has used yet."""

    invitation_id: str
    email: str
    until: str


@dataclass(frozen=True, slots=True)
class InvitationLink:
    """A new link, which is shown only once: its address, its recipient, and its expiry."""

    address: str
    email: str
    lasts: str


@dataclass(frozen=True, slots=True)
class BrandPeoplePage(AboutBrand, template="brand_people.html"):
    """The people, the open invitations and the powers of attorney; `link` is a new one."""

    people: tuple[ColleagueRow, ...]
    invitations: tuple[InvitationRow, ...]
    mandates: tuple[MandateRow, ...]
    candidates: tuple[Option, ...]
    documents: tuple[Option, ...]
    kinds: tuple[Option, ...]
    link: InvitationLink | None
    typed: Mapping[str, str]
    error: str | None


@router.get(_PLACE)
def get_people(request: Request, session: Member) -> HTMLResponse:
    return respond(request, _page(runtime_of(request), session, request.query_params), session)


@router.post(_PLACE + "/invitations")
def post_invitation(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Invite a colleague. The response shows the link, which is not stored, so there is no redirect."""
    try:
        path = invite_colleague(
            runtime, session.person, _scope_of_form(runtime, session, fields).pair, fields.get("email", "")
        )
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    lasts = say_many("%(n)s day", "%(n)s days", runtime.policies[InvitationPolicy].valid_days)
    link = InvitationLink(full_address(request, path), fields.get("email", ""), lasts)
    return respond(request, _page(runtime, session, fields, link=link), session)


@router.post(_PLACE + "/invitations/{invitation_id}/withdraw")
def post_withdraw(
    invitation_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields
) -> Response:
    """Withdraw an invitation, so that its link no longer works."""
    scope = _scope_of_form(runtime, session, fields)
    withdraw_invitation(runtime, session.person, scope.pair, invitation_id)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.BRAND_CHANGED)


@router.post(_PLACE + "/{user_id}/reset-link")
def post_reset_link(user_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Create a password reset link for a colleague. The response shows it, and it is not stored."""
    scope = _scope_of_form(runtime, session, fields)
    try:
        path = make_link_for_colleague(runtime, session.person, scope.pair, user_id)
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    with runtime.store.read() as connection:
        email = accounts.person(connection, user_id).email
    lasts = say_many("%(n)s hour", "%(n)s hours", runtime.policies[ResetLinkPolicy].valid_hours)
    link = InvitationLink(full_address(request, path), email, lasts)
    return respond(request, _page(runtime, session, fields, link=link), session)


@router.post(_PLACE + "/{user_id}/remove")
def post_remove_person(
    user_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields
) -> Response:
    scope = _scope_of_form(runtime, session, fields)
    remove_person(runtime, session.person, scope.pair, user_id)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.BRAND_CHANGED)


@router.post("/brand/agents")
def post_agent(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Record a power of attorney."""
    try:
        scope = _scope_of_form(runtime, session, fields)
        appoint_agent(runtime, session.person, scope.pair, _mandate_of_form(scope, fields))
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.BRAND_CHANGED)


@router.post("/brand/agents/{mandate_id}/end")
def post_end(mandate_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """End a power of attorney now."""
    scope = _scope_of_form(runtime, session, fields)
    end_agency(runtime, session.person, scope.pair, mandate_id)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.BRAND_CHANGED)


@router.post("/brand/agents/{mandate_id}/share")
def post_shared_agent(
    mandate_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields
) -> Response:
    """Record a power of attorney at another marketplace too."""
    scope = _scope_of_form(runtime, session, fields)
    share_mandate(runtime, session.person, scope.pair, mandate_id, share_target(fields))
    return go_to(request, f"{_PLACE}{scope.query}", Flash.COPY_SHARED)


def _scope_of_form(runtime: Runtime, session: Session, fields: Mapping[str, str]) -> BrandScope:
    with runtime.store.read() as connection:
        return scope_of(connection, session.person, fields)


def _mandate_of_form(scope: BrandScope, fields: Mapping[str, str]) -> NewMandate:
    last_day = fields.get("last_day", "").strip()
    if not last_day:
        raise Invalid("A power of attorney needs a last day.")
    return NewMandate(
        brand=scope.brand,
        email=fields.get("email", ""),
        agent=fields.get("agent", ""),
        territories=tuple(fields.get("territories", "").replace(",", " ").split()),
        last_day=day_of(last_day),
        kinds=tuple(kind for kind in RightKind if fields.get(f"{_KIND}{kind.value}") == "yes"),
        document=fields.get("document", "").strip() or None,
        marketplace=scope.marketplace,
    )


def _certification_in_words(passed: CertificationPass | None, now: datetime, policy: EnrolmentPolicy) -> str:
    if passed is None:
        return say("never passed")
    ends = passed.at + timedelta(days=policy.certification_valid_days)
    day = words.day(ends, now)
    return say("until %(day)s", day=day) if now < ends else say("expired %(day)s", day=day)


def _confirming_date(confirms_from: datetime | None, now: datetime) -> str | None:
    if confirms_from is None or now >= confirms_from:
        return None
    return say("confirms from %(day)s", day=words.moment(confirms_from, now))


def _page(
    runtime: Runtime,
    session: Session,
    fields: Mapping[str, str],
    *,
    link: InvitationLink | None = None,
    error: str | None = None,
) -> BrandPeoplePage:
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
        acting = powers.agent_emails(connection, scope.pair)
        people = []
        for brand_person in accounts.people_of_brand(connection, scope.pair):
            passed = certifications.last_pass(connection, brand_person.user_id)
            certified = gate_for(passed, now, runtime.policies[EnrolmentPolicy])
            agent = brand_person.email in acting.values()
            people.append(
                ColleagueRow(
                    user_id=brand_person.user_id,
                    name=brand_person.name,
                    email=brand_person.email,
                    since=words.day(brand_person.since, now),
                    leads=brand_person.leads and not agent,
                    agent=agent,
                    confirms=certified.open and new_invitee_objection(brand_person.confirms_from, now) is None,
                    certification_state=_certification_in_words(passed, now, runtime.policies[EnrolmentPolicy]),
                    waits=_confirming_date(brand_person.confirms_from, now),
                    can_go=not brand_person.leads and brand_person.user_id != session.person.user_id,
                )
            )
        stored_mandates = powers.stored_mandates(connection, scope.pair)
        targets = rights_sharing.targets_of_mandates(connection, scope.pair[1], stored_mandates, scope.others, now)
        mandates = mandate_rows(stored_mandates, acting, now, targets)
        on_file = documents.documents_of(connection, scope.pair)
        invited = open_invitations(connection, scope.pair, runtime.wall.now())
    return BrandPeoplePage(
        scope=scope,
        people=tuple(people),
        invitations=tuple(
            InvitationRow(
                invitation.invitation_id, invitation.email, words.day(invitation.expires_at, runtime.wall.now())
            )
            for invitation in invited
        ),
        mandates=mandates,
        candidates=tuple(
            Option(colleague.email, f"{colleague.name}, {colleague.email}") for colleague in people if colleague.can_go
        ),
        documents=tuple(Option(document.digest, document.name) for document in on_file),
        kinds=tuple(Option(kind.value, say(KINDS[kind])) for kind in RightKind),
        link=link,
        typed={name: fields.get(name, "") for name in ("email", "agent", "territories", "last_day")},
        error=error,
    )
