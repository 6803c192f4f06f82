"""One HTTP exchange with an outside server: at the checked address, limited in time and in bytes read."""

import asyncio

from models.errors import Invalid
from serving.platform.outbound.line import Answer, Asked, Failed, Line


def exchange(asked: Asked, *, allow_loopback: bool, timeout_seconds: float, most_read: int) -> Answer | Failed:
    """Send one request over a connection of its own, in at most `timeout_seconds` after the address lookup."""

    async def ask() -> Answer | Failed:
        async with Line.to(asked.url, allow_loopback=allow_loopback) as line:
            return await line.ask(asked, timeout_seconds=timeout_seconds, most_read=most_read)

    try:
        return asyncio.run(ask())
    except Invalid as refused:
        return Failed(refused.sentence)
