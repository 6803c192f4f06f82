"""Signed delivery by the Standard Webhooks scheme (standard-webhooks spec 1.0.0)."""

import asyncio
import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx
from standardwebhooks import Webhook

from models.errors import Invalid
from serving.outbound.addresses import Target, resolve

_SECRET_BYTES: Final = 32
_MARK: Final = "whsec_"
_ALLOWED_SECRET_BYTES: Final = range(24, 65)  # Of the spec, "Signature scheme".
_MOST_READ: Final = 65_536


@dataclass(frozen=True, slots=True)
class Message:
    """One webhook: its id stays the same over all attempts and is the receiver's idempotency key."""

    message_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver acknowledged."""

    status: int


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not; the sentence goes to the delivery log, never to a page of the other side."""

    sentence: str


def new_secret() -> str:
    """A signing secret as the scheme writes it."""
    return f"{_MARK}{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def check_secret(secret: str) -> None:
    """Refuse what is no signing secret of the scheme.

    Raises
    ------
    Invalid
        It is not `whsec_` and 24 to 64 bytes in base64.
    """
    try:
        raw = base64.b64decode(secret.removeprefix(_MARK), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not secret.startswith(_MARK) or len(raw) not in _ALLOWED_SECRET_BYTES:
        raise Invalid(f"A signing secret is {_MARK} and 24 to 64 bytes in base64.")


def action_message(action_id: str, at: datetime, data: Mapping[str, Any]) -> Message:
    """The message of an action, canonical, so that a retry sends the same bytes."""
    body = {"type": f"listing.{data['action']}", "timestamp": at.isoformat(), "data": data}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Message(action_id, text.encode())


def send(
    message: Message, *, url: str, secret: str, allow_loopback: bool, signed_at: datetime, timeout_seconds: float
) -> Delivered | Failed:
    """Deliver once, in at most `timeout_seconds` after the address is looked up.

    No redirect is followed, no proxy is read from the environment, at most 64 KB are read and none is unpacked.
    """
    try:
        target = resolve(url, allow_loopback=allow_loopback)
    except Invalid as refused:
        return Failed(refused.sentence)
    headers = {
        "content-type": "application/json",
        "host": target.header,
        "user-agent": "touchstone-webhooks/1",
        "webhook-id": message.message_id,
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message.message_id, signed_at, message.body.decode()),
    }
    try:
        return asyncio.run(_post(target, message.body, headers, timeout_seconds))
    except TimeoutError:
        return Failed(f"The receiver took longer than {timeout_seconds:g} seconds.")
    except httpx.HTTPError as error:
        return Failed(f"The receiver could not be reached: {type(error).__name__}.")


async def _post(target: Target, body: bytes, headers: Mapping[str, str], seconds: float) -> Delivered | Failed:
    """One timeout around everything: those of a client start anew with each byte that a slow receiver sends."""
    async with (
        asyncio.timeout(seconds),
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=None) as client,  # noqa: S113  # the one above
        client.stream(
            "POST", target.url, content=body, headers=headers, extensions={"sni_hostname": target.host}
        ) as answer,
    ):
        read = 0
        async for chunk in answer.aiter_raw():
            read += len(chunk)
            if read > _MOST_READ:
                break
        if answer.is_success:
            return Delivered(answer.status_code)
        return Failed(f"The receiver answered {answer.status_code}.")
