"""The marketplace is asked once in 30 days for a listing that it has not sent."""

from datetime import timedelta

import pytest

from serving.reports.policy import DEFAULT_REPORTS
from serving.reports.rules.requests import asks, digest_of
from tests.fixtures.clocks import NOW

ADDRESS = "https://bazaar.example/item/MP-9?colour=red"


@pytest.mark.parametrize(
    ("other", "same", "why"),
    [
        (f"{ADDRESS}/", True, "a slash at the end leads to the same page"),
        (ADDRESS, True, "it is itself"),
        (f"  {ADDRESS} ", True, "spaces around an address are no part of it"),
        ("http://www.bazaar.example/item/MP-9?colour=red", True, "scheme and www lead to the same page"),
        ("HTTPS://BAZAAR.example/item/MP-9?colour=red#photos", True, "a host has no case, and a fragment no page"),
        ("https://bazaar.example/item/mp-9?colour=red", False, "an id has a case"),
        ("https://bazaar.example/item/MP-9", False, "the id can be in the query"),
        ("https://bazar.example/item/MP-9?colour=red", False, "another host is another marketplace's page"),
        ("MP-9", False, "a part of an address must not stand for it"),
        ("item", False, "a part of an address must not stand for it"),
    ],
)
def test_which_names_are_one_listing(other: str, same: bool, why: str) -> None:
    assert (digest_of(other) == digest_of(ADDRESS)) is same, why


@pytest.mark.parametrize(
    ("days", "today", "asked", "why"),
    [
        (None, 0, True, "nobody has asked"),
        (0, 0, False, "another report asked just now"),
        (29.9, 0, False, "the answer may still come"),
        (30, 0, True, "that wait is over"),
        (None, 2_999, True, "one below the brand's limit"),
        (None, 3_000, False, "the brand's limit of a day"),
        (30, 3_000, False, "the limit counts repeated requests too"),
    ],
)
def test_when_the_marketplace_is_asked(days: float | None, today: int, asked: bool, why: str) -> None:
    last = None if days is None else NOW - timedelta(days=days)
    assert asks(last, today, NOW, DEFAULT_REPORTS) is asked, why
