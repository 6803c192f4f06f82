"""What others have found of a brand's confirmations: blind audits, and the ends of its removals.

Nothing counts that the brand alone has said. An audit is a random confirmation that an analyst judged blind, from
documents, a test buy or the seller's answer. A removal ends when the time in which its seller can answer has run out,
or when it is reversed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from models.verdict import Evidence, Judgement, ReasonCode

_WRONG: Final = frozenset({Judgement.GENUINE, Judgement.LICENSED})


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit: the reason of the confirmation and its time, and what the analyst found, from what, and when."""

    reason_code: ReasonCode
    confirmed_at: datetime
    judgement: Judgement
    evidence: Evidence
    at: datetime

    @property
    def is_right(self) -> bool | None:
        """Whether the brand was right; None where the analyst could not tell, or had nothing but the listing."""
        if self.evidence is Evidence.LISTING:
            return None
        if self.judgement in _WRONG:
            return False
        return True if self.judgement is Judgement.COUNTERFEIT else None


@dataclass(frozen=True, slots=True)
class Reversal:
    """A reversed removal: the reason of the confirmation and its time, and when it was reversed.

    `silent_cluster` is set where the brand did not answer the counter-notice, so that nobody has judged the goods: the
    seller, or the same word for all sellers that are linked with one another.
    """

    reason_code: ReasonCode
    confirmed_at: datetime
    at: datetime
    silent_cluster: str | None = None


@dataclass(frozen=True, slots=True)
class StoodRemovals:
    """The removals for one reason whose sellers' time ran out on one day (UTC), and that stood."""

    reason_code: ReasonCode
    day: date
    number: int


@dataclass(frozen=True, slots=True)
class Record:
    """A brand's record: the audits of a year; of the period of removals the reversals and those that stood; and by
    reason code the removals whose seller can still answer.

    Confirmations up to the last fall have led to it. They are left out, and lead to no rise and to no other fall.
    """

    audits: tuple[Audit, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    stood: tuple[StoodRemovals, ...] = ()
    waiting: Mapping[ReasonCode, int] = field(default_factory=dict)

    def of_code(self, code: ReasonCode) -> "Record":
        """What was found of confirmations for one reason."""
        return Record(
            audits=tuple(audit for audit in self.audits if audit.reason_code is code),
            reversals=tuple(reversal for reversal in self.reversals if reversal.reason_code is code),
            stood=tuple(stood for stood in self.stood if stood.reason_code is code),
            waiting={code: self.waiting.get(code, 0)},
        )

    @property
    def reason_codes(self) -> tuple[ReasonCode, ...]:
        """The reason codes that the record has anything about, in their order."""
        named = {audit.reason_code for audit in self.audits} | {stood.reason_code for stood in self.stood}
        named |= {reversal.reason_code for reversal in self.reversals}
        return tuple(code for code in ReasonCode if code in named or self.waiting.get(code))


@dataclass(frozen=True, slots=True)
class AuditTally:
    """Audits that found the brand right and wrong, and those that could not tell, which count for nothing."""

    right: int = 0
    wrong: int = 0
    undecided: int = 0

    @property
    def counted(self) -> int:
        """The audits that count."""
        return self.right + self.wrong


@dataclass(frozen=True, slots=True)
class RemovalTally:
    """Removals whose answering time has run out or that were reversed before, and those that wait for it.

    `undefended` counts linked sellers once.
    """

    stood: int = 0
    overturned: int = 0
    undefended: int = 0
    waiting: int = 0

    @property
    def ended(self) -> int:
        """The removals that have ended: the denominator of the overturned and of the undefended share."""
        return self.stood + self.overturned + self.undefended


def tally_audits(audits: Iterable[Audit], *, after: datetime, until: datetime) -> AuditTally:
    """The audits judged in (after, until]."""
    counts = Counter(audit.is_right for audit in audits if after < audit.at <= until)
    return AuditTally(counts[True], counts[False], counts[None])


def tally_removals(record: Record, *, after: datetime) -> RemovalTally:
    """The removals of a record that ended after a moment; those that stood count by whole days (UTC)."""
    silent_clusters = [reversal.silent_cluster for reversal in record.reversals if reversal.at > after]
    return RemovalTally(
        stood=sum(stood.number for stood in record.stood if stood.day > after.date()),
        overturned=silent_clusters.count(None),
        undefended=len({*silent_clusters} - {None}),
        waiting=sum(record.waiting.values()),
    )
