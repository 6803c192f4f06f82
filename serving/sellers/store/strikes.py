"""Hits of sellers: one row a removal, written with it, and marked when it is undone or renewed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from models.strikes import Hit, Void
from models.verdict import Judgement, ReasonCode
from serving.cases.tables import verdict
from serving.listings.tables import listing_version
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add
from serving.sellers.tables import strike_hit
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionState


@dataclass(frozen=True, slots=True)
class Ground:
    """The basis of a removal: the seller, None where the listing names none, and the judgement with its reason."""

    seller: str | None
    judgement: Judgement
    reason_code: ReasonCode
    known_at: datetime


def ground_of(connection: Connection, removal: StoredAction) -> Ground:
    """The basis of a removal."""
    query = (
        select(listing_version.c.seller_external_id, verdict.c.judgement, verdict.c.reason_code, verdict.c.known_at)
        .join(verdict, same(verdict, listing_version, "version_id"))
        .where(inside(verdict, removal.marketplace_id, verdict_id=removal.verdict_id))
    )
    row = connection.execute(query).one()
    code = ReasonCode(row.reason_code or ReasonCode.TRADEMARK_COUNTERFEIT)
    return Ground(row.seller_external_id, Judgement(row.judgement), code, row.known_at)


def add_hit(connection: Connection, marketplace_id: str, seller: str, hit: Hit, policy_version: str) -> None:
    """A removal counts against its seller from now on."""
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


def void(connection: Connection, marketplace_id: str, action_id: str, why: Void, at: datetime) -> str | None:
    """Let a hit count no longer; returns whose it was, None where none counted."""
    changed = (
        update(strike_hit)
        .where(inside(strike_hit, marketplace_id, action_id=action_id), strike_hit.c.void_at.is_(None))
        .values(void_at=at, void_as=why.value)
        .returning(strike_hit.c.seller_external_id)
    )
    return connection.execute(changed).scalar()


def give_again(connection: Connection, marketplace_id: str, action_id: str) -> str | None:
    """Let a hit count again that an overturn took away; returns whose it was, None where none was."""
    changed = (
        update(strike_hit)
        .where(inside(strike_hit, marketplace_id, action_id=action_id, void_as=Void.OVERTURNED.value))
        .values(void_at=None, void_as=None)
        .returning(strike_hit.c.seller_external_id)
    )
    return connection.execute(changed).scalar()


def of_seller(connection: Connection, marketplace_id: str, seller: str) -> list[Hit]:
    """The hits of a seller, oldest first, those that count no longer among them."""
    query = (
        select(strike_hit)
        .where(inside(strike_hit, marketplace_id, seller_external_id=seller))
        .order_by(strike_hit.c.known_at, strike_hit.c.action_id)
    )
    return [_hit(row) for row in connection.execute(query)]


def of_removal(connection: Connection, marketplace_id: str, action_id: str) -> Hit | None:
    """The hit that a removal made; None where it made none, because the listing names no seller or it is held."""
    query = select(strike_hit).where(inside(strike_hit, marketplace_id, action_id=action_id))
    row = connection.execute(query).one_or_none()
    return None if row is None else _hit(row)


def _hit(row: Row[Any]) -> Hit:
    void_as = None if row.void_as is None else Void(row.void_as)
    return Hit(row.action_id, ReasonCode(row.reason_code), row.weight, row.known_at, void_as)


def confirmed_by(connection: Connection, marketplace_id: str, seller: str) -> frozenset[str]:
    """All people who gave a verdict for a removal that counts against a seller, including those who joined it."""
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
