"""Assignment of work: open cases to the analysts on duty, new brands to account managers."""

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import Invalid
from serving.audit.store import audit
from serving.cases.policy import AssignmentPolicy
from serving.cases.rules.assignment import Load, least_loaded, share_out
from serving.cases.service.case_access import kept_from
from serving.cases.store import assignments
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime

_MOST_AT_ONCE: Final = 200


def assign_cases(runtime: Runtime) -> int:
    """Assign free cases to the analyst with the least open work; returns how many cases were assigned.

    An assignment reserves nothing: anybody may open the case. It only keeps two people from being led to the same case,
    and it expires.
    """
    now = runtime.clock.now()
    until = now + timedelta(minutes=runtime.policies[AssignmentPolicy].offer_lasts_minutes)
    with runtime.store.read() as connection:
        places = [
            one.marketplace_id
            for one in marketplaces.everyone(connection)
            if assignments.on_duty(connection, one.marketplace_id, runtime.wall.now())
            and assignments.free(connection, one.marketplace_id, now, 1)
        ]
    offered = 0
    for here in places:
        with runtime.store.write() as connection:
            audit.hold(connection)  # Of two concurrent sweeps the second sees the assignments of the first.
            given = assignments.in_hand(connection, here, now)
            loads = [Load(one, given[one]) for one in assignments.on_duty(connection, here, runtime.wall.now())]
            cases = assignments.free(connection, here, now, _MOST_AT_ONCE)
            barred = kept_from(connection, here, cases)
            shared = share_out(cases, loads, barred, runtime.policies[AssignmentPolicy])
            assignments.assign(connection, here, shared, at=now, until=until)
            offered += len(shared)
    return offered


def manager_for(connection: Connection, marketplace_id: str) -> str:
    """The account manager with the fewest brands. Raises Invalid (the marketplace has no account manager)."""
    found = assignments.brands_of_managers(connection, marketplace_id)
    chosen = least_loaded(Load(user_id, number) for user_id, number in found.items())
    if chosen is None:
        raise Invalid("This marketplace has no account manager. Name one, or grant somebody the role first.")
    return chosen.user_id
