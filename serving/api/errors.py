"""Domain errors as HTTP: the only place that knows status codes. No response repeats the request's content."""

import dataclasses
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from features.phrase import Phrase
from models.errors import BundleRefused, Conflict, DomainError, Forbidden, Invalid, NotFound, Unavailable
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.guessing import TooManyAttempts
from serving.accounts.service.hashing import HashingBusy
from serving.accounts.service.second_factors import SecondFactorRequired
from serving.accounts.service.security_events import log_denial
from serving.api.requests.access_log import REQUEST_ID, request_id, route_of
from serving.guards import CrossSite
from serving.learning.service.training_child import TrainingFailed
from serving.notices.rules.notice_counts import TooManyNotices
from serving.platform.logs import log
from serving.platform.pace import TooManyRequests

KINDS: Final = (DomainError, RequestValidationError, HTTPException, Exception)
STATUS: Final[dict[type[DomainError], int]] = {
    NotSignedIn: 401, HashingBusy: 503, TooManyAttempts: 429, Forbidden: 403, SecondFactorRequired: 403, CrossSite: 403,
    NotFound: 404, Conflict: 409, Invalid: 422, TooManyNotices: 429, TooManyRequests: 429, BundleRefused: 422,
    TrainingFailed: 422, Unavailable: 503,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """The response to an error: a status, a code for machines, a phrase for people, and the affected field.

    `headers` say what a client may do next: authenticate, use another method, wait.
    """

    status: int
    code: str
    phrase: Phrase
    field: str | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def as_json(self) -> JSONResponse:
        """The response to a program."""
        response = as_json(self.status, self.code, str(self.phrase), self.field)
        response.headers.update(self.headers)
        return response


TOO_SLOW: Final = Problem(408, "too_slow", Phrase("The request body arrived too slowly. Send it again."))
# Nobody reads it: the status is that of the log line, as web servers write it.
CUT: Final = Problem(499, "connection_cut", Phrase("The connection ended within the request body."))
_HTTP: Final = {
    404: Problem(404, "not_found", Phrase("There is nothing at this address.")),
    405: Problem(405, "method_not_allowed", Phrase("This address does not accept this method.")),
    408: TOO_SLOW,
    413: Problem(413, "too_large", Phrase("The request body is too large.")),
    422: Problem(422, "invalid", Phrase("The request body cannot be read as JSON.")),
    499: CUT,
    415: Problem(415, "unsupported_media_type", Phrase("Send JSON or NDJSON, not compressed.")),
}


def status_of(error: DomainError) -> int:
    """The status code of a domain error."""
    return next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)


def as_json(status: int, code: str, sentence: str, field: str | None = None) -> JSONResponse:
    """The body of every error: a code for machines, a sentence for people."""
    body = {"code": code, "sentence": sentence}
    return JSONResponse({"error": body | ({"field": field} if field else {})}, status)


def problem_of(request: Request, error: Exception) -> Problem:
    """The response to an error. An unexpected error is logged, and the response has the number of its log entry."""
    match error:
        case Unavailable():
            log.warning("request.unavailable", code=error.code, route=route_of(request.scope))
            return Problem(503, error.code, error.phrase, headers=_recovery_headers(request, error))
        case DomainError():
            _log_denial(request, error)
            return Problem(status_of(error), error.code, error.phrase, headers=_recovery_headers(request, error))
        case RequestValidationError():
            return _validation_problem(error)
        case HTTPException(status_code=405):
            return dataclasses.replace(_HTTP[405], headers={"allow": ", ".join(_allowed_methods(request))})
        case HTTPException():
            refused = Phrase("The request was refused.")
            return _HTTP.get(error.status_code) or Problem(error.status_code, "refused", refused)
    incident = uuid.uuid4().hex[:12]
    # Where an unexpected error is handled, the number of the request is no longer bound.
    number = request_id(request.scope)
    log.error("request.failed", incident=incident, route=route_of(request.scope), request_id=number, exc_info=error)
    failed = Phrase("An error occurred on our side. Incident {incident}.", incident=incident)
    return Problem(500, "internal", failed)


def _log_denial(request: Request, error: DomainError) -> None:
    """Log refused access. A page that somebody opens without a session only leads to the sign-in."""
    has_key = isinstance(error, NotSignedIn) and "authorization" in request.headers
    if has_key or isinstance(error, Forbidden | CrossSite):
        log_denial("access", why=error.code, method=request.method, route=route_of(request.scope))


def _recovery_headers(request: Request, error: DomainError) -> dict[str, str]:
    if isinstance(error, NotSignedIn):
        token_error = ', error="invalid_token"' if "authorization" in request.headers else ""
        return {"www-authenticate": f'Bearer realm="touchstone"{token_error}'}
    if error.retry_after_seconds is not None:
        return {"retry-after": str(error.retry_after_seconds)}
    return {}


def _allowed_methods(request: Request) -> list[str]:
    """The methods that an address accepts; the router names those of its first route alone."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = {method for route in routes for method in getattr(route, "methods", None) or ()}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _validation_problem(error: RequestValidationError) -> Problem:
    problems = error.errors()
    if not problems:
        return Problem(422, "invalid", Phrase("The request is not valid."))
    field = _ascii(".".join(str(part) for part in problems[0]["loc"][1:]))
    told_text = Phrase("{name}: {why}.", name=field or "The body", why=_ascii(problems[0]["msg"][:200]))
    return Problem(422, "invalid", told_text, field[:100] or None)


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


def install_error_handlers(app: FastAPI) -> None:
    """Register the error handlers of the API; pages have their own (`serving.web.errors`)."""

    async def handler(request: Request, error: Exception) -> JSONResponse:
        answer = problem_of(request, error).as_json()
        answer.headers[REQUEST_ID] = request_id(request.scope)  # An unexpected error bypasses every middleware.
        return answer

    for kind in KINDS:
        app.add_exception_handler(kind, handler)
