import math

import pytest

from features.compute import FEATURES, NAMES, compute
from features.facts import Facts
from models.messages.english import in_english
from models.policies.deciding import DEFAULT_ROUTING, DEFAULT_SCORECARD, Rule, ScorecardPolicy
from models.policies.version import policy_version
from models.score import Score, ScoreKind
from models.scorecard import score_by_points
from tests.fixtures.facts import A_HISTORY, bare_facts, some_facts, suspect_facts


def score_of(facts: Facts, policy: ScorecardPolicy = DEFAULT_SCORECARD) -> Score:
    return score_by_points(compute(facts), policy=policy, fingerprint="f")


def points(facts: Facts) -> dict[str, float]:
    return {reason.code: reason.weight for reason in score_of(facts).reasons}


def test_an_ordinary_listing_has_no_points() -> None:
    assert score_of(some_facts()).value == 0


def test_a_suspect_listing_has_the_points_of_each_signal() -> None:
    """89 EUR against a median of 500 and the 540 that the brand asks; '1:1 mirror'; a number for WhatsApp; a hidden
    name that is not declared; a seller of nine days. Its 'for' is too common to count."""
    assert points(suspect_facts()) == {
        "price_to_brand_category": 30,
        "price_to_list": 15,
        "text_replica_grade": 40,
        "text_contact": 10,
        "brand_disguised": 30,
        "brand_named_but_not_declared": 10,
        "seller_age": 10,
    }


BANDS = [
    ("174.99", 30, "below 0.35 of the median"),
    ("175.01", 15, "above 0.35"),
    ("299.99", 15, "below 0.6"),
    ("300.01", 0, "above 0.6"),
]


@pytest.mark.parametrize(("price", "expected", "_why"), BANDS)
def test_a_price_scores_by_its_band(price: str, expected: float, _why: str) -> None:
    assert points(some_facts(price=price, condition="new")).get("price_to_brand_category", 0) == expected


CONDITIONS = [
    ("new", {"price_to_brand_category", "price_to_list"}, "the sourced rule is for new goods"),
    ("used", set(), "used goods cost a fifth of new ones without any fraud"),
    ("refurbished", set(), "so do refurbished ones"),
    (None, set(), "a condition that is not stated is not new"),
]


@pytest.mark.parametrize(("condition", "expected", "_why"), CONDITIONS)
def test_a_low_price_scores_for_new_goods_alone(condition: str | None, expected: set[str], _why: str) -> None:
    points_by_code = points(some_facts(price="89.00", condition=condition))
    assert {code for code in points_by_code if code in {"price_to_brand_category", "price_to_list"}} == expected


def test_a_low_price_alone_sends_no_listing_to_an_analyst() -> None:
    """All the price rules together are worth 45 points, and 20 would do; the figures and the rest are shown."""
    score = score_of(some_facts(price="89.00", condition="new"))
    assert score.value == DEFAULT_SCORECARD.price_alone_at_most < DEFAULT_ROUTING.analyst_from_points
    assert {reason.code: reason.weight for reason in score.reasons} == {
        "price_to_brand_category": 30,
        "price_to_list": 15,
        "price_alone": -30,
    }


def test_beside_another_signal_a_low_price_counts_in_full() -> None:
    assert score_of(some_facts(price="89.00", condition="new", seller={"age_days": 9})).value == 55


AGES = [
    (29, 10, "a month is not over"),
    (30, 0, "a month"),
    (3 * 365 - 1, 0, "not three years"),
    (3 * 365, -10, "three years"),
]


@pytest.mark.parametrize(("days", "expected", "_why"), AGES)
def test_a_seller_scores_by_age(days: int, expected: float, _why: str) -> None:
    assert points(some_facts(seller={"age_days": days})).get("seller_age", 0) == expected


def test_one_confirmed_counterfeit_of_the_seller_counts() -> None:
    assert points(some_facts(history=A_HISTORY))["seller_confirmed_counterfeits"] == 30


def test_what_is_missing_scores_nothing() -> None:
    assert score_of(bare_facts()).value == 0


def test_the_value_is_the_sum_of_its_reasons() -> None:
    score = score_of(suspect_facts(history=A_HISTORY))
    assert score.value == sum(reason.weight for reason in score.reasons)


def test_the_strongest_reason_comes_first() -> None:
    weights = [abs(reason.weight) for reason in score_of(suspect_facts()).reasons]
    assert weights == sorted(weights, reverse=True)


def test_a_reason_carries_its_figures() -> None:
    assert [in_english(reason.message) for reason in score_of(some_facts(price="89.00", condition="new")).reasons] == [
        "The price is 82% below the median of 20 listings of this brand and category.",
        "The price is 84% below the brand's list price for Colline (540 EUR).",
        "Not counted: a low price alone sends no listing to review.",
    ]


def test_a_scorecard_has_no_probability() -> None:
    score = score_of(some_facts())
    assert (score.kind, score.probability) == (ScoreKind.SCORECARD, None)


def test_a_score_names_the_policy_that_made_it() -> None:
    assert score_of(some_facts()).scorer == policy_version(DEFAULT_SCORECARD)


def test_every_rule_names_a_feature_and_a_band_that_it_can_reach() -> None:
    by_name = dict(zip(NAMES, FEATURES, strict=True))
    unreachable = [
        rule
        for rule in DEFAULT_SCORECARD.rules
        if rule.low > by_name[rule.feature].high or rule.high <= by_name[rule.feature].low
    ]
    assert unreachable == []


def test_no_two_bands_of_a_feature_overlap() -> None:
    """A value lies in at most one band of a feature."""
    by_feature: dict[str, list[Rule]] = {}
    for rule in DEFAULT_SCORECARD.rules:
        by_feature.setdefault(rule.feature, []).append(rule)
    pairs = [
        (band, other)
        for rules in by_feature.values()
        for i, band in enumerate(rules)
        for other in rules[i + 1 :]
        if max(band.low, other.low) < min(band.high, other.high)
    ]
    assert pairs == []


def test_a_band_holds_its_lower_end_and_not_its_upper_one() -> None:
    policy = ScorecardPolicy(rules=(Rule("item_version", 1, 2, 7), Rule("item_version", 2, math.inf, 9)))
    assert score_of(some_facts(history=A_HISTORY), policy).value == 9
    assert score_of(some_facts(), policy).value == 7
