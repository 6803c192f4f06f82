"""A challenger on trial beside the champion: the sellers that it decides about, and the comparison of the two."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from models.errors import Forbidden, Invalid
from models.routing import Lane

# The lanes to which the score sends a listing for review by a person.
FLAGGED: Final = frozenset({Lane.ANALYST, Lane.ASK_BRAND})
_BUCKETS: Final = 2**64


def does_challenger_decide(trial_id: str, seller: str, share: float) -> bool:
    """Whether the challenger decides about this seller's listings, given its share of sellers.

    A seller stays on one side throughout the trial; a growing share only moves sellers to the challenger.
    """
    hashed = hashlib.sha256(f"{trial_id} {seller}".encode()).digest()
    return int.from_bytes(hashed[:8]) / _BUCKETS < share


def missing_approvals(*, by: str, approved_by: frozenset[str], needed: int) -> int:
    """How many more people must approve the model before this person may let it decide; 0 if none."""
    return max(0, needed - len(approved_by | {by}))


def check_share(share: float, *, by: str, approved_by: frozenset[str], needed: int) -> None:
    """Refuse a share that is not allowed.

    A shadow trial (a share of 0) needs no approval. A deciding trial needs as many different people as a promotion: the
    person who starts it and those who have approved the model.

    Raises Invalid (the share is not from 0 to below 1; deciding about all sellers is a promotion) or Forbidden (too few
    other people have approved the model).
    """
    if not 0 <= share < 1:
        raise Invalid("The share must be from 0 to below 1. To decide about all sellers, promote the model.")
    missing = missing_approvals(by=by, approved_by=approved_by, needed=needed)
    if share > 0 and missing:
        raise Forbidden(
            "A trial that decides needs the model's approval by {n} more of the people who may promote.", n=missing
        )


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One listing version that both models scored; `counterfeit` is its current label, None without one."""

    champion: Lane
    challenger: Lane
    counterfeit: bool | None


@dataclass(frozen=True, slots=True)
class Cell:
    """The listings that both, one or neither of the models flagged, with their current labels."""

    listings: int
    counterfeit: int
    genuine: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The results of a trial so far. Only the random audit sample covers listings that neither model flagged."""

    both: Cell
    only_champion: Cell
    only_challenger: Cell
    neither: Cell

    @property
    def listings(self) -> int:
        """The number of listing versions that both models have scored."""
        return sum(cell.listings for cell in (self.both, self.only_champion, self.only_challenger, self.neither))


def compare(rows: Iterable[TrialRow]) -> Comparison:
    """The comparison of these listings."""
    cells: dict[tuple[bool, bool], list[bool | None]] = {}
    for row in rows:
        key = (row.champion in FLAGGED, row.challenger in FLAGGED)
        cells.setdefault(key, []).append(row.counterfeit)
    both, only_champion, only_challenger, neither = (
        _make_cell(cells.get(key, [])) for key in ((True, True), (True, False), (False, True), (False, False))
    )
    return Comparison(both, only_champion, only_challenger, neither)


def _make_cell(labels: list[bool | None]) -> Cell:
    return Cell(len(labels), labels.count(True), labels.count(False))
