"""The marketplace is asked for a reported listing that it has not sent."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.rules.outcomes import digest_of, is_marketplace_asked
from serving.reports.store.reports import StoredReport
from serving.webhooks.rules.action import ActionState, RequestKind
from serving.webhooks.service.signing_secrets import record_step
from serving.webhooks.store import listing_requests

_DAY: Final = timedelta(hours=24)


def request_listing(
    runtime: Runtime, connection: Connection, stored: StoredReport, location: str, waits_until: datetime, at: datetime
) -> bool:
    """Ask the marketplace once in 30 days for a listing; returns whether it has been asked, now or before.

    The caller holds the head of the audit log, so that two reports at once ask once.
    """
    marketplace_id, digest, policy = stored.marketplace_id, digest_of(location), runtime.policies[ReportPolicy]
    last = listing_requests.latest_request(connection, marketplace_id, digest)
    today = listing_requests.count_of_brand(connection, marketplace_id, stored.brand_id, at - _DAY)
    if not is_marketplace_asked(None if last is None else last.created_at, today, at, policy):
        return last is not None and at < last.created_at + timedelta(days=policy.waits_days)
    row: dict[str, Any] = {
        "marketplace_id": marketplace_id,
        "action_id": runtime.ids.new(listing_requests.PREFIX),
        "brand_id": stored.brand_id,
        "location": location,
        "location_digest": digest,
        "kind": RequestKind.REQUESTED.value,
        "state": ActionState.SCHEDULED.value,
        "sequence": listing_requests.OUTBOX.next_sequence(connection, marketplace_id, digest),
        "waits_until": waits_until,
        "created_at": at,
        "leaves_at": at,
        "due_at": at,
    }
    listing_requests.add_request(connection, row)
    request = listing_requests.get(connection, marketplace_id, row["action_id"])
    actor = f"user:{stored.user_id}"
    record_step(connection, request, "scheduled", actor, at, {"report_id": stored.report_id, "location": location})
    return True
