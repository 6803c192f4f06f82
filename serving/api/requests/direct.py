"""Routes on which every microsecond counts: their handlers are called without the framework's own steps between."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from models.errors import DomainError

Handler = Callable[[Request], Awaitable[Response]]


class Direct(APIRoute):
    """A route of one fixed address whose handler gets the request alone, and checks the declared guard itself."""

    def __init__(self, path: str, endpoint: Handler, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        handle: Handler = self.endpoint
        await (await handle(Request(scope, receive, send)))(scope, receive, send)


class DirectRoutes:
    """ASGI middleware, the innermost: calls the direct routes. Everything else goes on to the router.

    The middlewares around it hold for direct routes as for others, and so do the application's error handlers.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        direct = (one for one in routes if isinstance(one, Direct))
        self._routes: Final[Mapping[tuple[str, str], Direct]] = {
            (method, one.path): one for one in direct for method in one.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request of a direct route; an unexpected error is left to the server's handler."""
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        try:
            await route.app(scope, receive, send)
        except (DomainError, HTTPException) as error:
            request = Request(scope, receive, send)
            kind = DomainError if isinstance(error, DomainError) else HTTPException
            answer = await request.app.exception_handlers[kind](request, error)
            error.__traceback__ = None  # Requests that were answered together share it.
            await answer(scope, receive, send)
