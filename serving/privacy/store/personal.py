"""The columns of sellers' data to erase, on request or after their retention period, by class.

The stores of the subjects declare them. `tests/serving/privacy/store/test_personal.py` compares every column that may
contain personal data with this list, and gives the reason for each column that is kept. Data erased with a removal, a
notified listing, a report or a test buy is found by the id of that subject.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, or_

from serving.appeals.store import erasing as of_appeals
from serving.cases.store import erasing as of_cases
from serving.platform.database.erasing import Place
from serving.platform.database.lists import chunks
from serving.privacy.rules.erasure import ErasableData
from serving.reports.store import erasing as of_reports
from serving.takedowns.store import erasing as of_takedowns

PLACES: Final[Mapping[ErasableData, tuple[Place, ...]]] = {
    ErasableData.STATEMENTS: of_appeals.STATEMENTS,
    ErasableData.DOCUMENTS: (*of_appeals.DOCUMENTS, *of_reports.DOCUMENTS),
    ErasableData.EVIDENCE_PARTS: of_takedowns.EVIDENCE_PARTS,
    ErasableData.CUSTODY: (*of_cases.CUSTODY, *of_reports.TEST_BUYS),
    ErasableData.LINKS: of_appeals.LINKS,
}


def count_by_class(
    connection: Connection,
    marketplace_id: str,
    subjects: Sequence[str],
    kinds: Collection[ErasableData] = tuple(ErasableData),
) -> dict[ErasableData, int]:
    """The number of rows of these subjects that still contain data, by class."""
    counts = dict.fromkeys(ErasableData, 0)
    for chunk in chunks(subjects):
        for what, places in PLACES.items():
            if what in kinds:
                counts[what] += sum(place.count(connection, marketplace_id, chunk) for place in places)
    return counts


def erase(
    connection: Connection,
    marketplace_id: str,
    subjects: Sequence[str],
    at: datetime,
    kinds: Collection[ErasableData] = tuple(ErasableData),
) -> None:
    """Erase some classes of data of these subjects; a document is deleted with its last upload."""
    for chunk in chunks(subjects):
        for what, places in PLACES.items():
            if what in kinds:
                for place in places:
                    place.erase(connection, marketplace_id, chunk, at)
    if ErasableData.DOCUMENTS in kinds:
        of_appeals.erase_orphaned_documents(connection, marketplace_id)


def subjects_of(
    connection: Connection, marketplace_id: str, what: ErasableData, within: Any, *, most: int
) -> list[str]:
    """At most `most` of a query's ids that still have data of a class."""
    (ids,) = within.selected_columns
    query = within.where(or_(*(ids.in_(place.subjects(marketplace_id)) for place in PLACES[what]))).limit(most)
    return [str(subject) for subject in connection.execute(query).scalars()]
