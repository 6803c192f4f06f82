"""Actions requested from the marketplace; every step is a conditional update."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Join, Table, bindparam, func, select, update
from sqlalchemy.sql.selectable import FromClause

from features.message import Message, each_from_json
from models.errors import require
from serving.cases.tables import verdict
from serving.listings.tables import listing
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.row_reader import RowReader
from serving.platform.database.scope import HERE, inside, same
from serving.platform.database.series import read_once
from serving.platform.database.store import add
from serving.takedowns.tables import action
from serving.webhooks.rules.action import NOT_WITHDRAWN, ActionKind, ActionState
from serving.webhooks.store.outbox import Outbox, OutgoingMessage


@dataclass(frozen=True, slots=True)
class StoredAction(OutgoingMessage):
    """An action as stored, with its listing's external id.

    `statement` is the English text as sent. `statement_messages` has the same fields for pages in other languages; it
    is empty where none were stored.
    """

    listing_id: str
    external_id: str
    verdict_id: str
    kind: ActionKind
    statement: Mapping[str, Any]
    statement_messages: Mapping[str, Message]
    stepped_up: bool

    @property
    def subject(self) -> str:
        """The subject of the sequence: the listing."""
        return self.listing_id


_ACTIONS: Final = RowReader(StoredAction, statement_messages=each_from_json)


_WITH_LISTING: Final = (
    select(action, listing.c.external_id)
    .join(listing, same(listing, action, "listing_id"))
    .order_by(action.c.created_at, action.c.action_id)
)
# Built once, because every decision asks several times.
_OF_LISTING: Final = KeyedQuery(_WITH_LISTING.where(inside(action, HERE, listing_id=bindparam("listing"))))
_OF_ID: Final = KeyedQuery(_WITH_LISTING.where(inside(action, HERE, action_id=bindparam("action"))))


def _select_actions(connection: Connection, *conditions: Any) -> list[StoredAction]:
    return _ACTIONS.all(connection, _WITH_LISTING.where(*conditions))


def add_action(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store a new action; the database refuses a second open one of a kind for a listing."""
    add(connection, action, [row])


def get(connection: Connection, marketplace_id: str, action_id: str) -> StoredAction:
    """One action. Raises NotFound (there is none in this marketplace)."""
    actions = _ACTIONS.all(connection, _OF_ID, {"here": marketplace_id, "action": action_id})
    return require(actions[0] if actions else None, "There is no such action.")


def of_ids(connection: Connection, marketplace_id: str, action_ids: Collection[str]) -> dict[str, StoredAction]:
    """These actions by id; those that are not of this marketplace are absent."""
    actions = _select_actions(connection, inside(action, marketplace_id), action.c.action_id.in_(action_ids))
    return {stored_action.action_id: stored_action for stored_action in actions}


def marketplace_of(connection: Connection, action_id: str, marketplaces: Collection[str]) -> str:
    """The marketplace of an action, among those that the person may see.

    Raises NotFound (there is no such action there).
    """
    query = select(action.c.marketplace_id).where(
        action.c.action_id == action_id, action.c.marketplace_id.in_(marketplaces)
    )
    return str(require(connection.execute(query).scalar(), "There is no such removal."))


def latest(
    connection: Connection,
    marketplace_id: str,
    *,
    kind: ActionKind | None,
    state: ActionState | None,
    most: int,
    before: str | None = None,
) -> list[StoredAction]:
    """The latest actions of a marketplace, newest first, optionally of one kind, in one state, or before one by id."""
    conditions = [action.c.marketplace_id == marketplace_id]
    if before is not None:
        conditions.append(action.c.action_id < before)
    if kind is not None:
        conditions.append(action.c.kind == kind.value)
    if state is not None:
        conditions.append(action.c.state == state.value)
    query = select(action.c.action_id).where(*conditions).order_by(action.c.action_id.desc()).limit(most)
    return _select_actions(connection, action.c.marketplace_id == marketplace_id, action.c.action_id.in_(query))[::-1]


@read_once(action, listing)
def of_listing(connection: Connection, marketplace_id: str, listing_id: str) -> list[StoredAction]:
    """The actions on a listing, oldest first."""
    return _ACTIONS.all(connection, _OF_LISTING, {"here": marketplace_id, "listing": listing_id})


def removal_of_listing(
    connection: Connection, marketplace_id: str, listing_id: str, states: Collection[ActionState] = NOT_WITHDRAWN
) -> StoredAction | None:
    """The removal of a listing, if it is the last of its actions in these states; None if a reinstatement followed."""
    done = [action for action in of_listing(connection, marketplace_id, listing_id) if action.state in states]
    return done[-1] if done and done[-1].kind is ActionKind.REMOVE else None


def of_verdicts(connection: Connection, marketplace_id: str, verdict_ids: Collection[str]) -> dict[str, StoredAction]:
    """The action that each of these verdicts created, by verdict; verdicts without an action are absent."""
    actions = _select_actions(
        connection, action.c.marketplace_id == marketplace_id, action.c.verdict_id.in_(verdict_ids)
    )
    return {stored_action.verdict_id: stored_action for stored_action in actions}


OUTBOX: Final = Outbox(action, "listing_id", _select_actions)
change = OUTBOX.change


def bring_forward(connection: Connection, stored_action: StoredAction, leaves_at: datetime) -> bool:
    """Send a scheduled action earlier; False where it has been sent, or is due by then anyway."""
    changed = connection.execute(
        update(action)
        .where(
            inside(
                action,
                stored_action.marketplace_id,
                action_id=stored_action.action_id,
                state=ActionState.SCHEDULED.value,
            ),
            action.c.leaves_at > leaves_at,
        )
        .values(leaves_at=leaves_at, due_at=leaves_at)
    )
    return changed.rowcount == 1


def has_later_sent(connection: Connection, stored_action: StoredAction) -> bool:
    """Whether a later action on the listing has been sent, so that this one's effect may have ended."""
    query = select(action.c.action_id).where(
        inside(action, stored_action.marketplace_id, listing_id=stored_action.listing_id),
        action.c.sequence > stored_action.sequence,
        action.c.sent_at.is_not(None),
    )
    return connection.execute(query.limit(1)).first() is not None


def counts_by_state(connection: Connection, marketplace_id: str) -> dict[tuple[ActionKind, ActionState], int]:
    """The number of actions by kind and state."""
    query = (
        select(action.c.kind, action.c.state, func.count().label("n"))
        .where(action.c.marketplace_id == marketplace_id)
        .group_by(action.c.kind, action.c.state)
    )
    return {(ActionKind(row.kind), ActionState(row.state)): row.n for row in connection.execute(query)}


def join_contested(answer: Table, decided: FromClause = verdict) -> Join:
    """Appeals or counter-notices, each joined with its removal and the verdict, `decided`, that requested it."""
    return answer.join(action, same(action, answer, "action_id")).join(decided, same(decided, action, "verdict_id"))
