import math

import pytest

from features.history import History, Outcomes
from tests.fixtures.facts import some_facts, value


def test_no_verdict_yet_recorded_is_unknown_and_no_counterfeit_among_none_is_the_prior() -> None:
    none_yet = some_facts(history=History(outcomes=Outcomes(counterfeit=0, genuine=0)))
    assert math.isnan(value("seller_counterfeit_share", some_facts()))
    assert value("seller_counterfeit_share", none_yet) == pytest.approx(0.05)


def test_facts_of_the_first_schema_did_not_record_when() -> None:
    earlier = some_facts(history=History(outcomes=Outcomes(counterfeit=2, genuine=5)))
    assert value("seller_confirmed_counterfeits", earlier) == math.log1p(2)
    for name in ("seller_counterfeits_90d", "seller_since_counterfeit", "seller_strikes"):
        assert math.isnan(value(name, earlier)), name


def test_days_since_the_last_counterfeit_are_unknown_where_none_stands() -> None:
    cleared = Outcomes(counterfeit=0, genuine=3, counterfeit_90d=0, strikes=0)
    assert math.isnan(value("seller_since_counterfeit", some_facts(history=History(outcomes=cleared))))
