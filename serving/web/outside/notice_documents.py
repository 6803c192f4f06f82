"""The documents on the page of a notice: an upload is read only after the link has been verified."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from models.errors import DomainError, NotFound
from serving.api.cookies import address_of
from serving.api.errors import status_of
from serving.appeals.policy import SellerEvidencePolicy
from serving.guards import TheRuntime, public, runtime_of
from serving.notices.service.notice_documents import check_open, hand_in
from serving.notices.service.notice_links import PLACE
from serving.platform.runtime import Runtime
from serving.web.forms import refuse_cross_site
from serving.web.outside.notice_page import notice_page
from serving.web.rendering import respond
from serving.web.wording.translated import refusal_in_words

router = APIRouter(include_in_schema=False)
_BY_LINK: Final = public("the signed link authorises the notifier")


@dataclass(frozen=True, slots=True)
class _ChosenFile:
    """The chosen file: its name, and only as many bytes as are needed to refuse it."""

    name: str
    content: bytes
    refused: DomainError | None = None


async def _chosen_file(token: str, request: Request) -> _ChosenFile:
    """The file of the form, which is not read where the notice takes no document."""
    refuse_cross_site(request)
    runtime = runtime_of(request)
    try:
        await run_in_threadpool(_check_open_notice, runtime, token)
    except NotFound:
        raise
    except DomainError as refused:
        return _ChosenFile("", b"", refused)
    async with request.form(max_files=1, max_fields=1) as form:
        file = form.get("document")
        if not isinstance(file, UploadFile):
            return _ChosenFile("", b"")
        most = runtime.policies[SellerEvidencePolicy].largest_document
        return _ChosenFile(file.filename or "", await file.read(most + 1))


def _check_open_notice(runtime: Runtime, token: str) -> None:
    with runtime.store.read() as connection:
        check_open(runtime, connection, token)


@router.post(PLACE + "{token}/documents", dependencies=[_BY_LINK])
def post_document(
    token: str, request: Request, runtime: TheRuntime, chosen: Annotated[_ChosenFile, Depends(_chosen_file)]
) -> Response:
    """Add a document to the notice; a refused one leaves earlier documents unchanged."""
    try:
        if chosen.refused is not None:
            raise chosen.refused
        hand_in(runtime, token, chosen.name, chosen.content, address=address_of(request))
    except NotFound:
        raise
    except DomainError as refused:
        page = notice_page(runtime, token, error=refusal_in_words(refused))
        return respond(request, page, status=status_of(refused))
    return RedirectResponse(f"{PLACE}{token}#documents", status_code=303)
