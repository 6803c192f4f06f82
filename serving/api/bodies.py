"""Request bodies: read with a size limit, parsed by their media type."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.fields import FieldError
from features.listing import Rejection
from features.phrase import Phrase
from models.errors import Invalid
from serving.api.errors import CUT, TOO_SLOW, Problem
from serving.api.requests.reading import SMALL_BYTES, parse_off_loop
from serving.listings.service.intake import LARGEST_BATCH
from training.adapters.files import parse_json

Model = TypeVar("Model", bound=BaseModel)
_MOST_LINES: Final = 10 * LARGEST_BATCH  # Blank ones too.
# A body has this long for its beginning, and then time by its size. A slow mobile line sends ten times as much.
PATIENCE_SECONDS: Final = 20.0
SLOWEST_BYTES_A_SECOND: Final = 10_000
NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonlines")


class CappedBody:
    """ASGI middleware that limits the size of a body, whatever its Content-Length says, and the time that it takes.

    It refuses compressed bodies. After a refusal it stops reading and closes the connection. Addresses that match a
    pattern in `caps` have the cap of that pattern. An address with a NUL is not found: PostgreSQL accepts no NUL in a
    query. `page` renders a problem for a reader of pages; it returns None for a program's request.
    """

    def __init__(
        self,
        app: ASGIApp,
        most_bytes: int,
        caps: Mapping[re.Pattern[str], int] | None = None,
        page: Callable[[Scope, Problem], Awaitable[ASGIApp | None]] | None = None,
    ) -> None:
        self._app, self._most, self._caps, self._page = app, most_bytes, caps or {}, page
        # Almost every address has none; one look finds that out.
        self._any_cap = re.compile("|".join(f"(?:{path.pattern})" for path in self._caps) or "(?!)")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count the bytes of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most
        if self._any_cap.fullmatch(scope["path"]):
            most = next(cap for path, cap in self._caps.items() if path.fullmatch(scope["path"]))
        problem = _header_problem(scope, most)
        if problem is not None:
            await self._refuse(problem, scope, receive, send)
            return
        body = _Body(receive, most)

        async def noted(message: Message) -> None:
            body.is_answered = True
            await (_with_connection_close(send) if body.is_refused else send)(message)

        try:
            await self._app(scope, body.receive, noted)
        except HTTPException as refused:
            if body.is_answered:
                raise
            problem = {408: TOO_SLOW, 499: CUT}.get(refused.status_code) or _too_large_problem(most)
            await self._refuse(problem, scope, receive, send)

    async def _refuse(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        page = await self._page(scope, problem) if self._page is not None and problem.status == 413 else None
        await (page or problem.as_json())(scope, receive, _with_connection_close(send))


def _with_connection_close(send: Send) -> Send:
    """Send a response after which the connection ends, so that the rest of the body is not read."""

    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["connection"] = "close"
        await send(message)

    return closing


class _Body:
    """A body as it comes in: counted, and given up when it is too large or too slow, or when its connection is cut."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most = receive, most
        self._read, self._waited, self._is_complete = 0, 0.0, False
        self.is_refused = self.is_answered = False

    async def receive(self) -> Message:
        """The next part. Once the body is complete, it waits for the end of the connection as long as that takes."""
        if self._is_complete:
            return await self._receive()
        began, seconds_left = time.monotonic(), PATIENCE_SECONDS + self._read / SLOWEST_BYTES_A_SECOND - self._waited
        try:
            async with asyncio.timeout(seconds_left):
                message = await self._receive()
        except TimeoutError:
            self.is_refused = True
            raise HTTPException(408) from None
        if message["type"] == "http.disconnect" and not self.is_answered:
            self.is_refused = True
            raise HTTPException(499)
        self._waited += time.monotonic() - began
        self._is_complete = not message.get("more_body", False)
        self._read += len(message.get("body", b""))
        if self._read > self._most:
            self.is_refused = True
            raise HTTPException(413)
        return message


def _header_problem(scope: Scope, most: int) -> Problem | None:
    """What can be refused by address and headers alone."""
    if "\0" in scope["path"]:
        return Problem(404, "not_found", Phrase("There is nothing at this address."))
    headers = dict(scope["headers"])
    if headers.get(b"content-encoding", b"identity") != b"identity":
        return Problem(415, "unsupported_media_type", Phrase("Send it uncompressed."))
    declared = headers.get(b"content-length", b"0")
    return _too_large_problem(most) if not declared.isdigit() or int(declared) > most else None


def _too_large_problem(most: int) -> Problem:
    return Problem(413, "too_large", Phrase("A request body can have at most {most:,} bytes.", most=most))


def is_small(request: Request) -> bool:
    """Whether a request declares a body that is read in no time."""
    declared = request.headers.get("content-length", "")
    return declared.isdecimal() and int(declared) <= SMALL_BYTES


async def body_of(request: Request) -> bytes:
    """The whole body; most come in one message."""
    message, parts = await request.receive(), list[bytes]()
    while message.get("more_body", False):
        parts.append(message.get("body", b""))
        message = await request.receive()
    last: bytes = message.get("body", b"")
    return b"".join([*parts, last]) if parts else last


def json_of(request: Request, body: bytes) -> Any:
    """The JSON value of a small body, which has been read.

    Raises Invalid (it is not JSON of type application/json in UTF-8).
    """
    if _media_type(request) != "application/json":
        raise HTTPException(415)
    try:
        return parse_json(body)
    except FieldError as refused:
        raise Invalid(refused.phrase) from None


async def json_body(request: Request) -> Any:
    """The JSON value of a body. Raises Invalid (it is not JSON of type application/json in UTF-8)."""
    if _media_type(request) != "application/json":
        raise HTTPException(415)
    try:
        return await parse_off_loop(parse_json, await request.body())
    except FieldError as refused:
        raise Invalid(refused.phrase) from None


async def body_as(model: type[Model], request: Request) -> Model:
    """The JSON body of a request by its model.

    Raises Invalid (it is not JSON of type application/json in UTF-8), RequestValidationError (the model refuses it).
    """
    try:
        return model.model_validate(await json_body(request))
    except ValidationError as refused:
        errors = refused.errors(include_url=False)
        raise RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in errors]) from None


async def rows_of(request: Request) -> tuple[list[Any], dict[int, Rejection], bool]:
    """The rows of a listing or batch, the unreadable ones by position, and whether it was a batch.

    Raises Invalid (the body as a whole is unreadable or has more than a thousand rows).
    """
    media_type = _media_type(request)
    if media_type not in {"application/json", *NDJSON}:
        raise HTTPException(415)
    body = await request.body()
    if media_type in NDJSON:
        return (*await parse_off_loop(_parse_lines, body), True)
    try:
        document = await parse_off_loop(parse_json, body)
    except FieldError as refused:
        if refused.code != "duplicate_key":
            raise Invalid(refused.phrase) from None
        text = body.decode("utf-8", "replace")
        return [text], {0: Rejection(refused.code, refused.field, refused.sentence)}, False
    if isinstance(document, list):
        return _check_batch_size(document), {}, True
    return [document], {}, False


def _parse_lines(body: bytes) -> tuple[list[Any], dict[int, Rejection]]:
    rows: list[Any] = []
    refused: dict[int, Rejection] = {}
    # Counted before any is parsed: a batch that is too long costs only its counting.
    if (most := body.count(b"\n")) > _MOST_LINES:
        raise Invalid("{n:,} lines; a batch has at most {most:,} rows.", n=most, most=LARGEST_BATCH)
    for line in _check_batch_size([line for line in body.split(b"\n") if line.strip()]):
        try:
            rows.append(parse_json(line))
        except FieldError as problem:
            refused[len(rows)] = Rejection(problem.code, problem.field, problem.sentence)
            rows.append(line.decode("utf-8", "replace"))
    return rows, refused


def _check_batch_size(rows: list[Any]) -> list[Any]:
    if len(rows) > LARGEST_BATCH:
        raise Invalid("{n:,} rows; a batch has at most {most:,}.", n=len(rows), most=LARGEST_BATCH)
    return rows


def _media_type(request: Request) -> str:
    """The media type; a charset other than UTF-8 is refused with 415."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if parameters.strip().lower().removeprefix("charset=").strip('"') not in {"", "utf-8"}:
        raise HTTPException(415)
    return media_type.strip().lower()
