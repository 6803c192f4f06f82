"""Listings that a brand reports of its own accord."""

from datetime import date
from typing import Annotated, Final, Self

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BeforeValidator, Field, model_validator

from models.errors import Invalid, NotFound
from models.verdict import Judgement, ReasonCode, reason_message
from serving.accounts.rules.access import Permission
from serving.api.answers import Answer, Day, Moment, Sentence, read_from
from serving.api.people import Body
from serving.api.requests.deciding import decide_after
from serving.api.requests.repeating import RepeatableRoute
from serving.api.requests.reporters import Reporter, reporter
from serving.brands.rules.rights import kinds_for
from serving.brands.rules.rights_document import LONGEST_NAME
from serving.cases.rules.test_buy import LONGEST_NOTE as LONGEST_FINDING
from serving.cases.rules.test_buy import LONGEST_REFERENCE
from serving.guards import TheRuntime, runtime_of
from serving.platform.database.pools import DEAR
from serving.reports.policy import ReportPolicy
from serving.reports.rules.attachments import TestBuyRecord
from serving.reports.rules.outcomes import LONGEST_LOCATION, Code, ListingResult, results_by_name
from serving.reports.rules.step_up import StepUpState
from serving.reports.service.attaching import add_test_buy, hand_in
from serving.reports.service.limits import limits_of
from serving.reports.service.previewing import counts_of, preview_report
from serving.reports.service.status import AnswerStatus, ListingState, ReportState, Status, answer_status, status_of
from serving.reports.service.submitting import LONGEST_NOTE, Draft, decide_report, receive_report
from serving.reports.service.withdrawing import retract, withdraw
from serving.reports.store.report_documents import ReportDocument
from serving.takedowns.policy import BurstPolicy, StepUpPolicy
from serving.takedowns.rules.bursts import PendingCause

router = APIRouter(route_class=RepeatableRoute)
Reports = Annotated[Reporter, reporter()]
_LONGEST_ID: Final = 40
_QUESTION: Final = "/api/v1/brand/questions/{case_id}"
Counts = Annotated[
    dict[str, int], BeforeValidator(lambda counts: {"items": sum(counts.values()), **results_by_name(counts)})
]
Id = Annotated[str | None, Query(max_length=_LONGEST_ID)]
_MOST_ROWS: Final = (
    10_000  # Above the limit of a report, so that the rule refuses with its own sentence; still bounded.
)


class TestBuyBody(Body):
    """A test buy: the order, the day on which the goods were received, and what was found.

    `listing` names the bought listing as `listings` does, or by its number; it may be left out where there is only one.
    """

    __test__ = False

    order_reference: str = Field(max_length=LONGEST_REFERENCE)
    ordered_on: date = Field(strict=False)
    received_on: date | None = Field(None, strict=False)
    finding: str = Field(max_length=LONGEST_FINDING)
    listing: str | None = Field(None, max_length=LONGEST_LOCATION)

    def record(self) -> TestBuyRecord:
        """The record of it."""
        return TestBuyRecord(self.order_reference, self.ordered_on, self.received_on, self.finding, self.listing)


class ReportBody(Body):
    """Listings of one right and one reason. `dry_run` answers what would happen, and records nothing."""

    right_id: str = Field(max_length=_LONGEST_ID)
    reason_code: ReasonCode = Field(strict=False)
    listings: list[Annotated[str, Field(max_length=LONGEST_LOCATION)]] = Field(max_length=_MOST_ROWS)
    good_faith: bool
    note: str | None = Field(None, max_length=LONGEST_NOTE)
    marketplace_id: str | None = Field(None, max_length=_LONGEST_ID)
    test_buy: TestBuyBody | None = None
    dry_run: bool = False


class NumbersBody(Body):
    """Listings of a report by their numbers."""

    numbers: list[int] = Field(max_length=_MOST_ROWS)


class Reason(Answer):
    """A reason to report a listing, with the kinds of rights that can carry it."""

    code: ReasonCode
    name: Sentence
    rights: list[str]


class Reasons(Answer):
    """The reasons for which a brand can report a listing."""

    reason_codes: list[Reason]


class ForeseenListing(Answer):
    """What a report would do with one listing, by its number in the report."""

    number: int
    listing: str = read_from("location")
    result: ListingResult = read_from("outcome.result")
    code: Code = read_from("outcome.code")
    reason: Sentence = read_from("outcome.reasons")


class ReportedListing(Answer):
    """One listing of a report, by its number there, as it stands; without a result while it is being decided."""

    number: int
    listing: str = read_from("location")
    state: ListingState
    result: ListingResult | None = read_from("listing_result")
    code: Code | None
    reason: Sentence = read_from("why")
    listing_external_id: str | None = read_from("external_id")
    judgement: Judgement | None = Field(description="A reviewer's answer.")


class ReportedDocument(Answer):
    """A supporting document of a report; the digest is the SHA-256 of its bytes."""

    document_id: str
    name: str
    media_type: str
    size: int
    digest: str
    received_at: Moment = read_from("known_at")
    erased: Annotated[bool, BeforeValidator(bool)] = read_from("erased_at")


class ReportedTestBuy(Answer):
    """A test buy with the listing that was bought; `number` is its place in the report, null for a question."""

    number: int | None
    listing: str = read_from("location")
    order_reference: str
    ordered_on: Day
    received_on: Day | None
    finding: str


class Report(Answer):
    """A report as it stands, with its supporting documents and its test buy.

    `counts` has the listings by their state now, and all of them as `items`. `decided` is how many have a result or
    wait for a person; `waits_for` has why a signed report waits for one.
    """

    report_id: str = read_from("report.report_id")
    right_id: str = read_from("report.right_id")
    reason_code: ReasonCode = read_from("report.reason_code")
    reported_at: Moment = read_from("report.known_at")
    state: ReportState
    waits_for: list[Sentence]
    decided: int
    counts: dict[str, int]
    items: list[ReportedListing]
    documents: list[ReportedDocument]
    test_buy: ReportedTestBuy | None


class AnsweredQuestion(Answer):
    """A question that the brand answered with "counterfeit", as it stands, with its evidence."""

    case_id: str = read_from("question.case_id")
    listing_external_id: str = read_from("external_id")
    answered_at: Moment = read_from("question.known_at")
    state: ListingState
    judgement: Judgement | None
    documents: list[ReportedDocument]
    test_buy: ReportedTestBuy | None


class ReportPreview(Answer):
    """What a report would do now; nothing is recorded. `counts` are by result, and `items` in it is their sum."""

    dry_run: bool
    counts: Counts
    items: list[ForeseenListing]


class WithdrawnListings(Answer):
    """How many listings were withdrawn."""

    withdrawn: int


class RetractedListings(Answer):
    """How many listings were retracted."""

    retracted: int


class HourlyCap(Answer):
    """A limit of removals in an hour; `frees_at` is when the first of those used no longer counts."""

    limit: int
    used: int | None
    remaining: int | None
    frees_at: Moment | None


class SellerCap(Answer):
    """A limit of one seller's removals in an hour, by all brands, and whether it is reached."""

    limit: int
    is_reached: bool = read_from("is_used_up")


class RemovalBudget(Answer):
    """A limit of removals in 24 hours or seven days, named by the cause of the hold once it is used."""

    cause: PendingCause
    limit: int
    used: int | None
    remaining: int | None


class DailyQuota(Answer):
    """The immediate removals that are left of a brand's day, and when the next one begins."""

    remaining: int | None
    renewed_at: Moment


class ApprovalReason(Answer):
    """A reason why a removal needs approval."""

    cause: PendingCause
    reason: Sentence = read_from("message")


class HighImpact(Answer):
    """From which size two organisations decide about a seller's listing."""

    sales_12m: int = read_from("high_sales_12m")
    dollars_12m: int = read_from("high_dollars_12m")


class LargeReports(Answer):
    """Whether a large report can be confirmed with a second factor now, and what it then does."""

    available: bool
    reasons: list[Sentence]
    most_listings: int
    most_of_one_seller: int
    undo_minutes: int


class BrandLimits(Answer):
    """The limits that a confirmation or report by this person meets now.

    `leave_now` is how many listings of different sellers leave without approval and without an analyst. It and all that
    is used or left are null where `counts_shown` is false: no second factor was just proved in the session. `seller` is
    set where a listing was named.
    """

    marketplace_id: str
    brand_id: str
    as_of: Moment
    leave_now: int | None
    counts_shown: bool
    removes_at_once: bool
    reason: Sentence
    refused: list[Sentence]
    holds: list[ApprovalReason]
    person: HourlyCap | None
    brand: HourlyCap | None
    seller: SellerCap | None
    budgets: list[RemovalBudget]
    daily: DailyQuota | None
    listing_external_id: str | None
    high_impact: HighImpact
    step_up: LargeReports

    @model_validator(mode="after")
    def _keep_counts_secret(self) -> Self:
        for limit in () if self.counts_shown else (self.person, self.brand, self.daily, *self.budgets):
            for name in limit.model_fields_set & {"used", "remaining", "frees_at"} if limit else ():
                setattr(limit, name, None)
        return self


@router.get("/api/v1/reason-codes")
def get_reason_codes(_reporter: Reports) -> Reasons:
    """The reasons for which a brand can report a listing, each with the kinds of rights that can carry it."""
    reasons = [Reason(code=code, name=reason_message(code), rights=sorted(kinds_for(code))) for code in ReasonCode]
    return Reasons(reason_codes=reasons)


@router.post("/api/v1/brand/reports", status_code=202, response_model=Report, responses={200: {"model": ReportPreview}})
async def post_report(body: ReportBody, request: Request, by: Reports) -> Response:
    """Report listings. The report is received when this answers; a large one is decided then, and can be followed.

    The same key and body make one report, however often they are sent; a repetition is answered as the report stands.
    """
    idempotency_key = request.headers.get("idempotency-key")
    if idempotency_key is None and not body.dry_run:
        raise Invalid("Send an Idempotency-Key: a text that is new for each report.")
    draft = Draft(
        body.right_id,
        body.reason_code,
        tuple(body.listings),
        body.good_faith,
        idempotency_key or "dry run",
        body.note,
        body.marketplace_id,
        by_program=True,
        tool=by.tool,
        test_buy=None if body.test_buy is None else body.test_buy.record(),
    )
    runtime, who = runtime_of(request), by.person.user_id
    if body.dry_run:
        foreseen = await DEAR.run_for(who, preview_report, runtime, by.person, draft)
        return ReportPreview(dry_run=True, counts=counts_of(foreseen), items=foreseen).response(200)
    stored = await DEAR.run_for(who, receive_report, runtime, by.person, draft)
    is_undecided = stored.undecided and stored.step_up is not StepUpState.AWAITED
    is_small = len(body.listings) <= runtime.policies[ReportPolicy].at_once
    if is_undecided and is_small:
        await DEAR.run_for(who, decide_report, runtime, by.person, stored)
    status = await run_in_threadpool(status_of, runtime, by.person, stored.report_id)
    response = Report.model_validate(status).response(202)
    if not is_undecided or is_small:
        return response
    return await run_in_threadpool(decide_after, response, runtime, [stored], by.person)


@router.get("/api/v1/brand/reports/{report_id}", response_model=Report)
def get_report(report_id: str, request: Request, by: Reports) -> Status:
    """A report as it stands: how far it is decided, the state of each listing, its documents and its test buy."""
    return status_of(runtime_of(request), by.person, report_id[:_LONGEST_ID])


@router.post("/api/v1/brand/reports/{report_id}/documents", status_code=201, response_model=ReportedDocument)
async def post_document(
    report_id: str,
    request: Request,
    by: Reports,
    name: Annotated[str, Query(max_length=LONGEST_NAME)] = "document",
    number: Annotated[int | None, Query(ge=1, le=_MOST_ROWS)] = None,
) -> ReportDocument:
    """Add a supporting document to a report; the same bytes are stored once, and answered as before.

    `number` is the listing that it is about. A listing that stayed or was reinstated is then decided again.
    """
    content, report_id = await request.body(), report_id[:_LONGEST_ID]
    return await run_in_threadpool(
        hand_in, runtime_of(request), by.person, report_id, name, content, number=number, key_id=by.key_id
    )


@router.post("/api/v1/brand/reports/{report_id}/test-buy", status_code=201, response_model=Report)
def post_test_buy(report_id: str, body: TestBuyBody, runtime: TheRuntime, by: Reports) -> Status:
    """Record a test buy for a report that has none; its listing is decided again if it stayed or was reinstated."""
    add_test_buy(runtime, by.person, report_id[:_LONGEST_ID], body.record())
    return status_of(runtime, by.person, report_id[:_LONGEST_ID])


@router.get(_QUESTION, response_model=AnsweredQuestion)
def get_question(case_id: str, request: Request, by: Reports) -> AnswerStatus:
    """A question that the brand answered with "counterfeit", with its documents and its test buy."""
    return answer_status(runtime_of(request), by.person, case_id[:_LONGEST_ID])


@router.post(_QUESTION + "/documents", status_code=201, response_model=ReportedDocument)
async def post_question_document(
    case_id: str, request: Request, by: Reports, name: Annotated[str, Query(max_length=LONGEST_NAME)] = "document"
) -> ReportDocument:
    """Add a supporting document to an answer; a listing that stayed or was reinstated is then decided again."""
    content, case_id = await request.body(), case_id[:_LONGEST_ID]
    return await run_in_threadpool(hand_in, runtime_of(request), by.person, case_id, name, content, key_id=by.key_id)


@router.post(_QUESTION + "/test-buy", status_code=201, response_model=AnsweredQuestion)
def post_question_test_buy(case_id: str, body: TestBuyBody, runtime: TheRuntime, by: Reports) -> AnswerStatus:
    """Record a test buy for an answer that has none; a listing that stayed or was reinstated is then decided again."""
    add_test_buy(runtime, by.person, case_id[:_LONGEST_ID], body.record())
    return answer_status(runtime, by.person, case_id[:_LONGEST_ID])


@router.post("/api/v1/brand/reports/{report_id}/withdraw")
async def post_withdrawal(report_id: str, body: NumbersBody, request: Request, by: Reports) -> WithdrawnListings:
    """Withdraw listings of one's own report while the undo window is open."""
    done = await DEAR.run_for(
        by.person.user_id, withdraw, runtime_of(request), by.person, report_id[:_LONGEST_ID], frozenset(body.numbers)
    )
    return WithdrawnListings(withdrawn=done)


@router.post("/api/v1/brand/reports/{report_id}/retract")
async def post_retraction(report_id: str, body: NumbersBody, request: Request, by: Reports) -> RetractedListings:
    """Retract listings of the brand's report later: they are reinstated."""
    done = await DEAR.run_for(
        by.person.user_id, retract, runtime_of(request), by.person, report_id[:_LONGEST_ID], frozenset(body.numbers)
    )
    return RetractedListings(retracted=done)


@router.get("/api/v1/brand/limits")
def get_limits(
    runtime: TheRuntime,
    by: Reports,
    marketplace_id: Id = None,
    brand_id: Id = None,
    listing: Annotated[str | None, Query(max_length=LONGEST_LOCATION)] = None,
) -> BrandLimits:
    """The limits that a confirmation or report by this person meets now, and why; of one listing where it is named.

    How many are left is told only in a session in which a second factor was just proved.
    """
    pairs = sorted(
        pair
        for pair in by.person.brands(Permission.ANSWER_QUESTIONS)
        if marketplace_id in {None, pair[0]} and brand_id in {None, pair[1]}
    )
    if not pairs:
        raise NotFound("There is no such brand.")
    if len(pairs) > 1:
        raise Invalid("Name the marketplace and the brand: you answer for several.")
    limits = limits_of(runtime, by.person, pairs[0], listing, proof=by.proof)
    step_up = runtime.policies[StepUpPolicy]
    return BrandLimits(
        marketplace_id=limits.marketplace_id,
        brand_id=limits.brand_id,
        as_of=limits.at,
        leave_now=limits.leave_now,
        counts_shown=limits.proved,
        removes_at_once=limits.effect.at_once,
        reason=limits.effect.reason,
        refused=limits.refused,
        holds=limits.shown_reasons,
        person=limits.caps.user,
        brand=limits.caps.brand,
        # How much of it is used tells of other brands' removals.
        seller=limits.caps.seller,
        budgets=limits.budgets,
        daily=limits.quota,
        listing_external_id=limits.listing,
        high_impact=runtime.policies[BurstPolicy],
        step_up=LargeReports(
            available=not limits.step_up,
            reasons=limits.step_up,
            most_listings=runtime.policies[ReportPolicy].most_listings,
            most_of_one_seller=step_up.per_seller,
            undo_minutes=step_up.undo_minutes,
        ),
    )
