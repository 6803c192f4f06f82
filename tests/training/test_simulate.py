"""The simulated loop, end to end and at a small size. `make soak` checks the claims at full size."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from models.policies.deciding import DEFAULT_ROUTING
from tests.training.caseload_figures import OURS, RULE, SEEDS, _chances, play_episodes, recall_gain
from training.simulation.arms import ARMS
from training.simulation.simulate import Plan, simulate

# Two months have no model yet, so all arms are the same year, on which the counts are checked.
SMALL = Plan(arms=("no-retraining", "exploration", "cleared-4", "reported-4"), seeds=(1, 2), listings=400, months=2)


SHARES: list[float] = []


@cache
def small() -> dict[str, Any]:
    return simulate(SMALL, jobs=1, progress=SHARES.append)


def test_it_says_that_it_is_simulated() -> None:
    assert small()["simulated"] is True


def test_every_arm_runs_for_every_seed() -> None:
    assert [(run["seed"], run["arm"]) for run in small()["runs"]] == [(s, a) for s in SMALL.seeds for a in SMALL.arms]
    assert small()["summary"]["arms"].keys() == set(SMALL.arms)


def test_all_listings_of_the_plan_are_in_some_month() -> None:
    for run in small()["runs"]:
        assert [month["month"] for month in run["months"]] == [1, 2]
        assert sum(month["listings"] for month in run["months"]) == SMALL.listings


def test_no_month_counts_more_than_its_listings() -> None:
    for run in small()["runs"]:
        for month in run["months"]:
            assert month["found_by_draw"] <= month["drawn"] <= month["reviews"] <= month["listings"]
            assert month["found"] <= min(month["counterfeit"], month["reviews"])
            assert month["looks"] >= month["reviews"]
            assert month["prevalence"]["truth"] == month["counterfeit"] / month["listings"]


def test_reviews_are_the_share_that_was_planned() -> None:
    for run in small()["runs"]:
        reviews = sum(month["reviews"] for month in run["months"])
        assert reviews == pytest.approx(SMALL.review_share * SMALL.listings, abs=8)


def test_arms_are_alike_until_there_is_a_model() -> None:
    for seed in SMALL.seeds:
        alike = [run["months"] for run in small()["runs"] if run["seed"] == seed]
        assert all(months == alike[0] for months in alike)


def test_the_same_plan_gives_the_same_results() -> None:
    assert simulate(replace(SMALL, seeds=(1,)), jobs=1)["runs"] == small()["runs"][: len(SMALL.arms)]


@pytest.mark.soak
def test_the_number_of_processes_changes_nothing() -> None:
    assert simulate(SMALL, jobs=2) == small()


def test_results_are_json() -> None:
    assert json.loads(json.dumps(small()))["plan"]["listings"] == SMALL.listings


def test_arms_of_several_processes_start_from_a_market_each() -> None:
    many = Plan(arms=("no-retraining", "flagged-only", "exploration", "cleared-1", "accused-1"), listings=200, months=1)
    runs = simulate(many, jobs=1)["runs"]
    assert [run["arm"] for run in runs] == list(many.arms)
    assert all(run["months"] == runs[0]["months"] for run in runs)


def test_progress_reaches_the_end() -> None:
    small()
    assert SHARES == [0.5, 1.0]


def test_every_arm_has_a_sentence() -> None:
    assert all(arm.meaning.endswith(".") and arm.name == name for name, arm in ARMS.items())


# Our exploration against the rule of another person's simulator.

SCORES = np.concatenate([np.linspace(0.9, 0.2, 40), np.linspace(0.1, 0.001, 760)])


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_our_exploration_finds_more_than_the_yield_triggered_rule_beyond_chance() -> None:
    recalls = play_episodes([OURS, RULE], SEEDS)
    point, low, high = recall_gain(recalls[OURS], recalls[RULE])
    print(point, low, high)  # noqa: T201  # the figures
    assert low > 0


def test_every_case_from_the_threshold_is_reviewed_and_the_others_use_what_is_left() -> None:
    chances = _chances(SCORES, 80.0, DEFAULT_ROUTING.analyst_from, samples_spare=True)
    assert (chances[:40] == 1).all()
    assert chances[40:].max() < 1
    assert chances.sum() == pytest.approx(80)


def test_the_expected_reviews_never_exceed_the_budget() -> None:
    for budget in (20.0, 40.0, 60.0):
        for samples_spare in (False, True):
            assert _chances(SCORES, budget, 0.0, samples_spare=samples_spare).sum() <= budget + 1e-9
