"""Requests with an idempotency key: the first does the work, a repetition gets the same response for 24 hours.

The process that does the work has a lock for so long, which ends with it. However slow it is, no other does the work.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from models.errors import Busy, Conflict, Invalid
from serving.platform.database.faults import StorageFault
from serving.platform.database.store import in_each_write
from serving.platform.idempotency import store
from serving.platform.idempotency.policy import KEPT_FOR, LONGEST_KEY
from serving.platform.idempotency.store import RepeatableRequest
from serving.platform.logs import log
from serving.platform.runtime import Runtime


class KeyReuse(Invalid):
    """The key was sent with another request."""

    code = "idempotency_key_reused"


class RequestInProgress(Busy):
    """The first request with this key is not answered yet."""

    code = "idempotency_in_progress"


class LostResponse(Conflict):
    """The work of the first request is stored, and its response is not: the process ended between the two."""

    code = "idempotency_response_lost"


@dataclass(frozen=True, slots=True)
class Reply:
    """A stored response; the body is JSON, or empty."""

    status: int
    body: str


def make_repeatable(caller: str, key: str, method: str, address: str, body: bytes) -> RepeatableRequest:
    """A request as its caller may repeat it. Raises Invalid (the key is not 1 to 255 printable ASCII characters)."""
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Invalid("Idempotency-Key must have 1 to {most} printable ASCII characters.", most=LONGEST_KEY)
    request = hashlib.sha256(f"{method} {address}\n".encode() + body)
    return RepeatableRequest(
        caller, hashlib.sha256(key.encode()).hexdigest(), request.hexdigest(), secrets.token_hex(16)
    )


def claim_or_reply(runtime: Runtime, keyed_request: RepeatableRequest) -> Reply | None:
    """The response to an earlier request of this key; None where this is the first, which must do the work now.

    After None, `keep` or `free` must follow.

    Raises KeyReused (the earlier request was another one), InProgress (the earlier request is not answered yet) or
    ResponseLost (its work is stored, its response is not, and no process can have it any longer).
    """
    with ExitStack() as refused:
        is_ours = runtime.store.take(keyed_request.lock)
        if is_ours:
            refused.callback(runtime.store.give_back, keyed_request.lock)
        earlier = _earlier_reply(runtime, keyed_request, is_ours=is_ours)
        if earlier is None:
            refused.pop_all()
        return earlier


def _earlier_reply(runtime: Runtime, keyed_request: RepeatableRequest, *, is_ours: bool) -> Reply | None:
    now = runtime.wall.now()
    with runtime.store.write() as connection:
        if is_ours and store.claim(connection, keyed_request, now):
            return None
        earlier_request = store.earlier_request(connection, keyed_request)
        if earlier_request is None:
            raise RequestInProgress("A request with this key has just ended. Send it again.")
        if now - earlier_request.claimed_at < KEPT_FOR:
            if earlier_request.request_hash != keyed_request.request_hash:
                raise KeyReuse("This Idempotency-Key was sent with another request. Use a new one for each request.")
            if earlier_request.status is not None:
                return Reply(earlier_request.status, earlier_request.reply or "")
        if not is_ours:
            raise RequestInProgress("The first request with this key is in progress. Send it again.")
        if earlier_request.stored and now - earlier_request.claimed_at < KEPT_FOR:
            raise LostResponse(
                "The first request with this key was carried out, but its response was lost. Read the state of "
                "what it changed."
            )
        store.delete_request(connection, keyed_request)
        store.claim(connection, keyed_request, now)
    return None


@contextmanager
def recording_work(keyed_request: RepeatableRequest) -> Iterator[None]:
    """Record in each transaction of the block that the work of a request is stored.

    The block raises InProgress (this process had lost its lock with the database, and another does the work).
    """
    with in_each_write(partial(_mark_stored, keyed_request=keyed_request)):
        yield


def _mark_stored(connection: Connection, keyed_request: RepeatableRequest) -> None:
    if not store.mark_stored(connection, keyed_request):
        raise RequestInProgress("Another process has taken this request over. Send it again.")


def save_reply(runtime: Runtime, keyed_request: RepeatableRequest, reply: Reply) -> None:
    with _releasing_lock(runtime, keyed_request), runtime.store.write() as connection:
        store.save_reply(connection, keyed_request, reply.status, reply.body)


def free_key(runtime: Runtime, keyed_request: RepeatableRequest) -> None:
    """Free the key of a request that was refused or failed, unless something of it is stored."""
    with _releasing_lock(runtime, keyed_request), runtime.store.write() as connection:
        store.delete_unless_stored(connection, keyed_request)


@contextmanager
def _releasing_lock(runtime: Runtime, keyed_request: RepeatableRequest) -> Iterator[None]:
    """The response is true, whether it can be kept or not; a repetition is told where it was lost."""
    try:
        yield
    except StorageFault as fault:
        log.warning("idempotency.not_stored", code=fault.code)
    finally:
        runtime.store.give_back(keyed_request.lock)


def delete_expired(runtime: Runtime) -> int:
    """Delete responses after 24 hours; returns how many."""
    return runtime.store.delete_if_any(store.any_before, store.delete_before, runtime.wall.now() - KEPT_FOR)
