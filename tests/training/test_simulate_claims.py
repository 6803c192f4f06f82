"""The claims of `touchstone simulate` about the loop, at the sizes of docs/simulation.md. All data are simulated."""

from typing import Any

import pytest

from training.simulation.arms import ARMS, Attack
from training.simulation.simulate import Plan, simulate

pytestmark = [pytest.mark.soak, pytest.mark.alone, pytest.mark.timeout(2_400)]

SEEDS = tuple(range(5))


def claims(plan: Plan) -> list[dict[str, Any]]:
    year_claims: list[dict[str, Any]] = simulate(plan)["summary"]["claims"]
    return year_claims


def test_exploration_finds_a_quarter_more_than_the_first_model_and_estimates_prevalence() -> None:
    more, honest = claims(Plan(arms=("no-retraining", "exploration"), seeds=SEEDS, listings=40_000))
    assert more["holds"], more
    assert honest["holds"], honest


def arms_poisoned_by(*attacks: Attack) -> tuple[str, ...]:
    return tuple(name for name, arm in ARMS.items() if arm.poison is not None and arm.poison.attack in attacks)


def test_planted_reports_are_blocked_by_a_gate_or_cost_at_most_five_points() -> None:
    planted = arms_poisoned_by(Attack.REPORTED)
    withstood = claims(Plan(arms=("exploration", *planted), seeds=tuple(range(10))))[-len(planted) :]
    assert len(withstood) == 4
    assert [claim for claim in withstood if not claim["holds"]] == []


def test_every_attack_is_blocked_by_a_gate_or_costs_at_most_five_points() -> None:
    poisoned = arms_poisoned_by(Attack.CLEARED, Attack.ACCUSED)
    withstood = claims(Plan(arms=("exploration", *poisoned), seeds=SEEDS))[-len(poisoned) :]
    assert len(withstood) == 8
    assert [claim for claim in withstood if not claim["holds"]] == []
