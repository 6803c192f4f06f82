"""Strikes of sellers: one row per removal, written with it, and marked when it is voided or restored."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, select, update

from models.strikes import Hit, VoidCause
from models.verdict import Judgement, ReasonCode
from serving.cases.tables import review_case, verdict
from serving.listings.tables import listing_version
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.scope import HERE, inside, same
from serving.platform.database.store import add
from serving.sellers.tables import strike_hit
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionState


@dataclass(frozen=True, slots=True)
class Ground:
    """The basis of a removal: the seller, None where the listing names none, and the judgement with its reason code."""

    seller: str | None
    judgement: Judgement
    reason_code: ReasonCode
    known_at: datetime


_GROUND: Final = KeyedQuery(
    select(listing_version.c.seller_external_id, verdict.c.judgement, verdict.c.reason_code, verdict.c.known_at)
    .join(verdict, same(verdict, listing_version, "version_id"))
    .where(inside(verdict, HERE, verdict_id=bindparam("verdict")))
)
_OF_SELLER: Final = KeyedQuery(
    select(strike_hit)
    .where(inside(strike_hit, HERE, seller_external_id=bindparam("seller")))
    .order_by(strike_hit.c.known_at, strike_hit.c.action_id)
)


def ground_of(connection: Connection, removal: StoredAction) -> Ground:
    """The basis of a removal."""
    (row,) = _GROUND.rows(connection, {"here": removal.marketplace_id, "verdict": removal.verdict_id})
    code = ReasonCode(row.reason_code or ReasonCode.TRADEMARK_COUNTERFEIT)
    return Ground(row.seller_external_id, Judgement(row.judgement), code, row.known_at)


def add_hit(connection: Connection, marketplace_id: str, seller: str, hit: Hit, policy_version: str) -> None:
    row = {
        "marketplace_id": marketplace_id,
        "action_id": hit.action_id,
        "seller_external_id": seller,
        "reason_code": hit.kind.value,
        "weight": hit.weight,
        "policy_version": policy_version,
        "known_at": hit.at,
        "void_at": None,
        "void_as": None,
    }
    add(connection, strike_hit, [row])


def void_strike(
    connection: Connection, marketplace_id: str, action_id: str, why: VoidCause, at: datetime
) -> str | None:
    """Void a strike; returns its seller, None where no strike counted."""
    changed = (
        update(strike_hit)
        .where(inside(strike_hit, marketplace_id, action_id=action_id), strike_hit.c.void_at.is_(None))
        .values(void_at=at, void_as=why.value)
        .returning(strike_hit.c.seller_external_id)
    )
    return connection.execute(changed).scalar()


def restore_strike(connection: Connection, marketplace_id: str, action_id: str) -> str | None:
    """Restore a strike that an overturn voided; returns its seller, None where there is none."""
    changed = (
        update(strike_hit)
        .where(inside(strike_hit, marketplace_id, action_id=action_id, void_as=VoidCause.OVERTURNED.value))
        .values(void_at=None, void_as=None)
        .returning(strike_hit.c.seller_external_id)
    )
    return connection.execute(changed).scalar()


def of_seller(connection: Connection, marketplace_id: str, seller: str) -> list[Hit]:
    """The strikes of a seller, oldest first, voided ones included."""
    return [_read_hit(row) for row in _OF_SELLER.rows(connection, {"here": marketplace_id, "seller": seller})]


def of_removal(connection: Connection, marketplace_id: str, action_id: str) -> Hit | None:
    """The strike of a removal; None where the listing names no seller or the removal is pending approval."""
    query = select(strike_hit).where(inside(strike_hit, marketplace_id, action_id=action_id))
    row = connection.execute(query).one_or_none()
    return None if row is None else _read_hit(row)


def _read_hit(row: Row[Any]) -> Hit:
    void_as = None if row.void_as is None else VoidCause(row.void_as)
    return Hit(row.action_id, ReasonCode(row.reason_code), row.weight, row.known_at, void_as)


def brands_of(connection: Connection, marketplace_id: str, seller: str) -> frozenset[str]:
    """The registered brands whose counterfeits count as strikes of a seller."""
    query = _select_strikes(marketplace_id, review_case.c.brand_id).where(strike_hit.c.seller_external_id == seller)
    return frozenset(brand_id for brand_id in connection.execute(query).scalars() if brand_id is not None)


def sellers_struck_for(connection: Connection, pair: tuple[str, str], sellers: Collection[str]) -> frozenset[str]:
    """Those of these sellers with a strike for a counterfeit of a brand, by (marketplace, brand)."""
    query = _select_strikes(pair[0], strike_hit.c.seller_external_id).where(
        review_case.c.brand_id == pair[1], strike_hit.c.seller_external_id.in_(sellers)
    )
    return frozenset(connection.execute(query).scalars())


def _select_strikes(marketplace_id: str, column: ColumnElement[str]) -> Select[Any]:
    return (
        select(column)
        .select_from(strike_hit)
        .join(action, same(action, strike_hit, "action_id"))
        .join(verdict, same(verdict, action, "verdict_id"))
        .join(review_case, same(review_case, verdict, "case_id"))
        .where(inside(strike_hit, marketplace_id), strike_hit.c.void_at.is_(None))
    )


def confirmers(connection: Connection, marketplace_id: str, seller: str) -> frozenset[str]:
    """The people whose verdicts requested, or joined, a removal that counts as a strike of a seller."""
    query = (
        select(verdict.c.user_id)
        .join(action, same(action, verdict, "listing_id"))
        .join(strike_hit, same(strike_hit, action, "action_id"))
        .where(
            inside(strike_hit, marketplace_id, seller_external_id=seller),
            strike_hit.c.void_at.is_(None),
            action.c.state != ActionState.WITHDRAWN.value,
            verdict.c.judgement == Judgement.COUNTERFEIT.value,
            verdict.c.verdict_id >= action.c.verdict_id,
        )
    )
    return frozenset(connection.execute(query).scalars())
