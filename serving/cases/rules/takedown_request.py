"""A brand's request that confirms many open questions under one right at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from features.message import Message, message
from models.errors import Invalid
from serving.cases.policy import TakedownPolicy
from serving.webhooks.rules.action import ActionState


class Fate(StrEnum):
    """The result of one listing of a request."""

    LEAVES = "leaves"  # The removal is sent once the undo window has closed.
    PENDING_APPROVAL = "pending_approval"  # The removal is recorded and pending approval.
    PASSED_ON = "passed_on"  # An analyst decides: the brand's confirmation alone does not remove the listing now.
    REFUSED = "refused"  # No verdict was recorded.


@dataclass(frozen=True, slots=True)
class RequestItem:
    """One listing of a request: its case and the version that the user saw."""

    case_id: str
    version_id: str


def distinct_items(items: Sequence[RequestItem], policy: TakedownPolicy) -> tuple[RequestItem, ...]:
    """The listings of a request, without duplicates.

    Raises Invalid (the request names no listing, too many, or one case with two versions).
    """
    listings = tuple(dict.fromkeys(items))
    if not listings:
        raise Invalid("Choose at least one listing.")
    if len(listings) > policy.most_listings:
        raise Invalid(
            "One request can contain at most {most} listings, not {n:,}. Nothing was recorded.",
            n=len(listings),
            most=policy.most_listings,
        )
    if len({listing.case_id for listing in listings}) < len(listings):
        raise Invalid("The request names one case with two versions of its listing. Nothing was recorded.")
    return listings


def fate_of(state: ActionState | None) -> Fate:
    """The result of a recorded confirmation. `state` is that of its removal, None where it requested none."""
    match state:
        case None:
            return Fate.PASSED_ON
        case ActionState.PENDING_APPROVAL:
            return Fate.PENDING_APPROVAL
        case _:
            return Fate.LEAVES


def counts_by_fate(fates: Iterable[Fate]) -> dict[Fate, int]:
    """The number of listings by result, zeros included."""
    counts = dict.fromkeys(Fate, 0)
    for fate in fates:
        counts[fate] += 1
    return counts


def outcome_messages(counts: Mapping[Fate, int]) -> tuple[Message, ...]:
    """The result of a request: a message for each outcome among its listings."""
    return tuple(message(f"request.{fate.value}", n=counts[fate]) for fate in Fate if counts.get(fate))
