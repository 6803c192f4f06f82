"""The scorecard as a part of the model: the same points, shared among features, exactly."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from features.compute import NAMES, compute, matrix
from features.facts import Facts
from models.bundle import from_files
from models.classifier import Classifier, Join
from models.errors import BundleRefused
from models.points import Points
from models.policies.deciding import DEFAULT_SCORECARD, Rule, ScorecardPolicy
from models.scorecard import score_by_points
from tests.fixtures import strategies
from tests.fixtures.facts import bare_facts, full_facts, some_facts, suspect_facts
from tests.fixtures.scorers import BENT, a_classifier, bundle_files
from tests.models.test_bundle import resealed

ONLY_CHEAP = some_facts(price="60.00", condition="new")
FACTS = [some_facts(), full_facts(), bare_facts(), suspect_facts(), ONLY_CHEAP]
LISTINGS = [one.listing for one in FACTS]
MATRIX = matrix(FACTS)


def points(policy: ScorecardPolicy = DEFAULT_SCORECARD, weight: float = 0.9) -> Points:
    return Points(policy.rules, policy.price_alone_at_most, weight, 12.5, 20.0)


def by_scorecard(facts: Facts, policy: ScorecardPolicy = DEFAULT_SCORECARD) -> float:
    return score_by_points(compute(facts), policy=policy, fingerprint="f").value


def test_they_are_the_points_of_the_scorecard() -> None:
    expected = [by_scorecard(one) for one in FACTS]
    assert points().sums(MATRIX, LISTINGS) == pytest.approx(expected, abs=1e-9)
    assert expected[-1] == DEFAULT_SCORECARD.price_alone_at_most, "a low price alone is capped"


@given(strategies.facts())
def test_they_are_the_points_of_any_listing(facts: Facts) -> None:
    assert points().sums(matrix([facts]), [facts.listing])[0] == pytest.approx(by_scorecard(facts), abs=1e-9)


@pytest.mark.parametrize("condition", ["new", "used", None])
def test_points_for_new_goods_are_for_new_goods(condition: str | None) -> None:
    rule = Rule("price_to_brand_category", -math.inf, math.inf, 7, new_only=True)
    policy = ScorecardPolicy(rules=(rule,), price_alone_at_most=100)
    facts = some_facts(condition=condition)
    assert points(policy).sums(matrix([facts]), [facts.listing]).tolist() == [7.0 if condition == "new" else 0.0]


def test_one_row_has_what_it_has_among_others() -> None:
    found = points()
    alone = [found.one(MATRIX[i], LISTINGS[i]) for i in range(len(FACTS))]
    assert alone == found.values(MATRIX, LISTINGS).tolist()


def test_they_belong_to_the_features_of_their_rules() -> None:
    parts, constant = points().parts(MATRIX, LISTINGS)
    assert parts.sum(axis=1) + constant == pytest.approx(points().values(MATRIX, LISTINGS), abs=1e-12)
    used = {NAMES.index(rule.feature) for rule in DEFAULT_SCORECARD.rules}
    assert set(np.flatnonzero(parts.any(axis=0)).tolist()) <= used
    capped = parts[-1][parts[-1] != 0]
    assert capped.sum() == pytest.approx(0.9 / 20.0 * DEFAULT_SCORECARD.price_alone_at_most)


def with_points(join: Join) -> Classifier:
    return replace(a_classifier(join, BENT), points=points())


@pytest.mark.parametrize("join", Join)
def test_a_model_with_them_is_explained_exactly(join: Join) -> None:
    model = with_points(join)
    found = model.contributions(MATRIX, LISTINGS)
    total = found.features.sum(axis=1) + found.text + found.base
    assert total == pytest.approx(model.log_odds(MATRIX, LISTINGS), abs=1e-9)


@pytest.mark.parametrize("join", Join)
def test_a_model_with_them_scores_one_row_as_in_a_batch(join: Join) -> None:
    model = with_points(join)
    one_by_one = [model.one(MATRIX[i], LISTINGS[i]).log_odds for i in range(len(FACTS))]
    assert one_by_one == model.log_odds(MATRIX, LISTINGS).tolist()


def test_a_model_adds_them_to_its_value() -> None:
    without = a_classifier(Join.OFFSET, BENT).values(MATRIX, LISTINGS)
    added = with_points(Join.OFFSET).values(MATRIX, LISTINGS) - without
    assert added == pytest.approx(points().values(MATRIX, LISTINGS), abs=1e-12)


def test_they_come_back_whole_from_a_bundle() -> None:
    assert from_files(bundle_files(points=points())).classifier.points == points()
    assert from_files(bundle_files()).classifier.points is None


DAMAGES: list[Callable[[dict[str, Any]], object]] = [
    lambda found: found.pop("weight"),
    lambda found: found.update(weight=-0.1),
    lambda found: found.update(weight=True),
    lambda found: found.update(spread=0),
    lambda found: found.update(mean=None),
    lambda found: found.update(more=1),
    lambda found: found.update(rules=7),
    lambda found: found.update(rules=found["rules"] * 100),
    lambda found: found["rules"].append(["no_such_feature", 0, 1, 5, False]),
    lambda found: found["rules"].append(["seller_age", 0, 1, 5]),
    lambda found: found["rules"].append(["seller_age", 0, 1, "5", False]),
    lambda found: found["rules"].append(["seller_age", 0, 1, 5, 0]),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_ones_are_refused(damage: Callable[[dict[str, Any]], object]) -> None:
    files = bundle_files(points=points())
    found = json.loads(files["model.json"])
    damage(found["points"])
    with pytest.raises(BundleRefused, match="does not hold what it should"):
        from_files(resealed({**files, "model.json": json.dumps(found).encode()}))
