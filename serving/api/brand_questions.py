"""The evidence of questions that a brand answered."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from models.verdict import Judgement
from serving.api.answers import Answer, Moment, read_from
from serving.api.reports import ReportedDocument, ReportedTestBuy, Reports, TestBuyBody
from serving.api.requests.repeating import RepeatableRoute
from serving.brands.rules.rights_document import LONGEST_NAME
from serving.guards import Answerer, TheRuntime, runtime_of
from serving.reports.service.attaching import add_test_buy, hand_in
from serving.reports.service.status import AnswerStatus, ListingState, answer_status
from serving.reports.store.report_documents import ReportDocument

router = APIRouter(route_class=RepeatableRoute)
_LONGEST_ID: Final = 40
_PLACE: Final = "/api/v1/brand/questions/{case_id}"


class AnsweredQuestion(Answer):
    """A question that the brand answered with "counterfeit", as it stands, with its evidence."""

    case_id: str = read_from("question.case_id")
    listing_external_id: str = read_from("external_id")
    answered_at: Moment = read_from("question.known_at")
    state: ListingState
    judgement: Judgement | None
    documents: list[ReportedDocument]
    test_buy: ReportedTestBuy | None


@router.get(_PLACE, response_model=AnsweredQuestion)
def get_question(case_id: str, request: Request, by: Reports) -> AnswerStatus:
    """A question that the brand answered with "counterfeit", with its documents and its test buy."""
    return answer_status(runtime_of(request), by.person, case_id[:_LONGEST_ID])


@router.post(_PLACE + "/documents", status_code=201, response_model=ReportedDocument)
async def post_document(
    case_id: str, request: Request, by: Reports, name: Annotated[str, Query(max_length=LONGEST_NAME)] = "document"
) -> ReportDocument:
    """Add a supporting document to an answer; a listing that stayed or was reinstated is then decided again."""
    content, case_id = await request.body(), case_id[:_LONGEST_ID]
    return await run_in_threadpool(hand_in, runtime_of(request), by.person, case_id, name, content, key_id=by.key_id)


@router.post(_PLACE + "/test-buy", status_code=201, response_model=AnsweredQuestion)
def post_test_buy(case_id: str, body: TestBuyBody, runtime: TheRuntime, session: Answerer) -> AnswerStatus:
    """Record a test buy for an answer that has none; a listing that stayed or was reinstated is then decided again."""
    add_test_buy(runtime, session.person, case_id[:_LONGEST_ID], body.record())
    return answer_status(runtime, session.person, case_id[:_LONGEST_ID])
