"""The cases that one bulk answer may decide, and the reasons that exclude others."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from features.message import Message, message
from models.case import CaseLane, CaseState
from models.errors import Invalid
from serving.cases.policy import BulkVerdictPolicy


class BulkItemResult(StrEnum):
    """The result of one case of a bulk answer."""

    RECORDED = "recorded"
    REFUSED = "refused"  # No verdict was recorded; the reason says why.


@dataclass(frozen=True, slots=True)
class BulkCandidate:
    """The conditions for a case in a bulk answer.

    `blind` is set where the judge must not see the score, or not yet. `leased_by` names another person who has the case
    open. `authorised` is set where the brand vouches for the seller, `elsewhere` where the case belongs to another
    marketplace than the rest.
    """

    state: CaseState
    lane: CaseLane
    blind: bool = False
    leased_by: str | None = None
    authorised: bool = False
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class NamedCase:
    """A case of a bulk answer, with the version of its listing that the person saw."""

    case_id: str
    version_id: str


def distinct_cases(named_cases: Sequence[NamedCase], policy: BulkVerdictPolicy) -> tuple[NamedCase, ...]:
    """The cases of a bulk answer, without duplicates.

    Raises Invalid (the request names no listing, too many, or one case with two versions).
    """
    distinct = tuple(dict.fromkeys(named_cases))
    if not distinct:
        raise Invalid("Choose at least one listing.")
    if len(distinct) > policy.most_listings:
        raise Invalid(
            "One request can contain at most {most} listings, not {n:,}. Nothing was recorded.",
            n=len(distinct),
            most=policy.most_listings,
        )
    if len({named.case_id for named in distinct}) < len(distinct):
        raise Invalid("The request names one case with two versions of its listing. Nothing was recorded.")
    return distinct


_ON_THEIR_OWN: Final = frozenset({CaseLane.ASK_BRAND, CaseLane.APPEAL, CaseLane.COMPLAINT, CaseLane.SECOND_REVIEW})
_CLOSED: Final = frozenset({CaseState.DECIDED, CaseState.STALE})


def exclusion_reason(case: BulkCandidate) -> Message | None:
    """The reason that excludes a case from a bulk answer; None where it may be included.

    A bulk answer covers only cases that single answers would decide the same way. It excludes blind reviews, cases that
    somebody else is judging, and sellers that the brand vouches for.
    """
    if case.state in _CLOSED:
        return message(f"bulk.{case.state}")
    if case.elsewhere:
        return message("bulk.elsewhere")
    if case.lane in _ON_THEIR_OWN:
        return message(f"bulk.{case.lane}")
    if case.blind:
        return message("bulk.blind")
    if case.authorised:
        return message("bulk.authorised")
    if case.leased_by is not None:
        return message("bulk.leased", name=case.leased_by)
    return None
