"""A notifier's complaint that a listing stays: its admission and its priority."""

from datetime import datetime

from features.message import message
from models.errors import Conflict, DeadlinePassed
from serving.appeals.policy import AppealPolicy
from serving.appeals.rules.appeals import Admission, AppealRecord, appeal_period_end, is_frivolous


def admit_complaint(
    *, informed_at: datetime, at: datetime, is_first: bool, record: AppealRecord, policy: AppealPolicy
) -> Admission:
    """The admission of a notifier's complaint and its priority, by the same rules as a seller's appeal.

    Article 20(1) gives both six months, and a person who did not take the decision.

    Raises Conflict (there has already been a complaint about this decision) or TooLate (the time to complain about the
    decision has passed).
    """
    if not is_first:
        raise Conflict("There has been a complaint about this decision already.")
    if at >= appeal_period_end(informed_at, policy):
        raise DeadlinePassed(
            "A complaint was open for {months} months; that time has passed.", months=policy.open_months
        )
    behind = is_frivolous(record, policy)
    return Admission(behind_others=behind, message=message("complaint.behind_others" if behind else "appeal.admitted"))
