"""Pages and endpoints register themselves, in whatever order: none may hide another."""

import re
from collections.abc import Iterator

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match

from serving.app import create_app
from serving.guards import install, public
from tests.fixtures.runtimes import Site

_FEWEST = 200


def test_no_route_is_hidden_by_another(site: Site) -> None:
    app = create_app(site.runtime)
    assert sum(isinstance(route, APIRoute) for route in app.routes) > _FEWEST
    assert list(hidden_routes(app)) == []


def test_a_hidden_route_is_found() -> None:
    router = APIRouter(dependencies=[public("a test")])
    router.add_api_route("/things/{name}", lambda name: name)
    router.add_api_route("/things/new", lambda: "new")
    app = FastAPI(openapi_url=None)
    install(app, router)
    assert list(hidden_routes(app)) == ["GET /things/new is answered by /things/{name}"]


def hidden_routes(app: FastAPI) -> Iterator[str]:
    """Each route whose own address leads to another one."""
    for route in app.routes:
        if not isinstance(route, APIRoute):
            continue
        address = re.sub(r"\{[^}]+\}", "7", route.path)
        for method in sorted(route.methods or ()):
            scope = {"type": "http", "path": address, "method": method, "headers": [], "root_path": ""}
            first = next(candidate for candidate in app.routes if candidate.matches(scope)[0] is Match.FULL)
            if first is not route:
                yield f"{method} {route.path} is answered by {getattr(first, 'path', first)}"
