"""Our exploration against the rule of another person's simulator."""

import numpy as np
import pytest

from models.policies.deciding import DEFAULT_ROUTING
from tests.training.caseload_figures import OURS, RULE, SEEDS, _chances, gained, played

SCORES = np.concatenate([np.linspace(0.9, 0.2, 40), np.linspace(0.1, 0.001, 760)])


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_our_exploration_finds_more_than_the_yield_triggered_rule_beyond_chance() -> None:
    found = played([OURS, RULE], SEEDS)
    point, low, high = gained(found[OURS], found[RULE])
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
            chances = _chances(SCORES, budget, 0.0, samples_spare=samples_spare)
            assert chances.sum() <= budget + 1e-9
