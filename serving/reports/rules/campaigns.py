"""Campaigns of a brand against one seller, far above the brand's usual rate."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from serving.reports.policy import CampaignPolicy


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


def campaigns(accusations: Iterable[Accusation], at: datetime, policy: CampaignPolicy) -> tuple[Campaign, ...]:
    """The campaigns of one brand at a moment, each seller's shortest window, the most listings first.

    The base rate is the mean number of listings of one seller that the brand accused in a window of the same length,
    over the windows of the reference period in which it accused that seller at all, and at least one. It leaves the
    seller in question out: a campaign that grows slowly does not become usual. A listing that is accused again within
    the window counts once.
    """
    given = [one for one in accusations if one.at <= at]
    found: dict[str, Campaign] = {}
    for days, least in policy.windows:
        counts = _windows(given, at, timedelta(days=days), policy)
        for seller, windows in counts.items():
            now = windows.get(0, 0)
            usual = _usual(counts, seller)
            if seller not in found and now >= least and now > policy.times_usual * usual:
                found[seller] = Campaign(seller, now, days, usual)
    return tuple(sorted(found.values(), key=lambda one: (-one.listings, one.seller)))


def _windows(
    given: Sequence[Accusation], at: datetime, length: timedelta, policy: CampaignPolicy
) -> dict[str, dict[int, int]]:
    """The number of listings by seller and window, counted back from the latest, which is 0."""
    last = timedelta(days=policy.usual_days) // length
    listings: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in given:
        number = (at - one.at) // length
        if number <= last:
            listings[one.seller][number].add(one.listing_id)
    return {seller: {number: len(named) for number, named in windows.items()} for seller, windows in listings.items()}


def _usual(counts: dict[str, dict[int, int]], seller: str) -> float:
    before = [n for other, windows in counts.items() if other != seller for number, n in windows.items() if number > 0]
    return max(1.0, sum(before) / len(before)) if before else 1.0
