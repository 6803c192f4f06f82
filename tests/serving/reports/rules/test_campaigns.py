import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from serving.reports.policy import DEFAULT_CAMPAIGNS
from serving.reports.rules.campaigns import Accusation, Campaign, campaigns

_NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
_RIVAL: Final = "rival"


def named(seller: str, n: int, *, days_ago: float = 0.5, first: int = 0) -> list[Accusation]:
    at = _NOW - timedelta(days=days_ago)
    return [Accusation(seller, f"{seller}-{days_ago}-{first + number}", at) for number in range(n)]


def usually(n: int) -> list[Accusation]:
    """As many listings of another seller on each of ten days of the reference period."""
    return [one for day in range(10, 20) for one in named(f"shop-{day}", n, days_ago=day + 0.5)]


@pytest.mark.parametrize(
    ("given", "expected", "why"),
    [
        (named(_RIVAL, 14), 0, "fewer than the least count, however rare the brand's statements are"),
        (named(_RIVAL, 15), 1, "the least count of a day, without a history"),
        ([*named(_RIVAL, 15), *usually(3)], 0, "five times the usual number is not more than it"),
        ([*named(_RIVAL, 16), *usually(3)], 1, "more than five times the usual number"),
        ([*named(_RIVAL, 20), *usually(4)], 0, "a brand that usually finds four of a seller"),
        (named(_RIVAL, 8) + named("other", 8), 0, "sixteen listings, but of two sellers"),
        (named(_RIVAL, 15, days_ago=1.5), 0, "the day is over, and the week has fewer than thirty"),
        ([one for day in range(4) for one in named(_RIVAL, 8, days_ago=day + 0.5)], 1, "slowly, within a week"),
        ([one for day in range(35) for one in named(_RIVAL, 5, days_ago=day + 0.5)], 1, "it never becomes usual"),
        (named(_RIVAL, 1) * 20, 0, "the same listing twenty times is one listing"),
        (named(_RIVAL, 20, days_ago=-0.1), 0, "later statements are not known yet"),
    ],
)
def test_a_campaign_is_far_above_the_brands_usual_rate(given: list[Accusation], expected: int, why: str) -> None:
    assert len(campaigns(given, _NOW, DEFAULT_CAMPAIGNS)) == expected, why


def test_a_campaign_names_its_seller_its_listings_and_the_usual_number() -> None:
    found = campaigns([*named(_RIVAL, 30), *named("second", 16), *usually(2)], _NOW, DEFAULT_CAMPAIGNS)
    assert found == (Campaign(_RIVAL, 30, 1, 2.0), Campaign("second", 16, 1, 2.0))


_BRANDS: Final = 20
_DAYS: Final = 90
_LOOKS_A_DAY: Final = 4
_FEWEST: Final = min(least for _, least in DEFAULT_CAMPAIGNS.windows)


def clean(chance: random.Random) -> list[Accusation]:
    """Ninety days of an honest brand, and as many before: some sellers are named often, some shops are found whole.

    A brand names 0.3 to 12 listings a day; about once a month it finds a shop, whose number of counterfeits is
    geometric with a mean of six.
    """
    a_day, sellers = chance.uniform(0.3, 12), chance.randint(30, 200)
    weights = [1 / (rank + 1) ** 0.7 for rank in range(sellers)]
    found: list[Accusation] = []

    def add(seller: str, at: datetime) -> None:
        found.append(Accusation(seller, f"l-{len(found)}", at))

    for day in range(2 * _DAYS):
        begins = _NOW + timedelta(days=day)
        for _ in range(int(chance.expovariate(1 / a_day))):
            number = chance.choices(range(sellers), weights)[0]
            add(f"s-{number}", begins + timedelta(hours=chance.uniform(8, 18)))
        if chance.random() < 1 / 30:
            at = begins + timedelta(hours=chance.uniform(8, 16))
            n = 1
            while chance.random() < 5 / 6:
                n += 1
            for _ in range(n):
                add(f"shop-{day}", at)
    return sorted(found, key=lambda one: one.at)


def alerts_of(given: list[Accusation]) -> Iterator[int]:
    """The month, 0 to 2, of each alert of the last ninety days; one is open for a seller for a week at least."""
    ends: dict[str, datetime] = {}
    moments = [one.at for one in given]
    for look in range(_DAYS * _LOOKS_A_DAY):
        at = _NOW + timedelta(days=_DAYS + look / _LOOKS_A_DAY)
        begins, week_begins, end = (bisect_right(moments, at - timedelta(days=days)) for days in (36, 7, 0))
        week = Counter(one.seller for one in given[week_begins:end])
        if max(week.values(), default=0) < _FEWEST:
            continue  # No seller reaches a least count.
        for one in campaigns(given[begins:end], at, DEFAULT_CAMPAIGNS):
            if ends.get(one.seller, at) <= at:
                yield look // (30 * _LOOKS_A_DAY)
                ends[one.seller] = at + timedelta(days=DEFAULT_CAMPAIGNS.shown_days)


def test_a_clean_replay_of_twenty_brands_has_at_most_one_false_alert_a_brand_and_month() -> None:
    false = Counter(
        (brand, month) for brand in range(_BRANDS) for month in alerts_of(clean(random.Random(f"clean {brand}")))
    )
    assert 0 < false.total() <= _BRANDS * 3 / 4, "whole shops are found, and most of these months stay quiet"
    assert max(false.values()) <= 1, false
