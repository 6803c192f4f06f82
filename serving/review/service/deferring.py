"""Cases set aside: for a time or until something is heard, and taken up again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from models.case import CaseLane, CaseState
from models.errors import Conflict, Forbidden
from models.verdict import Side
from serving.accounts.rules.access import Permission, Person
from serving.cases.policy import WaitingPolicy
from serving.cases.rules.deferral import Deferral, Snooze, check_snooze
from serving.cases.store import cases, deferrals
from serving.platform.runtime import Runtime
from serving.review.service.case_access import why_not_judge
from serving.review.service.decision_context import DecisionContext, note

# A seller and a notifier were told by when they are answered.
_HELD_TO_ITS_TIME: Final = frozenset({CaseLane.APPEAL, CaseLane.COMPLAINT})


@dataclass(frozen=True, slots=True)
class Wanted:
    """For how long somebody sets a case aside, and what for. `knowingly` says that it may come back late."""

    case_id: str
    hours: int
    on_news: bool
    missing: str | None = None
    asked: str | None = None
    knowingly: bool = False


def snooze(runtime: Runtime, person: Person, wanted: Wanted) -> None:
    """Defer a case until its time has come, or until there is news about its listing.

    It returns by itself: no job has to run for it. An answer in the meantime ends the deferral.

    Raises
    ------
    NotFound, Invalid
        The person does not review the case; the rules do not allow this deferral.
    Forbidden
        The case judges a decision of the person or of somebody they invited.
    Conflict
        It is not open, or somebody else is working on it.
    """
    now = runtime.clock.now()
    aside = Snooze(now + timedelta(hours=wanted.hours), wanted.on_news, wanted.missing or None, wanted.asked or None)
    with runtime.store.write() as connection:
        here = cases.marketplace_of(connection, wanted.case_id, person.marketplaces(Permission.REVIEW_CASES))
        case = cases.get(connection, here, wanted.case_id)
        if case.state is not CaseState.OPEN:
            raise Conflict("The case is not open, so there is nothing to set aside.")
        why_not = why_not_judge(connection, person, case)
        if why_not is not None:
            raise Forbidden("{why}; when it is judged again is for somebody else to say.", why=why_not)
        knowingly = wanted.knowingly and case.lane not in _HELD_TO_ITS_TIME
        check_snooze(aside, due_at=case.due_at, now=now, knowingly=knowingly, policy=runtime.policies[WaitingPolicy])
        if not deferrals.begin(connection, case, person.user_id, runtime.ids.new("wai"), aside, now):
            raise Conflict("Somebody else is working on this case.")
        what = "Set aside" if aside.kind is Deferral.SNOOZED else "Set aside until somebody who was asked answers"
        note(DecisionContext(runtime, connection, person, case, Side.ANALYST, now), f"{what}.")


def take_up(runtime: Runtime, person: Person, case_id: str) -> None:
    """End the wait of a case now.

    Raises
    ------
    NotFound
        The case is none that the person reviews.
    Conflict
        It is not set aside.
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        here = cases.marketplace_of(connection, case_id, person.marketplaces(Permission.REVIEW_CASES))
        case = cases.get(connection, here, case_id)
        if not deferrals.end_of_case(connection, case, now):
            raise Conflict("The case is not set aside.")
        note(DecisionContext(runtime, connection, person, case, Side.ANALYST, now), "Taken up again.")
