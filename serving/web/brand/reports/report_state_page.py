"""A report as it stands: the state of each listing, which can be withdrawn or retracted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from features.message import Message
from features.phrase import Phrase
from models.errors import DomainError, Invalid, NotFound, require
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.access import Permission
from serving.accounts.rules.second_person import FactorKind
from serving.accounts.service.proving import passkey_options
from serving.accounts.store.accounts import Session
from serving.api.errors import problem_of
from serving.api.requests.deciding import decide_after
from serving.guards import Member, TheRuntime, runtime_of
from serving.platform.database.pools import in_fair_pool
from serving.platform.runtime import Runtime
from serving.platform.tabular import Format, as_file
from serving.platform.tongues import join_sentences
from serving.reports.policy import ReportPolicy
from serving.reports.rules.attachments import may_hand_in
from serving.reports.rules.step_up import StepUpState, why_no_step_up
from serving.reports.service.history import COLUMNS, ListingEvent, history_of, history_rows
from serving.reports.service.signed import can_release, release_report
from serving.reports.service.status import ItemStatus, ListingState, Status, status_in, status_of
from serving.reports.service.stepping_up import circumstances, confirm_report, purpose_of, send_without_proof
from serving.reports.service.stopping import can_stop, large_report, stop_report
from serving.reports.service.withdrawing import retract, withdraw
from serving.reports.store import reports
from serving.web import text_view
from serving.web.brand.reports.attached_part import Limits, document_limits
from serving.web.case.documents.documents_card import ShownDocument, shown_document
from serving.web.downloads import download
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields, given_factor, ticked_rows
from serving.web.rendering import Page, respond
from serving.web.test_buy_part import ShownTestBuy, test_buy_shown
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import in_words, phrase_in_words, refusal_in_words
from serving.web.wording.vocabulary import OBJECTION, REPORT_STATES, StateWords

router = APIRouter(include_in_schema=False)
PLACE: Final = "/brand/reports"
_NUMBER: Final = re.compile("[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event of a reported listing in words, and when."""

    state: StateWords
    when: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A listing of a report: its state, why, and its history. `number` is set where it can be withdrawn."""

    listing: ShownText
    state: StateWords
    reason: str
    number: int | None
    events: tuple[EventLine, ...]


@dataclass(frozen=True, slots=True)
class StepUpPart:
    """The confirmation of a report with a second factor: what it still needs, or until when it can be stopped.

    `waits` is set while the listings wait. `until` is set while the report can be stopped, by the reader too if
    `may_stop`. `waits_for` has why a signed report waits for a person, and `may_release` whether the reader is one.
    """

    waits: bool
    signed: bool
    waits_for: tuple[str, ...]
    may_release: bool
    why_not: tuple[str, ...]
    has_passkey: bool
    until: str | None
    may_stop: bool
    stopped_by: ShownText | None


@dataclass(frozen=True, slots=True)
class ReportState(Page, template="brand_report_state.html", place=PLACE):
    """A report as it stands, listing by listing. `limits` are those of documents, None once it takes none."""

    report_id: str
    when: str
    counts: tuple[tuple[StateWords, int], ...]
    rows: tuple[ResultRow, ...]
    withdraw_until: str | None
    may_retract: bool
    step_up: StepUpPart | None
    decided: int
    documents: tuple[ShownDocument, ...]
    test_buy: ShownTestBuy | None
    limits: Limits | None
    error: str | None = None
    document_error: str | None = None


@router.get(PLACE + "/{report_id}")
def get_report(report_id: str, request: Request, session: Member) -> HTMLResponse:
    return respond(request, state_page(runtime_of(request), session, report_id[:LONGEST_ID]), session)


@router.get(PLACE + "/{report_id}/history.{form}")
@in_fair_pool
def get_history(report_id: str, runtime: TheRuntime, session: Member, form: Format) -> Response:
    """What became of each listing of the report, one row an event."""
    with runtime.store.read() as connection:
        report = reports.get(connection, report_id[:LONGEST_ID], session.person.brands(Permission.ANSWER_QUESTIONS))
        rows = history_rows(connection, status_in(runtime, connection, report, session.person.user_id))
    return download(form, f"report-{report.report_id}", as_file(form, COLUMNS, rows))


@router.post(PLACE + "/{report_id}/step-up")
@in_fair_pool
def post_step_up(report_id: str, request: Request, session: Member, fields: Fields) -> Response:
    """Confirm the report with a second factor."""
    runtime, number = runtime_of(request), report_id[:LONGEST_ID]
    try:
        report = confirm_report(runtime, session, number, given_factor(fields))
    except NotFound:
        raise
    except DomainError as refused:
        problem = problem_of(request, refused)
        page = replace(state_page(runtime, session, number), error=refusal_in_words(refused))
        response = respond(request, page, session, status=problem.status)
        response.headers.update(problem.headers)
        return response
    return decide_after(go_to(request, f"{PLACE}/{number}", Flash.REPORT_CONFIRMED), runtime, [report], session.person)


@router.post(PLACE + "/{report_id}/step-up/passkey")
def post_options(report_id: str, request: Request, session: Member) -> Response:
    """What the browser needs to confirm the report with a passkey."""
    runtime, number = runtime_of(request), report_id[:LONGEST_ID]
    status_of(runtime, session.person, number)
    return Response(passkey_options(runtime, session, purpose_of(number)), media_type="application/json")


@router.post(PLACE + "/{report_id}/send")
@in_fair_pool
def post_without(report_id: str, request: Request, session: Member) -> Response:
    """Send a report that waits without a second factor."""
    report = send_without_proof(runtime_of(request), session.person, report_id[:LONGEST_ID])
    response = go_to(request, f"{PLACE}/{report_id[:LONGEST_ID]}")
    return decide_after(response, runtime_of(request), [report], session.person)


@router.post(PLACE + "/{report_id}/release")
def post_release(report_id: str, request: Request, runtime: TheRuntime, session: Member) -> Response:
    """Release a signed report that waits for a person."""
    status = status_of(runtime, session.person, report_id[:LONGEST_ID])
    released = release_report(runtime, session.person, require(status.step_up, "Nothing of this report waits."))
    return decide_after(go_to(request, f"{PLACE}/{report_id[:LONGEST_ID]}", Flash.REPORT_RELEASED), runtime, released)


@router.post(PLACE + "/{report_id}/stop")
def post_stop(report_id: str, request: Request, session: Member) -> Response:
    """Stop a report that was confirmed with a second factor."""
    stop_report(runtime_of(request), session.person, report_id[:LONGEST_ID])
    return go_to(request, f"{PLACE}/{report_id[:LONGEST_ID]}", Flash.REPORT_STOPPED)


@router.post(PLACE + "/{report_id}/withdraw")
@in_fair_pool
def post_withdrawal(report_id: str, request: Request, session: Member, fields: Fields) -> Response:
    withdraw(runtime_of(request), session.person, report_id[:LONGEST_ID], _ticked_numbers(fields))
    return go_to(request, f"{PLACE}/{report_id[:LONGEST_ID]}", Flash.REPORT_WITHDRAWN)


@router.post(PLACE + "/{report_id}/retract")
@in_fair_pool
def post_retraction(report_id: str, request: Request, session: Member, fields: Fields) -> Response:
    retract(runtime_of(request), session.person, report_id[:LONGEST_ID], _ticked_numbers(fields))
    return go_to(request, f"{PLACE}/{report_id[:LONGEST_ID]}", Flash.REPORT_RETRACTED)


def _ticked_numbers(fields: Mapping[str, str]) -> frozenset[int]:
    numbers = frozenset(int(number) for number in ticked_rows(fields, "item:") if _NUMBER.fullmatch(number))
    if not numbers:
        raise Invalid("Tick the listings, or tick all of them.")
    return numbers


# These can still be retracted once the undo window has closed.
_RETRACTABLE: Final = frozenset(
    {ListingState.REMOVED, ListingState.WITH_ANALYST, ListingState.PENDING_APPROVAL, ListingState.SCHEDULED}
)
# These can be withdrawn at any time.
_ALWAYS: Final = frozenset({ListingState.WAITING, ListingState.AWAITS_STEP_UP})
_WITHDRAWABLE: Final = frozenset({ListingState.SCHEDULED, ListingState.PENDING_APPROVAL, ListingState.WITH_ANALYST})


def state_page(runtime: Runtime, session: Session, report_id: str) -> ReportState:
    """The content of a report's page."""
    status, now = status_of(runtime, session.person, report_id), runtime.clock.now()
    allowed = _WITHDRAWABLE if status.may_withdraw is not None else _RETRACTABLE
    with runtime.store.read() as connection:
        events = history_of(connection, status.report)
    rows = tuple(_result_row(listing, allowed, events.get(listing.number, ()), now) for listing in status.items)
    counts: dict[ListingState, int] = {}
    for listing in status.items:
        counts[listing.state] = counts.get(listing.state, 0) + 1
    return ReportState(
        report_id=report_id,
        when=words.moment(status.report.known_at, now),
        counts=tuple((REPORT_STATES[state], counts[state]) for state in ListingState if state in counts),
        rows=rows,
        withdraw_until=None if status.may_withdraw is None else words.clock(status.may_withdraw),
        may_retract=status.may_withdraw is None and any(row.number is not None for row in rows),
        step_up=_step_up_part(runtime, session, status),
        decided=status.decided,
        documents=tuple(
            shown_document(document, now, f"{PLACE}/{report_id}/documents/{document.document_id}")
            for document in status.documents
        ),
        test_buy=None if status.test_buy is None else test_buy_shown(status.test_buy, status.test_buy.location),
        limits=document_limits(runtime) if _takes_documents(runtime, status) else None,
    )


def _step_up_part(runtime: Runtime, session: Session, status: Status) -> StepUpPart | None:
    proof, pair = status.step_up, (status.report.marketplace_id, status.report.brand_id)
    if proof is None and status.report.step_up is not StepUpState.AWAITED:
        return None
    with runtime.store.read() as connection:
        if proof is not None:
            large = large_report(runtime, connection, proof)
            waits_for = () if large.stopped_by else tuple(map(in_words, large.waits_for))
            is_open = large.is_open(runtime.clock.now())
            return StepUpPart(
                waits=False,
                signed=proof.key_id is not None,
                waits_for=waits_for,
                may_release=can_release(connection, session.person.user_id, proof),
                why_not=(),
                has_passkey=False,
                until=words.clock(large.until) if is_open else None,
                may_stop=is_open and can_stop(connection, session.person.user_id, proof),
                stopped_by=None if large.stopped_by is None else text_view.show(large.stopped_by),
            )
        now = circumstances(runtime, connection, session.person, pair)
    refused = why_no_step_up(now, runtime.wall.now(), runtime.policies[SecondFactorPolicy])
    return StepUpPart(
        waits=any(listing.state is ListingState.AWAITS_STEP_UP for listing in status.items),
        signed=False,
        waits_for=(),
        may_release=False,
        why_not=tuple(map(in_words, refused)),
        has_passkey=any(factor.kind is FactorKind.PASSKEY for factor in now.factors),
        until=None,
        may_stop=False,
        stopped_by=None,
    )


def _takes_documents(runtime: Runtime, status: Status) -> bool:
    policy = runtime.policies[ReportPolicy]
    has_room = len(status.documents) < policy.most_documents
    return has_room and may_hand_in(status.report.known_at, runtime.clock.now(), policy)


def _result_row(
    listing: ItemStatus, allowed: frozenset[ListingState], events: Sequence[ListingEvent], now: datetime
) -> ResultRow:
    number = listing.number if listing.state in allowed | _ALWAYS else None
    reason = reason_in_words(listing.reasons, None if listing.step is None else listing.step.refusal)
    return ResultRow(
        text_view.show(listing.title or listing.location),
        REPORT_STATES[listing.state],
        reason,
        number,
        tuple(_event_line(event, now) for event in events),
    )


def _event_line(event: ListingEvent, now: datetime) -> EventLine:
    state = OBJECTION if event.state is None else REPORT_STATES[event.state]
    reason = phrase_in_words(event.why) if isinstance(event.why, Phrase) else join_sentences(*map(in_words, event.why))
    return EventLine(state, words.moment(event.at, now), reason)


def reason_in_words(reasons: tuple[Message, ...], refusal: Phrase | None) -> str:
    """The reasons of a result in the reader's language, or the refusal of a confirmation."""
    return join_sentences(*map(in_words, reasons)) if refusal is None else phrase_in_words(refusal)
