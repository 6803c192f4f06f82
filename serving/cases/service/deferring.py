"""Deferral of cases: snoozed for a time or until there is news, and resumed.

Assignment of work: open cases to the analysts on duty, new brands to account managers.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from models.case import CaseLane, CaseState
from models.errors import Conflict, Forbidden, Invalid
from models.verdict import Side
from serving.accounts.rules.access import Permission, Person
from serving.audit.store import audit
from serving.cases.policy import AssignmentPolicy, WaitingPolicy
from serving.cases.rules.assignment import Load, least_loaded, share_out
from serving.cases.rules.case_note import Deferral, Snooze, check_snooze
from serving.cases.service.case_access import excluded_people, why_not_judge
from serving.cases.service.decision_context import DecisionContext, add_timeline_line
from serving.cases.store import assignments, cases, deferrals
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime

# Sellers and notifiers were told a deadline for these cases.
_WITH_A_DEADLINE: Final = frozenset({CaseLane.APPEAL, CaseLane.COMPLAINT})


@dataclass(frozen=True, slots=True)
class DeferralRequest:
    """A requested deferral, with its reason. `knowingly` accepts that the case returns after its deadline."""

    case_id: str
    hours: int
    on_news: bool
    missing: str | None = None
    source: str | None = None
    knowingly: bool = False


def snooze(runtime: Runtime, person: Person, snooze: DeferralRequest) -> None:
    """Defer a case for a time, or until there is news about its listing.

    The deferral ends without a job. An answer in the meantime also ends it.

    Raises NotFound, Invalid (the person does not review the case; the rules do not allow this deferral), Forbidden (the
    case judges a decision of the person or of somebody they invited) or Conflict (the case is not open, or somebody
    else is working on it).
    """
    now = runtime.clock.now()
    deferral = Snooze(
        now + timedelta(hours=snooze.hours), snooze.on_news, snooze.missing or None, snooze.source or None
    )
    with runtime.store.write() as connection:
        marketplace_id = cases.marketplace_of(connection, snooze.case_id, person.marketplaces(Permission.REVIEW_CASES))
        case = cases.get(connection, marketplace_id, snooze.case_id)
        if case.state is not CaseState.OPEN:
            raise Conflict("The case is not open, so it cannot be snoozed.")
        why_not = why_not_judge(connection, person, case)
        if why_not is not None:
            raise Forbidden("{why}; somebody else must decide whether to defer this case.", why=why_not)
        knowingly = snooze.knowingly and case.lane not in _WITH_A_DEADLINE
        check_snooze(deferral, due_at=case.due_at, now=now, knowingly=knowingly, policy=runtime.policies[WaitingPolicy])
        if not deferrals.defer(connection, case, person.user_id, runtime.ids.new("wai"), deferral, now):
            raise Conflict("Somebody else is working on this case.")
        what = "Snoozed" if deferral.kind is Deferral.SNOOZED else "Deferred until the requested information arrives"
        add_timeline_line(DecisionContext(runtime, connection, person, case, Side.ANALYST, now), f"{what}.")


def resume(runtime: Runtime, person: Person, case_id: str) -> None:
    """End the deferral of a case now.

    Raises NotFound (the person does not review the case) or Conflict (the case is not deferred).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        marketplace_id = cases.marketplace_of(connection, case_id, person.marketplaces(Permission.REVIEW_CASES))
        case = cases.get(connection, marketplace_id, case_id)
        if not deferrals.resume_case(connection, case, now):
            raise Conflict("The case is not deferred.")
        add_timeline_line(DecisionContext(runtime, connection, person, case, Side.ANALYST, now), "Deferral ended.")


_MOST_AT_ONCE: Final = 200


def assign_cases(runtime: Runtime) -> int:
    """Assign free cases to the analyst with the least open work; returns how many cases were assigned.

    An assignment reserves nothing: anybody may open the case. It only keeps two people from being led to the same case,
    and it expires.
    """
    now = runtime.clock.now()
    until = now + timedelta(minutes=runtime.policies[AssignmentPolicy].suggestion_lasts_minutes)
    with runtime.store.read() as connection:
        places = [
            marketplace.marketplace_id
            for marketplace in marketplaces.all_marketplaces(connection)
            if assignments.analysts_on_duty(connection, marketplace.marketplace_id, runtime.wall.now())
            and assignments.free_cases(connection, marketplace.marketplace_id, now, 1)
        ]
    offered = 0
    for place in places:
        with runtime.store.write() as connection:
            audit.lock(connection)  # Of two concurrent sweeps the second sees the assignments of the first.
            in_hand = assignments.open_case_counts(connection, place, now)
            loads = [
                Load(user_id, in_hand[user_id])
                for user_id in assignments.analysts_on_duty(connection, place, runtime.wall.now())
            ]
            cases = assignments.free_cases(connection, place, now, _MOST_AT_ONCE)
            barred = excluded_people(connection, place, cases)
            shared = share_out(cases, loads, barred, runtime.policies[AssignmentPolicy])
            assignments.assign(connection, place, shared, at=now, until=until)
            offered += len(shared)
    return offered


def manager_for(connection: Connection, marketplace_id: str) -> str:
    """The account manager with the fewest brands. Raises Invalid (the marketplace has no account manager)."""
    brand_counts = assignments.brand_counts_by_manager(connection, marketplace_id)
    chosen = least_loaded(Load(user_id, number) for user_id, number in brand_counts.items())
    if chosen is None:
        raise Invalid("This marketplace has no account manager. Name one, or grant somebody the role first.")
    return chosen.user_id
