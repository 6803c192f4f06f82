import math

import pytest

from features.history import History, Outcomes
from tests.features.features_of import value, words
from tests.fixtures.facts import full_facts, some_facts

VALUES = [
    ("seller_confirmed_counterfeits", math.log(3), "two"),
    ("seller_cleared", math.log(6), "five"),
    ("seller_counterfeit_share", (2 + 0.05 * 10) / (7 + 10), "2 of 7, smoothed"),
    ("seller_counterfeits_90d", math.log(2), "one of the two"),
    ("seller_since_counterfeit", math.log(11), "ten days ago"),
    ("seller_strikes", math.log(3), "two incidents"),
]


@pytest.mark.parametrize(("name", "expected", "_why"), VALUES, ids=[row[0] for row in VALUES])
def test_a_signal_of_earlier_verdicts_is(name: str, expected: float, _why: str) -> None:
    assert value(name, full_facts()) == pytest.approx(expected, abs=1e-12)


STATEMENT = [
    ("seller_confirmed_counterfeits", "2 earlier listings of the seller were confirmed counterfeit."),
    ("seller_cleared", "5 earlier listings of the seller were reviewed and found genuine."),
    ("seller_counterfeit_share", "2 of 7 reviewed listings of the seller were counterfeit."),
    ("seller_counterfeits_90d", "1 listing of the seller was confirmed counterfeit in 90 days."),
    ("seller_since_counterfeit", "A listing of the seller was confirmed counterfeit 10 days ago."),
    ("seller_strikes", "The seller's counterfeits confirmed within a year amount to 2 incidents."),
]


@pytest.mark.parametrize(("name", "sentence"), STATEMENT, ids=[row[0] for row in STATEMENT])
def test_a_signal_of_earlier_verdicts_reads(name: str, sentence: str) -> None:
    assert words(name, full_facts()) == sentence


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
