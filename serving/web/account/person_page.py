"""One user, for administrators: roles, work in hand, history, and deactivation."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Conflict, DomainError, Forbidden, Invalid
from serving.accounts.policy import ResetLinkPolicy
from serving.accounts.rules.access import Grant, Permission, Role
from serving.accounts.service import reset_links
from serving.accounts.service.guessing import TooManyAttempts
from serving.accounts.service.people import (
    administered_marketplaces,
    change_grants,
    deactivate,
    hand_over,
    reactivate,
    staff_member,
)
from serving.accounts.service.second_factors import reset
from serving.accounts.store import accounts, people, second_factors
from serving.accounts.store import reset_links as open_links
from serving.accounts.store.accounts import Session
from serving.accounts.store.people import Colleague
from serving.audit.store import audit
from serving.audit.store.audit import DisplayedEntry
from serving.brands.store import account_managers
from serving.brands.store.brands import enrolments as brands_of
from serving.cases.store import assignments
from serving.guards import Administrator, TheRuntime, runtime_of
from serving.platform.runtime import Runtime
from serving.web.account.people_page import enrolled_brands, role_words
from serving.web.account.second_factor_page import password_of
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields, full_address
from serving.web.rendering import StaffPage, respond
from serving.web.wording import words
from serving.web.wording.vocabulary import ACTS, ROLES, Option
from serving.webhooks.service.signing_secrets import secrets_of

router = APIRouter(include_in_schema=False)
_SHOWN: Final = 30
_EVERYWHERE: Final = (Role.ANALYST, Role.ACCOUNT_MANAGER, Role.DATA_SCIENTIST, Role.ADMIN)


@router.get("/people/{user_id}")
def get_person(user_id: str, request: Request, session: Administrator) -> HTMLResponse:
    return respond(request, person_page(runtime_of(request), session, user_id), session)


@router.post("/people/{user_id}/roles")
def post_roles(user_id: str, request: Request, session: Administrator, fields: Fields) -> Response:
    try:
        change_grants(runtime_of(request), session.person, user_id[:LONGEST_ID], _ticked_grants(fields))
    except DomainError as refused:
        return refused_page(request, session, user_id, refused)
    return go_to(request, f"/people/{user_id}", Flash.ROLES_CHANGED)


@router.post("/people/{user_id}/hand-over")
def post_hand_over(user_id: str, request: Request, session: Administrator, fields: Fields) -> Response:
    """Hand over a user's work to another user."""
    try:
        hand_over(runtime_of(request), session.person, user_id[:LONGEST_ID], fields.get("to", "")[:LONGEST_ID])
    except DomainError as refused:
        return refused_page(request, session, user_id, refused)
    return go_to(request, f"/people/{user_id}", Flash.WORK_HANDED_OVER)


@router.post("/people/{user_id}/deactivate")
def post_deactivate(user_id: str, request: Request, session: Administrator, fields: Fields) -> Response:
    successor = fields.get("to", "")[:LONGEST_ID] or None
    try:
        deactivate(runtime_of(request), session.person, user_id[:LONGEST_ID], successor=successor)
    except DomainError as refused:
        return refused_page(request, session, user_id, refused)
    return go_to(request, f"/people/{user_id}", Flash.DEACTIVATED)


@router.post("/people/{user_id}/reactivate")
def post_reactivate(user_id: str, request: Request, session: Administrator) -> Response:
    reactivate(runtime_of(request), session.person, user_id[:LONGEST_ID])
    return go_to(request, f"/people/{user_id}", Flash.REACTIVATED)


@router.post("/people/{user_id}/reset-link")
def post_reset_link(user_id: str, request: Request, runtime: TheRuntime, session: Administrator) -> Response:
    """Create a password reset link. The response shows it, and it is not stored."""
    try:
        path = reset_links.make_link(runtime, session.person, user_id[:LONGEST_ID])
    except DomainError as refused:
        return refused_page(request, session, user_id, refused)
    return respond(request, person_page(runtime, session, user_id, link=full_address(request, path)), session)


def refused_page(request: Request, session: Session, user_id: str, refused: DomainError) -> Response:
    """The page again, with the reason why nothing was changed."""
    page = person_page(runtime_of(request), session, user_id, error=refused.sentence)
    return respond(request, page, session, status={"conflict": 409, "forbidden": 403}.get(refused.code, 422))


def _ticked_grants(fields: Mapping[str, str]) -> list[Grant]:
    """The ticked roles; values that name no role are ignored."""
    named = [name.split(".") for name in fields if name.startswith("role.")]
    if fields.get("brand_id", ""):
        named.append(["role", Role.BRAND.value, *fields["brand_id"].split(".")])
    return [
        Grant(Role(parts[1]), parts[2], parts[3] if len(parts) > 3 else None)
        for parts in named
        if len(parts) in {3, 4} and parts[1] in set(Role)
    ]


def person_page(
    runtime: Runtime, session: Session, user_id: str, error: str | None = None, link: str | None = None
) -> StaffPage:
    """The content of the page; `link` is a link that was just created."""
    marketplace_ids = session.person.marketplaces(Permission.ADMINISTER)
    colleague = staff_member(runtime, session.person, user_id[:LONGEST_ID])
    places = {place.marketplace_id: place.name for place in administered_marketplaces(runtime, session.person)}
    enrolled = enrolled_brands(runtime, session)
    with runtime.store.read() as connection:
        in_hand = assignments.cases_in_hand(connection, marketplace_ids, colleague.user_id, runtime.clock.now())
        looked_after = account_managers.brands_of(connection, marketplace_ids, colleague.user_id)
        history = audit.of_subject(connection, marketplace_ids, colleague.user_id, _SHOWN)
        secrets = tuple(
            secret for secret in secrets_of(connection, colleague.user_id) if secret.marketplace_id in marketplace_ids
        )
        factors = len(second_factors.of_person(connection, colleague.user_id))
        open_link = open_links.of_person(connection, colleague.user_id, runtime.wall.now())
        others = {
            user: name
            for role in (Role.ANALYST, Role.ACCOUNT_MANAGER)
            for names in people.holders(connection, marketplace_ids, role).values()
            for user, name in names.items()
            if user != colleague.user_id
        }
        actors = [log_entry.actor.removeprefix("user:") for log_entry in history] + [
            str(log_entry.payload.get("to")) for log_entry in history
        ]
        names = accounts.names(connection, actors)
    return StaffPage(
        "person.html",
        "/people",
        user=colleague,
        elsewhere=tuple(
            role_words(grant, places, enrolled)
            for grant in colleague.grants
            if grant.marketplace_id not in marketplace_ids
        ),
        is_oneself=colleague.user_id == session.person.user_id,
        boxes=_role_boxes(colleague, places, enrolled),
        brands=_brand_options(runtime, colleague, places),
        in_hand=in_hand,
        looks_after=len(looked_after),
        successors=dict(sorted(others.items(), key=lambda pair: pair[1])),
        history=[
            (log_entry.at, _act_in_words(log_entry, names, enrolled), _actor_name(log_entry, names))
            for log_entry in history
        ],
        link=link,
        link_open=None if open_link is None else open_link.expires_at,
        link_hours=runtime.policies[ResetLinkPolicy].valid_hours,
        factors=factors,
        secrets=secrets,
        error=error,
        wall=runtime.wall.now(),
    )


def _role_boxes(
    colleague: Colleague, places: Mapping[str, str], enrolled: Mapping[str, str]
) -> tuple[SimpleNamespace, ...]:
    """Every role at every marketplace, and the brands that the user represents."""
    current_roles = {(grant.role, grant.marketplace_id) for grant in colleague.grants}
    several = len(places) > 1
    usual = [
        SimpleNamespace(
            field=f"role.{role.value}.{place}",
            text=f"{ROLES[role]}{f' at {name}' if several else ''}",
            is_granted=(role, place) in current_roles,
        )
        for place, name in places.items()
        for role in _EVERYWHERE
    ]
    of_brands = [
        SimpleNamespace(
            field=f"role.{Role.BRAND.value}.{grant.marketplace_id}.{grant.brand_id}",
            text=role_words(grant, dict(places), dict(enrolled)),
            is_granted=True,
        )
        for grant in colleague.grants
        if grant.role is Role.BRAND and grant.marketplace_id in places
    ]
    return (*usual, *of_brands)


def _brand_options(runtime: Runtime, colleague: Colleague, places: Mapping[str, str]) -> tuple[Option, ...]:
    """The brands that the user does not represent yet, as `marketplace.brand`."""
    from_before = {(grant.marketplace_id, grant.brand_id) for grant in colleague.grants}
    with runtime.store.read() as connection:
        return tuple(
            Option(f"{place}.{brand_id}", f"{brand.name}{f' at {name}' if len(places) > 1 else ''}")
            for place, name in places.items()
            for brand_id, brand in brands_of(connection, place).items()
            if (place, brand_id) not in from_before
        )


def _actor_name(log_entry: DisplayedEntry, names: Mapping[str, str]) -> str:
    by = log_entry.actor.removeprefix("user:")
    return names.get(by, "the command line" if by == "local" else by)


def _act_in_words(log_entry: DisplayedEntry, names: Mapping[str, str], enrolled: Mapping[str, str]) -> str:
    role = log_entry.payload.get("role")
    as_role = ROLES[Role(role)] if role in set(Role) else "a role"
    brand = enrolled.get(str(log_entry.payload.get("brand")), "")
    of_role = f"{as_role} {brand}".strip()
    match log_entry.act:
        case "person.added" | "person.joined":
            return f"Joined as {of_role}"
        case "person.granted":
            return f"Role added: {of_role}"
        case "person.ungranted":
            return f"Role removed: {of_role}"
        case "person.deactivated" | "person.work_handed_over":
            head = "Deactivated" if log_entry.act == "person.deactivated" else "Work handed over"
            return f"{head}: {_handover_in_words(log_entry.payload, names)}"
        case _:
            return ACTS.get(log_entry.act, log_entry.act)


def _handover_in_words(payload: Mapping[str, object], names: Mapping[str, str]) -> str:
    to = names.get(str(payload.get("to")), "")
    handed_over, freed, brands = (int(str(payload.get(name, 0))) for name in ("handed_over", "freed", "brands"))
    parts = []
    if to:
        parts.append(f"{words.many(handed_over, 'case')} to {to}")
    if freed or not to:
        parts.append(f"{words.many(freed, 'case')} returned to the queue")
    if brands:
        parts.append(f"{words.many(brands, 'brand')} to {to}")
    return words.join_list(parts)


@router.post("/people/{user_id}/second-factor/reset")
def post_factor_reset(user_id: str, request: Request, session: Administrator, fields: Fields) -> Response:
    """Remove every second factor of a user who has lost them."""
    try:
        reset(runtime_of(request), session, user_id[:LONGEST_ID], password_of(fields))
    except (Conflict, Forbidden, Invalid, TooManyAttempts) as refused:
        return refused_page(request, session, user_id, refused)
    return go_to(request, f"/people/{user_id}", Flash.FACTOR_RESET)
