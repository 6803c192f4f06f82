"""The alarm of shifted features: what stays red, and how a person explains it."""

from sqlalchemy import Connection

from models.errors import Conflict, Invalid, required
from serving.audit.store import audit
from serving.learning.policy import DriftAlarmPolicy
from serving.learning.rules.drift_alarm import RedFeature, red_features
from serving.learning.store import monitoring
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime


def red_now(runtime: Runtime, connection: Connection, marketplace_id: str) -> tuple[RedFeature, ...]:
    """The features that the newest drift report calls shifted, each with the note that holds for it."""
    policy = runtime.policies[DriftAlarmPolicy]
    reports = monitoring.drift_reports(connection, marketplace_id, policy.reports_read)
    if not reports:
        return ()
    given = monitoring.standing_acknowledgements(connection, marketplace_id, reports[-1][1].get("champion"))
    return red_features(reports, given, policy)


def acknowledge(runtime: Runtime, marketplace: Marketplace, *, feature: str, note: str, by: str) -> None:
    """Record why a feature stays shifted; its alarm is quiet until the shift worsens.

    Raises Invalid (the note is blank) or Conflict (the newest report does not call the feature shifted).
    """
    here, now = marketplace.marketplace_id, runtime.clock.now()
    if not note.strip():
        raise Invalid("An acknowledgement needs a note: why the feature has shifted, and why that is accepted.")
    with runtime.store.write() as connection:
        audit.hold(connection)
        red = {one.name: one for one in red_now(runtime, connection, here)}
        if feature not in red:
            raise Conflict("The latest drift report does not show this feature as shifted. Load the page again.")
        latest = monitoring.latest_drift_report(connection, here)
        row = {
            "marketplace_id": here,
            "acknowledgement_id": runtime.ids.new("ack"),
            "feature": feature,
            "champion": latest[1].get("champion") if latest else None,
            "psi": red[feature].psi,
            "note": note.strip(),
            "acknowledged_by": by,
            "acknowledged_at": now,
        }
        monitoring.add_acknowledgement(connection, row)
        audit.record(connection, now, here, by, "drift.acknowledged", feature, psi=red[feature].psi)


def withdraw(runtime: Runtime, marketplace: Marketplace, *, acknowledgement_id: str, by: str) -> None:
    """Withdraw an acknowledgement, so that the alarm sounds again. Raises NotFound (there is none that stands)."""
    here, now = marketplace.marketplace_id, runtime.clock.now()
    with runtime.store.write() as connection:
        audit.hold(connection)
        feature = required(
            monitoring.withdraw_acknowledgement(connection, here, acknowledgement_id, now),
            "There is no such acknowledgement.",
        )
        audit.record(connection, now, here, by, "drift.acknowledgement_withdrawn", feature)
