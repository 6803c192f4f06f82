"""What happens to each listing that a brand reports.

Which requests for a listing are the same, and when the marketplace is asked again.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from features.message import Message, message
from models.case import BLIND_LANES, CaseLane
from models.errors import Invalid
from serving.cases.rules.doubt import Doubt
from serving.reports.policy import ReportPolicy
from serving.standing.rules.standing import Effect
from serving.takedowns.rules.bursts import PendingReason


class ListingResult(StrEnum):
    """The result of a reported listing. The first five are results of the report itself; the others come later."""

    SCHEDULED = "scheduled"  # The removal is sent once the undo window has closed.
    PENDING_APPROVAL = "pending_approval"  # The removal is recorded and pending approval.
    CASE = "case"  # An analyst decides.
    UNKNOWN = "unknown"  # The marketplace has not sent this listing; the report waits for it.
    REFUSED = "refused"  # Nothing was recorded.
    WITHDRAWN = "withdrawn"  # The brand withdrew it within the undo window.
    RETRACTED = "retracted"  # The brand retracted it later.
    EXPIRED = "expired"  # The listing did not come in.


AT_FIRST: Final = (
    ListingResult.SCHEDULED,
    ListingResult.PENDING_APPROVAL,
    ListingResult.CASE,
    ListingResult.UNKNOWN,
    ListingResult.REFUSED,
)


class Code(StrEnum):
    """Why a reported listing has its result."""

    REMOVED_AT_ONCE = "removed_at_once"
    PENDING_APPROVAL = "pending_approval"
    STEP_UP = "step_up"  # The report waits for a proof of a second factor; nothing was recorded about the listing.
    BRAND_UNRESOLVED = "brand_unresolved"
    REINSTATED_BEFORE = "reinstated_before"
    FOUND_GENUINE = "found_genuine"
    COMPLAINT_OPEN = "complaint_open"
    STANDING = "standing"
    EVIDENCE_ADDED = "evidence_added"  # Decided again, because the brand has added evidence.
    NOT_KNOWN = "not_known"
    NAMED_TWICE = "named_twice"
    REPORTED_BEFORE = "reported_before"
    QUESTION_CLOSED = "question_closed"
    ALREADY_REMOVED = "already_removed"
    OTHER_BRAND = "other_brand"
    AUTHORISED_SELLER = "authorised_seller"
    NO_LONGER_POSSIBLE = "no_longer_possible"  # A rule of confirmations refused it; the refusal is stored with it.


class Owner(StrEnum):
    """The brand that a listing names, as far as the service knows."""

    OWN = "own"
    OTHER = "other"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class ListingSituation:
    """A reported listing that the marketplace has sent, as it stands.

    `named_before` is set where the same report names it earlier, `reported_before` where the brand's own 'counterfeit'
    waits for an analyst. `closed` is set where the report answers questions, and none is open about the listing in the
    version that was shown. `lane` is that of its open case, None without one. `honest_uses` is wording such as
    "compatible with".
    """

    owner: Owner
    authorised: bool = False
    removed: bool = False
    doubt: Doubt | None = None
    named_before: bool = False
    reported_before: bool = False
    closed: bool = False
    lane: CaseLane | None = None
    honest_uses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a reported listing, its code, and the reasons."""

    result: ListingResult
    code: Code
    reasons: tuple[Message, ...]


def outcome_of(listing: ListingSituation | None, effect: Effect, pending_reasons: Sequence[PendingReason]) -> Outcome:
    """The outcome of one reported listing; None is a listing that the marketplace has not sent.

    `effect` is that of one more confirmation of the brand, `pending_reasons` are those of its removal. The rules apply
    in this order. A listing without effect for the seller is refused first: named twice, another brand's, removed, an
    authorised seller's, or an answer to a question that is no longer open. Then the cases in which a brand's statement
    alone is no ground for a removal: a reviewer already decides on a complaint about it, or it is in doubt
    (`serving.cases.rules.doubt`). Standing and limits come last, as for an answer to a question. An open question or
    analyst's case changes nothing: the report answers it.
    """
    if listing is None:
        return _make_outcome(ListingResult.UNKNOWN, Code.NOT_KNOWN)
    refused = _refusal_code(listing)
    if refused is not None:
        return _make_outcome(ListingResult.REFUSED, refused)
    doubt = doubt_code(listing)
    if doubt is not None:
        return _make_outcome(ListingResult.CASE, doubt)
    if not effect.at_once:
        return Outcome(ListingResult.CASE, Code.STANDING, (effect.reason, message("verdict.analyst_decides")))
    scheduled = Outcome(ListingResult.SCHEDULED, Code.REMOVED_AT_ONCE, (effect.reason, *_honest_use_warning(listing)))
    return pending_outcome(pending_reasons, listing) if pending_reasons else scheduled


def pending_outcome(pending_reasons: Sequence[PendingReason], listing: ListingSituation) -> Outcome:
    """The outcome of a reported listing whose removal is on hold."""
    reasons = (*(reason.message for reason in pending_reasons), *_honest_use_warning(listing))
    return Outcome(ListingResult.PENDING_APPROVAL, Code.PENDING_APPROVAL, reasons)


def _honest_use_warning(listing: ListingSituation) -> tuple[Message, ...]:
    return (message(_HONEST_USE, words=listing.honest_uses),) if listing.honest_uses else ()


def _refusal_code(listing: ListingSituation) -> Code | None:
    if listing.named_before:
        return Code.NAMED_TWICE
    if listing.owner is Owner.OTHER:  # Before anything that tells of others' removals.
        return Code.OTHER_BRAND
    if listing.removed:
        return Code.ALREADY_REMOVED
    if listing.authorised:
        return Code.AUTHORISED_SELLER
    if listing.reported_before:
        return Code.REPORTED_BEFORE
    return Code.QUESTION_CLOSED if listing.closed else None


def doubt_code(listing: ListingSituation) -> Code | None:
    """Why an analyst decides about a listing whatever the brand's standing is; None where the standing decides."""
    if listing.lane in BLIND_LANES:
        return Code.COMPLAINT_OPEN
    return None if listing.doubt is None else Code(listing.doubt.value)


# What speaks against a counterfeit, the strongest first; without one of these the wording and the price tell.
_AGAINST: Final = (
    Code.OTHER_BRAND,
    Code.AUTHORISED_SELLER,
    Code.REINSTATED_BEFORE,
    Code.FOUND_GENUINE,
    Code.COMPLAINT_OPEN,
    Code.BRAND_UNRESOLVED,
    Code.NOT_KNOWN,
)
_HONEST_USE: Final = "report.honest_use"


def is_doubtful(outcome: Outcome) -> bool:
    """Whether something that is known of a listing speaks against a counterfeit, or nothing is known of it."""
    return outcome.code in _AGAINST or any(reason.code == _HONEST_USE for reason in outcome.reasons)


def order_of_doubt(outcome: Outcome, price_share: float | None) -> tuple[int, float]:
    """Sorts the listings of a report by doubt, the least certain first.

    `price_share` is the price as a share of the usual one, None where it is not known. Doubtful listings come by what
    speaks against them, then the others by price, unknown and high ones first; refused ones without doubt come last.
    """
    if outcome.code in _AGAINST:
        return _AGAINST.index(outcome.code), 0.0
    is_refused = outcome.result is ListingResult.REFUSED
    rank = len(_AGAINST) + (2 if is_refused else 0 if is_doubtful(outcome) else 1)
    return rank, 0.0 if price_share is None else 1 / (1 + price_share)


def _make_outcome(listing_result: ListingResult, code: Code) -> Outcome:
    return Outcome(listing_result, code, (message(f"report.{code.value}"),))


_STEP_UP: Final = f"report.{Code.STEP_UP}"
_QUOTA_USED: Final = frozenset({"effect.capped.used", "effect.provisional.used"})


def why_not_at_once(outcome: Outcome) -> str | None:
    """The code of the message why a listing waits for approval, for a second factor, or for want of quota; else None.

    Other cases that an analyst decides are about the listing, and its reporter reads of them on the report's page.
    """
    codes = [reason.code for reason in outcome.reasons]
    match outcome.result:
        case ListingResult.PENDING_APPROVAL:
            return next((code for code in codes if code.startswith("pending.") or code == _STEP_UP), None)
        case ListingResult.CASE:
            return next((code for code in codes if code in _QUOTA_USED), None)
        case _:
            return None


def named_listings(locations: Iterable[str], policy: ReportPolicy) -> tuple[str, ...]:
    """The listings of a report as they were named, empty lines left out.

    Raises Invalid (the report names no listing, too many, or one in more than 2,000 characters).
    """
    names = tuple(location.strip() for location in locations if location.strip())
    if not names:
        raise Invalid("Name at least one listing by its address or its id.")
    if len(names) > policy.most_listings:
        raise Invalid(
            "One report can name at most {most} listings, not {n:,}. Nothing was recorded.",
            n=len(names),
            most=policy.most_listings,
        )
    if any(len(name) > LONGEST_LOCATION for name in names):
        raise Invalid("The address of a listing can have at most {most:,} characters.", most=LONGEST_LOCATION)
    return names


LONGEST_LOCATION: Final = 2_000


def count_results(results: Iterable[ListingResult]) -> dict[ListingResult, int]:
    """The number of listings by first result, zeros included."""
    counts = dict.fromkeys(AT_FIRST, 0)
    for listing_result in results:
        counts[listing_result] += 1
    return counts


def results_by_name(counts: Mapping[ListingResult, int]) -> dict[str, int]:
    """Numbers by result under the names of the interface."""
    return {_PLURAL.get(listing_result, listing_result.value): number for listing_result, number in counts.items()}


_PLURAL: Final = {ListingResult.CASE: "cases"}


def digest_of(location: str) -> str:
    """The digest of a listing's name: equal for spellings of one address that differ only in scheme, www or fragment.

    An id and an address that holds it stay two names. If a part of an address were enough, a brand could name `item`
    and keep the marketplace from being asked for any listing under `/item/`.

    >>> digest_of("https://www.Bazaar.example/item/MP-9/#photos") == digest_of("http://bazaar.example/item/MP-9")
    True
    >>> digest_of("https://bazaar.example/item/MP-9") == digest_of("MP-9")
    False
    """
    whole = location.strip()
    if "://" in whole:
        host, slash, path = whole.partition("://")[2].partition("#")[0].rstrip("/").partition("/")
        whole = host.lower().removeprefix("www.") + slash + path
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def is_marketplace_asked(last_asked: datetime | None, asked_today: int, at: datetime, policy: ReportPolicy) -> bool:
    """Whether the marketplace is asked for a listing now.

    `last_asked` is the last request for it by any brand's report, None without one. `asked_today` counts the requests
    of this brand in the last 24 hours.
    """
    if last_asked is not None and at < last_asked + timedelta(days=policy.waits_days):
        return False
    return asked_today < policy.most_requests_a_day
