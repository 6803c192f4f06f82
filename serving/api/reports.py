"""Reports of brands, for their tools: listings that the brand found itself."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from models.errors import Invalid, NotFound
from models.messages.english import in_english
from models.verdict import ReasonCode, named
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.api.people import Body
from serving.api.report_answers import document_answer, foreseen_answer, status_answer, submitted_answer
from serving.api.requests.repeating import Repeatable
from serving.api.requests.reporters import Reporter, reporter
from serving.guards import may, runtime_of
from serving.platform.database.pools import DEAR
from serving.reports.policy import ReportPolicy
from serving.reports.rules.attachments import TestBuyRecord
from serving.reports.rules.outcomes import LONGEST_LOCATION
from serving.reports.service.attaching import hand_in
from serving.reports.service.limits import Limits, limits_of
from serving.reports.service.previewing import preview
from serving.reports.service.status import status_of
from serving.reports.service.submitting import LONGEST_NOTE, Draft, submit
from serving.reports.service.withdrawing import retract, withdraw
from serving.review.rules.test_buy import LONGEST_NOTE as LONGEST_FINDING
from serving.review.rules.test_buy import LONGEST_REFERENCE
from serving.rights.rules.document import LONGEST_NAME
from serving.rights.rules.rights import kinds_for
from serving.takedowns.policy import BurstPolicy, StepUpPolicy
from serving.takedowns.rules.bursts import Cap

router = APIRouter(route_class=Repeatable)
Answerer = Annotated[Session, may(Permission.ANSWER_QUESTIONS)]
Reports = Annotated[Reporter, reporter()]
_LONGEST_ID: Final = 40
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


@router.get("/api/v1/reason-codes")
def get_reason_codes(_reporter: Reports) -> dict[str, Any]:
    """The reasons for which a brand can report a listing, each with the kinds of rights that can carry it."""
    return {
        "reason_codes": [
            {
                "code": code.value,
                "name": in_english(named(code)),
                "rights": sorted(kind.value for kind in kinds_for(code)),
            }
            for code in ReasonCode
        ]
    }


@router.post("/api/v1/brand/reports", status_code=201)
async def post_report(body: ReportBody, request: Request, response: Response, by: Reports) -> dict[str, Any]:
    """Report listings; the same key and body always get the same response, however often they are sent."""
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
        key_id=by.key_id,
        test_buy=None if body.test_buy is None else body.test_buy.record(),
    )
    who = by.person.user_id
    if body.dry_run:
        response.status_code = 200
        return foreseen_answer(await DEAR.run_for(who, preview, runtime_of(request), by.person, draft))
    return submitted_answer(await DEAR.run_for(who, submit, runtime_of(request), by.person, draft))


@router.get("/api/v1/brand/reports/{report_id}")
def get_report(report_id: str, request: Request, by: Reports) -> dict[str, Any]:
    """A report as it stands, with the state of each listing, its documents and its test buy."""
    return status_answer(status_of(runtime_of(request), by.person, report_id[:_LONGEST_ID]))


@router.post("/api/v1/brand/reports/{report_id}/documents", status_code=201)
async def postdocument_answer(
    report_id: str, request: Request, by: Reports, name: Annotated[str, Query(max_length=LONGEST_NAME)] = "document"
) -> dict[str, Any]:
    """Add a supporting document to a report of the last day; the same bytes are stored once, and answered as before."""
    content = await request.body()
    found = await run_in_threadpool(
        hand_in, runtime_of(request), by.person, report_id[:_LONGEST_ID], name, content, key_id=by.key_id
    )
    return document_answer(found)


@router.post("/api/v1/brand/reports/{report_id}/withdraw")
async def post_withdrawal(report_id: str, body: NumbersBody, request: Request, session: Answerer) -> dict[str, int]:
    """Withdraw listings of one's own report while the undo window is open."""
    done = await DEAR.run_for(
        session.person.user_id,
        withdraw,
        runtime_of(request),
        session.person,
        report_id[:_LONGEST_ID],
        frozenset(body.numbers),
    )
    return {"withdrawn": done}


@router.post("/api/v1/brand/reports/{report_id}/retract")
async def post_retraction(report_id: str, body: NumbersBody, request: Request, session: Answerer) -> dict[str, int]:
    """Retract listings of the brand's report later: they are reinstated."""
    done = await DEAR.run_for(
        session.person.user_id,
        retract,
        runtime_of(request),
        session.person,
        report_id[:_LONGEST_ID],
        frozenset(body.numbers),
    )
    return {"retracted": done}


@router.get("/api/v1/brand/limits")
def get_limits(
    request: Request,
    by: Reports,
    marketplace_id: Id = None,
    brand_id: Id = None,
    listing: Annotated[str | None, Query(max_length=LONGEST_LOCATION)] = None,
) -> dict[str, Any]:
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
    runtime = runtime_of(request)
    found = limits_of(runtime, by.person, pairs[0], listing, proof=by.proof)
    bursts, step_up, seller = runtime.policies[BurstPolicy], runtime.policies[StepUpPolicy], found.caps.seller
    return {
        "marketplace_id": found.marketplace_id,
        "brand_id": found.brand_id,
        "as_of": found.at.isoformat(),
        "leave_now": found.leave_now,
        "removes_at_once": found.effect.at_once,
        "reason": in_english(found.effect.reason),
        "refused": list(map(in_english, found.refused)),
        "counts_shown": found.proved,
        "holds": [{"cause": one.cause.value, "reason": in_english(one.message)} for one in found.shown_holds],
        "person": _cap(found.caps.user, found),
        "brand": _cap(found.caps.brand, found),
        # How much of it is used tells of other brands' removals.
        "seller": None if seller is None else {"limit": seller.limit, "is_reached": not seller.left},
        "budgets": [
            {"cause": limit.cause.value, **_used(limit.limit, limit.used, limit.left, found)} for limit in found.budgets
        ],
        "daily": _daily(found),
        "listing_external_id": found.listing,
        "high_impact": {"sales_12m": bursts.high_sales_12m, "dollars_12m": bursts.high_dollars_12m},
        "step_up": {
            "available": not found.step_up,
            "reasons": list(map(in_english, found.step_up)),
            "most_listings": runtime.policies[ReportPolicy].most_listings,
            "most_of_one_seller": step_up.per_seller,
            "undo_minutes": step_up.undo_minutes,
        },
    }


def _cap(cap: Cap | None, found: Limits) -> dict[str, Any] | None:
    if cap is None:
        return None
    frees = None if cap.frees_at is None or not found.proved else cap.frees_at.isoformat()
    return {**_used(cap.limit, cap.used, cap.left, found), "frees_at": frees}


def _used(limit: int, used: int, left: int, found: Limits) -> dict[str, int | None]:
    return {"limit": limit, "used": used if found.proved else None, "left": left if found.proved else None}


def _daily(found: Limits) -> dict[str, Any] | None:
    if found.quota is None:
        return None
    left = found.quota.left if found.proved else None
    return {"left": left, "renewed_at": found.quota.renewed_at.isoformat()}
