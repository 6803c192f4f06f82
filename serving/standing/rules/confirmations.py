"""The outcomes of a brand's confirmations, counted.

Every comparison with a limit uses integers and fractions, so that 90 % is enough and 89.99 % is not, without rounding
errors of floating point numbers.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from models.verdict import Judgement, ReasonCode


class Outcome(StrEnum):
    """The outcome of a confirmation that counts."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"  # A later reviewer found the goods genuine, or the removal was withdrawn before it was sent.
    OVERTURNED = "overturned"  # The listing was removed, and then reinstated.
    WITHDRAWN = "withdrawn"  # The brand retracted its own report after the undo window.


@dataclass(frozen=True, slots=True)
class Ruling:
    """A reviewer's answer after the brand's, with its time."""

    judgement: Judgement
    at: datetime


@dataclass(frozen=True, slots=True)
class BrandAnswer:
    """One answer of a brand that it did not withdraw, and its outcome.

    `at_once` is set where the answer itself requested the removal. `analyst` is an analyst's decision after it, `audit`
    that of the blind second review for which it was sampled. `waits` is set while the removal is pending approval.
    `stopped_at` is set where it was withdrawn before it was sent, `overturned_at` is when the listing was reinstated,
    `retracted_at` when the brand retracted its report of it.
    """

    judgement: Judgement
    reason_code: ReasonCode
    at: datetime
    at_once: bool
    analyst: Ruling | None = None
    audit: Ruling | None = None
    waits: bool = False
    stopped_at: datetime | None = None
    overturned_at: datetime | None = None
    retracted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Counted outcomes, with the sampled removals that a second review judged and those that it found right."""

    accepted: int = 0
    rejected: int = 0
    overturned: int = 0
    audited: int = 0
    audited_right: int = 0
    withdrawn: int = 0

    @property
    def counted(self) -> int:
        """The number of counted outcomes, the denominator of all shares."""
        return self.accepted + self.rejected + self.overturned + self.withdrawn


_AGAINST: Final = frozenset({Judgement.GENUINE, Judgement.LICENSED})
_SETTLES: Final = _AGAINST | {Judgement.COUNTERFEIT}


def outcome_of(answer: BrandAnswer) -> tuple[Outcome, datetime] | None:
    """The outcome of an answer, and its time; None where it does not count.

    Only 'counterfeit' accuses a seller, so only it can be wrong. The answers 'cannot tell', 'grey market' and 'needs
    test buy' never count, from the brand or from a later reviewer. An undecided answer does not count yet. A removal in
    force counts as accepted until the listing is reinstated, so that a seller's objection alone does not hurt a brand.
    An overturn counts from the day of the reinstatement, however long ago the removal was confirmed. A retraction is no
    overturn: the brand corrects itself before a seller has to object. It is not accepted either.
    """
    if answer.waits or answer.judgement is not Judgement.COUNTERFEIT:
        return None
    for ended, at in (
        (Outcome.WITHDRAWN, answer.retracted_at),
        (Outcome.OVERTURNED, answer.overturned_at),
        (Outcome.REJECTED, answer.stopped_at),
    ):
        if at is not None:
            return ended, at
    if answer.audit is not None and answer.audit.judgement in _AGAINST:
        return Outcome.REJECTED, answer.audit.at
    if answer.at_once:
        return Outcome.ACCEPTED, answer.at
    if answer.analyst is not None and answer.analyst.judgement is Judgement.COUNTERFEIT:
        return Outcome.ACCEPTED, answer.analyst.at
    if answer.analyst is not None and answer.analyst.judgement in _AGAINST:
        return Outcome.REJECTED, answer.analyst.at
    return None


def settled_answers(answers: Iterable[BrandAnswer], *, by: datetime) -> list[BrandAnswer]:
    """The answers given by a moment, with what was ruled by then; later answers and rulings can still be undone."""
    return [
        replace(
            answer,
            analyst=answer.analyst if answer.analyst is not None and answer.analyst.at <= by else None,
            audit=answer.audit if answer.audit is not None and answer.audit.at <= by else None,
            retracted_at=answer.retracted_at if answer.retracted_at is not None and answer.retracted_at <= by else None,
            overturned_at=answer.overturned_at
            if answer.overturned_at is not None and answer.overturned_at <= by
            else None,
        )
        for answer in answers
        if answer.at <= by
    ]


def tallies(answers: Iterable[BrandAnswer], *, after: datetime, until: datetime) -> dict[ReasonCode | None, Tally]:
    """The counted outcomes in (after, until] by reason code; None is the key of the total."""
    outcome_counts: dict[ReasonCode, Counter[Outcome]] = {}
    looked: dict[ReasonCode, Counter[bool]] = {}
    for answer in answers:
        became = outcome_of(answer)
        if became is None or not after < became[1] <= until:
            continue
        outcome_counts.setdefault(answer.reason_code, Counter())[became[0]] += 1
        if answer.audit is not None and answer.audit.judgement in _SETTLES:
            looked.setdefault(answer.reason_code, Counter())[answer.audit.judgement is Judgement.COUNTERFEIT] += 1
    counted: dict[ReasonCode | None, Tally] = {
        code: _make_tally(counts, looked.get(code, Counter())) for code, counts in outcome_counts.items()
    }
    counted[None] = _sum_tallies(counted.values())
    return counted


def _make_tally(outcome_counts: Counter[Outcome], looked: Counter[bool]) -> Tally:
    audited = looked.total()
    return Tally(
        outcome_counts[Outcome.ACCEPTED],
        outcome_counts[Outcome.REJECTED],
        outcome_counts[Outcome.OVERTURNED],
        audited,
        looked[True],
        outcome_counts[Outcome.WITHDRAWN],
    )


def _sum_tallies(parts: Iterable[Tally]) -> Tally:
    whole = Tally()
    for part in parts:
        whole = Tally(
            whole.accepted + part.accepted,
            whole.rejected + part.rejected,
            whole.overturned + part.overturned,
            whole.audited + part.audited,
            whole.audited_right + part.audited_right,
            whole.withdrawn + part.withdrawn,
        )
    return whole


def surely_at_least(part: int, whole: int, limit: Decimal, z: Decimal) -> bool:
    """Whether the lower end of Wilson's interval reaches a limit between 0 and 1; False where `whole` is 0.

    The ends of the interval satisfy (share - limit)² = z² · limit · (1 - limit) / whole. This form needs no square
    root, so the result is exact.
    """
    return (
        bool(whole)
        and _share_minus_limit(part, whole, limit) >= 0
        and _scaled_distance(part, whole, limit) >= _interval_reach(limit, z)
    )


def surely_above(part: int, whole: int, limit: Decimal, z: Decimal) -> bool:
    """Whether the whole of Wilson's interval lies above a limit."""
    return (
        bool(whole)
        and _share_minus_limit(part, whole, limit) > 0
        and _scaled_distance(part, whole, limit) > _interval_reach(limit, z)
    )


def surely_below(part: int, whole: int, limit: Decimal, z: Decimal) -> bool:
    """Whether the whole of Wilson's interval lies below a limit."""
    return (
        bool(whole)
        and _share_minus_limit(part, whole, limit) < 0
        and _scaled_distance(part, whole, limit) > _interval_reach(limit, z)
    )


def _share_minus_limit(part: int, whole: int, limit: Decimal) -> Fraction:
    return Fraction(part, whole) - Fraction(limit)


def _scaled_distance(part: int, whole: int, limit: Decimal) -> Fraction:
    return whole * _share_minus_limit(part, whole, limit) ** 2


def _interval_reach(limit: Decimal, z: Decimal) -> Fraction:
    return Fraction(z) ** 2 * Fraction(limit) * (1 - Fraction(limit))
