"""The routes of an application, in matching order."""

from collections.abc import Iterable, Iterator
from typing import Any

from starlette.routing import BaseRoute, Mount

from serving.guards import Guard


def flat_routes(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[tuple[str, BaseRoute]]:
    """Every route with its full path, including those of mounts and routers."""
    for route in routes:
        path = prefix + str(getattr(route, "path", ""))
        inner = getattr(route, "routes", None)
        if inner:
            yield from flat_routes(inner, path)
        else:
            yield path, route


def route_line(path: str, route: BaseRoute) -> str:
    """Methods, path, name of the endpoint function, and guards."""
    methods = ",".join(sorted(getattr(route, "methods", None) or ["*"]))
    if isinstance(route, Mount):
        answers = type(route.app).__name__
    else:
        answers = str(getattr(getattr(route, "endpoint", route), "__name__", type(route).__name__))
    guards = "; ".join(_guards(getattr(route, "dependant", None)))
    return f"{methods} {path} {answers} [{guards}]"


def _guards(dependant: Any) -> Iterator[str]:
    if dependant is None:
        return
    if isinstance(dependant.call, Guard):
        yield dependant.call.name
    for dependency in dependant.dependencies:
        yield from _guards(dependency)
