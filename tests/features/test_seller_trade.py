import math
from dataclasses import replace

import pytest

from features.facts import Facts
from features.fields import Windows
from features.history import EventCounts, History
from tests.features.features_of import value, words
from tests.fixtures.facts import full_facts, some_facts

# The full listing's seller: 4, 20 and 60 sales, 0, 2 and 6 returns, 0, 1 and 3 fakes, 800, 3,000 and 9,000 EUR.
VALUES = [
    ("seller_sales_30d", math.log(21), "twenty"),
    ("seller_sales_growth_7d", math.log((4 + 7 / 30) / (7 / 30 * 21)), "4 of 20 where 4.7 would be steady"),
    ("seller_sales_growth_30d", math.log((20 + 1 / 3) / (61 / 3)), "20 of 60 is steady"),
    ("seller_turnover_growth_30d", math.log((3000 + 1 / 3) / (9001 / 3)), "3,000 of 9,000 is steady"),
    ("seller_return_share_7d", (0 + 0.08 * 20) / (4 + 20), "none of four, smoothed"),
    ("seller_fake_return_share_30d", (1 + 0.005 * 40) / (20 + 40), "one of twenty, smoothed"),
    ("seller_fake_returns_90d", math.log(4), "three"),
]


@pytest.mark.parametrize(("name", "expected", "_why"), VALUES, ids=[row[0] for row in VALUES])
def test_a_signal_of_a_sellers_trade_is(name: str, expected: float, _why: str) -> None:
    assert value(name, full_facts()) == pytest.approx(expected, abs=1e-12)


STATEMENT = [
    ("seller_sales_30d", "The seller sold 20 items in 30 days."),
    ("seller_sales_growth_7d", "The seller's sales in 7 days run at 0.9 times the pace of 30 days: 4 of 20."),
    ("seller_sales_growth_30d", "The seller's sales in 30 days run at 1.0 times the pace of 90 days: 20 of 60."),
    (
        "seller_turnover_growth_30d",
        "The seller's turnover in 30 days runs at 1.0 times the pace of 90 days: 3,000 of 9,000.",
    ),
    ("seller_return_share_7d", "0 of 4 items that the seller sold in 7 days were returned."),
    ("seller_fake_return_share_30d", "1 of 20 items that the seller sold in 30 days were returned as not genuine."),
    ("seller_fake_returns_90d", "3 items of the seller were returned as not genuine in 90 days."),
]


@pytest.mark.parametrize(("name", "sentence"), STATEMENT, ids=[row[0] for row in STATEMENT])
def test_a_signal_of_a_sellers_trade_reads(name: str, sentence: str) -> None:
    assert words(name, full_facts()) == sentence


def selling(d7: float | None, d30: float | None) -> Facts:
    return some_facts(history=History(events=EventCounts(sales=Windows(d7, d30, d30))))


GROWTH = [
    (0.0, 0.0, 0.0, "nothing against nothing is no growth"),
    (7.0, 30.0, 0.0, "one a day throughout"),
    (30.0, 30.0, math.log((30 + 7 / 30) / (7 / 30 * 31)), "all of it in the last week: 4.2 times the pace"),
    (0.0, 30.0, math.log(1 / 31), "nothing any more"),
]


@pytest.mark.parametrize(("d7", "d30", "expected", "_why"), GROWTH)
def test_growth_compares_the_pace_of_two_windows(d7: float, d30: float, expected: float, _why: str) -> None:
    assert value("seller_sales_growth_7d", selling(d7, d30)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("d7", "d30"), [(None, 5.0), (5.0, None)])
def test_growth_of_an_unknown_window_is_unknown(d7: float | None, d30: float | None) -> None:
    assert math.isnan(value("seller_sales_growth_7d", selling(d7, d30)))


def test_facts_of_the_first_schema_have_the_growth_of_what_was_sent() -> None:
    first = replace(full_facts(), schema=1)
    assert value("seller_turnover_growth_30d", first) == pytest.approx(math.log((1500 + 1 / 3) / (6001 / 3)))
