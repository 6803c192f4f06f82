"""Notes on a case: written by somebody of the desk, for whoever opens it and for the people mentioned."""

from collections.abc import Collection
from dataclasses import dataclass

from models.access import Permission, Person
from models.case_note import written
from serving.db import case_notes, cases
from serving.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Wanted:
    """A note as somebody sends it: on which case, the words, the ids of people."""

    case_id: str
    said: str
    mentioned: Collection[str]


def write_note(runtime: Runtime, person: Person, wanted: Wanted) -> str:
    """Keep a note; returns its id. It decides nothing, and is kept also for a case that is decided.

    Raises
    ------
    NotFound
        The case is none that the person reviews.
    Invalid
        It is empty, too long, or mentions somebody who may not see the case.
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        here = cases.marketplace_of(connection, wanted.case_id, person.marketplaces(Permission.REVIEW_CASES))
        note = written(
            wanted.said,
            wanted.mentioned,
            author=person.user_id,
            may_see=case_notes.colleagues(connection, here),
            policy=runtime.policies.waiting,
        )
        row = {
            "marketplace_id": here,
            "note_id": runtime.ids.new("not"),
            "case_id": wanted.case_id,
            "user_id": person.user_id,
            "said": note.said,
            "known_at": now,
        }
        case_notes.add_note(connection, row, note.mentioned)
    return str(row["note_id"])
