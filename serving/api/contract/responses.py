"""Responses as OpenAPI: those of success, and one for each kind of refusal."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

_JSON: Final = "application/json"
HEADERS: Final[Mapping[str, Any]] = {
    "X-Request-Id": {"description": "The number of the request, also in the log.", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Seconds after which the same request may succeed.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {"description": "How to authenticate (RFC 6750).", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true` where this is the stored response to an earlier request.",
        "schema": {"type": "string"},
    },
}


def _header_refs(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}


def _refusal(description: str, *headers: str, schema: str = "Error") -> dict[str, Any]:
    content = {_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "headers": _header_refs(*headers), "content": content}


RESPONSES: Final[Mapping[str, Any]] = {
    "Unauthorized": _refusal("No valid key or session.", "WWW-Authenticate"),
    "Forbidden": _refusal("The key lacks the scope, the person the role, or the request its CSRF token."),
    "NotFound": _refusal("There is no such thing, or it belongs to somebody else."),
    "Conflict": _refusal(
        "Another change came first. With `Retry-After`, the same request may succeed later.", "Retry-After"
    ),
    "RequestTimeout": _refusal("The body arrived too slowly; the connection is closed."),
    "ContentTooLarge": _refusal("The body is too large."),
    "UnsupportedMediaType": _refusal("The body is compressed or of another type."),
    "MisdirectedRequest": _refusal("In production: the Host header names no host of this service."),
    "UnprocessableContent": _refusal("The request is not valid; the field is named where there is one."),
    "TooManyRequests": _refusal("A limit for a period is reached.", "Retry-After"),
    "InternalServerError": _refusal("An error on our side, with the number of its log entry."),
    "ServiceUnavailable": _refusal(
        "The database does not write at the moment. Nothing of the request is stored.", "Retry-After"
    ),
    "NotReady": _refusal("The process cannot do its work now, with every reason.", "Retry-After", schema="NotReady"),
}
_BY_STATUS: Final = {
    401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 408: "RequestTimeout",
    413: "ContentTooLarge", 415: "UnsupportedMediaType", 421: "MisdirectedRequest", 422: "UnprocessableContent",
    429: "TooManyRequests", 500: "InternalServerError", 503: "ServiceUnavailable",
}  # fmt: skip
# A person may have no marketplace, and these name a listing in their body.
_OF_A_LISTING: Final = frozenset({"/api/v1/appeals", "/api/v1/counter-notices"})
# A person waits here for their own earlier work, and not for much of it.
_DEAR: Final = frozenset({"/api/v1/brand/reports/{report_id}/withdraw", "/api/v1/brand/reports/{report_id}/retract"})
_HEALTH: Final = frozenset({"/livez", "/healthz", "/readyz"})


def success_response(status: str, method: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The response of a success with its headers; it has no content where its body is empty."""
    headers = _header_refs(*(("Idempotent-Replayed",) if status in {"201", "202"} else ()))
    described = {"description": HTTPStatus(int(status)).phrase, "headers": headers}
    if "content" in answer and method != "HEAD":
        answer["content"][_JSON]["schema"].pop("title", None)
        described["content"] = answer["content"]
    return described


def error_statuses(key: tuple[str, str], operation: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, str]]]:
    """Every refusal that an operation can answer with."""
    for status in sorted(_refusal_statuses(key, operation)):
        name = "NotReady" if key[1] == "/readyz" and status == 503 else _BY_STATUS[status]
        yield status, {"$ref": f"#/components/responses/{name}"}


def _refusal_statuses(key: tuple[str, str], operation: Mapping[str, Any]) -> set[int]:
    method, path = key
    statuses = {408, 413, 415, 421, 500, 503}  # Any request may have a body and any Host header.
    if path in _HEALTH:
        return statuses
    statuses |= {401}
    if operation["security"]:
        statuses |= {403}
    if "{" in path or operation["security"] != [{"apiKey": []}] or path in _OF_A_LISTING:
        statuses |= {404}
    if method != "GET":
        statuses |= {409}
    if "parameters" in operation or "requestBody" in operation or method == "POST":
        statuses |= {422}
    of_strangers = "requestBody" in operation and not (operation["security"] and all(operation["security"]))
    if of_strangers or {"signature": []} in operation["security"] or path in _DEAR:
        statuses |= {429}
    return statuses
