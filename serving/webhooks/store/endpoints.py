"""Webhook endpoints: the receivers of marketplaces, with their secrets, failures and pauses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, update

from serving.platform.database.row_reader import reader, row_of
from serving.platform.database.scope import inside
from serving.platform.database.store import add
from serving.webhooks.tables import webhook_endpoint


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver; its secrets are sealed.

    `paused_until` is set while it is down: nothing is sent before, and then one message at a time. Until `verified_at`,
    when it first answered a signed test message, it is sent nothing else.

    `status_url` is the address for checks whether a listing is shown, with {listing} in place of the id; None without.

    `made_by` made the secret; None is the owner of the data directory.
    """

    marketplace_id: str
    endpoint_id: str
    url: str
    secret: str
    allow_loopback: bool
    created_at: datetime
    secret_made_at: datetime
    made_by: str | None
    failures: int = 0
    failing_since: datetime | None = None
    paused_until: datetime | None = None
    previous_secret: str | None = None
    previous_until: datetime | None = None
    status_url: str | None = None
    verified_at: datetime | None = None
    used_at: datetime | None = None

    def secrets_at(self, moment: datetime) -> tuple[str, ...]:
        """The sealed secrets that sign at a moment: the current one, and the previous one during a change."""
        if self.previous_secret is None or self.previous_until is None or moment >= self.previous_until:
            return (self.secret,)
        return self.secret, self.previous_secret


@dataclass(frozen=True, slots=True)
class SealedSecrets:
    marketplace_id: str
    endpoint_id: str
    secret: str
    previous_secret: str | None


def add_endpoint(connection: Connection, endpoint: Endpoint) -> None:
    """Register an endpoint and disable the previous one, because a takedown has one receiver."""
    connection.execute(
        update(webhook_endpoint)
        .where(webhook_endpoint.c.marketplace_id == endpoint.marketplace_id, webhook_endpoint.c.disabled_at.is_(None))
        .values(disabled_at=endpoint.created_at)
    )
    add(connection, webhook_endpoint, [row_of(endpoint)])


def endpoint_in_force(connection: Connection, marketplace_id: str) -> Endpoint | None:
    query = select(webhook_endpoint).where(
        webhook_endpoint.c.marketplace_id == marketplace_id, webhook_endpoint.c.disabled_at.is_(None)
    )
    return reader(Endpoint).single(connection, query)


def endpoints_made_by(connection: Connection, user_id: str) -> list[Endpoint]:
    """The endpoints in force whose secret a person has made."""
    query = select(webhook_endpoint).where(
        webhook_endpoint.c.made_by == user_id, webhook_endpoint.c.disabled_at.is_(None)
    )
    return reader(Endpoint).all(connection, query.order_by(webhook_endpoint.c.endpoint_id))


def change_secret(
    connection: Connection, endpoint: Endpoint, secret: str, at: datetime, previous_until: datetime, made_by: str | None
) -> None:
    """Sign with a new secret from now on, and also with the previous one until a moment."""
    values = {"secret": secret, "previous_secret": endpoint.secret, "previous_until": previous_until}
    values |= {"made_by": made_by, "secret_made_at": at}
    connection.execute(update(webhook_endpoint).where(_same_endpoint(endpoint)).values(**values))


def note_use(connection: Connection, endpoint: Endpoint, at: datetime) -> None:
    """Store when the secret last signed a message that was answered."""
    connection.execute(update(webhook_endpoint).where(_same_endpoint(endpoint)).values(used_at=at))


def lock_sealed_secrets(connection: Connection) -> list[SealedSecrets]:
    """The secrets of every endpoint, disabled ones too; until the transaction ends, no other changes them."""
    return reader(SealedSecrets).all(
        connection, select(*reader(SealedSecrets).columns(webhook_endpoint)).with_for_update()
    )


def replace_secrets(connection: Connection, changed: Sequence[SealedSecrets]) -> None:
    """Replace the secrets of these endpoints."""
    for endpoint_secrets in changed:
        connection.execute(
            update(webhook_endpoint)
            .where(inside(webhook_endpoint, endpoint_secrets.marketplace_id, endpoint_id=endpoint_secrets.endpoint_id))
            .values(secret=endpoint_secrets.secret, previous_secret=endpoint_secrets.previous_secret)
        )


def pause_ends(connection: Connection) -> dict[str, datetime]:
    """The end of the pause by marketplace, for paused receivers."""
    query = select(webhook_endpoint.c.marketplace_id, webhook_endpoint.c.paused_until).where(
        webhook_endpoint.c.paused_until.is_not(None), webhook_endpoint.c.disabled_at.is_(None)
    )
    return {row.marketplace_id: row.paused_until for row in connection.execute(query)}


def claim_probe(connection: Connection, endpoint: Endpoint, *, until: datetime) -> bool:
    """Claim the single probe message to a paused receiver; False where another message has claimed it."""
    changed = connection.execute(
        update(webhook_endpoint)
        .where(_same_endpoint(endpoint), webhook_endpoint.c.paused_until == endpoint.paused_until)
        .values(paused_until=until)
    )
    return changed.rowcount == 1


def unverified_marketplaces(connection: Connection) -> list[str]:
    """The marketplaces whose endpoint has not answered a test message."""
    new = (webhook_endpoint.c.verified_at.is_(None), webhook_endpoint.c.disabled_at.is_(None))
    return list(connection.execute(select(webhook_endpoint.c.marketplace_id).where(*new)).scalars())


def record_verification(connection: Connection, endpoint: Endpoint, at: datetime) -> None:
    """Record that an endpoint has answered its test message; due messages are sent to it."""
    values = {"verified_at": at, "failures": 0, "failing_since": None, "paused_until": None}
    connection.execute(update(webhook_endpoint).where(_same_endpoint(endpoint)).values(**values))


def lock_failure_count(connection: Connection, endpoint: Endpoint) -> int:
    """The failures in a row; until the transaction ends, no other changes their number."""
    query = select(webhook_endpoint.c.failures).where(_same_endpoint(endpoint)).with_for_update()
    return int(connection.execute(query).scalar_one())


def record_failures(connection: Connection, endpoint: Endpoint, at: datetime, failures: int) -> None:
    """Record failed deliveries that are the receiver's fault, by their number in a row."""
    since = func.coalesce(webhook_endpoint.c.failing_since, literal(at, webhook_endpoint.c.failing_since.type))
    connection.execute(
        update(webhook_endpoint).where(_same_endpoint(endpoint)).values(failures=failures, failing_since=since)
    )


def pause(connection: Connection, endpoint: Endpoint, *, until: datetime | None) -> None:
    """Send nothing before a moment, and then one message at a time; None ends the pause."""
    connection.execute(update(webhook_endpoint).where(_same_endpoint(endpoint)).values(paused_until=until))


def pause_longer(connection: Connection, endpoint: Endpoint, *, until: datetime) -> None:
    """Pause until a moment, unless a pause lasts longer."""
    shorter = or_(webhook_endpoint.c.paused_until.is_(None), webhook_endpoint.c.paused_until < until)
    connection.execute(update(webhook_endpoint).where(_same_endpoint(endpoint), shorter).values(paused_until=until))


def disable(connection: Connection, endpoint: Endpoint, at: datetime) -> None:
    connection.execute(update(webhook_endpoint).where(_same_endpoint(endpoint)).values(disabled_at=at))


def record_recovery(connection: Connection, endpoint: Endpoint) -> bool:
    """Record that the receiver responds; returns whether that ended its pause.

    Only the answer to a message that was sent in this pause ends it: one that was under way when the pause began does
    not, because the receiver or a person may have asked for the pause.
    """
    unwell = or_(webhook_endpoint.c.failures > 0, webhook_endpoint.c.paused_until.is_not(None))
    rested = select(webhook_endpoint.c.paused_until).where(_same_endpoint(endpoint), unwell)
    before = connection.execute(rested.with_for_update()).one_or_none()
    if before is None:
        return False
    ends = before.paused_until is not None and before.paused_until == endpoint.paused_until
    values = {"failures": 0, "failing_since": None} | ({"paused_until": None} if ends else {})
    connection.execute(update(webhook_endpoint).where(_same_endpoint(endpoint)).values(**values))
    return ends


def _same_endpoint(endpoint: Endpoint) -> ColumnElement[bool]:
    return inside(webhook_endpoint, endpoint.marketplace_id, endpoint_id=endpoint.endpoint_id)
