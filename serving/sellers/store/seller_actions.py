"""The requested actions on sellers, delivered to the marketplace; ids begin with `sac_`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from models.errors import require
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.platform.database.store import add
from serving.sellers.rules.sanction import SellerAct
from serving.sellers.tables import seller_action
from serving.webhooks.rules.action import ActionState
from serving.webhooks.store.outbox import Outbox, OutgoingMessage

PREFIX: Final = "sac"


@dataclass(frozen=True, slots=True)
class StoredSellerAction(OutgoingMessage):
    seller_external_id: str
    sanction_id: str
    kind: SellerAct
    statement: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """The subject of the sequence: the seller."""
        return self.seller_external_id


def _select_actions(connection: Connection, *conditions: Any) -> list[StoredSellerAction]:
    query = select(seller_action).where(*conditions).order_by(seller_action.c.created_at, seller_action.c.sequence)
    return reader(StoredSellerAction).all(connection, query)


OUTBOX: Final = Outbox(seller_action, "seller_external_id", _select_actions)


def add_action(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store a new action; the database refuses a repeated sequence of a seller."""
    add(connection, seller_action, [row])


def get(connection: Connection, marketplace_id: str, action_id: str) -> StoredSellerAction:
    """One action. Raises NotFound (there is none in this marketplace)."""
    actions = _select_actions(connection, inside(seller_action, marketplace_id, action_id=action_id))
    return require(actions[0] if actions else None, "There is no such action.")


def of_seller(connection: Connection, marketplace_id: str, seller: str) -> list[StoredSellerAction]:
    """The actions on a seller that were not withdrawn, oldest first."""
    return _select_actions(
        connection,
        inside(seller_action, marketplace_id, seller_external_id=seller),
        seller_action.c.state != ActionState.WITHDRAWN.value,
    )


def in_state(connection: Connection, marketplace_id: str, state: ActionState, most: int) -> list[StoredSellerAction]:
    """The newest actions in a state, at most `most`, oldest first."""
    query = select(seller_action.c.action_id).where(inside(seller_action, marketplace_id, state=state.value))
    ids = connection.execute(query.order_by(seller_action.c.action_id.desc()).limit(most)).scalars().all()
    return _select_actions(connection, seller_action.c.action_id.in_(ids))[::-1] if ids else []
