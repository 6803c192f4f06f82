"""Notes on a case, for every reader of the case and for the people mentioned; and cases handed to a colleague."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from models.case import CaseState
from models.errors import Conflict, Forbidden, Invalid
from models.verdict import Side
from serving.accounts.rules.access import Permission, Person
from serving.cases.policy import AssignmentPolicy, WaitingPolicy
from serving.cases.rules.case_note import note_from
from serving.cases.service.case_access import excluded_people, is_blind, why_not_judge
from serving.cases.service.decision_context import DecisionContext, add_timeline_line
from serving.cases.store import assignments, case_notes, cases
from serving.cases.store.cases import Case
from serving.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class NewNote:
    """A note as submitted; `mentioned` are ids of people."""

    case_id: str
    text: str
    mentioned: Collection[str]


def write_note(runtime: Runtime, person: Person, new_note: NewNote) -> str:
    """Store a note; returns its id. Decided cases accept notes too.

    Raises NotFound (the person does not review the case), Forbidden (the case reviews a decision of the person or of
    somebody they invited; their note could influence its judge) or Invalid (the note is empty, too long, or mentions
    somebody who may not see the case).
    """
    with runtime.store.write() as connection:
        return _add_note(runtime, connection, person, _reviewed_case(connection, person, new_note.case_id), new_note)


def hand_over(runtime: Runtime, person: Person, case_id: str, to: str, text: str) -> str:
    """Assign an open case to a colleague, with a note that they see under Notes; returns the colleague's name.

    It replaces an earlier assignment and ends the person's lease.

    Raises as `write_note`, and Invalid (nobody to whom the case can be handed is named), Forbidden (the colleague, or
    somebody who counts as one person with them, judged the listing) or Conflict (the case is not open, or somebody else
    is working on it).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        case = _reviewed_case(connection, person, case_id)
        names = case_notes.colleagues(connection, case.marketplace_id)
        if to == person.user_id or to not in names:
            raise Invalid("Choose a colleague who reviews cases here.")
        if case.state is not CaseState.OPEN:
            raise Conflict("The case is no longer open.")
        if case.leased_by not in {None, person.user_id} and case.leased_until and case.leased_until > now:
            raise Conflict("Somebody else is working on this case.")
        if to in excluded_people(connection, case.marketplace_id, [case_id]).get(case_id, ()):
            raise Forbidden("This colleague judged the listing before; hand the case to somebody else.")
        _add_note(runtime, connection, person, case, NewNote(case_id, text, [to]))
        until = now + timedelta(hours=runtime.policies[AssignmentPolicy].handover_lasts_hours)
        assignments.hand_over(connection, case.marketplace_id, case_id, to, at=now, until=until)
        cases.end_lease(connection, case.marketplace_id, case_id)
        context = DecisionContext(runtime, connection, person, case, Side.ANALYST, now)
        add_timeline_line(context, f"Handed over to {names[to]}.")
    return names[to]


def _reviewed_case(connection: Connection, person: Person, case_id: str) -> Case:
    marketplace_id = cases.marketplace_of(connection, case_id, person.marketplaces(Permission.REVIEW_CASES))
    return cases.get(connection, marketplace_id, case_id)


def _add_note(runtime: Runtime, connection: Connection, person: Person, case: Case, new_note: NewNote) -> str:
    why_not = why_not_judge(connection, person, case)
    if why_not is not None:
        raise Forbidden("{why}; you cannot write notes for the person who judges it now.", why=why_not)
    note = note_from(
        new_note.text,
        new_note.mentioned,
        author=person.user_id,
        may_see={} if is_blind(connection, case) else case_notes.colleagues(connection, case.marketplace_id),
        policy=runtime.policies[WaitingPolicy],
    )
    row = {
        "marketplace_id": case.marketplace_id,
        "note_id": runtime.ids.new("not"),
        "case_id": case.case_id,
        "user_id": person.user_id,
        "text": note.text,
        "known_at": runtime.clock.now(),
    }
    case_notes.add_note(connection, row, note.mentioned)
    return str(row["note_id"])
