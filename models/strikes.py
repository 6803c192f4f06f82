"""Counts strikes from confirmed counterfeits: weights, incidents and expiry."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from features.message import Message, message
from models.policies.sellers import SanctionPolicy, StrikePolicy
from models.verdict import Judgement, ReasonCode


class VoidCause(StrEnum):
    """Why a removal no longer counts."""

    WITHDRAWN = "withdrawn"  # Undone before the marketplace was notified.
    OVERTURNED = "overturned"


@dataclass(frozen=True, slots=True)
class Hit:
    """One removal that counts against its seller: kind, weight, time, and why it no longer counts."""

    action_id: str
    kind: ReasonCode
    weight: float
    at: datetime
    void: VoidCause | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """Hits of one kind within days of the first: one strike of their weight, until `spent_at`."""

    kind: ReasonCode
    weight: float
    began_at: datetime
    spent_at: datetime
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class StrikeCount:
    """The strikes of a seller at a moment, and the hits that do not count."""

    total: float
    incidents: tuple[Incident, ...]
    reasons: tuple[Message, ...]


def removal_weight(judgement: Judgement, reason_code: ReasonCode, policy: SanctionPolicy) -> float:
    """The weight of a removal with this judgement.

    Only 'counterfeit' has a weight: grey-market goods are genuine, and 'cannot tell' accuses no seller.
    """
    if judgement is not Judgement.COUNTERFEIT:
        return 0.0
    match reason_code:
        case ReasonCode.TRADEMARK_COUNTERFEIT:
            return policy.trademark_counterfeit
        case ReasonCode.MARK_MISUSE:
            return policy.mark_misuse
        case ReasonCode.COPYRIGHT:
            return policy.copyright
        case ReasonCode.DESIGN:
            return policy.design
        case ReasonCode.NOT_AS_DESCRIBED:
            return policy.not_as_described


def count_strikes(hits: Iterable[Hit], *, as_of: datetime, policy: StrikePolicy) -> StrikeCount:
    """The strike status of one seller at a moment, from the removals that count against the seller.

    The judgement calls. Hits of one kind within three days of the first are one incident (`StrikePolicy` has the
    source). Hits of two kinds are two incidents. The result then does not depend on which hit was found first, and a
    removed or spent hit cannot increase the weight of the rest. A hit without weight, an undone hit and a hit older
    than a year stay in the reasons, so that each hit remains accounted for.
    """
    known = [hit for hit in hits if hit.at <= as_of]
    standing = [hit for hit in known if hit.void is None]
    fresh = [hit for hit in standing if _counts_at(hit.at, as_of, policy)]
    by_kind: dict[ReasonCode, list[Hit]] = defaultdict(list)
    for hit in sorted(fresh, key=lambda hit: (hit.at, hit.action_id)):
        if hit.weight > 0:
            by_kind[hit.kind].append(hit)
    incidents = sorted(
        (_incident_of(group, policy) for kind_hits in by_kind.values() for group in _group_hits(kind_hits, policy)),
        key=lambda incident: (incident.began_at, incident.kind),
    )
    total = sum(incident.weight for incident in incidents)
    light = sum(hit.weight == 0 for hit in fresh)
    reasons = (
        _count_message(total, incidents),
        *_uncounted_message("strikes.spent", len(standing) - len(fresh), policy),
        *_uncounted_message("strikes.void", len(known) - len(standing), policy),
        *_uncounted_message("strikes.light", light, policy),
    )
    return StrikeCount(total, tuple(incidents), reasons)


def incident_window_count(confirmed_at: Iterable[datetime], *, as_of: datetime, policy: StrikePolicy) -> int:
    """How many incidents the confirmations of one seller's counterfeits make, whatever their kind.

    An incident begins with the first confirmation after the previous incident and covers a fixed number of days.
    A series of confirmations, each two days after the last, therefore does not form one incident of a year.
    """
    incident_count = 0
    ends: datetime | None = None
    for at in sorted(at for at in confirmed_at if _counts_at(at, as_of, policy)):
        if ends is None or at > ends:
            incident_count += 1
            ends = at + timedelta(days=policy.same_incident_days)
    return incident_count


def _counts_at(at: datetime, as_of: datetime, policy: StrikePolicy) -> bool:
    return at > as_of - timedelta(days=policy.expires_days)


def _group_hits(hits: Sequence[Hit], policy: StrikePolicy) -> list[list[Hit]]:
    """Hits in time order, grouped within days of the first hit of each group."""
    groups: list[list[Hit]] = []
    for hit in hits:
        if not groups or hit.at > groups[-1][0].at + timedelta(days=policy.same_incident_days):
            groups.append([])
        groups[-1].append(hit)
    return groups


def _incident_of(hits: Sequence[Hit], policy: StrikePolicy) -> Incident:
    """The incident of these hits; it is spent a year after the last, when none of them counts."""
    began_at, ended_at = hits[0].at, hits[-1].at
    weight = max(hit.weight for hit in hits)
    return Incident(hits[0].kind, weight, began_at, ended_at + timedelta(days=policy.expires_days), tuple(hits))


def _count_message(total: float, incidents: Sequence[Incident]) -> Message:
    if not incidents:
        return message("strikes.none")
    removals = message("strikes.removals", n=sum(len(incident.hits) for incident in incidents))
    return message("strikes.count", strikes=total_message(total), removals=removals, n=len(incidents))


def total_message(total: float) -> Message:
    """A sum of strikes, to begin a sentence with."""
    return message("strikes.half") if total == 0.5 else message("strikes", n=total)


def _uncounted_message(code: str, many: int, policy: StrikePolicy) -> tuple[Message, ...]:
    return (message(code, n=many, days=policy.expires_days),) if many else ()
