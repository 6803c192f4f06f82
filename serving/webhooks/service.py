"""The durable job of a message's next step, and the audit entry of a step, whatever the message is about."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from serving.audit.store import audit
from serving.platform import jobs
from serving.platform.runtime import Runtime
from serving.webhooks.store.outbox import Outgoing


def enqueue_delivery(runtime: Runtime, connection: Connection, action: Outgoing) -> None:
    """Leave the job of the action's next step where a real delay can stand for the wait.

    Elsewhere (a simulated clock, or more than an hour) the sweep leaves it when the step is due.
    """
    delay = None if action.due_at is None else runtime.real_delay_seconds(action.due_at)
    if delay is not None:
        enqueue_now(runtime, connection, action, delay_seconds=delay)


def enqueue_now(
    runtime: Runtime, connection: Connection, action: Outgoing, *, delay_seconds: float | None = None
) -> None:
    """Leave the job of the action's next step. The same step is the same job, from any caller."""
    if action.due_at is None:
        return
    job_id = f"deliver:{action.action_id}:{action.due_at.timestamp():.3f}"
    arguments = (action.marketplace_id, action.action_id)
    runtime.jobs.enqueue(connection, jobs.DELIVER, jobs.DELIVERIES, job_id, *arguments, delay_seconds=delay_seconds)


def record_step(
    connection: Connection, action: Outgoing, step: str, actor: str, at: datetime, payload: Mapping[str, Any]
) -> None:
    """The audit entry of one step of an action."""
    audit.record(
        connection, at, action.marketplace_id, actor, f"{action.kind.value}.{step}", action.action_id, **payload
    )
