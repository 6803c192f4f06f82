"""Notes on a case, for every reader of the case and for the people mentioned."""

from collections.abc import Collection
from dataclasses import dataclass

from models.errors import Forbidden
from serving.accounts.rules.access import Permission, Person
from serving.cases.policy import WaitingPolicy
from serving.cases.rules.case_note import note_from
from serving.cases.service.case_access import is_blind, why_not_judge
from serving.cases.store import case_notes, cases
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
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        marketplace_id = cases.marketplace_of(
            connection, new_note.case_id, person.marketplaces(Permission.REVIEW_CASES)
        )
        case = cases.get(connection, marketplace_id, new_note.case_id)
        why_not = why_not_judge(connection, person, case)
        if why_not is not None:
            raise Forbidden("{why}; you cannot write notes for the person who judges it now.", why=why_not)
        note = note_from(
            new_note.text,
            new_note.mentioned,
            author=person.user_id,
            may_see={} if is_blind(connection, case) else case_notes.colleagues(connection, marketplace_id),
            policy=runtime.policies[WaitingPolicy],
        )
        row = {
            "marketplace_id": marketplace_id,
            "note_id": runtime.ids.new("not"),
            "case_id": new_note.case_id,
            "user_id": person.user_id,
            "text": note.text,
            "known_at": now,
        }
        case_notes.add_note(connection, row, note.mentioned)
    return str(row["note_id"])
