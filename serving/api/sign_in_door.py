"""The door to every address that checks a password: few at a time, the others wait without a thread.

A flood of sign-ins would otherwise take all threads of the pool that pages share, each waiting for the interpreter.
After a refusal the answer waits for a moment, outside the door, so that a guesser's connections are idle for most of
the time.
"""

import asyncio
import re
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.accounts.service.hashing import AT_ONCE, HashingBusy
from serving.api.errors import STATUS, Problem

PAUSE_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 15.0
_REFUSALS: Final = frozenset({401, 422, 429, 503})


class SignInDoor:
    """ASGI middleware for POST requests to the addresses that match a pattern.

    It reads the body first: a client that sends slowly holds nobody up.
    """

    def __init__(self, app: ASGIApp, addresses: re.Pattern[str]) -> None:
        self._app, self._addresses = app, addresses
        self._door = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on in its turn; 503 where the turn does not come."""
        if scope["type"] != "http" or scope["method"] != "POST" or not self._addresses.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        body = await _read_messages(receive)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._door.acquire()
        except TimeoutError:
            await _busy_problem().as_json()(scope, receive, send)
            return
        answer: list[Message] = []
        try:
            await self._app(scope, _replaying_receive(body, receive), _collecting_send(answer))
        finally:
            self._door.release()
        if answer and answer[0]["status"] in _REFUSALS:
            await asyncio.sleep(PAUSE_SECONDS)
        for message in answer:
            await send(message)


async def _read_messages(receive: Receive) -> list[Message]:
    """The messages of a body, to its end or that of the connection."""
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())
    return messages


def _replaying_receive(messages: list[Message], receive: Receive) -> Receive:
    """The messages, and then what comes after."""
    remaining_messages = iter(messages)

    async def next_one() -> Message:
        message = next(remaining_messages, None)
        return await receive() if message is None else message

    return next_one


def _collecting_send(answer: list[Message]) -> Send:
    async def keep(message: Message) -> None:
        answer.append(message)

    return keep


def _busy_problem() -> Problem:
    refused = HashingBusy()
    return Problem(
        STATUS[HashingBusy], refused.code, refused.phrase, headers={"retry-after": str(refused.retry_after_seconds)}
    )
