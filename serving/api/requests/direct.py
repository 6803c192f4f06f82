"""Routes on which every microsecond counts: their handlers are called without the framework's own steps between."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from models.errors import DomainError

Handler = Callable[[Request], Awaitable[Response]]


class DirectRoute(APIRoute):
    """A route of one fixed address. Its handler gets the request alone, and itself checks the guard of the route."""


class DirectRouteMiddleware:
    """ASGI middleware that calls the handlers of direct routes. Everything else goes on to the router.

    The middlewares around it hold for direct routes as for others, and so do the application's error handlers. An
    answer of at least `smallest_packed` bytes is compressed where the client accepts that.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute], *, smallest_packed: int, level: int) -> None:
        self._app, self._smallest, self._level = app, smallest_packed, level
        direct = (route for route in routes if isinstance(route, DirectRoute))
        self._routes: Final[Mapping[tuple[str, str], DirectRoute]] = {
            (method, route.path): route for route in direct for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request of a direct route; an unexpected error is left to the server's handler."""
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        handle: Handler = route.endpoint
        request = Request(scope, receive, send)
        try:
            response = await handle(request)
        except (DomainError, HTTPException) as error:
            kind = DomainError if isinstance(error, DomainError) else HTTPException
            response = await request.app.exception_handlers[kind](request, error)
            error.__traceback__ = None  # Requests that were answered together may share it.
        answer: ASGIApp = response
        if len(response.body) >= self._smallest:
            answer = GZipMiddleware(response, self._smallest, self._level)
        await answer(scope, receive, send)
