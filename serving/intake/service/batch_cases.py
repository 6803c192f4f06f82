"""The cases that a batch opens, row after row, and the questions that it puts to brands."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Self

from sqlalchemy import Connection

from models.routing import Lane
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.intake.service.intake_steps import Step


class BatchCases:
    """Which listings have an open case, as the rows of a batch open cases.

    `stored` are the open cases before the batch, by listing, and `versions` those that have had a case by then.
    """

    def __init__(self, stored: Mapping[str, Case], versions: Collection[str]) -> None:
        self.stored = stored
        self._open, self._versions = set(stored), versions

    @classmethod
    def read(cls, connection: Connection, marketplace_id: str, changed: Sequence[Step]) -> Self:
        """The cases of the listings of these rows."""
        known = {step.listing_id for step in changed if step.before}
        observed = {step.version_id for step in changed if not step.is_version}
        return cls(
            cases.open_cases(connection, marketplace_id, known),
            cases.versions_with_case(connection, marketplace_id, observed),
        )

    def is_open(self, step: Step) -> bool:
        """Whether the listing of a row has an open case before the row."""
        return step.listing_id in self._open

    def opens(self, step: Step, lane: Lane) -> bool:
        """Whether a row opens a case, which the next rows of its listing then find open.

        A new version under review stays under review. An observation opens no second case on a version.
        """
        if step.is_version:
            opens = lane is not Lane.NO_ACTION or self.is_open(step)
        else:
            opens = lane is not Lane.NO_ACTION and not self.is_open(step) and step.version_id not in self._versions
        if opens:
            self._open.add(step.listing_id)
        return opens


class QuestionsLeft:
    """The questions that each brand can still be asked today (UTC), as the rows of a batch ask them."""

    def __init__(self, left: Mapping[str, int], now: datetime) -> None:
        self.left = dict(left)
        self._midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)

    def ask(self, brand_id: str | None, at: datetime) -> None:
        """Count a question; one of an earlier day, in a backfill, does not count."""
        if brand_id in self.left and at >= self._midnight:
            self.left[brand_id] = max(0, self.left[brand_id] - 1)
