"""Test buys."""

from datetime import datetime
from decimal import Decimal

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, Field

from models.verdict import Judgement, ReasonCode
from serving.api.answers import Answer, Moment, State
from serving.api.people import Body, Verdict
from serving.api.requests.moments import in_utc
from serving.api.requests.repeating import RepeatableRoute
from serving.cases.rules.test_buy import CustodyEvent, Examiner
from serving.cases.service.review import VerdictOutcome
from serving.cases.service.test_buys import Finding, Order, Step, close, place_order, read, take_step
from serving.guards import Reviewer, runtime_of

router = APIRouter(route_class=RepeatableRoute)


class OrderBody(Body):
    """The purchase, and the expected arrival."""

    version_id: str = Field(max_length=40)
    reference: str = Field(max_length=200)
    arrives_by: AwareDatetime = Field(strict=False)
    cost: Decimal | None = Field(None, strict=False)
    currency: str | None = Field(None, max_length=3)


class StepBody(Body):
    """A custody event of the goods, and their holder from then on."""

    event: CustodyEvent = Field(strict=False)
    holder: str = Field("", max_length=200)
    text: str = Field(max_length=2_000)
    occurred_at: AwareDatetime | None = Field(None, strict=False)


class FindingBody(Body):
    """The finding of an examiner about the goods."""

    examiner: Examiner = Field(strict=False)
    name: str = Field(max_length=200)
    judgement: Judgement = Field(strict=False)
    reason_code: ReasonCode | None = Field(None, strict=False)
    text: str = Field(max_length=2_000)


class CustodyEntry(Answer):
    """An entry of the custody log."""

    number: int
    event: str
    holder: str | None
    text: str
    recorded_by: str
    occurred_at: Moment
    known_at: Moment


class TestBuy(Answer):
    """A test buy with its custody log, oldest first."""

    __test__ = False

    test_buy_id: str
    case_id: str
    version_id: str
    state: str
    holder: str | None
    order_reference: str
    due_at: Moment
    verdict_id: str | None
    custody: list[CustodyEntry]


class NewTestBuy(Answer):
    """The id of a new test buy."""

    test_buy_id: str


@router.post("/api/v1/cases/{case_id}/test-buys", status_code=201)
def post_order(case_id: str, body: OrderBody, request: Request, session: Reviewer) -> NewTestBuy:
    """Record that the goods of a case were ordered."""
    arrives_by = in_utc(body.arrives_by)
    new_order = Order(case_id, body.version_id, body.reference, arrives_by, body.cost, body.currency)
    return NewTestBuy(test_buy_id=place_order(runtime_of(request), session.person, new_order))


@router.post("/api/v1/test-buys/{test_buy_id}/custody", status_code=201)
def post_step(test_buy_id: str, body: StepBody, request: Request, session: Reviewer) -> State:
    """Append to the custody log: receive, hand_over, inspect or cancel."""
    taken = Step(body.event, body.holder, body.text, _utc(body.occurred_at))
    return State(state=take_step(runtime_of(request), session.person, test_buy_id, taken))


@router.post("/api/v1/test-buys/{test_buy_id}/verdict", status_code=201, response_model=Verdict)
def post_finding(test_buy_id: str, body: FindingBody, request: Request, session: Reviewer) -> VerdictOutcome:
    """Close a test buy with the finding about the goods."""
    finding = Finding(body.examiner, body.name, body.judgement, body.text, body.reason_code)
    return close(runtime_of(request), session.person, test_buy_id, finding)


@router.get("/api/v1/test-buys/{test_buy_id}")
def get_test_buy(test_buy_id: str, request: Request, session: Reviewer) -> TestBuy:
    """A test buy with its custody log, oldest first."""
    test_buy, log = read(runtime_of(request), session.person, test_buy_id)
    return TestBuy(
        test_buy_id=test_buy.test_buy_id,
        case_id=test_buy.case_id,
        version_id=test_buy.version_id,
        state=test_buy.custody.state,
        holder=test_buy.custody.holder,
        order_reference=test_buy.order_reference,
        due_at=test_buy.due_at,
        verdict_id=test_buy.verdict_id,
        custody=log,
    )


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else in_utc(at)
