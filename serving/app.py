"""The two applications of a service: the public one, and the one behind the data directory's Unix socket."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from queue import SimpleQueue
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import StreamingResponse

from models.errors import DomainError, Invalid
from serving import api
from serving.api import score
from serving.api.bodies import CappedBody, json_body
from serving.api.contract.document import contract_of
from serving.api.errors import install_error_handlers
from serving.api.known_host import KnownHost, known_hosts
from serving.api.requests.access_log import AccessLog
from serving.api.requests.direct import DirectRouteMiddleware
from serving.api.requests.head import HeadAsGet
from serving.api.sign_in_door import SignInDoor
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.service.seller_links import DOCUMENTS
from serving.commands.every import reports_progress, run
from serving.guards import guards_of, install, install_package, is_secure, public, runtime_of
from serving.notices.service.notice_links import DOCUMENTS as NOTICE_DOCUMENTS
from serving.platform.database.waits import LONG
from serving.platform.progress import Progress, Report
from serving.platform.runtime import Runtime
from serving.web.errors import error_page_of
from serving.web.headers import SecurityHeaders
from serving.web.site import install_pages
from serving.web.wording.language_choice import ReadersLanguage

_LOCAL_BODY_BYTES = 100_000_000  # A batch of an import may hold long texts; the peer owns the data directory.
_SMALLEST_COMPRESSED_BYTES = 1_000
_COMPRESSION = 4  # Of zlib's 1 to 9: pages shrink to a fifth, and a higher level costs more time than it saves bytes.
# Bodies that are read before anybody is known: a few times the longest that a person can mean.
_PASSWORDS = re.compile(r"/api/v1/session|/sign-in|/(?:setup|join|reset)/[^/]*")
_PUBLIC_BYTES = {
    _PASSWORDS: 16_000,
    re.compile(r"/sign-in/second-step(?:/[a-z]+)?"): 16_000,
    re.compile(r"/notice(?:/[^/]*)?"): 300_000,
    re.compile(r"/api/v1/notices"): 1_000_000,
}
# The form of a report takes all its documents at once; one comes at a time once it is sent.
_REPORT = re.compile(r"/brand/reports/preview")
_REPORT_DOCUMENTS = re.compile(r"(?:/api/v1)?/brand/reports/[^/]+/documents")


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The contract of the API, made at its first use."""
        if self.openapi_schema is None:
            runtime: Runtime = self.state.runtime
            self.openapi_schema = contract_of(self.routes, runtime.settings.public_url or "/")
        return self.openapi_schema


def create_app(runtime: Runtime) -> FastAPI:
    """The public application; it does not start if a route lacks a guard.

    Raises Unguarded (a route does not declare who may use it).
    """
    app = _Application(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.runtime = runtime
    install_error_handlers(app)
    install_package(app, api, first=score.__name__)
    install_pages(app)
    guards_of(app)
    app.state.scores = score.scores_of(app)
    app.add_middleware(HeadAsGet)
    # Cookies are SameSite=Strict, so no other site can have a page with its token compressed beside text of its choice.
    app.add_middleware(GZipMiddleware, minimum_size=_SMALLEST_COMPRESSED_BYTES, compresslevel=_COMPRESSION)
    app.add_middleware(SignInDoor, addresses=_PASSWORDS)
    app.add_middleware(
        DirectRouteMiddleware, routes=app.routes, smallest_packed=_SMALLEST_COMPRESSED_BYTES, level=_COMPRESSION
    )
    upload = 2 * runtime.policies[SellerEvidencePolicy].largest_document
    whole = 2 * runtime.policies[SellerEvidencePolicy].most_bytes
    caps = {DOCUMENTS: upload, NOTICE_DOCUMENTS: upload, _REPORT_DOCUMENTS: upload, _REPORT: whole, **_PUBLIC_BYTES}
    app.add_middleware(CappedBody, most_bytes=runtime.settings.largest_body_bytes, caps=caps, page=error_page_of)
    app.add_middleware(ReadersLanguage, secure=is_secure(runtime))
    app.add_middleware(SecurityHeaders, strict_transport=runtime.settings.production and is_secure(runtime))
    if (hosts := known_hosts(runtime.settings)) is not None:
        app.add_middleware(KnownHost, hosts=hosts)
    app.add_middleware(AccessLog)
    return app


def create_local_app(runtime: Runtime) -> FastAPI:
    """The application of the command line; the socket's file mode keeps other users out."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.runtime = runtime
    install_error_handlers(app)
    install(app, _local)
    guards_of(app)
    app.add_middleware(CappedBody, most_bytes=_LOCAL_BODY_BYTES)
    app.add_middleware(AccessLog, waits=LONG)
    return app


_local = APIRouter()


@_local.post("/commands/{name}", dependencies=[public("only the data directory's owner reaches the socket")])
async def post_command(name: str, request: Request) -> Any:
    """Run one command. The answer of one that tells its progress is a line for each step, and its result."""
    body = await json_body(request)
    if not isinstance(body, dict):
        raise Invalid("Send an object of arguments.")
    runtime = runtime_of(request)
    if reports_progress(name):
        lines = _lines(lambda report: run(runtime, name, body, report))
        return StreamingResponse(lines, media_type="application/x-ndjson")
    return {"result": await run_in_threadpool(run, runtime, name, body)}


def _lines(work: Callable[[Report], Any]) -> Iterator[bytes]:
    """The steps of the work as they happen, each as a line of JSON, and then the result or the refusal."""
    steps: SimpleQueue[Progress | None] = SimpleQueue()
    with ThreadPoolExecutor(1, "command") as pool:
        done = pool.submit(work, steps.put)
        done.add_done_callback(lambda _ended: steps.put(None))
        while (step := steps.get()) is not None:
            yield orjson.dumps({"progress": asdict(step)}) + b"\n"
        try:
            yield orjson.dumps({"result": done.result()})
        except DomainError as refused:
            yield orjson.dumps({"error": {"code": refused.code, "sentence": refused.sentence}})
