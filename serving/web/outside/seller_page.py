"""The page behind a seller's link: statement of reasons, state, and the seller's answers. It needs no account."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection
from starlette.datastructures import UploadFile

from models.errors import DomainError, Invalid, NotFound
from models.policies.sellers import SanctionPolicy, StrikePolicy
from serving.api.errors import status_of
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.rules.counter_notice import CounterNoticeEvent, CounterNoticeState
from serving.appeals.service.counter_notices import LONGEST_TEXT
from serving.appeals.service.seller_acts import act_by_link, appeal_until, possible_events
from serving.appeals.service.seller_links import PLACE, target_of
from serving.appeals.store import counter_notices, overturns, seller_uploads
from serving.appeals.store.seller_uploads import SellerUpload
from serving.brands.rules.rights_document import file_extension_of
from serving.cases.service.seller_evidence import accepts_documents, upload_document
from serving.cases.store import verdicts
from serving.guards import TheRuntime, public, runtime_of
from serving.listings.store import listings
from serving.platform import tongues
from serving.platform.runtime import Runtime
from serving.platform.tongues import say
from serving.sellers.rules.sanction import seller_warning
from serving.sellers.store import strikes
from serving.takedowns.store.actions import StoredAction
from serving.web import text_view
from serving.web.case.documents.documents_card import ShownDocument, shown_document
from serving.web.case.seller_activity import (
    ActivityEvent,
    Deadline,
    current_deadline,
    possible_next_steps,
    seller_timeline,
)
from serving.web.forms import refuse_cross_site, text_fields
from serving.web.rendering import Page, respond
from serving.web.text_view import ShownText
from serving.web.wording import seller_words, words
from serving.web.wording.seller_words import statement_rows
from serving.web.wording.translated import in_words, refusal_in_words

router = APIRouter(include_in_schema=False)
_BY_LINK: Final = public("the signed link authorises the seller")
_S: Final = CounterNoticeState


@dataclass(frozen=True, slots=True)
class SellerPage(Page, template="seller.html"):
    """A removal as its seller may see it: without scores, features, or names of reporters and reviewers."""

    address: str
    title: ShownText
    listing: str
    headline: str
    state: str
    reinstated: bool
    deadline: Deadline | None
    reasons: tuple[tuple[str, str], ...]
    earlier: tuple[tuple[str, str], ...]
    timeline: tuple[ActivityEvent, ...]
    what_comes: tuple[str, ...]
    documents: tuple[ShownDocument, ...]
    may_hand_in: bool
    largest_document: str
    most_documents: int
    may_answer: bool
    may_withdraw: bool
    may_appeal: bool
    appeal_until: str | None
    longest: int
    typed: str
    error: str | None


@dataclass(frozen=True, slots=True)
class _Submission:
    """The fields and the file of the form; only as many bytes of the file as are needed to refuse it."""

    fields: Mapping[str, str]
    name: str
    content: bytes

    @property
    def text(self) -> str:
        """What the seller typed, at most as long as can be sent."""
        return self.fields.get("statement", "")[:LONGEST_TEXT]


async def _submission(token: str, request: Request) -> _Submission:
    """The form; it is read only after the link has been verified."""
    refuse_cross_site(request)
    runtime = runtime_of(request)
    await run_in_threadpool(_check_link, runtime, token)
    async with request.form(max_files=1, max_fields=4) as form:
        fields, file = text_fields(form), form.get("document")
        if not isinstance(file, UploadFile):
            return _Submission(fields, "", b"")
        most = runtime.policies[SellerEvidencePolicy].largest_document
        return _Submission(fields, file.filename or "", await file.read(most + 1))


_Submitted = Annotated[_Submission, Depends(_submission)]


def _check_link(runtime: Runtime, token: str) -> None:
    with runtime.store.read() as connection:
        target_of(runtime, connection, token)


@router.get(PLACE + "{token}", dependencies=[_BY_LINK])
def get_seller_page(token: str, request: Request) -> Response:
    return respond(request, _page(runtime_of(request), token))


@router.post(PLACE + "{token}", dependencies=[_BY_LINK])
def post_seller_page(token: str, request: Request, sent: _Submitted) -> Response:
    """Answer, withdraw the answer, or appeal, with the chosen document first; a refused form returns with its text."""
    runtime, event = runtime_of(request), sent.fields.get("event", "")
    try:
        if event not in set(CounterNoticeEvent):
            raise Invalid("Choose one of the answers.")
        if sent.name:
            upload_document(runtime, token, sent.name, sent.content)
        act_by_link(runtime, token, CounterNoticeEvent(event), sent.fields.get("statement", ""))
    except NotFound:
        raise
    except DomainError as refused:
        page = _page(runtime, token, typed=sent.text, error=refusal_in_words(refused))
        return respond(request, page, status=status_of(refused))
    return RedirectResponse(f"{PLACE}{token}", status_code=303)


@router.post(PLACE + "{token}/documents", dependencies=[_BY_LINK])
def post_document(token: str, request: Request, runtime: TheRuntime, sent: _Submitted) -> Response:
    """Submit a document; a refused one leaves earlier documents unchanged. The page keeps the unsent text."""
    try:
        upload_document(runtime, token, sent.name, sent.content)
    except NotFound:
        raise
    except DomainError as refused:
        page = _page(runtime, token, typed=sent.text, error=refusal_in_words(refused))
        return respond(request, page, status=status_of(refused))
    if sent.text:
        return respond(request, _page(runtime, token, typed=sent.text))
    return RedirectResponse(f"{PLACE}{token}#documents", status_code=303)


def _page(runtime: Runtime, token: str, *, typed: str = "", error: str | None = None) -> SellerPage:
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        removal = target_of(runtime, connection, token).removal
        marketplace_id, action_id = removal.marketplace_id, removal.action_id
        counter_notice = counter_notices.of_action(connection, marketplace_id, action_id)
        undone = overturns.in_force(connection, marketplace_id, action_id)
        steps = (
            []
            if counter_notice is None
            else counter_notices.steps(connection, marketplace_id, counter_notice.counter_notice_id)
        )
        allowed = possible_events(runtime, connection, removal)
        title = _removed_title(connection, removal)
        handed_in = seller_uploads.of_action(connection, marketplace_id, action_id)
        may_hand_in = accepts_documents(runtime, connection, removal)
        hit = strikes.of_removal(connection, marketplace_id, action_id)
    policies = runtime.policies
    limits = policies[SellerEvidencePolicy]
    account: list[tuple[str, str]] = []
    if hit is not None:
        counts = seller_warning(hit, strikes=policies[StrikePolicy], policy=policies[SanctionPolicy])
        account.append((say(seller_words.ACCOUNT), in_words(counts)))
    statement = statement_rows(removal.statement, removal.statement_messages)
    state = None if counter_notice is None else counter_notice.state
    may_appeal = CounterNoticeEvent.APPEAL in allowed
    # A second round requires that the rights holder answered the first and did not concede.
    is_maintained = counter_notice is not None and state is _S.WITH_SELLER and counter_notice.round > 1
    return SellerPage(
        address=f"{PLACE}{token}",
        title=title,
        listing=removal.external_id,
        headline=say(seller_words.MAINTAINED if is_maintained else seller_words.HEADLINES[state]),
        state=say(seller_words.AFTER_MAINTAINING if is_maintained else seller_words.STATES[state]),
        reinstated=undone is not None,
        deadline=current_deadline(counter_notice, steps, now),
        reasons=(*(statement_rows(undone.amendment, undone.amendment_messages) if undone else statement), *account),
        earlier=statement if undone else (),
        timeline=seller_timeline(counter_notice, steps, handed_in),
        what_comes=possible_next_steps(counter_notice),
        documents=tuple(_document_in_words(document, now) for document in handed_in),
        may_hand_in=may_hand_in and len(handed_in) < limits.most_documents,
        largest_document=words.size(limits.largest_document),
        most_documents=limits.most_documents,
        may_answer=CounterNoticeEvent.SUBMIT in allowed,
        may_withdraw=CounterNoticeEvent.WITHDRAW in allowed and state is not _S.WITH_SELLER,
        may_appeal=may_appeal,
        appeal_until=tongues.day(appeal_until(runtime, counter_notice))
        if counter_notice is not None and may_appeal
        else None,
        longest=LONGEST_TEXT,
        typed=typed,
        error=error,
    )


def _document_in_words(upload: SellerUpload, now: datetime) -> ShownDocument:
    kind = file_extension_of(upload.media_type).upper()
    return replace(
        shown_document(upload, now),
        what=f"{kind}, {words.size(upload.size)}",
        when=words.full_moment(upload.known_at),
        digest=None,
    )


def _removed_title(connection: Connection, removal: StoredAction) -> ShownText:
    """The title of the removed version, in its language."""
    version_id = verdicts.get(connection, removal.marketplace_id, removal.verdict_id).version_id
    known = listings.versions(connection, removal.marketplace_id, removal.listing_id)
    contents = [version["content"] for version in known if version["version_id"] == version_id]
    version_content = next((content for content in contents if content.get("title")), {"title": removal.external_id})
    return text_view.show(str(version_content["title"]), language=version_content.get("language"))
