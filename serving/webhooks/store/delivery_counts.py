"""Messages to a marketplace's receiver: in delivery, acknowledged or undeliverable; counts, times and failures."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, String, func, select

from models.verdict import Judgement
from serving.cases.tables import verdict
from serving.listings.tables import listing
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside, same
from serving.sellers.tables import seller_action
from serving.standing.tables import question_step
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind, ActionState
from serving.webhooks.tables import listing_request


def counts_by_state(connection: Connection, marketplace_id: str) -> dict[ActionState, int]:
    """The number of messages in each state."""
    counts = dict.fromkeys(ActionState, 0)
    for table in (action, seller_action, listing_request):
        query = select(table.c.state, func.count().label("n")).where(table.c.marketplace_id == marketplace_id)
        for row in connection.execute(query.group_by(table.c.state)):
            counts[ActionState(row.state)] += row.n
    return counts


@dataclass(frozen=True, slots=True)
class FailingMessage:
    """A message that was sent at least once and has not arrived; `about` names its subject."""

    action_id: str
    kind: str
    about: str
    attempts: int
    due_at: datetime | None
    last_error: str


def failing_messages(connection: Connection, marketplace_id: str, most: int) -> list[FailingMessage]:
    """The messages in retry, the one with the most attempts first."""
    of_listing = same(listing, action, "listing_id")
    queries = (
        (action, select(action, listing.c.external_id.label("about")).join(listing, of_listing)),
        (seller_action, select(seller_action, seller_action.c.seller_external_id.label("about"))),
        (listing_request, select(listing_request, listing_request.c.location.label("about"))),
    )
    failing_messages = []
    for table, query in queries:
        failed = query.where(
            inside(table, marketplace_id, state=ActionState.SENDING.value), table.c.last_error.is_not(None)
        )
        ordered = failed.order_by(table.c.attempts.desc(), table.c.action_id).limit(most)
        failing_messages += reader(FailingMessage).all(connection, ordered)
    return sorted(failing_messages, key=lambda message: (-message.attempts, message.action_id))[:most]


def acknowledged_hourly(
    connection: Connection, marketplace_id: str, since: datetime, until: datetime
) -> dict[datetime, int]:
    """Messages about listings that were acknowledged in [since, until), by the start of the hour."""
    start = (
        func.substr(action.c.acknowledged_at, 1, 13, type_=String)
        if connection.dialect.name == "sqlite"
        else func.to_char(func.timezone("UTC", action.c.acknowledged_at), 'YYYY-MM-DD"T"HH24', type_=String)
    ).label("start")
    query = (
        select(start, func.count().label("n"))
        .where(
            action.c.kind.in_([kind.value for kind in ActionKind]),
            action.c.acknowledged_at >= since,
            action.c.acknowledged_at < until,
            action.c.marketplace_id == marketplace_id,
        )
        .group_by(start)
    )
    return {datetime.fromisoformat(row.start).replace(tzinfo=UTC): row.n for row in connection.execute(query)}


def has_acknowledged(connection: Connection, marketplace_id: str) -> bool:
    query = select(action.c.action_id).where(inside(action, marketplace_id, state=ActionState.ACKNOWLEDGED.value))
    return connection.execute(query.limit(1)).first() is not None


def seconds_to_acknowledgement(connection: Connection, marketplace_id: str, since: datetime, most: int) -> list[float]:
    """Seconds from confirmation to acknowledgement of the latest removals acknowledged since a moment, ascending."""
    query = (
        select(action.c.created_at, action.c.acknowledged_at)
        .where(
            action.c.kind == ActionKind.REMOVE.value, action.c.acknowledged_at >= since, inside(action, marketplace_id)
        )
        .order_by(action.c.acknowledged_at.desc())
        .limit(most)
    )
    return sorted((row.acknowledged_at - row.created_at).total_seconds() for row in connection.execute(query))


def ended_question_counts(connection: Connection, marketplace_id: str, since: datetime) -> tuple[int, int]:
    """How many questions to brands ended since a moment: with an answer, and at their deadline."""
    answered = select(func.count()).where(
        verdict.c.marketplace_id == marketplace_id,
        verdict.c.brand_id.is_not(None),
        verdict.c.known_at >= since,
        verdict.c.judgement != Judgement.WITHDRAWN.value,
    )
    silent = select(func.count()).where(
        inside(question_step, marketplace_id, step="unanswered"), question_step.c.taken_at >= since
    )
    return int(connection.execute(answered).scalar_one()), int(connection.execute(silent).scalar_one())
