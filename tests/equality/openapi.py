"""The OpenAPI document, every route of both applications, and the commands behind the local one."""

import inspect
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI

from serving.app import create_app, create_local_app
from serving.commands.registry import COMMANDS
from serving.composition import open_runtime
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings
from tests.equality.normalise import normalised_text
from tests.equality.routes import flat_routes, route_line
from tests.fixtures.clocks import TestClock


def texts() -> dict[str, str]:
    """The texts; routes are in matching order."""
    with _an_empty_home() as runtime:
        public, local = create_app(runtime), create_local_app(runtime)
        return {
            "openapi": normalised_text(json.dumps(public.openapi(), indent=1, sort_keys=True)),
            "openapi-local": normalised_text(json.dumps(local.openapi(), indent=1, sort_keys=True)),
            "routes": _routes(public),
            "routes-local": _routes(local),
            "middleware": "\n".join(str(getattr(layer.cls, "__name__", layer.cls)) for layer in public.user_middleware),
            "local-commands": "\n".join(_commands()),
        }


@contextmanager
def _an_empty_home() -> Iterator[Runtime]:
    with TemporaryDirectory(prefix="equality-") as folder:
        runtime = open_runtime(Settings(home=Path(folder) / "home"), clock=TestClock())
        try:
            yield runtime
        finally:
            runtime.close()


def _routes(app: FastAPI) -> str:
    return "\n".join(route_line(path, route) for path, route in flat_routes(app.routes))


def _commands() -> Iterator[str]:
    for name, command in sorted(COMMANDS.items()):
        parameters = command.parameters.parameters.values()
        texts = (f"{parameter.kind.name.lower()} {parameter.name}{_default(parameter)}" for parameter in parameters)
        yield f"{name}({', '.join(texts)})"


def _default(parameter: inspect.Parameter) -> str:
    return "" if parameter.default is inspect.Parameter.empty else f"={parameter.default!r}"
