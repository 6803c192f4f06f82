"""A case: the facts, the effect of each decision, and the form. Opening the page leases the case to the reader.

The state of a case for its reader: open to them, leased to somebody else, decided, superseded, or read-only.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from features.facts import Facts
from models.case import CaseLane, CaseState
from models.errors import Invalid
from models.policies.deciding import EnforcementPolicy
from models.policies.learning import LabelPolicy
from models.verdict import Judgement, Side
from serving.accounts.rules.access import Person
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.appeals.store import appeals
from serving.appeals.store.appeals import Appeal
from serving.brands.store import brands, indicators
from serving.brands.store.brands import Enrolment
from serving.cases.rules.test_buy import TestBuyState
from serving.cases.service import invalid_notices, notice_evidence
from serving.cases.service.brand_search import LONGEST_SEARCH
from serving.cases.service.case_access import (
    is_blind,
    is_score_masked,
    lease,
    visible_case,
    who_may_judge,
    why_not_judge,
)
from serving.cases.service.seller_evidence import documents_of, seller_answers
from serving.cases.store import cases, deferrals, queue_positions, test_buys, verdicts
from serving.cases.store.cases import Case
from serving.cases.store.deferrals import StoredDeferral
from serving.cases.store.verdicts import StoredVerdict
from serving.guards import Judge, Reviewer, runtime_of
from serving.listings.store import listings, scores
from serving.marketplaces.store import marketplaces
from serving.notices.rules.notices import InvalidReason
from serving.notices.store import notice_complaints, notices
from serving.operations.service.simulation import Visits
from serving.platform.runtime import Runtime
from serving.reports.service.status import test_buys_of
from serving.reports.store import reports
from serving.scoring.service.scoring import explain_score
from serving.scoring.store import references
from serving.takedowns.store import actions, evidence
from serving.takedowns.store.actions import StoredAction
from serving.web import scores as shown_scores
from serving.web import text_view
from serving.web.case import case_cards, changes
from serving.web.case.brand_card import NO_DRAFT, BrandDraft, brand_card
from serving.web.case.case_cards import reasons_card
from serving.web.case.documents.documents_card import documents_card, report_card
from serving.web.case.effects import decision_input_of, effects
from serving.web.case.flow import cases_in_transit, is_prefetch
from serving.web.case.listing_page import shown_pictures
from serving.web.case.near_duplicates_card import near_duplicates_card
from serving.web.case.notes_card import notes_card
from serving.web.case.seller_card import links_card, risk_part, seller_card
from serving.web.flash import Flash, go_to
from serving.web.forms import CaseId, Fields
from serving.web.queue import queue_rows
from serving.web.queue.case_queue import filter_of_queue
from serving.web.queue.queue_query import QueueQuery
from serving.web.rendering import StaffPage, respond, respond_part
from serving.web.wording import words
from serving.web.wording.vocabulary import LANE_OF, Option, choices_on

_NAMED: Final = 5
_BLIND_WORK: Final = {CaseLane.APPEAL: "decide this appeal", CaseLane.SECOND_REVIEW: "do this second review"}


@dataclass(frozen=True, slots=True)
class Note:
    """A message above the case, with a link to the next step."""

    tone: str
    icon: str
    bold: str
    text: str
    address: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionState:
    """Whether the form accepts a decision, and if not, why; and whether the reader's last decision can be undone."""

    may_decide: bool
    lease: str
    notes: tuple[Note, ...]
    last_verdict: StoredVerdict | None
    undo_until: str | None
    is_snoozed: bool


def decision_state(runtime: Runtime, connection: Connection, person: Person, case: Case) -> DecisionState:
    why_not = why_not_judge(connection, person, case)
    now = runtime.clock.now()
    last_verdict = verdicts.latest_of_case(connection, case.marketplace_id, case.case_id)
    is_leased = case.leased_until is not None and case.leased_until > now
    others = is_leased and case.leased_by != person.user_id
    holder = accounts.names(connection, [case.leased_by])[case.leased_by] if others and case.leased_by else ""
    is_open = case.state is CaseState.OPEN
    return DecisionState(
        may_decide=is_open and not others and why_not is None,
        lease=words.yours_until(case.leased_until, now) if is_leased and not others and case.leased_until else "",
        notes=tuple(
            _case_notes(
                connection,
                case,
                now,
                last_verdict=last_verdict,
                holder=holder if is_open else "",
                why_not=str(why_not) if is_open and why_not else None,
            )
        ),
        last_verdict=last_verdict,
        undo_until=_undo_until(runtime, case, person, last_verdict, now),
        is_snoozed=case.snoozed_until is not None and case.snoozed_until > now,
    )


def _case_notes(
    connection: Connection,
    case: Case,
    now: datetime,
    *,
    last_verdict: StoredVerdict | None,
    holder: str,
    why_not: str | None,
) -> list[Note]:
    notes = []
    if last_verdict is not None and last_verdict.reported and last_verdict.judgement is Judgement.COUNTERFEIT:
        notes.append(_report_note(connection, case, last_verdict, now))
    if why_not is not None:
        what = _BLIND_WORK.get(case.lane, "decide this complaint")
        bold = f"Another reviewer must {what}."
        able = ", ".join(who_may_judge(connection, case)[:_NAMED]) or "nobody"
        text = (
            f"{why_not}. This page is read-only for you. Can decide now: {able}. To add an independent analyst, the "
            "operator runs touchstone person add EMAIL --name NAME --role analyst."
        )
        notes.append(Note("warn", "i-scale", bold, text))
    if holder and case.leased_until is not None:
        text = f"Their lease ends {words.moment(case.leased_until, now)}. Until then, this page is read-only for you."
        notes.append(Note("warn", "i-lock", f"{holder} is working on this case.", text))
    if case.state is CaseState.STALE:
        following = queue_positions.replacement_of(connection, case.marketplace_id, case.case_id)
        text = "This page shows an earlier version and is read-only."
        address = f"/cases/{following}" if following else None
        notes.append(Note("warn", "i-clock", "The listing has changed.", text, address, "Open the current version"))
    if case.state is CaseState.OPEN and (wait := deferrals.latest(connection, case.marketplace_id, case.case_id)):
        notes.append(_deferral_note(wait, now, is_snoozed=case.snoozed_until is not None and case.snoozed_until > now))
    if case.lane is CaseLane.ASK_BRAND and case.state is CaseState.OPEN:
        text = "You can decide without waiting for its answer. Your decision counts as an analyst's."
        notes.append(Note("", "i-info", "A question to the brand is open.", text))
    return notes


def _report_note(connection: Connection, case: Case, verdict: StoredVerdict, now: datetime) -> Note:
    """The brand's own report of the listing, which ends the lease of an analyst who held the case."""
    when = words.moment(verdict.known_at, now)
    if case.state is CaseState.OPEN:
        text = f"It did so {when} on its own initiative. If you decide counterfeit, it is not asked again."
        report_id = reports.report_of_case(connection, case.marketplace_id, case.case_id)
        address = None if report_id is None else f"/cases/bulk?report={report_id}"
        bold, link = "The brand reported this listing as counterfeit.", "Decide the open cases of its report together"
        return Note("", "i-info", bold, text, address, link)
    text = f"Its report decided this case {when}. Leases of the case ended, and no other decision is needed."
    return Note("warn", "i-info", "The brand reported this listing as counterfeit.", text)


def _deferral_note(wait: StoredDeferral, now: datetime, *, is_snoozed: bool) -> Note:
    """The deferral of the case, or that it has ended."""
    missing = f" Missing: {wait.snooze.missing}. Requested from: {wait.snooze.source}." if wait.snooze.missing else ""
    until = words.moment(wait.snooze.until, now)
    if is_snoozed:
        sooner = ", or earlier if new information on the listing arrives" if wait.snooze.on_news else ""
        return Note(
            "", "i-clock", f"{wait.by} snoozed this case.", f"It returns to the queue {until}{sooner}.{missing}"
        )
    return Note("", "i-clock", "The case is back in the queue.", f"{wait.by} snoozed it until {until}.{missing}")


def _undo_until(
    runtime: Runtime, case: Case, person: Person, verdict: StoredVerdict | None, now: datetime
) -> str | None:
    if verdict is None or verdict.user_id != person.user_id or case.state is CaseState.STALE:
        return None
    until = verdict.known_at + timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    return words.clock(until) if now < until else None


router = APIRouter(include_in_schema=False)


@router.get("/cases/{case_id}")
def get_case(case_id: CaseId, request: Request, session: Judge) -> Response:
    """The page of a case; a brand's people are redirected to their queue. Prefetching takes no lease."""
    runtime, person = runtime_of(request), session.person
    with runtime.store.read() as connection:
        case, side = visible_case(connection, person, case_id)
        barred = why_not_judge(connection, person, case) is not None
    if side is Side.BRAND:
        return RedirectResponse(f"/brand#{case_id}", status_code=303)
    ahead = is_prefetch(request)
    if case.state is CaseState.OPEN and not barred and not ahead:
        lease(runtime, person, case_id)
        runtime.services[Visits].open([case_id])
    query = QueueQuery.of(request.url.query)
    draft = BrandDraft(request.query_params.get("find", "")[:LONGEST_SEARCH])
    address_parts = cases_in_transit(request), changes.requested_versions(request.query_params)
    page = case_page(runtime, session, case_id, query, *address_parts, draft=draft)
    return respond_part(request, page, session) if ahead else respond(request, page, session)


@dataclass(frozen=True, slots=True)
class _PageRequest:
    """Request data other than the case: the queue, the cases to skip, the versions to compare, the draft; the score."""

    query: QueueQuery
    besides: Collection[str]
    versions: tuple[int, int] | None
    draft: BrandDraft
    score: dict[str, Any]
    facts: Facts


def case_page(
    runtime: Runtime,
    session: Session,
    case_id: str,
    query: QueueQuery,
    besides: Collection[str] = (),
    versions: tuple[int, int] | None = None,
    *,
    draft: BrandDraft = NO_DRAFT,
) -> StaffPage:
    """The content of the page, in one view of the database; `besides` are cases to skip in the queue."""
    with runtime.store.read() as connection:
        case, _ = visible_case(connection, session.person, case_id)
        score = scores.get(connection, case.marketplace_id, case.score_id)
        facts = scores.facts_of(connection, case.marketplace_id, score["facts_digest"])
        page = _page(
            runtime, connection, session.person, case, _PageRequest(query, besides, versions, draft, score, facts)
        )
    if page.score is not None:
        page.reasons = reasons_card(explain_score(runtime, score, facts))
    return page


def _page(
    runtime: Runtime, connection: Connection, person: Person, case: Case, page_request: _PageRequest
) -> StaffPage:
    """A case as its reviewer may see it. On appeals and second reviews `harm`, `score`, `reasons` and `risk` are None.

    If the score is masked until the decision, `lane`, `due` and the position in the queue are None as well. `drawn`
    then states the masking and its probability, also after the decision.
    """
    query = page_request.query
    now = runtime.clock.now()
    marketplace_id, blind = case.marketplace_id, is_blind(connection, case)
    is_masked = is_score_masked(connection, person, case)
    dark = blind or is_masked
    score, facts = page_request.score, page_request.facts
    enrolled = brands.enrolments(connection, marketplace_id).get(case.brand_id or "")
    name = enrolled.name if enrolled else case.mark
    history = listings.versions(connection, marketplace_id, case.listing_id)
    at = next(i for i, row in enumerate(history) if row["version_id"] == case.version_id)
    queue_filter = filter_of_queue(connection, person, query, now)
    around = queue_positions.neighbours(connection, queue_filter, case)
    following = queue_positions.next_free(
        connection, queue_filter, case, user_id=person.user_id, at=now, besides=page_request.besides
    )
    row = shown_scores.queue_score_columns(score, case.priority)
    return StaffPage(
        "case.html",
        "/queue",
        case_id=case.case_id,
        version_id=case.version_id,
        external_id=facts.listing.external_id,
        title=queue_rows.title_of(facts),
        brand=brand_card(connection, case, facts, name, page_request.draft, user_id=person.user_id, now=now),
        lane=None if is_masked else LANE_OF[case.lane],
        version=at + 1,
        versions=len(history),
        standing=decision_state(runtime, connection, person, case),
        choices=choices_on(case.lane),
        due=None if is_masked else words.due(case.due_at, now),
        drawn=_masking_chance(case),
        harm=None if dark else _expected_harm(connection, marketplace_id, row, facts),
        score=None
        if dark
        else shown_scores.shown_score(runtime, marketplace_id, row, width=132, scorer=score["scorer"]),
        appeal=_appeal_of_case(connection, case) if case.lane is CaseLane.APPEAL else None,
        notices=case_cards.notice_cards(
            notices.notices_on_case(connection, marketplace_id, case.case_id),
            notice_evidence.documents_of(connection, case),
            case,
            now,
        ),
        invalid_reasons=REASONS,
        complaints=notice_complaints.of_case(connection, marketplace_id, case.case_id),
        report=report_card(connection, case, now),
        listing=case_cards.listing_card(facts),
        pictures=shown_pictures(runtime, case.case_id, facts),
        compared=changes.comparison(history, at, page_request.versions),
        price=case_cards.price_card(facts, partial(references.price_samples, connection, marketplace_id)),
        seller=seller_card(connection, marketplace_id, facts, runtime.policies, now),
        # It is computed from scores and verdicts, including those of this listing.
        risk=None if dark else risk_part(runtime, connection, marketplace_id, facts.listing.seller.external_id),
        documents=documents_card(documents_of(connection, case), case.case_id, now),
        answers=tuple(map(text_view.show, seller_answers(connection, case))),
        links=links_card(facts.seller.links, marketplace_id),
        near_duplicates=near_duplicates_card(connection, marketplace_id, facts, now),
        reasons=None,
        rule_matches=case_cards.rule_matches(facts),
        silent=_silent_indicators(connection, case, facts),
        events=case_cards.case_timeline(
            cases.timeline(connection, marketplace_id, case.case_id), blind=blind, is_masked=is_masked
        ),
        evidence=evidence.of_listing(connection, marketplace_id, case.listing_id),
        is_second_review=case.lane is CaseLane.SECOND_REVIEW,
        has_test_buy=TestBuyState.CLOSED in test_buys.states_of_listing(connection, marketplace_id, case.listing_id)
        or any(bought.received_on is not None for bought in test_buys_of(connection, case)),
        notes=notes_card(connection, person, case, blind=blind),
        effects=effects(
            decision_input_of(case.lane, Side.ANALYST, name, can_be_asked=_can_be_asked(case, enrolled)),
            runtime.policies[EnforcementPolicy],
        ),
        learning=None if blind else _label_notice(runtime),
        queue=query.address(),
        queue_query=query.text,
        queue_fields=tuple(parse_qsl(query.text)),
        neighbours=replace(around, place=None, size=0) if is_masked else around,
        before=query.case_address(around.before) if around.before else None,
        after=query.case_address(around.after) if around.after else None,
        ahead=query.case_address(following) if following else None,
    )


def _masking_chance(case: Case) -> str | None:
    if not case.score_masked or case.masked_share is None:
        return None
    return f"1 in {round(1 / case.masked_share)} cases masks the score"


def _silent_indicators(connection: Connection, case: Case, facts: Facts) -> tuple[str, ...]:
    """The labels of the brand's indicators that were searched for at scoring time and did not match."""
    if case.brand_id is None or facts.indicators is None:
        return ()
    fired = {indicator.indicator_id for indicator in facts.indicators.fired}
    known = indicators.of_brand(connection, case.marketplace_id, case.brand_id)
    return tuple(
        indicator.label
        for indicator in known
        if indicator.in_force(facts.as_of) and indicator.indicator_id not in fired
    )


def _expected_harm(connection: Connection, marketplace_id: str, row: dict[str, Any], facts: Facts) -> str:
    currency = marketplaces.get(connection, marketplace_id).base_currency
    return shown_scores.harm_in_words(row, currency=currency, price_known=facts.price.log_price is not None)


def _can_be_asked(case: Case, enrolled: Enrolment | None) -> bool:
    return enrolled is not None and enrolled.takes_part and not case.question_returned


def _appeal_of_case(connection: Connection, case: Case) -> tuple[Appeal, StoredAction] | None:
    """The seller's appeal, and the removal with the statement of reasons that the seller received."""
    appeal = appeals.of_case(connection, case.marketplace_id, case.case_id)
    return None if appeal is None else (appeal, actions.get(connection, case.marketplace_id, appeal.action_id))


def _label_notice(runtime: Runtime) -> str:
    days = runtime.policies[LabelPolicy].matures.days
    return f"The decision becomes a training label after {days} days, unless an appeal or a second review overturns it."


REASONS: Final = (
    Option(InvalidReason.WRONG_LISTING.value, "Describes other goods"),
    Option(InvalidReason.NO_CLAIM.value, "Claims no infringement"),
    Option(InvalidReason.SPAM.value, "Spam"),
)


@router.post("/cases/{case_id}/notices/{notice_id}/invalid")
def post_invalid(case_id: CaseId, notice_id: str, request: Request, session: Reviewer, fields: Fields) -> Response:
    """End a notice as invalid; the page of the case shows the rest, or the queue where the case is closed."""
    reason = fields.get("reason", "")
    if reason not in {invalid_reason.value for invalid_reason in REASONS}:
        raise Invalid("Choose why the notice is invalid.")
    invalid = invalid_notices.InvalidNotice(case_id, notice_id, InvalidReason(reason))
    closed = invalid_notices.end_invalid(runtime_of(request), session.person, invalid)
    query = QueueQuery.of(fields.get("queue", ""))
    return go_to(request, query.address() if closed else query.case_address(case_id), Flash.NOTICE_ENDED)
