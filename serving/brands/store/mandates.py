"""Powers of attorney, each for one account of a brand at one marketplace."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from models.errors import NotFound
from serving.accounts.tables import account
from serving.brands.rules.rights import Mandate, RightKind, is_in_force
from serving.brands.store.rights import belongs_to
from serving.brands.tables import power_of_attorney
from serving.platform.database.scope import Pair
from serving.platform.database.series import read_once
from serving.platform.database.store import add

# A power of attorney recorded by mistake ends before it begins, so it was never in force; only the audit log shows it.
_NOT_VOID = power_of_attorney.c.revoked_at.is_(None) | (power_of_attorney.c.revoked_at >= power_of_attorney.c.begins_at)


@dataclass(frozen=True, slots=True)
class StoredMandate:
    """A power of attorney with the account that acts by it and its document's digest."""

    mandate: Mandate
    user_id: str
    document: str | None


def add_mandate(connection: Connection, row: Mapping[str, Any]) -> None:
    add(connection, power_of_attorney, [row])


@read_once(power_of_attorney)
def stored_mandates(connection: Connection, pair: Pair, user_id: str | None = None) -> list[StoredMandate]:
    """The powers of attorney of a brand, or of one person, in the order of their recording, void ones left out."""
    query = (
        select(power_of_attorney)
        .where(belongs_to(power_of_attorney, pair), _NOT_VOID)
        .order_by(power_of_attorney.c.known_at, power_of_attorney.c.mandate_id)
    )
    if user_id is not None:
        query = query.where(power_of_attorney.c.user_id == user_id)
    return [_stored_mandate(row) for row in connection.execute(query)]


def mandates_of(connection: Connection, pair: Pair, user_id: str | None = None) -> list[Mandate]:
    """As `stored_mandates`, without the accounts and documents."""
    return [mandate.mandate for mandate in stored_mandates(connection, pair, user_id)]


def _stored_mandate(row: Row[Any]) -> StoredMandate:
    mandate = Mandate(
        row.mandate_id,
        row.agent,
        frozenset(map(RightKind, row.kinds)),
        frozenset(row.territories),
        row.begins_at,
        row.expires_at,
        row.revoked_at,
    )
    return StoredMandate(mandate, row.user_id, row.document_digest)


def mandate_ids_in_force(connection: Connection, pair: Pair, user_id: str, at: datetime) -> list[str]:
    """The ids of a person's powers of attorney for a brand that are in force at a moment."""
    return [mandate.mandate_id for mandate in mandates_of(connection, pair, user_id) if is_in_force(mandate, at)]


def revoke_mandate(connection: Connection, pair: Pair, mandate_id: str, at: datetime) -> None:
    """End a power of attorney now. Raises NotFound (the brand has no power of attorney of this id in force here)."""
    power = power_of_attorney.c
    conditions = belongs_to(power_of_attorney, pair), power.mandate_id == mandate_id, power.revoked_at.is_(None)
    if connection.execute(update(power_of_attorney).where(*conditions).values(revoked_at=at)).rowcount != 1:
        raise NotFound("There is no such power of attorney in force.")


def void_mandate(connection: Connection, pair: Pair, mandate_id: str) -> None:
    """Void a power of attorney, ended or not, so that it was never in force.

    Raises NotFound (the brand has none of this id here, or it is void already).
    """
    conditions = belongs_to(power_of_attorney, pair), power_of_attorney.c.mandate_id == mandate_id, _NOT_VOID
    begins_at = connection.execute(select(power_of_attorney.c.begins_at).where(*conditions)).scalar()
    if begins_at is None:
        raise NotFound("There is no such power of attorney.")
    voided = {"revoked_at": begins_at - timedelta(seconds=1)}
    connection.execute(update(power_of_attorney).where(*conditions).values(voided))


def agent_emails(connection: Connection, pair: Pair) -> dict[str, str]:
    """The e-mail addresses of a brand's agents by power of attorney, void ones left out."""
    query = (
        select(power_of_attorney.c.mandate_id, account.c.email)
        .join(account, account.c.user_id == power_of_attorney.c.user_id)
        .where(belongs_to(power_of_attorney, pair), _NOT_VOID)
    )
    return {row.mandate_id: row.email for row in connection.execute(query)}
