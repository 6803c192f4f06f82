"""The OpenAPI document of the application's routes and webhooks."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel, Field, create_model
from pydantic.json_schema import models_json_schema

from serving.api.answers import Error, NotReady
from serving.api.contract.requests import BODIES, MODELS, SCHEMAS
from serving.api.contract.responses import HEADERS, RESPONSES, error_statuses, success_response
from serving.api.requests.repeating import SECRET, RepeatableRoute
from serving.guards import COOKIE, CSRF_HEADER, guard_of
from serving.webhooks.payloads import PAYLOADS, Payload

_HEADERS: Final = {
    "webhook-id": "The same over all attempts: apply each id once.",
    "webhook-timestamp": "Seconds since 1970-01-01 UTC at which the message was signed.",
    "webhook-signature": "One signature of Standard Webhooks 1.0 for each secret in force.",
}
_PARAMETERS: Final = [
    {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": meaning}
    for name, meaning in _HEADERS.items()
]


def _webhook_route(event: str, payload: type[Payload]) -> APIRoute:
    def receive(body: Any) -> None:
        """The receiver is the marketplace's."""

    receive.__annotations__["body"] = create_model(
        f"{payload.__name__}Event",
        type=(str, Field(json_schema_extra={"const": event})),
        timestamp=(AwareDatetime, ...),
        data=(payload, ...),
    )
    return APIRoute(
        event,
        receive,
        methods=["POST"],
        status_code=204,
        summary=event,
        description=payload.__doc__ or "",
        operation_id=event.replace(".", "_"),
        responses={"4XX": {"description": "The message is refused."}},
        # The signature of a message is its proof; the receiver asks for no key.
        openapi_extra={"parameters": _PARAMETERS, "security": []},
    )


WEBHOOKS: Final = [_webhook_route(event, payload) for event, payload in PAYLOADS.items()]


_PACKAGE: Final = "serving.api."
_REF: Final = "#/components/schemas/{model}"


def _bearer(description: str) -> dict[str, str]:
    return {"type": "http", "scheme": "bearer", "description": description}


def _sent_in(place: str, name: str, description: str) -> dict[str, str]:
    return {"type": "apiKey", "in": place, "name": name, "description": description}


_SIGNATURE: Final = (
    "The Ed25519 signature of a brand's service account (RFC 9421), beside `Signature-Input`, which covers the method, "
    "the path, the query and `Content-Digest`, and names the key, the time and a nonce."
)
_FORM_VALUE: Final = "The token that signing in returns; requests of a session that change something carry it."
_SECURITY: Final = {
    "apiKey": _bearer("A marketplace's API key: `Authorization: Bearer tsk.…`."),
    "signature": _sent_in("header", "Signature", _SIGNATURE),
    "reporterKey": _bearer("The key of a registered reporter: `Authorization: Bearer tsr.…`."),
    "session": _sent_in("cookie", COOKIE, "The cookie of a session; over https its name begins with `__Host-`."),
    "csrf": _sent_in("header", CSRF_HEADER, _FORM_VALUE),
}
_REPEATABLE: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A repetition with the same key gets the response of the first request, for 24 hours.",
}
_DESCRIPTION: Final = (
    "The service finds counterfeit listings, asks the brands that can tell, and acts on their answer. Every refusal "
    "has the schema Error. Every response has `X-Request-Id`. A 405 names the accepted methods in `Allow`."
)


def contract_of(routes: Iterable[Any], server: str) -> dict[str, Any]:
    """The contract of the programs' routes: those of `serving.api`.

    The first line of a module's docstring is the description of its tag.
    """
    described = [route for route in routes if isinstance(route, APIRoute) and _module(route).startswith(_PACKAGE)]
    modules = {_module(route).rpartition(".")[2]: sys.modules[_module(route)] for route in described}
    document = get_openapi(
        title="Touchstone",
        version="1",
        description=_DESCRIPTION,
        routes=described,
        webhooks=WEBHOOKS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": server}],
        tags=[{"name": name, "description": str(modules[name].__doc__).partition("\n")[0]} for name in sorted(modules)],
    )
    names = Counter(route.name for route in described)
    for route in described:
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            _complete_operation(operation, route, method, unique=names[route.name] == 1)
    bodies: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        (model, "validation") for model in MODELS
    ]
    _, read = models_json_schema([*bodies, (Error, "serialization"), (NotReady, "serialization")], ref_template=_REF)
    components = document.setdefault("components", {})
    derived = {name: schema for name, schema in components["schemas"].items() if not name.endswith("ValidationError")}
    components["schemas"] = dict(sorted({**derived, **SCHEMAS, **read["$defs"]}.items()))
    components |= {"securitySchemes": _SECURITY, "headers": HEADERS, "responses": RESPONSES}
    return document


def _module(route: APIRoute) -> str:
    return str(route.endpoint.__module__)


def _complete_operation(operation: dict[str, Any], route: APIRoute, method: str, *, unique: bool) -> None:
    module = _module(route).rpartition(".")[2]
    key = (method, route.path_format)
    head = "head_" if method == "HEAD" else ""
    operation["operationId"] = head + (route.name if unique or head else f"{route.name}_{module}")
    operation["tags"] = [module]
    operation["summary"] = operation["description"].partition("\n")[0].rstrip(".")
    parameters = operation.setdefault("parameters", [])
    repeatable = isinstance(route, RepeatableRoute) and method in {"POST", "DELETE"} and _knows_its_caller(route)
    if repeatable and key not in SECRET:
        parameters.append(_REPEATABLE)
    if not parameters:
        del operation["parameters"]
    if key in BODIES:
        content = {kind: {"schema": schema} for kind, schema in BODIES[key].items()}
        operation["requestBody"] = {"required": True, "content": content}
    operation["security"] = _security(route, method)
    answers = operation["responses"].items()
    successes = {status: success_response(status, method, answer) for status, answer in answers if status < "4"}
    refusals = {str(status): reference for status, reference in error_statuses(key, operation)}
    operation["responses"] = dict(sorted({**successes, **refusals}.items()))


def _knows_its_caller(route: APIRoute) -> bool:
    guard = guard_of(route)
    return guard is not None and not guard.name.startswith("public")


def _security(route: APIRoute, method: str) -> list[Mapping[str, list[str]]]:
    guard = guard_of(route)
    name = "public" if guard is None else guard.name
    session: dict[str, list[str]] = {"session": []}
    if method != "GET":
        session["csrf"] = []
    if name.startswith("public"):
        return [{}, {"reporterKey": []}] if route.path_format == "/api/v1/notices" else []
    if name.startswith("any key "):
        return [{"apiKey": []}, session]
    if name.endswith(" or signed"):
        return [{"signature": []}, session]
    if " or key " in name:
        return [{"apiKey": []}, session]
    return [{"apiKey": []}] if name.startswith("key ") else [session]
