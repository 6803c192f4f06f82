"""Repeatable requests, by caller and key."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, select, update

from serving.platform.database.row_reader import reader, row_of
from serving.platform.database.store import insert_or_ignore
from serving.platform.idempotency.tables import idempotency_key


@dataclass(frozen=True, slots=True)
class RepeatableRequest:
    """One request as its caller may repeat it: the caller, and digests of the key and of the request.

    `claim` is its own, and not that of a repetition.
    """

    caller: str
    key_hash: str
    request_hash: str
    claim: str

    @property
    def lock(self) -> str:
        """The lock that the process has which does the work."""
        return f"repeatable:{self.caller}:{self.key_hash}"


@dataclass(frozen=True, slots=True)
class EarlierRequest:
    """A request that came before: whether its work is stored, and its response once there is one."""

    request_hash: str
    claimed_at: datetime
    stored: bool
    status: int | None
    reply: str | None


def claim(connection: Connection, keyed_request: RepeatableRequest, at: datetime) -> bool:
    """Insert the request; False where the caller has used the key before."""
    row = {**row_of(keyed_request), "claimed_at": at, "stored": False}
    added = insert_or_ignore(connection, idempotency_key).values(row).returning(idempotency_key.c.caller)
    return connection.execute(added).first() is not None


def earlier_request(connection: Connection, keyed_request: RepeatableRequest) -> EarlierRequest | None:
    """The request that has the key, locked until the transaction ends."""
    query = select(idempotency_key).where(*_same_key(keyed_request)).with_for_update()
    return reader(EarlierRequest).single(connection, query)


def delete_request(connection: Connection, keyed_request: RepeatableRequest) -> None:
    connection.execute(delete(idempotency_key).where(*_same_key(keyed_request)))


def delete_unless_stored(connection: Connection, keyed_request: RepeatableRequest) -> None:
    """Delete a request whose work is not stored."""
    connection.execute(delete(idempotency_key).where(*_same_claim(keyed_request), idempotency_key.c.stored.is_(False)))


def mark_stored(connection: Connection, keyed_request: RepeatableRequest) -> bool:
    """Record, in the transaction that does the work, that the work is done; False where a repetition has the claim."""
    return (
        connection.execute(update(idempotency_key).where(*_same_claim(keyed_request)).values(stored=True)).rowcount == 1
    )


def save_reply(connection: Connection, keyed_request: RepeatableRequest, status: int, reply: str) -> None:
    values = {"status": status, "reply": reply, "stored": True}
    connection.execute(update(idempotency_key).where(*_same_claim(keyed_request)).values(**values))


def any_before(connection: Connection, at: datetime) -> bool:
    """Whether a request is older than a moment."""
    return bool(connection.execute(select(exists().where(idempotency_key.c.claimed_at < at))).scalar())


def delete_before(connection: Connection, at: datetime) -> int:
    """Delete requests that are older than a moment; returns how many."""
    return connection.execute(delete(idempotency_key).where(idempotency_key.c.claimed_at < at)).rowcount


def _same_key(keyed_request: RepeatableRequest) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return idempotency_key.c.caller == keyed_request.caller, idempotency_key.c.key_hash == keyed_request.key_hash


def _same_claim(keyed_request: RepeatableRequest) -> tuple[ColumnElement[bool], ...]:
    return *_same_key(keyed_request), idempotency_key.c.claim == keyed_request.claim
