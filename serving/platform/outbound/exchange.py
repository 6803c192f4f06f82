"""One HTTP exchange with an outside server: at the checked address, limited in time and in bytes read."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import httpx

from models.errors import Invalid
from serving.platform.outbound.addresses import Target, resolve


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer; a body over the limit has one more byte than the limit, to show that it was cut."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """A failed exchange; the sentence is for a log, never for the other side. `status` is None without an answer."""

    sentence: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to an outside party; `whom` begins the sentence of a failure."""

    whom: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


def exchange(asked: Asked, *, allow_loopback: bool, timeout_seconds: float, most_read: int) -> Answer | Failed:
    """Send one request, in at most `timeout_seconds` after the address lookup.

    It follows no redirect, uses no proxy from the environment, and decompresses nothing.
    """
    try:
        target = resolve(asked.url, allow_loopback=allow_loopback)
    except Invalid as refused:
        return Failed(refused.sentence)
    try:
        return asyncio.run(_ask(asked, target, timeout_seconds, most_read))
    except TimeoutError:
        return Failed(f"{asked.whom} took longer than {timeout_seconds:g} seconds.")
    except httpx.HTTPError as error:
        return Failed(f"{asked.whom} could not be reached: {type(error).__name__}.")


@cache
def _trusted() -> ssl.SSLContext:
    """The trusted certificates, loaded once: loading takes longer than sending a message."""
    return httpx.create_ssl_context(trust_env=False)


async def _ask(asked: Asked, target: Target, seconds: float, most_read: int) -> Answer | Failed:
    """One timeout for everything: the client's own timeouts restart with each byte that a slow receiver sends."""
    headers, name = {"host": target.header, **asked.headers}, {"sni_hostname": target.host}
    async with (
        asyncio.timeout(seconds),
        httpx.AsyncClient(verify=_trusted(), trust_env=False, follow_redirects=False, timeout=None) as client,  # noqa: S113  # the one above
        client.stream(asked.method, target.url, content=asked.body, headers=headers, extensions=name) as answer,
    ):
        if not answer.is_success:
            return Failed(f"{asked.whom} answered {answer.status_code}.", answer.status_code)
        read = b""
        async for chunk in answer.aiter_raw():
            read += chunk
            if len(read) > most_read:
                break
        return Answer(answer.status_code, read[: most_read + 1])
