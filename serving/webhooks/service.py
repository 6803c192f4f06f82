"""The durable job of a message's next step, and the audit entry of a step, for messages on any subject."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from serving.audit.store import audit
from serving.platform import jobs
from serving.platform.runtime import Runtime
from serving.webhooks.store.outbox import Outgoing


def enqueue_delivery(runtime: Runtime, connection: Connection, action: Outgoing) -> None:
    """Enqueue the job of the action's next step with a real delay, where that is possible.

    Otherwise (with a simulated clock, or beyond an hour) the sweep enqueues it when the step is due.
    """
    delay = None if action.due_at is None else runtime.real_delay_seconds(action.due_at)
    if delay is not None:
        enqueue_now(runtime, connection, action, delay_seconds=delay)


def enqueue_now(
    runtime: Runtime, connection: Connection, action: Outgoing, *, delay_seconds: float | None = None
) -> None:
    """Enqueue the job of the action's next step. Each step has one job, from any caller."""
    if action.due_at is None:
        return
    job_id = f"deliver:{action.action_id}:{action.due_at.timestamp():.3f}"
    arguments = (action.marketplace_id, action.action_id)
    runtime.jobs.enqueue(connection, jobs.DELIVER, jobs.DELIVERIES, job_id, *arguments, delay_seconds=delay_seconds)


def record_step(
    connection: Connection, action: Outgoing, step: str, actor: str, at: datetime, payload: Mapping[str, Any]
) -> None:
    """Add the audit entry of one step of an action."""
    audit.record(
        connection, at, action.marketplace_id, actor, f"{action.kind.value}.{step}", action.action_id, **payload
    )
