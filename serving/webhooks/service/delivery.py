"""The delivery of what is due at one marketplace: short transactions, with the network between."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import Invalid
from serving.audit.store import audit
from serving.platform.logs import log
from serving.platform.outbound.line import Failure, Line
from serving.platform.runtime import Runtime
from serving.platform.sealing import UnsealableSecret
from serving.webhooks.client import Delivery, Message, send
from serving.webhooks.payloads import EndpointTest
from serving.webhooks.service import attempts, letters
from serving.webhooks.service.attempts import CUT_OFF_AFTER, Attempt, EndedAttempt
from serving.webhooks.service.letters import Letter
from serving.webhooks.service.signing_secrets import signing_secrets
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint

_TESTED_EVERY: Final = timedelta(minutes=2)
# Then the receiver's address is looked up again.
_ADDRESS_SECONDS: Final = 30.0
# A message that hangs does not hold up those that become due meanwhile.
_LOOKS_AGAIN_SECONDS: Final = 0.5
# So long the answers that came wait for others, to be stored by one transaction.
_GATHERED_SECONDS: Final = 0.02


def marketplaces_with_due(runtime: Runtime) -> list[str]:
    """The marketplaces that a message may be sent to now, a test message too; with a pause only after it."""
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        places = {*letters.marketplaces_with_due(connection, now), *endpoints.unverified_marketplaces(connection)}
        resting = endpoints.pause_ends(connection) if places else {}
    return sorted(place for place in places if resting.get(place, now) <= now)


def release_own_attempts(runtime: Runtime) -> None:
    """Make messages due that an earlier process of this name had under way when it ended."""
    with runtime.store.write() as connection:
        letters.release_attempts(connection, runtime.worker_id, runtime.clock.now())


def deliver_due(
    runtime: Runtime, marketplace_id: str, is_stopped: Callable[[], bool] = lambda: False
) -> dict[str, str]:
    """Attempt what may be sent to a marketplace now; returns each result in one word, by message.

    Safe to run again at any point, and several times at once. The marketplace may receive a message twice, if a
    process ends between the answer and its record. The message's id is the same, so it takes effect once.

    It goes on as long as messages may be sent. Once `is_stopped`, no further attempt begins.
    """
    return asyncio.run(_Round(runtime, marketplace_id, is_stopped).run())


@dataclass(frozen=True, slots=True)
class _Receiver:
    line: Line
    signed_by: Sequence[str]


class _Round:
    def __init__(self, runtime: Runtime, marketplace_id: str, is_stopped: Callable[[], bool]) -> None:
        self._runtime, self._marketplace_id = runtime, marketplace_id
        self._is_stopped = is_stopped
        self._flying: dict[asyncio.Task[Delivery | Failure], Attempt] = {}
        self._lines: dict[tuple[str, bool], tuple[Line, float]] = {}
        self._done: dict[str, str] = {}

    async def run(self) -> dict[str, str]:
        ended: list[EndedAttempt] = []
        async with AsyncExitStack() as closing:
            await self._test(closing)
            while True:
                for attempt, receiver in await self._turn(ended, closing):
                    message = letters.message_of(attempt.letter, attempt.seller_link)
                    self._flying[asyncio.create_task(self._sent(message, receiver))] = attempt
                if not self._flying:
                    return self._done
                await asyncio.wait(self._flying, timeout=_LOOKS_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                landed, _ = await asyncio.wait(self._flying, timeout=_GATHERED_SECONDS)
                ended = [EndedAttempt(self._flying.pop(task), task.result()) for task in landed]

    async def _test(self, closing: AsyncExitStack) -> None:
        """Send an unverified receiver its test message, unless it is paused; after a failure again at the next look."""
        runtime, marketplace_id, now = self._runtime, self._marketplace_id, self._runtime.clock.now()
        with runtime.store.write() as connection:
            endpoint = endpoints.endpoint_in_force(connection, marketplace_id)
            if endpoint is None or endpoint.verified_at is not None or (endpoint.paused_until or now) > now:
                return
            endpoints.pause(connection, endpoint, until=now + _TESTED_EVERY)
        message = EndpointTest(action="test").message(f"{endpoint.endpoint_id}.{now:%H%M%S}", now)
        outcome = await self._sent(message, await self._receiver(endpoint, now, closing))
        with runtime.store.write() as connection:
            if isinstance(outcome, Failure):
                endpoints.record_failures(connection, endpoint, now, endpoint.failures + 1)
                attempts.follow_answers(runtime, connection, endpoint, [outcome], now)
                log.warning("delivery.test_failed", endpoint_id=endpoint.endpoint_id, why=outcome.sentence)
            else:
                endpoints.record_verification(connection, endpoint, now)
                audit.record(connection, now, marketplace_id, "delivery", "webhook.verified", endpoint.endpoint_id)

    async def _turn(
        self, ended: Sequence[EndedAttempt], closing: AsyncExitStack
    ) -> list[tuple[Attempt, _Receiver | Failure]]:
        """Store the answers and begin further attempts, by one transaction."""
        runtime, now = self._runtime, self._runtime.clock.now()
        with runtime.store.write() as connection:
            # First, as each decision takes it: a decision that changes one of these messages would wait for us.
            audit.lock(connection)
            self._done |= attempts.finish_attempts(runtime, connection, ended, now)
            started = self._begun(connection, now)
        if not started:
            return []
        receiver = await self._receiver(started[0].endpoint, now, closing)
        return [(attempt, receiver) for attempt in started]

    def _begun(self, connection: Connection, now: datetime) -> list[Attempt]:
        room = self._runtime.settings.deliveries_at_once - len(self._flying)
        if room < 1 or self._is_stopped():
            return []
        endpoint = endpoints.endpoint_in_force(connection, self._marketplace_id)
        if endpoint is not None and endpoint.verified_at is None:
            return []
        if endpoint is not None and endpoint.paused_until is not None:
            claimed_letters = self._one_to_test(connection, endpoint, endpoint.paused_until, now)
            endpoint = replace(endpoint, paused_until=now + CUT_OFF_AFTER)
        else:
            claimed_letters = letters.claim_letters(connection, self._marketplace_id, now, room)
        return (
            attempts.begin_attempts(self._runtime, connection, claimed_letters, endpoint, now)
            if claimed_letters
            else []
        )

    def _one_to_test(
        self, connection: Connection, endpoint: Endpoint, paused_until: datetime, now: datetime
    ) -> list[Letter]:
        """After its pause a receiver is sent one message, which shows whether it works again."""
        if self._flying or now < paused_until:
            return []
        claimed_letters = letters.claim_letters(connection, self._marketplace_id, now, 1)
        if not claimed_letters or not endpoints.claim_probe(connection, endpoint, until=now + CUT_OFF_AFTER):
            return []
        return claimed_letters

    async def _receiver(self, endpoint: Endpoint | None, now: datetime, closing: AsyncExitStack) -> _Receiver | Failure:
        if endpoint is None:
            return Failure("No webhook endpoint is registered.")
        key = endpoint.url, endpoint.allow_loopback and not self._runtime.settings.production
        try:
            signed_by = signing_secrets(self._runtime, endpoint, now)
            return _Receiver(await self._line(*key, closing), signed_by)
        except (UnsealableSecret, Invalid) as refused:
            return Failure(refused.sentence)

    async def _line(self, url: str, allow_loopback: bool, closing: AsyncExitStack) -> Line:  # of a key
        unsent_line = self._lines.get((url, allow_loopback))
        if unsent_line is not None and time.monotonic() - unsent_line[1] < _ADDRESS_SECONDS:
            return unsent_line[0]
        if unsent_line is not None:
            unsent_line[0].close()
        line = await closing.enter_async_context(Line.to(url, allow_loopback=allow_loopback))
        self._lines[url, allow_loopback] = line, time.monotonic()
        return line

    async def _sent(self, message: Message, receiver: _Receiver | Failure) -> Delivery | Failure:
        if isinstance(receiver, Failure):
            return receiver
        return await send(
            receiver.line,
            message,
            signed_by=receiver.signed_by,
            # The receiver compares the signature's time with the real clock, which no simulation moves.
            signed_at=self._runtime.wall.now(),
            timeout_seconds=self._runtime.settings.webhook_timeout_seconds,
        )
