"""A brand's rights and documents: the records, their state and expiry, and the form for another claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError, Invalid
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.brands.policy import RightsPolicy
from serving.brands.rules.rights import RightKind
from serving.brands.service import rights_sharing
from serving.brands.service.brand_file import RIGHT_COLUMNS, file_rows, withdraw_right
from serving.brands.service.rights_claims import NewRight, claim_right
from serving.brands.service.rights_documents import keep_document
from serving.brands.service.rights_sharing import Places, share_document, share_right
from serving.brands.store import rights
from serving.brands.store import rights_documents as documents
from serving.brands.store.rights_documents import StoredDocument
from serving.guards import Member, TheRuntime, runtime_of
from serving.marketplaces.store import marketplaces
from serving.platform.database.pools import dear
from serving.platform.runtime import Runtime
from serving.platform.tabular import Format, as_file
from serving.platform.tongues import N_, say
from serving.web import downloads, text_view
from serving.web.brand.brand_scope import AboutBrand, BrandScope, Uploader, given_back, led_by, scope_of, shared_with
from serving.web.brand.indicators_page import day_of
from serving.web.brand.rights_rows import RightRow, people_in, right_rows, who
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields, Upload, upload_of
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import words
from serving.web.wording.vocabulary import Option
from serving.web.wording.words import size

router = APIRouter(include_in_schema=False)
_PLACE: Final = "/brand/rights"
_DOCUMENTS: Final = "/brand/documents"
_FIELDS: Final = ("kind", "title", "office", "number", "territories", "classes", "first_day", "last_day", "document")
_KINDS: Final = {
    RightKind.MARK: N_("Mark: a name, sign or logo"),
    RightKind.DESIGN: N_("Design: a shape or look"),
    RightKind.COPYRIGHT: N_("Copyright: pictures or texts"),
}


def _largest(runtime: Runtime) -> int:
    return runtime.policies[RightsPolicy].largest_document_bytes


File = Annotated[Upload, upload_of("file", _largest)]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document, with the number of rights that refer to it."""

    name: Shown
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
@dear
def get_file(request: Request, runtime: TheRuntime, session: Member, form: Format) -> Response:
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
        rows = file_rows(rights.rights_of(connection, scope.pair))
    return downloads.download(form, f"rights-{runtime.clock.now():%Y-%m-%d}", as_file(form, RIGHT_COLUMNS, rows))


@router.post(_PLACE)
def post_right(request: Request, runtime: TheRuntime, session: Uploader, fields: Fields, upload: File) -> Response:
    try:
        with runtime.store.read() as connection:
            scope, by = led_by(connection, session.person, fields)
        wanted = _wanted(scope, fields, fields.get("document", "").strip() or None)
        if upload.content:
            digest = _kept(runtime, scope, upload, by)
            wanted = _wanted(scope, fields, digest)
        claim_right(runtime, wanted, by=by)
    except DomainError as refused:
        return given_back(request, session, fields, refused, _page)
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
            scope, by = led_by(connection, session.person, fields)
        _kept(runtime, scope, upload, by)
    except DomainError as refused:
        return given_back(request, session, fields, refused, _page)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.DOCUMENT_KEPT)


@router.get(_DOCUMENTS + "/{digest}")
def get_document(digest: str, request: Request, session: Member) -> Response:
    with runtime_of(request).store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
        found = documents.document(connection, scope.pair, digest)
    return downloads.document(f"document-{digest[:12]}", found.media_type, found.content)


@router.post(_PLACE + "/{right_id}/share")
def post_shared_right(
    right_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields
) -> Response:
    """Claim a right at another marketplace too."""
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    share_right(runtime, session.person, scope.pair, right_id, shared_with(fields))
    return go_to(request, f"{_PLACE}{scope.query}", Flash.RIGHT_SHARED)


@router.post(_DOCUMENTS + "/{digest}/share")
def post_shared_document(
    digest: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields
) -> Response:
    """Store a document at another marketplace too."""
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    share_document(runtime, session.person, scope.pair, digest, shared_with(fields))
    return go_to(request, f"{_PLACE}{scope.query}", Flash.COPY_SHARED)


def _kept(runtime: Runtime, scope: BrandScope, upload: Upload, by: str) -> str:
    return keep_document(runtime, scope.brand, upload.name, upload.content, marketplace=scope.marketplace, by=by)


def _wanted(scope: BrandScope, fields: Mapping[str, str], document: str | None) -> NewRight:
    kind, classes = fields.get("kind", ""), _parts(fields.get("classes", ""))
    if kind not in set(RightKind):
        raise Invalid("Choose whether it is a mark, a design or a copyright.")
    if not all(one.isascii() and one.isdigit() and len(one) <= 2 for one in classes):
        raise Invalid("Classes are numbers, such as 18, 25.")
    days = {name: fields.get(name, "").strip() for name in ("first_day", "last_day")}
    first, last = (day_of(text) if text else None for text in days.values())
    return NewRight(
        brand=scope.brand,
        kind=RightKind(kind),
        title=fields.get("title", ""),
        office=fields.get("office", ""),
        number=fields.get("number", ""),
        territories=tuple(_parts(fields.get("territories", ""))),
        classes=tuple(map(int, classes)),
        first_day=first,
        last_day=last,
        document=document,
        marketplace=scope.marketplace,
    )


def _parts(text: str) -> list[str]:
    return text.replace(",", " ").replace(";", " ").split()


def _page(runtime: Runtime, session: Session, given: Mapping[str, str], *, error: str | None = None) -> RightsPage:
    now, told = runtime.clock.now(), runtime.policies[RightsPolicy].told_before_expiry_days
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, given)
        found = rights.rights_of(connection, scope.pair)
        kept = documents.documents_of(connection, scope.pair)
        suppliers = [one.supplied_by.removeprefix("user:") for one in kept]
        names = accounts.names(connection, sorted({*people_in(found), *suppliers}))
        sold_in = marketplaces.sold_in(connection, scope.pair[0])
        targets = rights_sharing.targets_of_rights(connection, scope.pair[1], found, scope.others)
        lacking = rights_sharing.targets_of_documents(connection, scope.pair[1], kept, scope.others)
    by_digest = {one.digest: one for one in kept}
    rows = right_rows(found, by_digest, names, now, told_days=told, place=_DOCUMENTS, targets=targets)
    used = [one.document for one in found]
    return RightsPage(
        scope=scope,
        rights=rows,
        warnings=sum(row.warning is not None for row in rows),
        documents=tuple(
            _document_row(one, used.count(one.digest), names, now, lacking.get(one.digest, ())) for one in kept
        ),
        sold_in=None if sold_in is None else say(", ").join(sorted(sold_in)),
        kinds=tuple(Option(one.value, say(text)) for one, text in _KINDS.items()),
        largest=_largest(runtime),
        typed={name: given.get(name, "") for name in _FIELDS},
        error=error,
    )


def _document_row(
    one: StoredDocument, used: int, names: Mapping[str, str], now: datetime, share_with: Places
) -> DocumentRow:
    return DocumentRow(
        name=text_view.show(one.name),
        address=f"{_DOCUMENTS}/{one.digest}",
        digest=one.digest,
        what=say("%(format)s, %(size)s", format=one.media_type.rpartition("/")[2].upper(), size=size(one.size)),
        supplied=say("%(who)s, %(day)s", who=who(one.supplied_by, names), day=words.day(one.known_at, now)),
        rights=used,
        share_with=share_with,
    )
