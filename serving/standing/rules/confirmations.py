"""The outcomes of a brand's confirmations, counted. Standard library only.

Every comparison with a limit is one of whole numbers and fractions, so that 90 % is enough and 89.99 % is not, whatever
a floating point number would make of them.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from models.verdict import Judgement, ReasonCode


class Outcome(StrEnum):
    """The outcome of a confirmation that counts."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"  # A later reviewer found the goods genuine, or let no removal leave.
    OVERTURNED = "overturned"  # The listing was removed, and then reinstated.


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer of a reviewer after the brand, and its time."""

    judgement: Judgement
    at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """One answer of a brand that it did not withdraw, and its outcome.

    `at_once` is set where the answer itself asked for the removal. `desk` is an analyst's decision after it, `audit`
    that of the blind second review for which it was drawn. `waits` is set while people have yet to say whether the
    removal leaves. `stopped_at` is when they withdrew it before it left, `overturned_at` when the listing was
    reinstated.
    """

    judgement: Judgement
    reason_code: ReasonCode
    at: datetime
    at_once: bool
    desk: Ruling | None = None
    audit: Ruling | None = None
    waits: bool = False
    stopped_at: datetime | None = None
    overturned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Counted outcomes, and how many of the removals drawn for a blind look were judged and found right."""

    accepted: int = 0
    rejected: int = 0
    overturned: int = 0
    audited: int = 0
    audited_right: int = 0

    @property
    def counted(self) -> int:
        """How many outcomes the shares are of."""
        return self.accepted + self.rejected + self.overturned


_AGAINST: Final = frozenset({Judgement.GENUINE, Judgement.LICENSED})
_SETTLES: Final = _AGAINST | {Judgement.COUNTERFEIT}


def outcome(given: Given) -> tuple[Outcome, datetime] | None:
    """The outcome of an answer, and its time; None where it does not count.

    Only 'counterfeit' accuses anybody, so only it can be wrong. The answers 'cannot tell', 'grey market' and 'needs
    test buy' never count, from the brand or from a later reviewer. An undecided answer does not count yet. A removal in
    force is accepted until the listing is reinstated, so that a seller's objection alone costs a brand nothing. After a
    reinstatement the rejection counts from that day, however long ago the removal was confirmed.
    """
    if given.waits or given.judgement is not Judgement.COUNTERFEIT:
        return None
    if given.overturned_at is not None:
        return Outcome.OVERTURNED, given.overturned_at
    if given.stopped_at is not None:
        return Outcome.REJECTED, given.stopped_at
    if given.audit is not None and given.audit.judgement in _AGAINST:
        return Outcome.REJECTED, given.audit.at
    if given.at_once:
        return Outcome.ACCEPTED, given.at
    if given.desk is not None and given.desk.judgement is Judgement.COUNTERFEIT:
        return Outcome.ACCEPTED, given.desk.at
    if given.desk is not None and given.desk.judgement in _AGAINST:
        return Outcome.REJECTED, given.desk.at
    return None


def tallies(answers: Iterable[Given], *, after: datetime, until: datetime) -> dict[ReasonCode | None, Tally]:
    """The counted outcomes of a window by reason code, and under None of all of them. `after` lies outside it."""
    found: dict[ReasonCode, Counter[Outcome]] = {}
    looked: dict[ReasonCode, Counter[bool]] = {}
    for given in answers:
        became = outcome(given)
        if became is None or not after < became[1] <= until:
            continue
        found.setdefault(given.reason_code, Counter())[became[0]] += 1
        if given.audit is not None and given.audit.judgement in _SETTLES:
            looked.setdefault(given.reason_code, Counter())[given.audit.judgement is Judgement.COUNTERFEIT] += 1
    counted: dict[ReasonCode | None, Tally] = {
        code: _tally(counts, looked.get(code, Counter())) for code, counts in found.items()
    }
    counted[None] = _sum(counted.values())
    return counted


def _tally(found: Counter[Outcome], looked: Counter[bool]) -> Tally:
    audited = looked.total()
    return Tally(found[Outcome.ACCEPTED], found[Outcome.REJECTED], found[Outcome.OVERTURNED], audited, looked[True])


def _sum(parts: Iterable[Tally]) -> Tally:
    whole = Tally()
    for one in parts:
        whole = Tally(
            whole.accepted + one.accepted,
            whole.rejected + one.rejected,
            whole.overturned + one.overturned,
            whole.audited + one.audited,
            whole.audited_right + one.audited_right,
        )
    return whole


def surely_at_least(part: int, whole: int, limit: Decimal, z: Decimal) -> bool:
    """Whether the lower end of Wilson's interval reaches a limit between 0 and 1; of nothing it never does.

    The ends of the interval are where the square of (share - limit) is z squared times limit (1 - limit) / whole. Asked
    that way round there is no root to take, so the answer is exact.
    """
    return bool(whole) and _side(part, whole, limit) >= 0 and _distance(part, whole, limit) >= _reach(limit, z)


def surely_above(part: int, whole: int, limit: Decimal, z: Decimal) -> bool:
    """Whether the whole of Wilson's interval lies above a limit."""
    return bool(whole) and _side(part, whole, limit) > 0 and _distance(part, whole, limit) > _reach(limit, z)


def surely_below(part: int, whole: int, limit: Decimal, z: Decimal) -> bool:
    """Whether the whole of Wilson's interval lies below a limit."""
    return bool(whole) and _side(part, whole, limit) < 0 and _distance(part, whole, limit) > _reach(limit, z)


def _side(part: int, whole: int, limit: Decimal) -> Fraction:
    return Fraction(part, whole) - Fraction(limit)


def _distance(part: int, whole: int, limit: Decimal) -> Fraction:
    return whole * _side(part, whole, limit) ** 2


def _reach(limit: Decimal, z: Decimal) -> Fraction:
    return Fraction(z) ** 2 * Fraction(limit) * (1 - Fraction(limit))
