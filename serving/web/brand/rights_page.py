"""A brand's rights and documents: the records, their state and expiry, and the form for another claim.

A brand's rights and documents as table rows, for the brand and for its account manager.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from features.message import message
from models.errors import DomainError
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.brands.policy import RightsPolicy
from serving.brands.rules.rights import Mandate, RightKind, RightState, is_in_force, last_day
from serving.brands.service import rights_sharing
from serving.brands.service.brand_file import RIGHT_COLUMNS, file_rows, withdraw_right
from serving.brands.service.rights_claims import claim_right, right_of_fields
from serving.brands.service.rights_copies import keep_document
from serving.brands.service.rights_sharing import Places, share_document, share_right
from serving.brands.store import rights
from serving.brands.store import rights_documents as documents
from serving.brands.store.mandates import StoredMandate
from serving.brands.store.rights import StoredRight
from serving.brands.store.rights_documents import StoredDocument
from serving.guards import Member, TheRuntime, runtime_of
from serving.marketplaces.store import marketplaces
from serving.platform.database.pools import in_fair_pool
from serving.platform.runtime import Runtime
from serving.platform.tabular import Format, as_file
from serving.platform.tongues import N_, say, say_many
from serving.web import downloads, text_view
from serving.web.brand.brand_scope import (
    AboutBrand,
    BrandScope,
    Uploader,
    refusal_page,
    scope_of,
    scope_to_change,
    share_target,
)
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields, Upload, upload_of
from serving.web.rendering import respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import in_words
from serving.web.wording.vocabulary import Option, StateWords
from serving.web.wording.words import size

KINDS: Final = {RightKind.MARK: N_("Mark"), RightKind.DESIGN: N_("Design"), RightKind.COPYRIGHT: N_("Copyright")}
_STATES: Final = {
    RightState.CLAIMED: StateWords(N_("Pending verification"), "v-w"),
    RightState.VERIFIED: StateWords(N_("Verified"), "v-g"),
    RightState.REFUSED: StateWords(N_("Refused"), "v-c"),
    RightState.WITHDRAWN: StateWords(N_("Withdrawn"), "out"),
    RightState.CARRIED_OVER: StateWords(N_("Carried over"), "v-l"),
}
_OVER: Final = StateWords(N_("Expired"), "v-c")
_USER: Final = "user:"
NOT_SHARED: Final[Mapping[str, Places]] = {}


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A document behind a right: its name, and its download address."""

    name: ShownText
    address: str


@dataclass(frozen=True, slots=True)
class RightRow:
    """A right. `warning` is set if its expiry is near or past; `waits` is whether its verification is pending.

    `share_with` are the marketplaces with which the reader can share it.
    """

    right_id: str
    kind: str
    title: ShownText
    registered: ShownText
    register: str | None
    territories: str
    classes: str
    state: StateWords
    until: str
    warning: str | None
    document: DocumentLink | None
    supplied: str
    settled: str | None
    note: ShownText | None
    waits: bool
    can_withdraw: bool
    share_with: Places


@dataclass(frozen=True, slots=True)
class MandateRow:
    """A power of attorney: for whom, its scope, countries and expiry; `in_force` is whether it is valid now.

    `share_with` are the marketplaces with which the reader can share it.
    """

    mandate_id: str
    agent: ShownText
    person: str
    kinds: str
    territories: str
    until: str
    in_force: bool
    state: StateWords
    share_with: Places


def right_rows(
    stored_rights: Sequence[StoredRight],
    documents: Mapping[str, StoredDocument],
    names: Mapping[str, str],
    now: datetime,
    *,
    told_days: int,
    place: str,
    targets: Mapping[str, Places] = NOT_SHARED,
) -> tuple[RightRow, ...]:
    """The rows, the most urgent first; documents are downloaded below the address `place`."""
    rows = [_right_row(right, documents, names, now, told_days, place) for right in stored_rights]
    rows = [replace(row, share_with=targets.get(row.right_id, ())) for row in rows]
    return tuple(sorted(rows, key=lambda row: (not row.waits, row.warning is None)))


def _right_row(
    stored_right: StoredRight,
    documents: Mapping[str, StoredDocument],
    names: Mapping[str, str],
    now: datetime,
    told_days: int,
    place: str,
) -> RightRow:
    right, document = stored_right.right, documents.get(stored_right.document or "")
    warning = _expiry_warning(stored_right, now, told_days)
    over = right.expires_at is not None and right.expires_at <= now and right.state is RightState.VERIFIED
    state = _OVER if over else _STATES[right.state]
    return RightRow(
        right_id=right.right_id,
        kind=say(KINDS[right.kind]),
        title=text_view.show(right.title),
        registered=text_view.show(f"{right.office} {right.number}"),
        register=right.register_address,
        territories=", ".join(sorted(right.territories)),
        classes=", ".join(map(str, right.classes)),
        state=replace(state, word=say(state.word)),
        until=say("no end date") if right.expires_at is None else f"{last_day(right.expires_at)}",
        warning=warning,
        document=None
        if document is None
        else DocumentLink(text_view.show(document.name), f"{place}/{document.digest}"),
        supplied=say(
            "%(who)s, %(day)s",
            who=actor_name(stored_right.claimed_by, names),
            day=words.day(stored_right.claimed_at, now),
        ),
        settled=None
        if stored_right.settled_by is None or stored_right.settled_at is None
        else say(
            "%(who)s, %(day)s",
            who=actor_name(stored_right.settled_by, names),
            day=words.day(stored_right.settled_at, now),
        ),
        note=text_view.show(stored_right.note) if stored_right.note else None,
        waits=right.state is RightState.CLAIMED,
        can_withdraw=right.state in {RightState.CLAIMED, RightState.VERIFIED, RightState.CARRIED_OVER},
        share_with=(),
    )


def _expiry_warning(right: StoredRight, now: datetime, told_days: int) -> str | None:
    """The warning about an expiry; only rights in force or in review have one."""
    ends = right.right.expires_at
    if ends is None or right.right.state not in {RightState.CLAIMED, RightState.VERIFIED}:
        return None
    if ends <= now:
        return say("The right has expired and cannot be used.")
    if ends <= now + timedelta(days=told_days):
        return say_many(
            "The right expires in %(n)s day. Supply the renewal before then.",
            "The right expires in %(n)s days. Supply the renewal before then.",
            max(1, (ends - now).days),
        )
    return None


def mandate_rows(
    mandates: Sequence[StoredMandate],
    people: Mapping[str, str],
    now: datetime,
    targets: Mapping[str, Places] = NOT_SHARED,
) -> tuple[MandateRow, ...]:
    """The powers of attorney of a brand at a marketplace, current ones first; `people` are e-mails by mandate."""
    rows = [
        MandateRow(
            mandate_id=mandate.mandate_id,
            agent=text_view.show(mandate.agent),
            person=people.get(mandate.mandate_id, ""),
            kinds=say(", ").join(sorted(in_words(message(f"right_kind.{kind.value}")) for kind in mandate.kinds)),
            territories=", ".join(sorted(mandate.territories)),
            until=words.day(mandate.revoked_at, now) if mandate.revoked_at else f"{last_day(mandate.expires_at)}",
            in_force=is_in_force(mandate, now),
            state=_mandate_state(mandate, now),
            share_with=targets.get(mandate.mandate_id, ()),
        )
        for mandate in (stored.mandate for stored in mandates)
    ]
    return tuple(sorted(rows, key=lambda row: not row.in_force))


def _mandate_state(mandate: Mandate, now: datetime) -> StateWords:
    if is_in_force(mandate, now):
        return StateWords(say("In force"), "v-g")
    return StateWords(say("Revoked") if mandate.revoked_at is not None else say("Expired"), "out")


def people_of_rights(stored_rights: Sequence[StoredRight]) -> list[str]:
    """The ids of the people who supplied or reviewed these rights."""
    lines = [by for right in stored_rights for by in (right.claimed_by, right.settled_by) if by is not None]
    return sorted({by.removeprefix(_USER) for by in lines if by.startswith(_USER)})


def actor_name(by: str, names: Mapping[str, str]) -> str:
    """A user's name; events without a user are the operator's."""
    return names.get(by.removeprefix(_USER), say("unknown user")) if by.startswith(_USER) else say("the operator")


router = APIRouter(include_in_schema=False)
_PLACE: Final = "/brand/rights"
_DOCUMENTS: Final = "/brand/documents"
_FIELDS: Final = ("kind", "title", "office", "number", "territories", "classes", "first_day", "last_day", "document")
_KINDS: Final = {
    RightKind.MARK: N_("Mark: a name, sign or logo"),
    RightKind.DESIGN: N_("Design: a shape or look"),
    RightKind.COPYRIGHT: N_("Copyright: pictures or texts"),
}


def _largest_bytes(runtime: Runtime) -> int:
    return runtime.policies[RightsPolicy].largest_document_bytes


File = Annotated[Upload, upload_of("file", _largest_bytes)]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document, with the number of rights that refer to it."""

    name: ShownText
    address: str
    digest: str
    what: str
    supplied: str
    rights: int
    share_with: Places


@dataclass(frozen=True, slots=True)
class RightsPage(AboutBrand, template="brand_rights.html"):
    """A brand's rights and documents; `sold_in` are the marketplace's countries, None if it has not set them."""

    rights: tuple[RightRow, ...]
    warnings: int
    documents: tuple[DocumentRow, ...]
    sold_in: str | None
    kinds: tuple[Option, ...]
    largest: int
    typed: Mapping[str, str]
    error: str | None


@router.get(_PLACE)
def get_rights(request: Request, session: Member) -> HTMLResponse:
    return respond(request, _page(runtime_of(request), session, request.query_params), session)


@router.get(_PLACE + ".{form}")
@in_fair_pool
def get_file(request: Request, runtime: TheRuntime, session: Member, form: Format) -> Response:
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
        rows = file_rows(rights.rights_of(connection, scope.pair))
    return downloads.download(form, f"rights-{runtime.clock.now():%Y-%m-%d}", as_file(form, RIGHT_COLUMNS, rows))


@router.post(_PLACE)
def post_right(request: Request, runtime: TheRuntime, session: Uploader, fields: Fields, upload: File) -> Response:
    try:
        with runtime.store.read() as connection:
            scope, by = scope_to_change(connection, session.person, fields)
        new_right = right_of_fields(fields, scope.brand, scope.marketplace)
        if upload.content:
            new_right = replace(new_right, document=_store_document(runtime, scope, upload, by))
        claim_right(runtime, new_right, by=by)
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.RIGHT_CLAIMED)


@router.post(_PLACE + "/{right_id}/withdraw")
def post_withdrawal(right_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    withdraw_right(runtime, session.person, scope.pair, right_id)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.RIGHT_WITHDRAWN)


@router.post(_DOCUMENTS)
def post_document(request: Request, runtime: TheRuntime, session: Uploader, fields: Fields, upload: File) -> Response:
    """Add a document that rights and powers of attorney can refer to."""
    try:
        with runtime.store.read() as connection:
            scope, by = scope_to_change(connection, session.person, fields)
        _store_document(runtime, scope, upload, by)
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.DOCUMENT_KEPT)


@router.get(_DOCUMENTS + "/{digest}")
def get_document(digest: str, request: Request, session: Member) -> Response:
    with runtime_of(request).store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
        document = documents.document(connection, scope.pair, digest)
    return downloads.document(f"document-{digest[:12]}", document.media_type, document.content)


@router.post(_PLACE + "/{right_id}/share")
def post_shared_right(
    right_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields
) -> Response:
    """Claim a right at another marketplace too."""
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    share_right(runtime, session.person, scope.pair, right_id, share_target(fields))
    return go_to(request, f"{_PLACE}{scope.query}", Flash.RIGHT_SHARED)


@router.post(_DOCUMENTS + "/{digest}/share")
def post_shared_document(
    digest: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields
) -> Response:
    """Store a document at another marketplace too."""
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    share_document(runtime, session.person, scope.pair, digest, share_target(fields))
    return go_to(request, f"{_PLACE}{scope.query}", Flash.COPY_SHARED)


def _store_document(runtime: Runtime, scope: BrandScope, upload: Upload, by: str) -> str:
    return keep_document(runtime, scope.brand, upload.name, upload.content, marketplace=scope.marketplace, by=by)


def _page(runtime: Runtime, session: Session, fields: Mapping[str, str], *, error: str | None = None) -> RightsPage:
    now, told_days = runtime.clock.now(), runtime.policies[RightsPolicy].told_before_expiry_days
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
        stored_rights = rights.rights_of(connection, scope.pair)
        stored_documents = documents.documents_of(connection, scope.pair)
        suppliers = [document.supplied_by.removeprefix("user:") for document in stored_documents]
        names = accounts.names(connection, sorted({*people_of_rights(stored_rights), *suppliers}))
        sold_in = marketplaces.countries_sold_in(connection, scope.pair[0])
        targets = rights_sharing.targets_of_rights(connection, scope.pair[1], stored_rights, scope.others)
        lacking = rights_sharing.targets_of_documents(connection, scope.pair[1], stored_documents, scope.others)
    by_digest = {document.digest: document for document in stored_documents}
    rows = right_rows(stored_rights, by_digest, names, now, told_days=told_days, place=_DOCUMENTS, targets=targets)
    used = [right.document for right in stored_rights]
    return RightsPage(
        scope=scope,
        rights=rows,
        warnings=sum(row.warning is not None for row in rows),
        documents=tuple(
            _document_row(document, used.count(document.digest), names, now, lacking.get(document.digest, ()))
            for document in stored_documents
        ),
        sold_in=None if sold_in is None else say(", ").join(sorted(sold_in)),
        kinds=tuple(Option(kind.value, say(text)) for kind, text in _KINDS.items()),
        largest=_largest_bytes(runtime),
        typed={name: fields.get(name, "") for name in _FIELDS},
        error=error,
    )


def _document_row(
    document: StoredDocument, used: int, names: Mapping[str, str], now: datetime, share_with: Places
) -> DocumentRow:
    return DocumentRow(
        name=text_view.show(document.name),
        address=f"{_DOCUMENTS}/{document.digest}",
        digest=document.digest,
        what=say(
            "%(format)s, %(size)s", format=document.media_type.rpartition("/")[2].upper(), size=size(document.size)
        ),
        supplied=say(
            "%(who)s, %(day)s", who=actor_name(document.supplied_by, names), day=words.day(document.known_at, now)
        ),
        rights=used,
        share_with=share_with,
    )
