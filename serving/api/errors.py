"""Domain errors as HTTP: one place that knows status codes. No answer repeats what was sent."""

import uuid
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from models.errors import BundleRefused, Conflict, DomainError, Forbidden, Invalid, NotFound
from serving.accounts.service.auth import NotSignedIn
from serving.guards import CrossSite
from serving.learning.service.training_child import TrainingFailed
from serving.notices.rules.notices import TooManyNotices

_log = structlog.get_logger()

STATUS: Final[dict[type[DomainError], int]] = {
    NotSignedIn: 401,
    Forbidden: 403,
    CrossSite: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    TooManyNotices: 429,
    BundleRefused: 422,
    TrainingFailed: 422,
}
_SENTENCES: Final = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    413: ("too_large", "The body is too large."),
    415: ("unsupported_media_type", "Send JSON or NDJSON, not compressed."),
}


def status_of(error: DomainError) -> int:
    """The status code of a domain error."""
    return next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)


def as_json(status: int, code: str, sentence: str, field: str | None = None) -> JSONResponse:
    """The body of every error: a code for machines, a sentence for people."""
    body = {"code": code, "sentence": sentence}
    return JSONResponse({"error": body | ({"field": field} if field else {})}, status)


def route_of(request: Request) -> str:
    """The pattern of the address that was asked for: the address itself may be a link that opens something."""
    return str(getattr(request.scope.get("route"), "path", "none"))


def install_error_handlers(app: FastAPI) -> None:
    """Answer errors of the API; pages have their own (serving.web.errors) and fall back to these."""

    async def domain(_request: Request, error: Exception) -> JSONResponse:
        found = error if isinstance(error, DomainError) else DomainError("The request was refused.")
        return as_json(status_of(found), found.code, found.sentence)

    async def validation(_request: Request, error: Exception) -> JSONResponse:
        problems = error.errors() if isinstance(error, RequestValidationError) else []
        field = ".".join(str(part) for part in problems[0]["loc"][1:]) if problems else ""
        sentence = f"{field or 'The body'}: {problems[0]['msg'][:200]}." if problems else "The request is not valid."
        safe = sentence.encode("ascii", "backslashreplace").decode()
        return as_json(422, "invalid", safe, field.encode("ascii", "backslashreplace").decode()[:100] or None)

    async def http(_request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        code, sentence = _SENTENCES.get(status, ("refused", "The request was refused."))
        return as_json(status, code, sentence)

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        incident = uuid.uuid4().hex[:12]
        _log.error("request.failed", incident=incident, route=route_of(request), exc_info=error)
        return as_json(500, "internal", f"Something failed on our side. Incident {incident}.")

    app.add_exception_handler(DomainError, domain)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)
