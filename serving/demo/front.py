"""An HTTP client for a marketplace and its people; it waits while the service is unavailable."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

from features.phrase import Parameter
from models.errors import DomainError
from serving.accounts.service.signing import SignedRequest
from serving.guards import CSRF_HEADER
from serving.platform.clock import SystemClock

# Long enough to restart a killed service by hand.
PATIENCE_SECONDS: Final = 180
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
CONFLICT: Final = 409
_TOO_LATE: Final = {NOT_FOUND, CONFLICT}


class CallRefused(DomainError):
    """The service refused a call; the demo itself is wrong."""

    code = "demo_refused"

    def __init__(self, status: int, text: str, /, **parameters: Parameter) -> None:
        super().__init__(text, **parameters)
        self.status = status


@dataclass(slots=True)
class Front:
    """One connection pool to the service. Every call can be repeated safely, so the client waits through an outage."""

    address: str
    tell: Callable[[str], None]
    away: bool = field(default=False, init=False)
    _client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._client = httpx.Client(base_url=self.address, timeout=120, trust_env=False)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        sign: Callable[[SignedRequest, bytes | None], None] = lambda *_: None,
    ) -> Any:
        """The JSON answer; a body of bytes is sent as it is. `sign` adds the signature's headers at each attempt.

        Raises Refused (the service answered with an error) or httpx.TransportError (the service has been unavailable
        for three minutes).
        """
        content = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        sent_headers = {"content-type": kind, **(headers or {})}

        def send() -> httpx.Response:
            request = SignedRequest(method, f"{self.address}{path}", dict(sent_headers))
            sign(request, content)
            return self._client.request(method, path, content=content, headers=dict(request.headers.items()))

        answer = self._answer(send)
        if answer.is_success:
            return orjson.loads(answer.content) if answer.content else None
        raise CallRefused(answer.status_code, answer.json()["error"]["sentence"])

    def submit(self, path: str, fields: dict[str, str], headers: dict[str, str]) -> None:
        """Send a form of a page, which leads to another page. Raises Refused (the page refused it)."""
        answer = self._answer(lambda: self._client.post(path, data=fields, headers=headers))
        if not answer.is_redirect:
            raise CallRefused(answer.status_code, "The page {path} refused.", path=path)

    def sign_in(self, email: str, password: str, second_factor: str | None = None) -> dict[str, str]:
        """Begin a session; returns the headers that carry it. The pool keeps no cookies: many people share it."""
        credentials = {"email": email, "password": password, "second_factor": second_factor}
        answer = self._answer(lambda: self._client.post("/api/v1/session", json=credentials))
        answer.raise_for_status()
        cookie = "; ".join(f"{name}={cookie_value}" for name, cookie_value in answer.cookies.items())
        self._client.cookies.clear()
        return {"cookie": cookie, CSRF_HEADER: answer.json()["csrf_token"]}

    def _answer(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = send()
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
                if not self.away:
                    self.tell("The service does not answer; waiting for `touchstone serve` to come back.")
                self.away = True
                time.sleep(0.2)
                continue
            self.away = False
            return answer

    def close(self) -> None:
        self._client.close()


@dataclass(slots=True)
class Marketplace:
    """The marketplace's systems, with their API key."""

    front: Front
    key: str

    def call(self, method: str, path: str, body: object = None) -> Any:
        return self.front.call(method, path, body, {"authorization": f"Bearer {self.key}"})


@dataclass(slots=True)
class SigningProgram:
    """A brand's own program, with the private key of its service account."""

    front: Front
    key_id: str
    private_key: Ed25519PrivateKey

    def call(self, method: str, path: str, body: object = None, *, key: str) -> Any:
        """A signed call, which `key` makes repeatable."""
        return self.front.call(method, path, body, {"idempotency-key": key}, self._sign)

    def _sign(self, request: SignedRequest, content: bytes | None) -> None:
        keys = MappingKeyResolver(public_keys={}, private_keys={self.key_id: self.private_key})
        HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=keys).sign(
            request,
            key_id=self.key_id,
            created=SystemClock().now(),
            nonce=secrets.token_urlsafe(16),
            covered_component_ids=("@method", "@path"),
            body=content,
        )


@dataclass(slots=True)
class SignedInPerson:
    """A signed-in user; the session lasts for the whole demo."""

    front: Front
    email: str
    password: str
    # Where the person has a second factor: what shows its next code for a sign-in.
    second_factor: Callable[[], str] | None = None
    _headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: object = None, *, key: str | None = None) -> Any:
        """A call in the person's session; `key` makes a request repeatable that is not so by itself."""
        if not self._headers:
            self._sign_in()
        repeatable = {} if key is None else {"idempotency-key": key}
        return self.front.call(method, path, body, {**self._headers, **repeatable})

    def try_call(self, method: str, path: str, body: object = None) -> Any | None:
        """A call that may come too late: another user was faster, an outage repeated it, or the case has moved on.

        A question that a brand does not answer in time goes to an analyst, and the brand no longer sees it.
        """
        try:
            return self.call(method, path, body)
        except CallRefused as refused:
            if refused.status not in _TOO_LATE:
                raise
            return None

    def submit(self, path: str, fields: dict[str, str]) -> None:
        """Send a form of a page in the person's session."""
        if not self._headers:
            self._sign_in()
        self.front.submit(path, fields, self._headers)

    def forget_session(self) -> None:
        """The session has ended; the next call begins another."""
        self._headers = {}

    def _sign_in(self) -> None:
        code = None if self.second_factor is None else self.second_factor()
        self._headers = self.front.sign_in(self.email, self.password, code)
