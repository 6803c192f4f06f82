"""Signed delivery by the Standard Webhooks scheme (standard-webhooks spec 1.0.0)."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx
from standardwebhooks import Webhook

from models.errors import Invalid
from serving.outbound.addresses import resolve

_SECRET_BYTES: Final = 32
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
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def action_message(action_id: str, at: datetime, data: Mapping[str, Any]) -> Message:
    """The message of an action, canonical, so that a retry sends the same bytes."""
    body = {"type": f"listing.{data['action']}", "timestamp": at.isoformat(), "data": data}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Message(action_id, text.encode())


def send(
    message: Message, *, url: str, secret: str, allow_loopback: bool, signed_at: datetime, timeout_seconds: float
) -> Delivered | Failed:
    """Deliver once. No redirect is followed, no proxy is read from the environment, at most 64 KB are read."""
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
        with (
            httpx.Client(trust_env=False, follow_redirects=False, timeout=timeout_seconds) as client,
            client.stream(
                "POST", target.url, content=message.body, headers=headers, extensions={"sni_hostname": target.host}
            ) as answer,
        ):
            read = 0
            for chunk in answer.iter_bytes():
                read += len(chunk)
                if read > _MOST_READ:
                    break
            if answer.is_success:
                return Delivered(answer.status_code)
            return Failed(f"The receiver answered {answer.status_code}.")
    except httpx.HTTPError as error:
        return Failed(f"The receiver could not be reached: {type(error).__name__}.")
