"""Reports of a brand: listings that it found itself, previewed before they are sent, and each with its own state."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError, Invalid
from models.verdict import ReasonCode
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.guards import may, runtime_of
from serving.listings.store import listings, search
from serving.listings.store.search import Kind
from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.rules.outcomes import Result
from serving.reports.rules.step_up import why_not
from serving.reports.service.previewing import counts_of, preview
from serving.reports.service.stepping_up import circumstances
from serving.reports.service.submitting import LONGEST_NOTE, Draft, place_of, submit
from serving.reports.store import reports
from serving.takedowns.policy import BurstPolicy
from serving.web import text_view
from serving.web.brand.reports.report_state_page import PLACE, ResultRow, why
from serving.web.brand.right_choice import Chosen, RightChoice, choice_of_rights
from serving.web.flash import go_to
from serving.web.forms import Fields, Upload, upload_of
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import own_words
from serving.web.wording.messages import in_words
from serving.web.wording.refusals import phrase_in_words
from serving.web.wording.vocabulary import REPORT_RESULTS, StateWords

router = APIRouter(include_in_schema=False)
Answerer = Annotated[Session, may(Permission.ANSWER_QUESTIONS, translated=True)]
Uploader = Annotated[Session, may(Permission.ANSWER_QUESTIONS, files=1, translated=True)]
LARGEST: Final = 1_000_000
_LONGEST_ID: Final = 40
_MOST_FOUND: Final = 20
_MOST_SENT: Final = 20
_HEADERS: Final = frozenset({"listing", "listings", "url", "link", "id", "external_id", "listing_id"})
_FOUND: Final = "found:"


@dataclass(frozen=True, slots=True)
class Hit:
    """A listing of the marketplace that a search found: its id and title, which everybody can see."""

    external_id: str
    shown_id: Shown
    title: Shown


@dataclass(frozen=True, slots=True)
class Sent:
    """An earlier report of the person's brands."""

    report_id: str
    when: str
    listings: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What the report would do, by result and by listing.

    `confirmed` is what it would do with a second factor, and `why_not` why that is not possible; both are empty for a
    report that is small or needs no second factor.
    """

    counts: tuple[tuple[StateWords, int], ...]
    rows: tuple[ResultRow, ...]
    goes: bool
    confirmed: tuple[tuple[StateWords, int], ...]
    why_not: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportForm:
    """The form of a report, with what was typed, a preview of it, and an error."""

    template: ClassVar[str] = "brand_report.html"
    place: ClassVar[str] = "/brand"

    choices: tuple[RightChoice, ...]
    chosen: Chosen | None
    key: str
    typed: Mapping[str, str]
    preview: Preview | None
    asked: str
    found: tuple[Hit, ...]
    sent: tuple[Sent, ...]
    error: str | None
    most: int
    longest_note: int


@router.get(PLACE)
def get_form(request: Request, session: Answerer) -> HTMLResponse:
    """The empty form; `q` searches the marketplace's listings."""
    return respond(request, form_page(runtime_of(request), session, request.query_params), session)


@router.post(PLACE + "/preview")
def post_preview(
    request: Request, session: Uploader, fields: Fields, upload: Annotated[Upload, upload_of("file", lambda _: LARGEST)]
) -> Response:
    """Show what would happen to each listing."""
    runtime, typed = runtime_of(request), dict(fields)
    try:
        typed["listings"] = "\n".join(locations_of(fields, upload))
        draft = _draft(typed, good_faith=True)
        found = preview(runtime, session.person, draft)
    except DomainError as refused:
        error = phrase_in_words(refused.phrase)
        return respond(request, form_page(runtime, session, typed, error=error), session, status=422)
    counts = counts_of(found)
    rows = tuple(
        ResultRow(
            text_view.show(one.title or one.location),
            REPORT_RESULTS[one.outcome.result],
            why(one.outcome.reasons, None),
        )
        for one in found
    )
    confirmed, reasons = _with_step_up(runtime, session, draft, counts)
    shown = Preview(_counted(counts), rows, counts[Result.REFUSED] < len(found), confirmed, reasons)
    return respond(request, form_page(runtime, session, typed, shown), session)


@router.post(PLACE)
def post_report(request: Request, session: Answerer, fields: Fields) -> Response:
    """Send the report, and go to its listings."""
    runtime = runtime_of(request)
    try:
        draft = _draft(fields, good_faith=fields.get("good_faith") == "yes")
        done = submit(runtime, session.person, replace(draft, with_step_up=fields.get("way") == "step_up"))
    except DomainError as refused:
        error = phrase_in_words(refused.phrase)
        return respond(request, form_page(runtime, session, fields, error=error), session, status=422)
    return go_to(request, f"{PLACE}/{done.report.report_id}")


def _with_step_up(
    runtime: Runtime, session: Session, draft: Draft, usual: Mapping[Result, int]
) -> tuple[tuple[tuple[StateWords, int], ...], tuple[str, ...]]:
    """What a large report would do with a second factor, or why it cannot be confirmed so."""
    if len(draft.locations) <= runtime.policies[BurstPolicy].per_user or not usual[Result.PENDING_APPROVAL]:
        return (), ()
    with runtime.store.read() as connection:
        pair = place_of(connection, session.person, draft)
        refused = why_not(
            circumstances(runtime, connection, session.person, pair),
            runtime.wall.now(),
            runtime.policies[SecondFactorPolicy],
        )
    if refused:
        return (), tuple(map(in_words, refused))
    return _counted(counts_of(preview(runtime, session.person, replace(draft, with_step_up=True)))), ()


def locations_of(fields: Mapping[str, str], upload: Upload) -> list[str]:
    """The pasted, ticked and uploaded listings in this order; of a file, the first cell of each line.

    Raises
    ------
    Invalid
        The file is too large or is no text in UTF-8.
    """
    if len(upload.content) > LARGEST:
        raise Invalid("The file is too large: at most {most:,} bytes.", most=LARGEST)
    try:
        lines = upload.content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Invalid("The file is not text in UTF-8. Save it as CSV in UTF-8 and try again.") from None
    cells = [row[0].strip() for row in csv.reader(lines) if row]
    if cells and cells[0].lower() in _HEADERS:
        del cells[0]
    ticked = [value for name, value in fields.items() if name.startswith(_FOUND)]
    return [one for one in (*fields.get("listings", "").splitlines(), *ticked, *cells) if one.strip()]


def _draft(fields: Mapping[str, str], *, good_faith: bool) -> Draft:
    code = fields.get("reason_code", "")
    if code not in set(ReasonCode):
        raise Invalid("Choose the reason why the listings are counterfeit.")
    return Draft(
        fields.get("right_id", "")[:_LONGEST_ID],
        ReasonCode(code),
        tuple(fields.get("listings", "").splitlines()),
        good_faith,
        fields.get("key", "")[:_LONGEST_ID],
        fields.get("note", "").strip() or None,
        fields.get("marketplace_id", "")[:_LONGEST_ID],
    )


def form_page(
    runtime: Runtime,
    session: Session,
    typed: Mapping[str, str],
    shown: Preview | None = None,
    error: str | None = None,
) -> ReportForm:
    """The content of the form."""
    right = typed.get("right_id") or typed.get("right", "")
    asked, now = typed.get("q", "")[: search.LONGEST_ASKED].strip(), runtime.clock.now()
    with runtime.store.read() as connection:
        offered = choice_of_rights(runtime, connection, session, right, PLACE, now)
        past = reports.latest(connection, session.person.brands(Permission.ANSWER_QUESTIONS), _MOST_SENT)
        sizes = reports.sizes(connection, past)
        sent = tuple(Sent(one.report_id, own_words.moment(one.known_at, now), sizes[one.report_id]) for one in past)
        found: tuple[Hit, ...] = ()
        if asked and offered.chosen is not None:
            here = offered.chosen.marketplace_id
            hits = search.find(connection, {here}, Kind.LISTING, asked, most=_MOST_FOUND)
            titles = listings.titles(connection, here, [one.external_id for one in hits])
            found = tuple(
                Hit(
                    one.external_id,
                    text_view.show(one.external_id),
                    text_view.show(titles.get(one.external_id) or one.external_id),
                )
                for one in hits
            )
    return ReportForm(
        choices=offered.choices,
        chosen=offered.chosen,
        key=typed.get("key", "")[:_LONGEST_ID] or runtime.ids.new("key"),
        typed=typed,
        preview=shown,
        asked=asked,
        found=found,
        sent=sent,
        error=error,
        most=runtime.policies[ReportPolicy].most_listings,
        longest_note=LONGEST_NOTE,
    )


def _counted(counts: Mapping[Result, int]) -> tuple[tuple[StateWords, int], ...]:
    return tuple((REPORT_RESULTS[result], number) for result, number in counts.items() if number)
