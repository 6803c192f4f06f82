"""Confirmations of reports with a second factor, and the reports whose listings wait for one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, or_, select, tuple_, update

from serving.accounts.rules.signing import WaitCause
from serving.platform.database.row_reader import RowReader, row_of
from serving.platform.database.scope import inside
from serving.platform.database.store import add
from serving.reports.rules.step_up import StepUpState
from serving.reports.tables import report, report_step_up


@dataclass(frozen=True, slots=True)
class StoredStepUp:
    """A confirmation of a report with a second factor, or by the key that signed it.

    `recipients` are the people who were told and can stop it. `user_id` confirmed it, or answers for the service
    account. `waits_for` has why a signed report waits for one of them, and is empty once it is released.
    """

    marketplace_id: str
    report_id: str
    brand_id: str
    user_id: str
    recipients: tuple[str, ...]
    known_at: datetime
    factor_id: str | None = None
    token_hash: str | None = None
    key_id: str | None = None
    network: str | None = None
    waits_for: tuple[WaitCause, ...] = ()
    released_by: str | None = None
    stopped_at: datetime | None = None
    stopped_by: str | None = None


def _causes_of(stored: list[str] | None) -> tuple[WaitCause, ...]:
    return tuple(map(WaitCause, stored or ()))


_STEP_UPS: Final = RowReader(StoredStepUp, recipients=tuple, waits_for=_causes_of)


def add_step_up(connection: Connection, step_up: StoredStepUp) -> None:
    """Store the confirmation of a report that has none."""
    lists = {"recipients": list(step_up.recipients), "waits_for": list(step_up.waits_for) or None}
    add(connection, report_step_up, [{**row_of(step_up), **lists}])


def of_report(connection: Connection, marketplace_id: str, report_id: str) -> StoredStepUp | None:
    """The confirmation of a report; None without one."""
    query = select(report_step_up).where(inside(report_step_up, marketplace_id, report_id=report_id))
    return _STEP_UPS.single(connection, query)


def of_id(connection: Connection, report_id: str) -> StoredStepUp | None:
    """The confirmation of a report, from any marketplace; None without one."""
    return _STEP_UPS.single(connection, select(report_step_up).where(report_step_up.c.report_id == report_id))


def step_ups_since(connection: Connection, pairs: Collection[tuple[str, str]], at: datetime) -> list[StoredStepUp]:
    """The confirmations of these brands since a moment, newest first."""
    query = (
        select(report_step_up)
        .where(
            tuple_(report_step_up.c.marketplace_id, report_step_up.c.brand_id).in_(sorted(pairs)),
            report_step_up.c.known_at > at,
        )
        .order_by(report_step_up.c.known_at.desc())
    )
    return _STEP_UPS.all(connection, query) if pairs else []


def signed_since(connection: Connection, step_up: StoredStepUp, at: datetime) -> list[StoredStepUp]:
    """The reports that the same key has signed since a moment and nobody has stopped, this one included."""
    query = select(report_step_up).where(
        inside(report_step_up, step_up.marketplace_id, brand_id=step_up.brand_id, key_id=step_up.key_id),
        report_step_up.c.known_at >= at,
        report_step_up.c.stopped_at.is_(None),
    )
    return _STEP_UPS.all(connection, query.order_by(report_step_up.c.known_at, report_step_up.c.report_id))


def record_release(connection: Connection, step_up: StoredStepUp, user_id: str, at: datetime) -> None:
    """Record who released a signed report: its hour begins."""
    own = update(report_step_up).where(inside(report_step_up, step_up.marketplace_id, report_id=step_up.report_id))
    connection.execute(own.values(waits_for=None, released_by=user_id, known_at=at))


def record_stop(connection: Connection, step_up: StoredStepUp, user_id: str, at: datetime) -> None:
    """Record who stopped a report."""
    own = update(report_step_up).where(
        inside(report_step_up, step_up.marketplace_id, report_id=step_up.report_id),
        report_step_up.c.stopped_at.is_(None),
    )
    connection.execute(own.values(stopped_at=at, stopped_by=user_id))


def set_state(connection: Connection, marketplace_id: str, report_id: str, state: StepUpState) -> bool:
    """End the wait of a report; False where it does not wait."""
    own = update(report).where(inside(report, marketplace_id, report_id=report_id, step_up=StepUpState.AWAITED.value))
    return connection.execute(own.values(step_up=state.value)).rowcount == 1


def set_decided(connection: Connection, marketplace_id: str, report_id: str) -> bool:
    """Record that each listing of a report has its outcome; False where that is known."""
    own = update(report).where(inside(report, marketplace_id, report_id=report_id), report.c.undecided)
    return connection.execute(own.values(undecided=False)).rowcount == 1


def undecided_reports(connection: Connection, most: int, received_before: datetime) -> list[tuple[str, str]]:
    """(marketplace, report) of reports that wait for nobody and whose listings are not all decided, oldest first.

    Those that never waited only if they were received before a moment: the process that did so decides them.
    """
    query = (
        select(report.c.marketplace_id, report.c.report_id)
        .where(
            report.c.undecided,
            report.c.step_up != StepUpState.AWAITED.value,
            or_(report.c.step_up != StepUpState.NONE.value, report.c.known_at < received_before),
        )
        .order_by(report.c.known_at, report.c.report_id)
        .limit(most)
    )
    return [(row.marketplace_id, row.report_id) for row in connection.execute(query)]
