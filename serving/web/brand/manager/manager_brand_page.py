"""A brand as its account manager sees it: open items, rights to verify, people, messages."""

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from features.near_names import NearNames
from models.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from serving.accounts.policy import InvitationPolicy
from serving.accounts.rules.access import Permission, Person, Role
from serving.accounts.store import accounts
from serving.accounts.store import people as staff
from serving.accounts.store.accounts import Session
from serving.api.errors import status_of
from serving.brands.policy import RightsPolicy
from serving.brands.rules.alias_proposals import ProposalState
from serving.brands.rules.authorisation import MessageSide
from serving.brands.rules.rights import RightState
from serving.brands.service.alias_decisions import ProposedAlias, decide_alias, proposals_of
from serving.brands.service.authorised_sellers import decide_requests
from serving.brands.service.brand_messages import erase, mark_read, write
from serving.brands.service.brand_people import open_invitations
from serving.brands.service.managed_brands import (
    ManagedBrand,
    attention_of_brands,
    change_enrolment,
    invite_lead,
    judge_rights,
    managed_brand_of,
    set_contract_day,
    set_lead,
    void_agency,
)
from serving.brands.service.rights_claims import why_not_verify
from serving.brands.store import authorised_sellers, certifications, rights, rights_documents
from serving.brands.store import mandates as powers
from serving.guards import Manager, TheRuntime, runtime_of
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.takedowns.policy import BudgetPolicy
from serving.web import downloads
from serving.web.brand.reports.limits_page import large_rows
from serving.web.brand.rights_page import mandate_rows, people_of_rights, right_rows
from serving.web.brand.standing_part import standing_card
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields, full_address
from serving.web.rendering import StaffPage, respond
from serving.web.thread import thread_of
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
_PLACE: Final = "/brands/{brand_id}"
_AT: Final = "at"
_SELLERS_SHOWN: Final = 200


@router.get(_PLACE)
def get_brand(brand_id: str, request: Request, runtime: TheRuntime, session: Manager) -> HTMLResponse:
    """The page; opening it marks its messages as read."""
    brand = managed_brand(runtime, session, brand_id, request.query_params)
    page = _page(runtime, session, brand)
    mark_read(runtime, session.person, brand.pair)
    return respond(request, page, session)


@router.get(_PLACE + "/documents/{digest}")
def get_document(brand_id: str, digest: str, request: Request, runtime: TheRuntime, session: Manager) -> Response:
    brand = managed_brand(runtime, session, brand_id, request.query_params)
    with runtime.store.read() as connection:
        document = rights_documents.document(connection, brand.pair, digest)
    return downloads.document(f"document-{digest[:12]}", document.media_type, document.content)


@router.post(_PLACE + "/rights")
def post_rights(brand_id: str, request: Request, session: Manager, fields: Fields) -> Response:
    """Verify the ticked rights, or refuse them with a reason."""
    runtime, state = runtime_of(request), fields.get("state", "")
    brand = managed_brand(runtime, session, brand_id, fields)
    ticked = [name for name in fields if name.startswith("rgt_")]
    try:
        if state not in set(RightState):
            raise Invalid("The decision is missing. Verify the right or refuse it.")
        judge_rights(runtime, session.person, brand.pair, ticked, RightState(state), fields.get("note", ""))
    except NotFound:
        raise
    except DomainError as refused:
        return refused_page(request, session, brand, refused)
    verified = RightState(state) is RightState.VERIFIED
    return redirect_to_part(request, brand, Flash.RIGHT_VERIFIED if verified else Flash.RIGHT_REFUSED, "rights")


@router.post(_PLACE + "/invitations")
def post_invitation(brand_id: str, request: Request, session: Manager, fields: Fields) -> Response:
    """Invite a lead of the brand; the response shows the link, which is not stored, so there is no redirect."""
    runtime, address = runtime_of(request), fields.get("email", "").strip()
    brand = managed_brand(runtime, session, brand_id, fields)
    try:
        path = invite_lead(runtime, session.person, brand.pair, address)
    except DomainError as refused:
        return refused_page(request, session, brand, refused)
    return respond(request, _page(runtime, session, brand, link=(full_address(request, path), address)), session)


@router.post(_PLACE + "/people/{user_id}")
def post_person(
    brand_id: str, user_id: str, request: Request, runtime: TheRuntime, session: Manager, fields: Fields
) -> Response:
    """Grant or remove the lead rights of one of the brand's people."""
    brand = managed_brand(runtime, session, brand_id, fields)
    try:
        set_lead(runtime, session.person, brand.pair, user_id, leads=fields.get("leads") == "yes")
    except Conflict as refused:
        return refused_page(request, session, brand, refused)
    return redirect_to_part(request, brand, Flash.BRAND_CHANGED, "people")


@router.post(_PLACE + "/agents/{mandate_id}/void")
def post_void(
    brand_id: str, mandate_id: str, request: Request, runtime: TheRuntime, session: Manager, fields: Fields
) -> Response:
    """Void a power of attorney that was recorded by mistake, as if it had never been valid."""
    brand = managed_brand(runtime, session, brand_id, fields)
    void_agency(runtime, session.person, brand.pair, mandate_id)
    return redirect_to_part(request, brand, Flash.BRAND_CHANGED, "people")


@router.post(_PLACE + "/sellers")
def post_sellers(brand_id: str, request: Request, runtime: TheRuntime, session: Manager, fields: Fields) -> Response:
    """Put the ticked sellers on the brand's list, or refuse them."""
    brand, ticked = (
        managed_brand(runtime, session, brand_id, fields),
        [name for name in fields if name.startswith("asr_")],
    )
    try:
        decide_requests(runtime, session.person, brand.pair, ticked, accept=fields.get("accept") == "yes")
    except (Forbidden, Invalid) as refused:
        return refused_page(request, session, brand, refused)
    return redirect_to_part(request, brand, Flash.BRAND_CHANGED, "sellers")


def _whole_number(text: str) -> int | None:
    """A number of a form, None where the field is empty. Raises Invalid (it is no whole number)."""
    if text and not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise Invalid("The maximum is not a whole number. Correct it, or leave it empty for no limit.")
    return int(text) if text else None


@router.post(_PLACE + "/enrolment")
def post_enrolment(brand_id: str, request: Request, session: Manager, fields: Fields) -> Response:
    """Change whether the brand receives questions, and how many per day."""
    runtime, daily_limit = runtime_of(request), fields.get("daily_questions", "").strip()
    brand = managed_brand(runtime, session, brand_id, fields)
    try:
        change_enrolment(
            runtime,
            session.person,
            brand.pair,
            takes_part=fields.get("takes_part") == "yes",
            daily_questions=_whole_number(daily_limit),
        )
    except DomainError as refused:
        return refused_page(request, session, brand, refused)
    return redirect_to_part(request, brand, Flash.BRAND_CHANGED, "enrolment")


@router.post(_PLACE + "/contract")
def post_contract(brand_id: str, request: Request, session: Manager, fields: Fields) -> Response:
    """Set how many removals a day the brand's contract has."""
    runtime, figure = runtime_of(request), fields.get("contract_day", "").strip()
    brand = managed_brand(runtime, session, brand_id, fields)
    try:
        holds = set_contract_day(runtime, session.person, brand.pair, _whole_number(figure))
    except DomainError as refused:
        return refused_page(request, session, brand, refused)
    return redirect_to_part(request, brand, Flash.BRAND_CHANGED if holds else Flash.CONTRACT_PROPOSED, "contract")


@router.post(_PLACE + "/messages")
def post_message(brand_id: str, request: Request, runtime: TheRuntime, session: Manager, fields: Fields) -> Response:
    brand = managed_brand(runtime, session, brand_id, fields)
    try:
        write(runtime, session.person, brand.pair, fields.get("text", ""))
    except DomainError as refused:
        page = _page(runtime, session, brand, typed=fields.get("text", ""), unsent=refused.sentence)
        return respond(request, page, session, status=status_of(refused))
    return redirect_to_part(request, brand, Flash.MESSAGE_SENT, "messages")


@router.post(_PLACE + "/messages/{message_id}/erase")
def post_erasure(
    brand_id: str, message_id: str, request: Request, runtime: TheRuntime, session: Manager, fields: Fields
) -> Response:
    brand = managed_brand(runtime, session, brand_id, fields)
    erase(runtime, session.person, brand.pair, message_id)
    return redirect_to_part(request, brand, Flash.MESSAGE_ERASED, "messages")


def managed_brand(runtime: Runtime, session: Session, brand_id: str, fields: Mapping[str, str]) -> ManagedBrand:
    """The brand that the person manages, at the marketplace that the form names."""
    with runtime.store.read() as connection:
        return managed_brand_of(connection, session.person, brand_id, fields.get(_AT))


def redirect_to_part(request: Request, brand: ManagedBrand, flash: Flash, part: str) -> Response:
    """Go back to a part of the page, with a confirmation."""
    return go_to(request, f"/brands/{brand.pair[1]}?{_AT}={brand.pair[0]}#{part}", flash)


def refused_page(request: Request, session: Session, brand: ManagedBrand, refused: DomainError) -> Response:
    """The page with the reason of a refusal."""
    page = _page(runtime_of(request), session, brand, error=refused.sentence)
    return respond(request, page, session, status=status_of(refused))


def _page(
    runtime: Runtime,
    session: Session,
    brand: ManagedBrand,
    *,
    error: str | None = None,
    typed: str = "",
    unsent: str | None = None,
    link: tuple[str, str] | None = None,
) -> StaffPage:
    now, pair, person = runtime.clock.now(), brand.pair, session.person
    place, told_days = f"/brands/{pair[1]}/documents", runtime.policies[RightsPolicy].told_before_expiry_days
    with runtime.store.read() as connection:
        reasons = attention_of_brands(runtime, connection, person, [pair], now)[pair]
        on_file = rights.rights_of(connection, pair)
        by_digest = {document.digest: document for document in rights_documents.documents_of(connection, pair)}
        names = accounts.names(connection, people_of_rights(on_file))
        acting = powers.agent_emails(connection, pair)
        mandates = mandate_rows(powers.stored_mandates(connection, pair), acting, now)
        people = [
            (user, certifications.last_pass(connection, user.user_id))
            for user in accounts.people_of_brand(connection, pair)
        ]
        suppliers = {right.claimed_by for right in on_file if right.right.state is RightState.CLAIMED}
        barred = {supplier for supplier in suppliers if why_not_verify(connection, supplier, person.actor)}
        invited = open_invitations(connection, pair, runtime.wall.now())
        colleagues = staff.holders(connection, [pair[0]], Role.ACCOUNT_MANAGER)[pair[0]]
        card = standing_card(runtime, connection, pair, brand.enrolment.name, now)
        large = large_rows(runtime, connection, person, pair)
        sellers = tuple(authorised_sellers.open_requests(connection, pair)[:_SELLERS_SHOWN])
        proposed = alias_rows(runtime, connection, person, pair, brand.enrolment.name, now)
        thread = thread_of(connection, person, pair, MessageSide.MANAGER, now, typed=typed, error=unsent)
    daily = brand.enrolment.daily_questions
    return StaffPage(
        "manager_brand.html",
        "/brands",
        brand=brand.enrolment.name,
        brand_id=pair[1],
        marketplace=brand.marketplace,
        at=pair[0],
        reasons=reasons,
        note=brand.enrolment.manager_note or "",
        user_id=person.user_id,
        colleagues=colleagues,
        takes_part=brand.enrolment.takes_part,
        daily_questions="" if daily is None else str(daily),
        contract_day="" if brand.enrolment.contract_day is None else str(brand.enrolment.contract_day),
        proposed_day=brand.enrolment.proposed_day,
        most_contract_alone=runtime.policies[BudgetPolicy].step_up_day,
        standing=card,
        rights=right_rows(on_file, by_digest, names, now, told_days=told_days, place=place),
        unverifiable={right.right.right_id for right in on_file if right.claimed_by in barred},
        invited=invited,
        link=link,
        mails=bool(runtime.settings.smtp_host),
        valid_days=runtime.policies[InvitationPolicy].valid_days,
        mandates=mandates,
        people=people,
        agents=acting.values(),
        large_reports=large,
        aliases=proposed,
        reviews=pair[0] in person.marketplaces(Permission.REVIEW_CASES),
        sellers=sellers,
        thread=thread,
        error=error,
    )


def alias_rows(
    runtime: Runtime, connection: Connection, person: Person, pair: Pair, brand: str, now: datetime
) -> tuple[SimpleNamespace, ...]:
    """The open proposals first, then the decided ones, the newest first."""
    known = NearNames([(pair[1], brand)])
    aliases = proposals_of(runtime, connection, person, pair, now)[::-1]
    aliases.sort(key=lambda alias: alias.proposal.state is not ProposalState.PROPOSED)
    return tuple(
        SimpleNamespace(
            alias=alias,
            support=_support_sentence(alias),
            remark=_MISSPELT if known.in_text(alias.proposal.spelling) else "",
        )
        for alias in aliases
    )


_MISSPELT: Final = (
    "A misspelling of the name. Models count misspellings as a sign of counterfeits; an alias no longer counts as one."
)


def _support_sentence(alias: ProposedAlias) -> str:
    now = alias.now
    listings, sellers = words.many(now.listings, "corrected listing"), words.many(now.sellers, "seller")
    sentence = f"{listings} of {sellers}, corrected by {words.many(now.people, 'reviewer')}"
    return f"{sentence}; {words.many(now.others, 'listing')} corrected to another brand" if now.others else sentence


_DONE: Final = {
    ProposalState.ACCEPTED: Flash.ALIAS_ACCEPTED,
    ProposalState.DISMISSED: Flash.ALIAS_DISMISSED,
    ProposalState.REMOVED: Flash.ALIAS_REMOVED,
}


@router.post("/brands/{brand_id}/aliases/{proposal_id}")
def post_alias(brand_id: str, proposal_id: str, request: Request, session: Manager, fields: Fields) -> Response:
    """Accept or dismiss a proposed alias, or remove an accepted one."""
    runtime, state = runtime_of(request), fields.get("state", "")
    brand = managed_brand(runtime, session, brand_id, fields)
    try:
        if state not in set(ProposalState):
            raise Invalid("The decision is missing. Accept the alias or dismiss it.")
        decide_alias(runtime, session.person, brand.pair, proposal_id, ProposalState(state))
    except NotFound:
        raise
    except DomainError as refused:
        return refused_page(request, session, brand, refused)
    return redirect_to_part(request, brand, _DONE[ProposalState(state)], "aliases")
