"""The header Idempotency-Key: a repeated request is answered as the first was."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from models.errors import Invalid
from serving.accounts.store.accounts import Session
from serving.api.requests.reading import parse_off_loop
from serving.api.requests.reporters import SIGNED, Reporter
from serving.guards import Caller, guard_of, runtime_of
from serving.platform.idempotency.service import (
    Reply,
    claim_or_reply,
    free_key,
    make_repeatable,
    recording_work,
    save_reply,
)

HEADER: Final = "idempotency-key"
REPLAYED: Final = "idempotent-replayed"
_CHANGING: Final = frozenset({"POST", "DELETE", "PUT", "PATCH"})
# Their responses hold a secret that is shown once and stored nowhere, so no repetition can have it.
SECRET: Final = frozenset(
    {
        ("POST", "/api/v1/actions/{action_id}/seller-link"),
        ("POST", "/api/v1/endpoints"),
        ("POST", "/api/v1/endpoints/{endpoint_id}/secret"),
    }
)
# A report keeps its key and its answer itself, for ever, and goes on where an ended process left it.
KEPT_BY_ITSELF: Final = frozenset({("POST", "/api/v1/brand/reports")})
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class RepeatableRoute(APIRoute):
    """A route that keeps the response to a request with an Idempotency-Key for its caller, for 24 hours.

    A refusal that stored nothing is not kept: a repetition of it is tried again. Public routes know no caller, so they
    ignore the header; routes with a secret in their response refuse it.
    """

    def get_route_handler(self) -> Handler:
        """The handler, once for each key of a caller."""
        handle = super().get_route_handler()
        guard = guard_of(self)
        if guard is None or not _CHANGING & (self.methods or set()):
            return handle

        async def once(received: Request) -> Response:
            request = _JsonRequest(received.scope, received.receive)
            key = request.headers.get(HEADER)
            if SIGNED in request.headers:
                await guard(request)  # By its head: FastAPI reads the body of others before their caller is known.
            if key is None or (request.method, self.path) in KEPT_BY_ITSELF:
                return await handle(request)
            caller = _caller_name(await guard(request))
            if (request.method, self.path) in SECRET:
                raise Invalid("This response holds a secret, which is not stored. Send no Idempotency-Key.")
            return await handle(request) if caller is None else await _answer_once(request, handle, caller, key)

        return once


class _JsonRequest(Request):
    """A request whose JSON FastAPI reads before its caller is known."""

    async def json(self) -> Any:
        """The JSON of the body. Raises HTTPException (it is nested too deeply or has too many values)."""
        try:
            return await parse_off_loop(json.loads, await self.body())
        except json.JSONDecodeError:
            raise  # FastAPI names the place.
        except (Invalid, RecursionError, ValueError):
            raise HTTPException(422) from None


def _caller_name(caller: object) -> str | None:
    match caller:
        case Session():
            return caller.person.actor
        case Caller() | Reporter():
            return caller.actor
    return None


async def _answer_once(request: Request, handle: Handler, caller: str, key: str) -> Response:
    runtime = runtime_of(request)
    address = f"{request.url.path}?{request.url.query}"
    repeatable_request = make_repeatable(caller, key, request.method, address, await request.body())
    earlier = await run_in_threadpool(claim_or_reply, runtime, repeatable_request)
    if earlier is not None:
        media_type = "application/json" if earlier.body else None
        return Response(earlier.body, earlier.status, {REPLAYED: "true"}, media_type)
    try:
        with recording_work(repeatable_request):
            answer = await handle(request)
    except BaseException:
        await run_in_threadpool(free_key, runtime, repeatable_request)
        raise
    await run_in_threadpool(
        save_reply, runtime, repeatable_request, Reply(answer.status_code, bytes(answer.body).decode())
    )
    return answer
