"""Files of listings: upload one, choose what its columns are, watch it being imported."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from features.money import currency_codes
from models.errors import DomainError, Invalid
from serving.accounts.rules.access import Permission
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.api.errors import status_of
from serving.guards import Administrator, TheRuntime, may, runtime_of
from serving.listings.rules import FileState
from serving.listings.service import listing_files as files
from serving.listings.service.listing_files import FilePreview
from serving.listings.store import listing_files
from serving.listings.store.listing_files import ListingFile
from serving.platform.database.pools import in_fair_pool
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import PlaceScope, scope_of, scope_of_form
from serving.web.flash import go_to
from serving.web.forms import LONGEST_ID, Fields, Upload, upload_of
from serving.web.rendering import StaffPage, respond
from training.adapters.column_mapping import MAPPED
from training.adapters.native import COLUMNS

router = APIRouter(include_in_schema=False)
PLACE: Final = "/files"
_SHOWN: Final = 20
_OTHER_FIELDS: Final = sorted(COLUMNS - set(MAPPED))
Uploader = Annotated[Session, may(Permission.ADMINISTER, files=1)]


@router.get(PLACE)
def get_files(request: Request, runtime: TheRuntime, session: Administrator) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, request.query_params)
    return respond(request, files_page(runtime, scope), session)


@router.post(PLACE)
@in_fair_pool
def post_file(
    request: Request,
    session: Uploader,
    fields: Fields,
    upload: Annotated[Upload, upload_of("file", lambda _: files.LARGEST_FILE)],
) -> Response:
    """Store a file, or the sample, and go on to its columns."""
    runtime = runtime_of(request)
    scope = scope_of_form(runtime, session.person, Permission.ADMINISTER, fields)
    by = session.person.user_id
    try:
        if fields.get("sample"):
            file_id = files.store_sample(runtime, scope.chosen, by=by)
        else:
            file_id = files.store_file(runtime, scope.chosen, upload.name, upload.content, by=by)
    except DomainError as refused:
        page = files_page(runtime, scope, error=refused.sentence)
        return respond(request, page, session, status=status_of(refused))
    return go_to(request, scope.at(f"{PLACE}/{file_id}"))


@router.get(f"{PLACE}/{{file_id}}")
@in_fair_pool
def get_file(file_id: str, request: Request, runtime: TheRuntime, session: Administrator) -> Response:
    """The columns of a draft, or how far its import is."""
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, request.query_params)
    file, preview = _gather(runtime, scope, file_id)
    return respond(request, _file_page(session, scope, file, preview), session)


@router.post(f"{PLACE}/{{file_id}}")
@in_fair_pool
def post_import(
    file_id: str, request: Request, runtime: TheRuntime, session: Administrator, fields: Fields
) -> Response:
    """Import a draft by the chosen fields, or only show what it would be read as."""
    scope = scope_of_form(runtime, session.person, Permission.ADMINISTER, fields)
    file, preview = _gather(runtime, scope, file_id)
    try:
        file, preview = _gather(runtime, scope, file_id, fields)
        if preview is not None and fields.get("act") == "import":
            files.begin_import(runtime, preview, by=session.person.actor)
            return go_to(request, scope.at(f"{PLACE}/{file_id}"))
    except DomainError as refused:
        page = _file_page(session, scope, file, preview, error=refused.sentence)
        return respond(request, page, session, status=status_of(refused))
    return respond(request, _file_page(session, scope, file, preview), session)


def _gather(
    runtime: Runtime, scope: PlaceScope, file_id: str, fields: Mapping[str, str] | None = None
) -> tuple[ListingFile, FilePreview | None]:
    """A file and, while it is a draft, what it is read as: with its own fields, or with those of a form."""
    with runtime.store.read() as connection:
        file = listing_files.file(connection, scope.marketplace_id, file_id[:LONGEST_ID])
        content = listing_files.content(connection, file) if file.state is FileState.DRAFT else None
    if content is None:
        return file, None
    chosen = None
    if fields is not None:
        currency = fields.get("currency", "").strip().upper()
        if currency and currency not in currency_codes():
            raise Invalid("{currency} is no currency of ISO 4217.", currency=currency)
        file = replace(file, currency=currency or None)
        chosen = {at: fields[name] for at in range(files.MOST_COLUMNS) if (name := f"field-{at}") in fields}
    preview = files.preview(file, content, runtime.clock.now(), chosen)
    return preview.file, preview


def _file_page(
    session: Session, scope: PlaceScope, file: ListingFile, preview: FilePreview | None, *, error: str | None = None
) -> StaffPage:
    return StaffPage(
        "listing_file.html",
        "/operations",
        scope=scope,
        file=file,
        preview=preview,
        mapped=MAPPED,
        other_fields=_OTHER_FIELDS,
        may_review=scope.marketplace_id in session.person.marketplaces(Permission.REVIEW_CASES),
        error=error,
    )


def files_page(runtime: Runtime, scope: PlaceScope, *, error: str | None = None) -> StaffPage:
    """The newest files of a marketplace, and the form for the next."""
    with runtime.store.read() as connection:
        latest = listing_files.latest(connection, scope.marketplace_id, _SHOWN)
        names = accounts.names(connection, [file.uploaded_by for file in latest])
    return StaffPage("listing_files.html", "/operations", scope=scope, files=latest, names=names, error=error)
