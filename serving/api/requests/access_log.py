"""The number of every request, and one log line for it: who asked for which route, the status, the duration."""

import re
import time
import uuid
from typing import Final

import structlog
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.guards import CALLED_BY
from serving.platform.database.waits import REQUEST, WORK, Waits
from serving.platform.logs import log

REQUEST_ID: Final = "x-request-id"
_HEADER: Final = REQUEST_ID.encode()
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_NUMBER: Final = "touchstone.request_id"


def request_id(scope: Scope) -> str:
    """The number of a request: the caller's own where it is plain, else a new one."""
    if _NUMBER not in scope:
        own_number = next((header for name, header in scope["headers"] if name == _HEADER), b"").decode("latin-1")
        scope[_NUMBER] = own_number if _PLAIN.fullmatch(own_number) else uuid.uuid4().hex
    number: str = scope[_NUMBER]
    return number


class AccessLog:
    """ASGI middleware: adds the number of the request to its response and to every log line, and logs the request.

    It also says for how long the request's transactions wait (`waits`).

    The line has the pattern of the address, because an address and its query may hold a secret link or a person's name.
    """

    def __init__(self, app: ASGIApp, waits: Waits = REQUEST) -> None:
        self._app, self._waits = app, waits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        WORK.set(self._waits)  # Each request is a task with a context of its own.
        number = request_id(scope)
        status, began = 500, time.perf_counter()

        async def numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                others = [header for header in message.get("headers", ()) if header[0] != _HEADER]
                message["headers"] = [*others, (_HEADER, number.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=number):
            try:
                await self._app(scope, receive, numbered)
            finally:
                log.info(
                    "request.answered",
                    method=scope["method"],
                    route=route_of(scope),
                    status=status,
                    duration_ms=round(1000 * (time.perf_counter() - began), 1),
                    caller=scope.get(CALLED_BY),
                )


def route_of(scope: Scope) -> str:
    """The pattern of the requested address; `none` where no route has it."""
    route = scope.get("route")
    if isinstance(route, Route):
        return route.path
    # A mounted folder: the router has moved the matched part of the address to the root path.
    mounts = (mount for mount in scope["app"].routes if isinstance(mount, Mount)) if "app" in scope else ()
    return next((f"{mount.path}/{{file}}" for mount in mounts if scope["path"].startswith(f"{mount.path}/")), "none")
