"""A notifier's complaint that a listing stays: whether it is heard, and in what order. Standard library only."""

from datetime import datetime

from models.errors import Conflict, TooLate
from serving.appeals.policy import AppealPolicy
from serving.appeals.rules.appeals import Admission, AppealRecord, is_frivolous, open_until


def admit_complaint(
    *, informed_at: datetime, at: datetime, is_first: bool, record: AppealRecord, policy: AppealPolicy
) -> Admission:
    """Whether a notifier's complaint that a listing stays is heard, and in what order: as a seller's appeal is.

    Article 20(1) gives both the same six months and the same person who did not decide before.

    Raises
    ------
    Conflict
        There has been a complaint about this decision.
    TooLate
        The decision can no longer be complained about.
    """
    if not is_first:
        raise Conflict("There has been a complaint about this decision already.")
    if at >= open_until(informed_at, policy):
        raise TooLate("A complaint was open for {months} months; that time has passed.", months=policy.open_months)
    behind = is_frivolous(record, policy)
    told = "It is heard after those of others." if behind else "A person who did not decide before will look at it."
    return Admission(behind_others=behind, told=told)
