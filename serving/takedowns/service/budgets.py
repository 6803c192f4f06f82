"""What counts against the budgets that a removal meets: gathered for the rule."""

from datetime import datetime

from sqlalchemy import Connection

from serving.platform.runtime import Runtime
from serving.takedowns.policy import BudgetPolicy
from serving.takedowns.rules.budgets import UsualDay, reference_period, usual_day
from serving.takedowns.store import budgets
from serving.takedowns.store.approvals import Pacer


def usual_day_of(runtime: Runtime, connection: Connection, marketplace_id: str, pacer: Pacer, at: datetime) -> UsualDay:
    """The usual day of removals of a person, a brand or a seller, as of two weeks before."""
    period = reference_period(at, runtime.policies[BudgetPolicy])
    return usual_day(budgets.removals_per_day(connection, marketplace_id, pacer, period))
