"""Brands' rights, the right that carried each confirmation, and the owner of what is on file.

Every read and write names the pair (marketplace, brand), so that an id of another marketplace finds nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, func, select, update

from models.errors import Conflict, NotFound, require
from serving.brands.rules.rights import Right, RightKind, RightState
from serving.brands.tables import brand_right, notice_basis
from serving.platform.database.scope import Pair, inside
from serving.platform.database.series import read_once
from serving.platform.database.store import add, add_at_end


def belongs_to(table: FromClause, pair: Pair) -> ColumnElement[bool]:
    """Whether a row belongs to a brand at its marketplace."""
    return inside(table, pair[0], brand_id=pair[1])


def pair_of_row(connection: Connection, table: FromClause, which: ColumnElement[bool], missing: str) -> Pair:
    """The pair of a row, for people who may act at all marketplaces.

    Raises NotFound (there is no such row; the sentence is `missing`).
    """
    pair_row = connection.execute(select(table.c.marketplace_id, table.c.brand_id).where(which)).one_or_none()
    if pair_row is None:
        raise NotFound(missing)
    return pair_row.marketplace_id, pair_row.brand_id


@dataclass(frozen=True, slots=True)
class StoredRight:
    """A right with its owner, its document's digest, its supplier and verifier, and the verifier's reason."""

    right: Right
    pair: Pair
    document: str | None
    claimed_by: str
    claimed_at: datetime
    settled_by: str | None
    settled_at: datetime | None
    note: str | None

    @property
    def marketplace_id(self) -> str:
        return self.pair[0]


def add_right(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store a new right. Raises Conflict (the brand has supplied it here before)."""
    kind = RightKind(row["kind"])
    if has_right(connection, (row["marketplace_id"], row["brand_id"]), kind, row["office"], row["number"]):
        words = f"{row['office']} {row['number']}"
        match kind:
            case RightKind.MARK:
                raise Conflict("This mark of {words} is on file already.", words=words)
            case RightKind.DESIGN:
                raise Conflict("This design of {words} is on file already.", words=words)
            case RightKind.COPYRIGHT:
                raise Conflict("This copyright of {words} is on file already.", words=words)
    add(connection, brand_right, [row])


def has_right(connection: Connection, pair: Pair, kind: RightKind, office: str, number: str) -> bool:
    """Whether a brand has this right on file here, in any state."""
    same = inside(brand_right, pair[0], brand_id=pair[1], kind=kind.value, office=office, number=number)
    return connection.execute(select(brand_right.c.right_id).where(same)).first() is not None


@read_once(brand_right)
def rights_of(connection: Connection, pair: Pair) -> list[StoredRight]:
    """A brand's rights in the order in which they were supplied."""
    query = (
        select(brand_right)
        .where(belongs_to(brand_right, pair))
        .order_by(brand_right.c.known_at, brand_right.c.right_id)
    )
    return [_stored_right(row) for row in connection.execute(query)]


def get(connection: Connection, pair: Pair, right_id: str) -> StoredRight:
    """One right of a brand. Raises NotFound (the brand has none with this id here)."""
    query = select(brand_right).where(belongs_to(brand_right, pair), brand_right.c.right_id == right_id)
    right_row = require(connection.execute(query).one_or_none(), "There is no such right.")
    return _stored_right(right_row)


def owner_of(connection: Connection, right_id: str) -> Pair:
    """The marketplace and brand of a right, for people who may act at all of them.

    Raises NotFound (there is none with this id).
    """
    return pair_of_row(connection, brand_right, brand_right.c.right_id == right_id, "There is no such right.")


def _stored_right(row: Row[Any]) -> StoredRight:
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
        right,
        (row.marketplace_id, row.brand_id),
        row.document_digest,
        row.claimed_by,
        row.known_at,
        row.settled_by,
        row.settled_at,
        row.note,
    )


def count(connection: Connection, pair: Pair) -> int:
    return int(connection.execute(select(func.count()).where(belongs_to(brand_right, pair))).scalar_one())


def settle(connection: Connection, right: StoredRight, state: RightState, *, by: str, note: str, at: datetime) -> None:
    """Store the new state of a right; of two concurrent changes the second is refused.

    Raises Conflict (the right has changed since `found` was read).
    """
    row = brand_right.c
    unchanged = (
        belongs_to(brand_right, right.pair),
        row.right_id == right.right.right_id,
        row.state == right.right.state.value,
    )
    new = {"state": state.value, "settled_by": by, "settled_at": at, "note": note or None}
    if connection.execute(update(brand_right).where(*unchanged).values(new)).rowcount != 1:
        raise Conflict("Somebody has decided about this right in the meantime.")


def keep_basis(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store the right that carried a brand's confirmation."""
    add_at_end(connection, notice_basis, [row])
