"""The page behind the link of a notice: the receipt, then the decision."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from models.errors import DomainError, NotFound
from models.labels import AppealState
from serving.api.errors import status_of
from serving.appeals.policy import SellerEvidencePolicy
from serving.brands.rules.rights import RightKind
from serving.brands.rules.rights_document import file_extension_of
from serving.cases.store import cases
from serving.guards import TheRuntime, public, runtime_of
from serving.notices.policy import NoticePolicy
from serving.notices.rules.decision_notice import RECEIPT, DecisionNotice
from serving.notices.rules.notices import ItemState
from serving.notices.service.notice_complaints import LONGEST_TEXT, complain, may_complain
from serving.notices.service.notice_decisions import notifier_message
from serving.notices.service.notice_documents import is_open
from serving.notices.service.notice_links import CONFIRMATION, PLACE, notice_of_link, notice_to_confirm
from serving.notices.service.notice_list import warning_of_notice
from serving.notices.service.notice_mails import confirm_address
from serving.notices.store import notice_complaints, notice_documents, notices, reporters
from serving.notices.store.notice_documents import NoticeDocument
from serving.notices.store.notices import NoticeItem
from serving.platform.runtime import Runtime
from serving.platform.tongues import N_, say
from serving.web import text_view
from serving.web.brand.rights_page import KINDS
from serving.web.case.documents.documents_card import ShownDocument
from serving.web.forms import Fields, named_right, refuse_cross_site
from serving.web.rendering import Page, respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import in_words, refusal_in_words
from serving.web.wording.vocabulary import REASON_CODES

router = APIRouter(include_in_schema=False)
_BY_LINK: Final = public("the signed link authorises the notifier")
_COMPLAINTS: Final = {
    AppealState.OPEN: N_("You complained. A person who did not make the original decision is reviewing it."),
    AppealState.UPHELD: N_("Your complaint was upheld."),
    AppealState.DISMISSED: N_("Your complaint was dismissed."),
}
_REASONS: Final = {reason.value: reason.text for reason in REASON_CODES}


@dataclass(frozen=True, slots=True)
class ShownDecision:
    """The decision about a notified listing, in the reader's language."""

    facts: str
    automated_means: str
    redress: str


@dataclass(frozen=True, slots=True)
class NotifiedListing:
    """A listing of a notice: its name in the notice, its state, and the decision, None while it is open."""

    location: ShownText
    headline: str
    waits: str | None
    decision: ShownDecision | None
    number: int
    may_complain: bool
    complaint: str | None


@dataclass(frozen=True, slots=True)
class NoticePage(Page, template="notice.html"):
    """A notice as its notifier sees it: without scores, reviewers' names, or the seller's statements."""

    address: str
    number: str
    received: str
    receipt: str
    warning: str | None
    reason: str
    explanation: ShownText
    right: ShownText | None
    by_power_of_attorney: bool
    listings: tuple[NotifiedListing, ...]
    documents: tuple[ShownDocument, ...]
    may_hand_in: bool
    largest_document: str
    most_documents: int
    longest: int
    typed: str
    error: str | None


@dataclass(frozen=True, slots=True)
class ConfirmationPage(Page, template="notice_confirmation.html"):
    """A notice that the owner of its e-mail address can confirm."""

    address: str
    number: str
    received: str


@router.get(PLACE + "{token}", dependencies=[_BY_LINK])
def get_notice(token: str, request: Request) -> Response:
    """The receipt and, after it, the decision."""
    return respond(request, notice_page(runtime_of(request), token))


@router.post(PLACE + "{token}", dependencies=[_BY_LINK])
def post_notice(token: str, request: Request, runtime: TheRuntime, fields: Fields) -> Response:
    """Complain about the decision to keep a listing; a refused form returns with its values and the reason."""
    refuse_cross_site(request)
    number, text = fields.get("listing", ""), fields.get("statement", "")
    try:
        complain(runtime, token, int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0, text)
    except NotFound:
        raise
    except DomainError as refused:
        page = notice_page(runtime, token, typed=text[:LONGEST_TEXT], error=refusal_in_words(refused))
        return respond(request, page, status=status_of(refused))
    return RedirectResponse(f"{PLACE}{token}", status_code=303)


@router.get(CONFIRMATION + "{token}", dependencies=[_BY_LINK])
def get_confirmation(token: str, request: Request, runtime: TheRuntime) -> Response:
    """The question whether the reader sent the notice; loading it confirms nothing, as mail scanners load links."""
    with runtime.store.read() as connection:
        notice = notice_to_confirm(runtime, connection, token)
    page = ConfirmationPage(f"{CONFIRMATION}{token}", notice.notice_id, words.full_moment(notice.known_at))
    return respond(request, page)


@router.post(CONFIRMATION + "{token}", dependencies=[_BY_LINK])
def post_confirmation(token: str, request: Request) -> Response:
    refuse_cross_site(request)
    return RedirectResponse(confirm_address(runtime_of(request), token), status_code=303)


def notice_page(runtime: Runtime, token: str, *, typed: str = "", error: str | None = None) -> NoticePage:
    """The page of a notice; `typed` is a refused complaint and `error` why it, or a document, was refused."""
    policies = runtime.policies
    with runtime.store.read() as connection:
        notice = notice_of_link(runtime, connection, token)
        items = notices.items_of_notice(connection, notice.marketplace_id, notice.notice_id)
        listings = tuple(_notified_listing(runtime, connection, notice_item) for notice_item in items)
        documents = notice_documents.of_notices(connection, notice.marketplace_id, [notice.notice_id])
        may_hand_in = is_open(connection, notice) and len(documents) < policies[NoticePolicy].most_documents
        warned = warning_of_notice(notice, reporters.get(connection, notice.marketplace_id, notice.reporter_id))
    return NoticePage(
        address=f"{PLACE}{token}",
        number=notice.notice_id,
        received=words.full_moment(notice.known_at),
        receipt=in_words(RECEIPT),
        warning=None if warned is None else in_words(warned),
        reason=say(_REASONS[notice.reason_code.value]),
        explanation=text_view.show(notice.explanation),
        right=named_right(notice.right, say(KINDS[RightKind(notice.right.kind)]) if notice.right.kind else ""),
        by_power_of_attorney=notice.right.by_power_of_attorney,
        listings=listings,
        documents=tuple(map(_shown_document, documents)),
        may_hand_in=may_hand_in,
        largest_document=words.size(policies[SellerEvidencePolicy].largest_document),
        most_documents=policies[NoticePolicy].most_documents,
        longest=LONGEST_TEXT,
        typed=typed,
        error=error,
    )


def _shown_document(notice_document: NoticeDocument) -> ShownDocument:
    what = f"{file_extension_of(notice_document.media_type).upper()}, {words.size(notice_document.size)}"
    when = words.full_moment(notice_document.known_at)
    return ShownDocument(text_view.show(notice_document.name), what, when, digest=None, erased=False, address=None)


def _notified_listing(runtime: Runtime, connection: Connection, notice_item: NoticeItem) -> NotifiedListing:
    decision = notifier_message(runtime, connection, notice_item)
    complaint = notice_complaints.of_item(connection, notice_item.marketplace_id, notice_item.item_id)
    return NotifiedListing(
        location=text_view.show(notice_item.location),
        headline=say("A person is reviewing it.") if decision is None else in_words(decision.decision),
        waits=_due_or_undo_sentence(connection, notice_item) if decision is None else None,
        decision=None if decision is None else _decision_in_words(decision),
        number=notice_item.number,
        may_complain=may_complain(runtime, connection, notice_item),
        complaint=None if complaint is None else say(_COMPLAINTS[complaint.state]),
    )


def _decision_in_words(decision: DecisionNotice) -> ShownDecision:
    return ShownDecision(in_words(decision.facts), in_words(decision.automated_means), in_words(decision.redress))


def _due_or_undo_sentence(connection: Connection, notice_item: NoticeItem) -> str:
    if notice_item.state is ItemState.DECIDED or notice_item.case_id is None:
        return say("A decision was made and can still be undone.")
    due_at = cases.get(connection, notice_item.marketplace_id, notice_item.case_id).due_at
    return say("It is due by %(when)s.", when=words.full_moment(due_at))
