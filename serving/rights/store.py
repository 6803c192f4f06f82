"""Brands' rights, their documents, and powers of attorney. A document is stored once, by its digest."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from models.errors import Conflict, NotFound
from serving.accounts.tables import account, role_grant
from serving.platform.database.store import add, insert_or_ignore
from serving.rights.rules.rights import Mandate, Right, RightKind, RightState, holds
from serving.rights.tables import brand_document, brand_right, notice_basis, power_of_attorney

# A power of attorney recorded by mistake ends before it begins, so it was never in force; only the audit log shows it.
_NOT_VOID = power_of_attorney.c.revoked_at.is_(None) | (power_of_attorney.c.revoked_at >= power_of_attorney.c.begins_at)


@dataclass(frozen=True, slots=True)
class StoredRight:
    """A right with its owner, its document's digest, its supplier and verifier, and the verifier's reason."""

    right: Right
    brand_id: str
    document: str | None
    claimed_by: str
    claimed_at: datetime
    settled_by: str | None
    settled_at: datetime | None
    note: str | None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document of a brand without its bytes."""

    digest: str
    name: str
    media_type: str
    size: int
    supplied_by: str
    known_at: datetime


def add_document(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Store a document of a brand; False where the brand has supplied it before."""
    added = insert_or_ignore(connection, brand_document).values(**row).returning(brand_document.c.digest)
    return connection.execute(added).first() is not None


def document(connection: Connection, brand_id: str, digest: str) -> bytes:
    """The content of a document.

    Raises
    ------
    NotFound
        The brand has no document with this digest.
    """
    query = select(brand_document.c.content).where(
        brand_document.c.brand_id == brand_id, brand_document.c.digest == digest
    )
    found: bytes | None = connection.execute(query).scalar()
    if found is None:
        raise NotFound("There is no such document.")
    return found


def documents_of(connection: Connection, brand_id: str) -> list[StoredDocument]:
    """A brand's documents, the newest first."""
    kept = brand_document.c
    query = (
        select(
            kept.digest,
            kept.name,
            kept.media_type,
            func.length(kept.content).label("size"),
            kept.supplied_by,
            kept.known_at,
        )
        .where(kept.brand_id == brand_id)
        .order_by(kept.known_at.desc(), kept.digest)
    )
    return [StoredDocument(*row) for row in connection.execute(query)]


def add_right(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store a new right.

    Raises
    ------
    Conflict
        The brand has supplied it before.
    """
    same = [brand_right.c[name] == row[name] for name in ("brand_id", "kind", "office", "number")]
    if connection.execute(select(brand_right.c.right_id).where(*same)).first():
        words = f"{row['office']} {row['number']}"
        match RightKind(row["kind"]):
            case RightKind.MARK:
                raise Conflict("This mark of {words} is on file already.", words=words)
            case RightKind.DESIGN:
                raise Conflict("This design of {words} is on file already.", words=words)
            case RightKind.COPYRIGHT:
                raise Conflict("This copyright of {words} is on file already.", words=words)
    add(connection, brand_right, [row])


def rights_of(connection: Connection, brand_ids: Collection[str]) -> list[StoredRight]:
    """The rights of these brands in the order in which they were supplied."""
    query = (
        select(brand_right)
        .where(brand_right.c.brand_id.in_(brand_ids))
        .order_by(brand_right.c.known_at, brand_right.c.right_id)
    )
    return [_stored(row) for row in connection.execute(query)]


def get(connection: Connection, right_id: str) -> StoredRight:
    """One right.

    Raises
    ------
    NotFound
        There is none with this id.
    """
    found = connection.execute(select(brand_right).where(brand_right.c.right_id == right_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such right.")
    return _stored(found)


def _stored(row: Row[Any]) -> StoredRight:
    right = Right(
        row.right_id,
        RightKind(row.kind),
        row.title,
        row.office,
        row.number,
        tuple(row.classes),
        frozenset(row.territories),
        RightState(row.state),
        row.begins_at,
        row.expires_at,
    )
    return StoredRight(
        right, row.brand_id, row.document_digest, row.claimed_by, row.known_at, row.settled_by, row.settled_at, row.note
    )


def count(connection: Connection, brand_id: str) -> int:
    """The number of rights that a brand has on file."""
    query = select(func.count()).where(brand_right.c.brand_id == brand_id)
    return int(connection.execute(query).scalar_one())


def settle(connection: Connection, found: StoredRight, state: RightState, *, by: str, note: str, at: datetime) -> None:
    """Store the new state of a right; of two concurrent changes the second is refused.

    Raises
    ------
    Conflict
        The right has changed since `found` was read.
    """
    changed = connection.execute(
        update(brand_right)
        .where(brand_right.c.right_id == found.right.right_id, brand_right.c.state == found.right.state.value)
        .values(state=state.value, settled_by=by, settled_at=at, note=note or None)
    )
    if changed.rowcount != 1:
        raise Conflict("Somebody has decided about this right in the meantime.")


def add_mandate(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store a new power of attorney."""
    add(connection, power_of_attorney, [row])


def mandates_of(connection: Connection, brand_id: str, user_id: str | None = None) -> list[Mandate]:
    """The powers of attorney of a brand, or of one person, in the order of their recording, void ones left out."""
    query = (
        select(power_of_attorney)
        .where(power_of_attorney.c.brand_id == brand_id, _NOT_VOID)
        .order_by(power_of_attorney.c.known_at, power_of_attorney.c.mandate_id)
    )
    if user_id is not None:
        query = query.where(power_of_attorney.c.user_id == user_id)
    return [
        Mandate(
            row.mandate_id,
            row.agent,
            frozenset(map(RightKind, row.kinds)),
            frozenset(row.territories),
            row.begins_at,
            row.expires_at,
            row.revoked_at,
        )
        for row in connection.execute(query)
    ]


def mandates_in_force(connection: Connection, brand_id: str, user_id: str, at: datetime) -> list[str]:
    """The ids of a person's powers of attorney for a brand that are in force at a moment."""
    return [one.mandate_id for one in mandates_of(connection, brand_id, user_id) if holds(one, at)]


def revoke_mandate(connection: Connection, mandate_id: str, at: datetime) -> str:
    """End a power of attorney now; returns its brand.

    Raises
    ------
    NotFound
        No power of attorney of this id is in force.
    """
    here = (power_of_attorney.c.mandate_id == mandate_id) & power_of_attorney.c.revoked_at.is_(None)
    brand_id = connection.execute(select(power_of_attorney.c.brand_id).where(here)).scalar()
    if brand_id is None:
        raise NotFound("There is no such power of attorney in force.")
    connection.execute(update(power_of_attorney).where(here).values(revoked_at=at))
    return str(brand_id)


def void_mandate(connection: Connection, mandate_id: str) -> None:
    """Void a power of attorney, ended or not, so that it was never in force."""
    before = power_of_attorney.c.begins_at
    begins_at = connection.execute(select(before).where(power_of_attorney.c.mandate_id == mandate_id)).scalar_one()
    connection.execute(
        update(power_of_attorney)
        .where(power_of_attorney.c.mandate_id == mandate_id)
        .values(revoked_at=begins_at - timedelta(seconds=1))
    )


def mandates_within(connection: Connection, pair: tuple[str, str]) -> frozenset[str]:
    """The powers of attorney that a marketplace may end, void ones left out. `pair` is (marketplace, brand).

    Those of people who represent the brand only at other marketplaces are excluded.
    """
    query = (
        select(power_of_attorney.c.mandate_id, role_grant.c.marketplace_id)
        .outerjoin(
            role_grant,
            (role_grant.c.user_id == power_of_attorney.c.user_id)
            & (role_grant.c.brand_id == power_of_attorney.c.brand_id),
        )
        .where(power_of_attorney.c.brand_id == pair[1], _NOT_VOID)
    )
    places: dict[str, set[str | None]] = {}
    for row in connection.execute(query):
        places.setdefault(row.mandate_id, set()).add(row.marketplace_id)
    return frozenset(mandate_id for mandate_id, found in places.items() if found & {None, pair[0]})


def keep_basis(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store the right that carried a brand's confirmation."""
    add(connection, notice_basis, [row])


def people_with_mandates(connection: Connection, brand_id: str) -> dict[str, str]:
    """The e-mail addresses of a brand's agents by power of attorney, void ones left out."""
    query = (
        select(power_of_attorney.c.mandate_id, account.c.email)
        .join(account, account.c.user_id == power_of_attorney.c.user_id)
        .where(power_of_attorney.c.brand_id == brand_id, _NOT_VOID)
    )
    return {row.mandate_id: row.email for row in connection.execute(query)}
