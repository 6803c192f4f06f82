"""Signed delivery by the Standard Webhooks scheme (standard-webhooks spec 1.0.0)."""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from standardwebhooks import Webhook

from models.errors import Invalid
from serving.platform.outbound.addresses import check_url
from serving.platform.outbound.line import Answer, Failure, Line, OutboundRequest, exchange

_SECRET_BYTES: Final = 32
MARK: Final = "whsec_"
_ALLOWED_SECRET_BYTES: Final = range(24, 65)  # Of the spec, "Signature scheme".
_MOST_READ: Final = 65_536


@dataclass(frozen=True, slots=True)
class Message:
    """One webhook message; its id is the same in all attempts and is the receiver's idempotency key."""

    message_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """An acknowledged delivery, with its HTTP status."""

    status: int


def new_secret() -> str:
    """A new random signing secret in the format of the scheme."""
    return f"{MARK}{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def check_secret(secret: str) -> None:
    """Refuse a malformed signing secret. Raises Invalid (the secret is not `whsec_` and 24 to 64 bytes in base64)."""
    try:
        raw = base64.b64decode(secret.removeprefix(MARK), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not secret.startswith(MARK) or len(raw) not in _ALLOWED_SECRET_BYTES:
        raise Invalid("A signing secret must be {mark} and 24 to 64 bytes in base64.", mark=MARK)


def check_status_url(url: str, *, allow_loopback: bool) -> None:
    """Refuse an invalid status address.

    Raises Invalid (the address has no {listing}, is not https, or is a loopback address where that is not allowed).
    """
    if "{listing}" not in url:
        raise Invalid("A status address needs {listing} where the id goes.")
    check_url(url.replace("{listing}", "MP-1"), allow_loopback=allow_loopback)


def signature_headers(message: Message, signed_by: Sequence[str], at: datetime) -> dict[str, str]:
    """The signature headers of a message: id, timestamp, and one signature per secret."""
    text = message.body.decode()
    return {
        "webhook-id": message.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message.message_id, at, text) for secret in signed_by),
    }


async def send(
    line: Line, message: Message, *, signed_by: Sequence[str], signed_at: datetime, timeout_seconds: float
) -> Delivery | Failure:
    """Sign and deliver a message once; with the limits of `post`."""
    request = _make_request("POST", line.url, message.body, signature_headers(message, signed_by, signed_at))
    answer = await line.ask(request, timeout_seconds=timeout_seconds, most_read=_MOST_READ)
    return answer if isinstance(answer, Failure) else Delivery(answer.status)


def post(
    body: bytes, headers: Mapping[str, str], *, url: str, allow_loopback: bool, timeout_seconds: float
) -> Delivery | Failure:
    """Send these bytes within `timeout_seconds` after the DNS lookup.

    It follows no redirect and uses no proxy of the environment. It reads at most 64 KB and decompresses nothing.
    """
    answer = _exchange("POST", url, body, headers, allow_loopback, timeout_seconds)
    return answer if isinstance(answer, Failure) else Delivery(answer.status)


def ask_if_shown(listing: str, *, url: str, allow_loopback: bool, timeout_seconds: float) -> bool | Failure:
    """Ask a marketplace whether it shows a listing, at `url` with the listing's id in place of {listing}.

    The response is {"shown": true or false}; 404 and 410 also mean that the listing is gone.
    """
    address = url.replace("{listing}", quote(listing, safe=""))
    answer = _exchange("GET", address, b"", {}, allow_loopback, timeout_seconds)
    if isinstance(answer, Failure):
        return False if answer.status in {404, 410} else answer
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("shown"), bool):
        return Failure('The answer is not {"shown": true} or {"shown": false}.', answer.status)
    return bool(body["shown"])


def _exchange(
    method: str, url: str, body: bytes, headers: Mapping[str, str], allow_loopback: bool, timeout_seconds: float
) -> Answer | Failure:
    request = _make_request(method, url, body, headers)
    return exchange(request, allow_loopback=allow_loopback, timeout_seconds=timeout_seconds, most_read=_MOST_READ)


def _make_request(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> OutboundRequest:
    ours = {"content-type": "application/json", "user-agent": "touchstone-webhooks/1"}
    return OutboundRequest("The receiver", method, url, {**ours, **headers}, body)
