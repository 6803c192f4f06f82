"""What became of the listings that brands reported in a period, and how listings were found.

Campaigns of a brand against one seller, far above the brand's usual rate.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Final

from models.verdict import Judgement, ReasonCode
from serving.brands.rules.rights import RightKind
from serving.reports.policy import CampaignPolicy
from serving.reports.rules.outcomes import Code, ListingResult
from serving.webhooks.rules.action import ActionState

_SECONDS_AN_HOUR: Final = 3_600


class ReportedEnd(StrEnum):
    """How a reported listing ended, as far as is known. Every reported listing has exactly one."""

    ACCEPTED = "accepted"  # Removed, and the removal stands.
    REJECTED = "rejected"  # A reviewer decided that the listing stays, or the removal was stopped.
    OVERTURNED = "overturned"  # Removed, and reinstated after the seller's objection.
    RETRACTED = "retracted"  # The brand took the report back after the undo window.
    WITHDRAWN = "withdrawn"  # The brand took the report back within the undo window.
    NOT_EXAMINED = "not_examined"  # Refused at once, or the listing never came in.
    OPEN = "open"


class Finder(StrEnum):
    """Who drew attention to a listing that was removed."""

    US = "us"
    BRAND = "brand"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class ReportedListing:
    """One reported listing as it stands.

    `last` and `code` are of its latest step. `examined_at` is when the report was acted on: at once, or when its
    listing came in; None where that never happened. `at_once` is set where the report itself requested the removal, and
    nobody was asked. `removal` is the state of the removal that followed, None without one. `judgement` is the
    reviewer's that ended the case without a removal. `decided_at` is when the removal was requested, or the listing was
    judged to stay.
    """

    right_id: str
    kind: RightKind
    reason_code: ReasonCode
    reported_at: datetime
    last: ListingResult
    code: Code
    examined_at: datetime | None = None
    at_once: bool = False
    removal: ActionState | None = None
    removed_at: datetime | None = None
    overturned: bool = False
    judgement: Judgement | None = None
    decided_at: datetime | None = None
    report_id: str = ""

    @property
    def hours_to_removal(self) -> float | None:
        """From the examination of the report to the acknowledgement of the removal; None without it."""
        if self.examined_at is None or self.removed_at is None:
            return None
        return (self.removed_at - self.examined_at).total_seconds() / _SECONDS_AN_HOUR


_AS_IT_IS: Final = {
    ListingResult.RETRACTED: ReportedEnd.RETRACTED,
    ListingResult.WITHDRAWN: ReportedEnd.WITHDRAWN,
    ListingResult.REFUSED: ReportedEnd.NOT_EXAMINED,
    ListingResult.EXPIRED: ReportedEnd.NOT_EXAMINED,
    ListingResult.UNKNOWN: ReportedEnd.OPEN,
}
STOPPED: Final = "stopped"


def end_of_listing(listing: ReportedListing) -> tuple[ReportedEnd, str | None]:
    """How a reported listing ended, with the code of its reason where it was not removed.

    The reason is the code of a refusal, the reviewer's judgement, or that the removal was stopped before it was sent.
    A removal counts once the marketplace has acknowledged it, and for as long as it stands.
    """
    if listing.last in _AS_IT_IS:
        end = _AS_IT_IS[listing.last]
        return end, listing.code.value if end is ReportedEnd.NOT_EXAMINED else None
    if listing.removal is ActionState.WITHDRAWN:
        return ReportedEnd.REJECTED, STOPPED
    if listing.removal is ActionState.ACKNOWLEDGED:
        return ReportedEnd.OVERTURNED if listing.overturned else ReportedEnd.ACCEPTED, None
    if listing.removal is None and listing.judgement not in {None, Judgement.COUNTERFEIT}:
        return ReportedEnd.REJECTED, listing.judgement
    return ReportedEnd.OPEN, None


@dataclass(frozen=True, slots=True)
class Share:
    """A number among others; it is never shown without both."""

    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Hours:
    """The median and the 95th percentile (the least value that 95 % do not exceed) of `n` times; None without any."""

    median: float | None
    p95: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures of a group of reported listings. `at_once` is among the examined ones that were not withdrawn."""

    items: int
    ended: Counter[ReportedEnd]
    at_once: Share
    to_removal: Hours


@dataclass(frozen=True, slots=True)
class GoodFaith:
    """The figures of all reported listings of a period, and by right, by kind of right, and by reason code."""

    whole: Counts
    reasons: Counter[tuple[ReportedEnd, str]]
    by_right: dict[str, Counts]
    by_kind: dict[RightKind, Counts]
    by_reason_code: dict[ReasonCode, Counts]


def good_faith(reported_listings: Iterable[ReportedListing]) -> GoodFaith:
    """The figures of these reported listings."""
    rows = list(reported_listings)
    ends = [end_of_listing(row) for row in rows]
    return GoodFaith(
        whole=_count_figures(rows),
        reasons=Counter((end, reason) for end, reason in ends if reason is not None),
        by_right={
            key: _count_figures(row for row in rows if row.right_id == key) for key in {row.right_id for row in rows}
        },
        by_kind={key: _count_figures(row for row in rows if row.kind is key) for key in {row.kind for row in rows}},
        by_reason_code={
            key: _count_figures(row for row in rows if row.reason_code is key)
            for key in {row.reason_code for row in rows}
        },
    )


def _count_figures(reported_listings: Iterable[ReportedListing]) -> Counts:
    rows = list(reported_listings)
    examined = [row for row in rows if row.examined_at is not None and row.last is not ListingResult.WITHDRAWN]
    return Counts(
        items=len(rows),
        ended=Counter(end_of_listing(row)[0] for row in rows),
        at_once=Share(sum(row.at_once for row in examined), len(examined)),
        to_removal=_hours_statistics(row.hours_to_removal for row in rows),
    )


def _hours_statistics(values: Iterable[float | None]) -> Hours:
    known = sorted(hours for hours in values if hours is not None)
    if not known:
        return Hours(None, None, 0)
    # The rank in integers: 0.95 has no exact binary form.
    return Hours(median(known), known[-(-95 * len(known) // 100) - 1], len(known))


def finder_of(*, report: bool, notice: bool) -> Finder:
    """Who found a listing, by whether a brand's report or somebody else's notice preceded the case of its removal.

    A report or notice that joined an open case is not the source: the review had already begun.
    """
    if report:
        return Finder.BRAND
    return Finder.OTHERS if notice else Finder.US


@dataclass(frozen=True, slots=True)
class Accusation:
    """A brand's 'counterfeit' on a listing of a seller, by report or by confirmation, that it did not withdraw."""

    seller: str
    listing_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Campaign:
    """The listings of one seller that a brand accused within `days`, and its usual number for another seller."""

    seller: str
    listings: int
    days: int
    usual: float


def find_campaigns(accusations: Iterable[Accusation], at: datetime, policy: CampaignPolicy) -> tuple[Campaign, ...]:
    """The campaigns of one brand at a moment, each seller's shortest window, the most listings first.

    The base rate is the mean number of listings of one seller that the brand accused in a window of the same length,
    over the windows of the reference period in which it accused that seller at all, and at least one. It leaves the
    seller in question out: a campaign that grows slowly does not become usual. A listing that is accused again within
    the window counts once.
    """
    past_accusations = [accusation for accusation in accusations if accusation.at <= at]
    campaigns_by_seller: dict[str, Campaign] = {}
    for days, least in policy.windows:
        counts = _count_windows(past_accusations, at, timedelta(days=days), policy)
        for seller, windows in counts.items():
            now = windows.get(0, 0)
            usual = _usual_count(counts, seller)
            if seller not in campaigns_by_seller and now >= least and now > policy.times_usual * usual:
                campaigns_by_seller[seller] = Campaign(seller, now, days, usual)
    return tuple(sorted(campaigns_by_seller.values(), key=lambda campaign: (-campaign.listings, campaign.seller)))


def _count_windows(
    accusations: Sequence[Accusation], at: datetime, length: timedelta, policy: CampaignPolicy
) -> dict[str, dict[int, int]]:
    """The number of listings by seller and window, counted back from the latest, which is 0."""
    last = timedelta(days=policy.usual_days) // length
    listings: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for accusation in accusations:
        number = (at - accusation.at) // length
        if number <= last:
            listings[accusation.seller][number].add(accusation.listing_id)
    return {seller: {number: len(named) for number, named in windows.items()} for seller, windows in listings.items()}


def _usual_count(counts: dict[str, dict[int, int]], seller: str) -> float:
    before = [n for other, windows in counts.items() if other != seller for number, n in windows.items() if number > 0]
    return max(1.0, sum(before) / len(before)) if before else 1.0
