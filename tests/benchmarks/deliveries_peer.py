"""The process of PgQueuer that sends signed messages: it fills its queue, waits for a line, and drains the queue."""

import asyncio
import importlib
import sys
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import typer

from serving.webhooks.client import new_secret, signature_headers
from serving.webhooks.payloads import ListingRemoval
from serving.webhooks.rules.action import ActionKind

# As many at once as one of our workers sends to one marketplace.
_AT_ONCE: Final = 32


async def main(database: str, url: str, messages: int) -> None:
    """Enqueue, wait, drain."""
    asyncpg: Any = importlib.import_module("asyncpg")
    pgqueuer: Any = importlib.import_module("pgqueuer")
    modes: Any = importlib.import_module("pgqueuer.types").QueueExecutionMode
    connection, secret = await asyncpg.connect(database), new_secret()
    worker = pgqueuer.PgQueuer(pgqueuer.AsyncpgDriver(connection))
    queries = pgqueuer.Queries(pgqueuer.AsyncpgDriver(connection))
    await queries.install()
    async with httpx.AsyncClient(trust_env=False) as client:

        @worker.entrypoint("deliver")  # type: ignore[untyped-decorator]  # the peer is not a dependency
        async def deliver(job: Any) -> None:
            now, name = datetime.now(UTC), job.payload.decode()
            about = {"action_id": name, "listing_external_id": name, "sequence": 1}
            removal = ListingRemoval.model_construct(action=ActionKind.REMOVE, **about)
            message = removal.message(name, now)
            answer = await client.post(url, content=message.body, headers=signature_headers(message, [secret], now))
            answer.raise_for_status()

        names: list[bytes | None] = [f"act_{number}".encode() for number in range(messages)]
        await queries.enqueue(["deliver"] * messages, names, [0] * messages)
        typer.echo("ready")
        sys.stdin.readline()
        await worker.qm.run(mode=modes.drain, batch_size=_AT_ONCE, max_concurrent_tasks=2 * _AT_ONCE)
        typer.echo("done")
        sys.stdin.readline()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
