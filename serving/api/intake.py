"""Listings, events, contacts, appeals and counter-notices of a marketplace."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from models.errors import Invalid
from serving.accounts.rules.access import Scope
from serving.api.answers import Answer, Moment, Sentence
from serving.api.bodies import body_as, json_body, rows_of
from serving.api.errors import as_json
from serving.api.people import Body
from serving.api.requests.repeating import RepeatableRoute
from serving.appeals.rules.appeals import ADMISSION_RULE
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.appeals.service.counter_notices import LONGEST_TEXT, submit_for_seller
from serving.appeals.store.counter_notices import CounterNotice
from serving.guards import Sender, runtime_of
from serving.listings.service.intake import RowAnswer, RowStatus, receive_rows
from serving.listings.service.seller_events import receive_events
from serving.platform.database.pools import INTAKE
from serving.sellers.service.contacts import erase_contacts, receive_contacts, set_address

router = APIRouter(route_class=RepeatableRoute)


class AppealBody(Body):
    """A seller's appeal against a removal."""

    external_id: str = Field(min_length=1, max_length=200, pattern=r"\S")
    listing_external_id: str = Field(min_length=1, max_length=200, pattern=r"\S")
    statement: str = Field(min_length=1, max_length=5_000, pattern=r"\S")


class CounterNoticeBody(Body):
    """A seller's answer to a removal."""

    listing_external_id: str = Field(min_length=1, max_length=200, pattern=r"\S")
    statement: str = Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")


class AddressBody(Body):
    """The address for a seller's statements of reasons, and the language of its mails, by ISO 639."""

    email: str = Field(max_length=320)
    language: str = Field("en", max_length=2)


class Row(Answer):
    """The result of one row; the version is absent for a refused one, code, field and sentence for the others."""

    status: RowStatus
    external_id: str | None
    version: int = 0
    route: str = ""
    code: str = ""
    field: str = ""
    sentence: str = ""


class Rows(Answer):
    """The results of a batch, in the order of its rows."""

    rows: list[Row]


class IntakeCounts(Answer):
    """How many were new, known before, and refused into quarantine."""

    new: int
    known: int
    quarantined: int


class ErasureCount(Answer):
    """How many hashes were erased."""

    erased: int


class FiledAppeal(Answer):
    """An appeal, and what to tell the seller."""

    appeal_id: str
    message: Sentence
    rule: Sentence


class FiledCounterNotice(Answer):
    """A counter-notice, whose turn it is, and until when."""

    counter_notice_id: str
    state: str
    due_at: Moment | None


@router.post("/api/v1/listings", response_model=Row | Rows, responses={201: {"model": Row}})
async def post_listings(request: Request, caller: Sender) -> JSONResponse:
    """One listing, a JSON array of at most 1,000, or NDJSON.

    A refused single listing is a 422 and stays in quarantine. A batch returns 200 with a status per row, in order.
    """
    rows, refused, is_batch = await rows_of(request)
    answers = await INTAKE.run(
        receive_rows,
        runtime_of(request),
        caller.marketplace,
        rows,
        source="api",
        backfill=Scope.BACKFILL in caller.scopes,
        rejections=refused,
    )
    if is_batch:
        return JSONResponse({"rows": [row_answer(answer) for answer in answers]})
    answer = answers[0]
    if answer.rejection is not None:
        return as_json(422, answer.rejection.code, answer.rejection.sentence, answer.rejection.field)
    return JSONResponse(row_answer(answer), 201 if answer.new_version else 200)


def row_answer(answer: RowAnswer) -> dict[str, Any]:
    """The response for one row. It never has a score, because a score would teach its readers to evade the model."""
    body: dict[str, Any] = {"status": answer.status.value, "external_id": answer.external_id}
    if answer.status is not RowStatus.QUARANTINED:
        body["version"] = answer.version
    if answer.lane is not None:
        body["route"] = answer.lane.value
    if answer.rejection is not None:
        body |= {"code": answer.rejection.code, "field": answer.rejection.field, "sentence": answer.rejection.sentence}
    return body


@router.post("/api/v1/seller-events", response_model=IntakeCounts)
async def post_seller_events(request: Request, caller: Sender) -> dict[str, int]:
    """Events of sellers: `{"events": […], "complete_since": time}`, at most 1,000.

    `complete_since` asserts that every event from that moment on is sent; only then are they aggregated into windows.
    """
    body = await json_body(request)
    if not isinstance(body, dict):
        raise Invalid("Send an object with events.")
    return await INTAKE.run(
        receive_events, runtime_of(request), caller.marketplace, body, backfill=Scope.BACKFILL in caller.scopes
    )


@router.post("/api/v1/seller-contacts", response_model=IntakeCounts)
async def post_seller_contacts(request: Request, caller: Sender) -> dict[str, int]:
    """Contacts of sellers: `{"contacts": [{"seller", "kind", "value"}, …]}`, at most 1,000. Only hashes are stored."""
    body = await json_body(request)
    if not isinstance(body, dict):
        raise Invalid("Send an object with contacts.")
    return await INTAKE.run(
        receive_contacts, runtime_of(request), caller.marketplace, body, backfill=Scope.BACKFILL in caller.scopes
    )


@router.put("/api/v1/seller-addresses/{seller:path}", status_code=204)
async def put_seller_address(seller: str, request: Request, caller: Sender) -> None:
    """Pass the address of a seller, who is then mailed each statement of reasons; it is stored sealed."""
    body = await body_as(AddressBody, request)
    await INTAKE.run(set_address, runtime_of(request), caller.marketplace, seller[:200], body.email, body.language)


@router.delete("/api/v1/seller-contacts/{seller:path}")
def delete_seller_contacts(seller: str, request: Request, caller: Sender) -> ErasureCount:
    """Erase the hashes of a seller's contacts, and its address. It has no links any longer; earlier scores stay."""
    return ErasureCount(erased=erase_contacts(runtime_of(request), caller.marketplace, seller, by="api"))


@router.post("/api/v1/appeals", response_model=FiledAppeal, responses={201: {"model": FiledAppeal}})
async def post_appeal(request: Request, caller: Sender) -> Response:
    """A seller's appeal against a removal, forwarded by the marketplace."""
    body = await body_as(AppealBody, request)
    complaint = Complaint(**body.model_dump())
    filed = await INTAKE.run(file_appeal, runtime_of(request), caller.marketplace, complaint)
    answer = FiledAppeal(appeal_id=filed.appeal_id, message=filed.message, rule=ADMISSION_RULE)
    return answer.response(201 if filed.is_new else 200)


@router.post("/api/v1/counter-notices", status_code=201, response_model=FiledCounterNotice)
async def post_counter_notice(request: Request, caller: Sender) -> CounterNotice:
    """A seller's counter-notice to a removal, forwarded by the marketplace; the rights holder is asked."""
    body = await body_as(CounterNoticeBody, request)
    return await INTAKE.run(
        submit_for_seller, runtime_of(request), caller.marketplace, body.listing_external_id, body.statement
    )
