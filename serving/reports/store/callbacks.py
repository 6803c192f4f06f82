"""The messages to brands' own tools that are due, as columns of their reports."""

from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside, same
from serving.reports.store.reports import StoredReport
from serving.reports.tables import report, report_outcome
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionState


def set_due(connection: Connection, stored: StoredReport, at: datetime | None, attempts: int) -> None:
    """Set when the message about a report is due; None where none is any longer."""
    own = update(report).where(inside(report, stored.marketplace_id, report_id=stored.report_id))
    connection.execute(own.values(callback_due_at=at, callback_attempts=attempts))


def postpone(connection: Connection, stored: StoredReport, until: datetime) -> None:
    """Let all due messages to the tool of a report wait: a receiver that hangs holds up no other brand's."""
    own = inside(report, stored.marketplace_id, key_id=stored.key_id)
    connection.execute(update(report).where(own, report.c.callback_due_at < until).values(callback_due_at=until))


def marketplaces_due(connection: Connection, at: datetime) -> list[str]:
    """The marketplaces with a message that is due."""
    query = select(report.c.marketplace_id).where(report.c.callback_due_at <= at).distinct()
    return list(connection.execute(query).scalars())


def due_report(connection: Connection, marketplace_id: str, at: datetime) -> StoredReport | None:
    """The report whose message is due the longest; locked, without those of another process."""
    due = select(report).where(inside(report, marketplace_id), report.c.callback_due_at <= at)
    query = due.order_by(report.c.callback_due_at).limit(1).with_for_update(skip_locked=True)
    return reader(StoredReport).single(connection, query)


def has_unsent_removals(connection: Connection, stored: StoredReport) -> bool:
    """Whether a removal of a report is still to be sent by itself."""
    unsent = [ActionState.SCHEDULED.value, ActionState.SENDING.value]
    query = select(
        exists().where(
            inside(report_outcome, stored.marketplace_id, report_id=stored.report_id),
            same(action, report_outcome, "verdict_id"),
            action.c.state.in_(unsent),
        )
    )
    return bool(connection.execute(query).scalar_one())
