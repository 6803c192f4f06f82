"""Reports of a brand: listings that it found itself, previewed before they are sent, and each with its own state."""

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.errors import DomainError, Invalid
from models.verdict import ReasonCode
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.requests.deciding import decide_after
from serving.appeals.policy import SellerEvidencePolicy
from serving.cases.rules.test_buy import LONGEST_NOTE as LONGEST_FINDING
from serving.cases.rules.test_buy import LONGEST_REFERENCE
from serving.guards import Member, TheRuntime, may, runtime_of
from serving.listings.rules import EntryKind
from serving.listings.store import listings, search
from serving.platform.database.pools import in_fair_pool
from serving.platform.runtime import Runtime
from serving.platform.tongues import say
from serving.reports.policy import ReportPolicy
from serving.reports.rules.good_faith import ReportedEnd, end_of_listing
from serving.reports.rules.step_up import StepUpState
from serving.reports.service.submitting import LONGEST_NOTE, Draft, receive_report
from serving.reports.store import reports
from serving.reports.store.good_faith import Scope, reported_listings
from serving.reports.store.reports import StoredReport
from serving.web import text_view
from serving.web.brand.reports.attached_part import (
    FIELDS,
    AttachedDocument,
    Limits,
    RefusedFile,
    attached_documents,
    document_limits,
    store_documents,
    typed_test_buy,
)
from serving.web.brand.reports.previewed_part import Preview, preview_draft
from serving.web.brand.reports.report_state_page import PLACE
from serving.web.brand.reports.reported_part import ENDS
from serving.web.brand.right_choice import ChosenRight, RightChoice, choice_of_rights
from serving.web.flash import go_to
from serving.web.forms import LONGEST_ID, Fields, Upload, UploadLimit, uploads_of
from serving.web.rendering import Page, respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import phrase_in_words

router = APIRouter(include_in_schema=False)
# The list of listings, and more documents than a report takes: those beyond are refused by name.
_MOST_FILES: Final = 21
Uploader = Annotated[Session, may(Permission.ANSWER_QUESTIONS, files=_MOST_FILES, translated=True)]
LARGEST: Final = 1_000_000
Files = Annotated[
    Mapping[str, tuple[Upload, ...]],
    uploads_of(
        {
            "file": UploadLimit(lambda _: LARGEST, lambda _: 1),
            "document": UploadLimit(
                lambda runtime: runtime.policies[SellerEvidencePolicy].largest_document,
                lambda runtime: runtime.policies[ReportPolicy].most_documents,
            ),
        }
    ),
]
_MOST_FOUND: Final = 20
_MOST_SENT: Final = 20
_HEADERS: Final = frozenset({"listing", "listings", "url", "link", "id", "external_id", "listing_id"})
_TICKED_PREFIX: Final = "found:"


@dataclass(frozen=True, slots=True)
class Hit:
    """A listing of the marketplace that a search found: its id and title, which everybody can see."""

    external_id: str
    shown_id: ShownText
    title: ShownText


@dataclass(frozen=True, slots=True)
class SentReport:
    """An earlier report of the person's brands, with the number of its listings that ended in each way."""

    report_id: str
    when: str
    listings: int
    ended: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ReportForm(Page, template="brand_report.html", place=PLACE):
    """The form of a report, with what was typed and attached, a preview of it, an error and the refused files."""

    choices: tuple[RightChoice, ...]
    chosen: ChosenRight | None
    key: str
    typed: Mapping[str, str]
    preview: Preview | None
    search_text: str
    hits: tuple[Hit, ...]
    sent: tuple[SentReport, ...]
    error: str | None
    refused: tuple[RefusedFile, ...]
    attached: tuple[AttachedDocument, ...]
    has_test_buy: bool
    lacks_factor: bool
    documents: Limits
    most: int
    longest_note: int
    longest_reference: int
    longest_finding: int


@router.get(PLACE)
def get_form(request: Request, session: Member) -> HTMLResponse:
    """The empty form; `q` searches the marketplace's listings."""
    return respond(request, form_page(runtime_of(request), session, request.query_params), session)


@router.post(PLACE + "/preview")
@in_fair_pool
def post_preview(request: Request, session: Uploader, fields: Fields, files: Files) -> Response:
    """Keep the documents, and show what would happen to each listing; nothing is sent.

    A refused file changes nothing else: what was typed and the other documents stay.
    """
    runtime, typed = runtime_of(request), dict(fields)
    typed["key"] = request_key(runtime, fields)
    left_out: tuple[RefusedFile, ...] = ()
    try:
        left_out = store_documents(runtime, session, typed, files["document"])
        typed["listings"] = "\n".join(locations_of(fields, files["file"][:1]))
        shown = preview_draft(runtime, session, _draft_of_form(typed, good_faith=True))
    except DomainError as refused:
        page = form_page(runtime, session, typed, error=phrase_in_words(refused.phrase), refused=left_out)
        return respond(request, page, session, status=422)
    if left_out:
        return respond(request, form_page(runtime, session, typed, refused=left_out), session, status=422)
    return respond(request, form_page(runtime, session, typed, shown), session)


@router.post(PLACE)
@in_fair_pool
def post_report(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Send the report, and go to its listings."""
    try:
        draft = _draft_of_form(fields, good_faith=fields.get("good_faith") == "yes")
        return send_draft(request, runtime, session, replace(draft, with_step_up=fields.get("way") == "step_up"))
    except DomainError as refused:
        error = phrase_in_words(refused.phrase)
        return respond(request, form_page(runtime, session, fields, error=error), session, status=422)


def send_draft(request: Request, runtime: Runtime, session: Session, draft: Draft) -> Response:
    """Send a report, and go to its listings; they are decided unless it waits for a second factor."""
    report = receive_report(runtime, session.person, draft)
    response = go_to(request, f"{PLACE}/{report.report_id}")
    if report.step_up is StepUpState.AWAITED:
        return response
    return decide_after(response, runtime, [report], session.person)


def locations_of(fields: Mapping[str, str], files: Sequence[Upload]) -> list[str]:
    """The pasted, ticked and uploaded listings in this order; of a file, the first cell of each line.

    Raises Invalid (the file is too large or is no text in UTF-8).
    """
    if any(len(file.content) > LARGEST for file in files):
        raise Invalid("The file is too large: at most {most:,} bytes.", most=LARGEST)
    try:
        lines = [line for file in files for line in file.content.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        raise Invalid("The file is not text in UTF-8. Save it as CSV in UTF-8 and try again.") from None
    cells = [row[0].strip() for row in csv.reader(lines) if row]
    if cells and cells[0].lower() in _HEADERS:
        del cells[0]
    ticked = [location for name, location in fields.items() if name.startswith(_TICKED_PREFIX)]
    return [location for location in (*fields.get("listings", "").splitlines(), *ticked, *cells) if location.strip()]


def _draft_of_form(fields: Mapping[str, str], *, good_faith: bool) -> Draft:
    code = fields.get("reason_code", "")
    if code not in set(ReasonCode):
        raise Invalid("Choose the reason why the listings are counterfeit.")
    return Draft(
        fields.get("right_id", "")[:LONGEST_ID],
        ReasonCode(code),
        tuple(fields.get("listings", "").splitlines()),
        good_faith,
        fields.get("key", "")[:LONGEST_ID],
        fields.get("note", "").strip() or None,
        fields.get("marketplace_id", "")[:LONGEST_ID],
        test_buy=typed_test_buy(fields),
    )


def request_key(runtime: Runtime, fields: Mapping[str, str]) -> str:
    """The key of a report: that of the form, or a new one."""
    return fields.get("key", "")[:LONGEST_ID] or runtime.ids.new("key")


def _sent_reports(connection: Connection, past: Sequence[StoredReport], now: datetime) -> tuple[SentReport, ...]:
    """Reports with what became of their listings, as the dashboard counts it."""
    sizes = reports.listing_counts(connection, past)
    ends: dict[str, Counter[ReportedEnd]] = defaultdict(Counter)
    for pair in {(report.marketplace_id, report.brand_id) for report in past}:
        for listing in reported_listings(connection, Scope(*pair, past[-1].known_at, now + timedelta(microseconds=1))):
            ends[listing.report_id][end_of_listing(listing)[0]] += 1
    return tuple(
        SentReport(
            report.report_id,
            words.moment(report.known_at, now),
            sizes[report.report_id],
            tuple((say(word), ended[end]) for end, word in ENDS.items() if ended[end]),
        )
        for report in past
        for ended in [ends[report.report_id]]
    )


def form_page(
    runtime: Runtime,
    session: Session,
    typed: Mapping[str, str],
    shown: Preview | None = None,
    error: str | None = None,
    refused: tuple[RefusedFile, ...] = (),
) -> ReportForm:
    key = request_key(runtime, typed)
    right = typed.get("right_id") or typed.get("right", "")
    search_text, now = typed.get("q", "")[: search.LONGEST_ASKED].strip(), runtime.clock.now()
    with runtime.store.read() as connection:
        offered = choice_of_rights(runtime, connection, session, right, PLACE, now)
        past = reports.latest_reports(connection, session.person.brands(Permission.ANSWER_QUESTIONS), _MOST_SENT)
        sent = _sent_reports(connection, past, now)
        attached: tuple[AttachedDocument, ...] = ()
        if offered.chosen is not None:
            begun = {"right_id": offered.chosen.right_id, "marketplace_id": offered.chosen.marketplace_id, "key": key}
            attached = attached_documents(connection, session, begun, now)
        shown_hits: tuple[Hit, ...] = ()
        if search_text and offered.chosen is not None:
            marketplace_id = offered.chosen.marketplace_id
            hits = search.find(connection, {marketplace_id}, EntryKind.LISTING, search_text, most=_MOST_FOUND)
            titles = listings.titles(connection, marketplace_id, [hit.external_id for hit in hits])
            shown_hits = tuple(
                Hit(
                    hit.external_id,
                    text_view.show(hit.external_id),
                    text_view.show(titles.get(hit.external_id) or hit.external_id),
                )
                for hit in hits
            )
    return ReportForm(
        choices=offered.choices,
        chosen=offered.chosen,
        key=key,
        typed=typed,
        preview=shown,
        search_text=search_text,
        hits=shown_hits,
        sent=sent,
        error=error,
        refused=refused,
        attached=attached,
        has_test_buy=any(typed.get(name, "").strip() for name in FIELDS),
        lacks_factor=offered.lacks_factor,
        documents=document_limits(runtime),
        most=runtime.policies[ReportPolicy].most_listings,
        longest_note=LONGEST_NOTE,
        longest_reference=LONGEST_REFERENCE,
        longest_finding=LONGEST_FINDING,
    )
