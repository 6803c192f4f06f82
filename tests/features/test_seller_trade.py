import math
from dataclasses import replace

import pytest

from features.facts import Facts
from features.fields import Windows
from features.history import EventCounts, History
from tests.fixtures.facts import full_facts, some_facts, value


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
