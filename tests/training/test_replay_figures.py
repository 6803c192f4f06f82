"""The cost of the known transforms on five simulated markets, with one model each."""

from functools import cache

import pytest

from models.policies.learning import DEFAULT_GATES
from tests.training.replay_figures import LISTINGS, SEEDS, pooled
from training.replay_gate import Replayed

pytestmark = pytest.mark.soak
MIXED = "mixed languages"


@cache
def worse(*, honest: bool) -> dict[str, float]:
    """Recall lost, or increase in honest listings shown, by transform."""
    return {one.name: one.worse for one in _all() if one.honest is honest}


@cache
def _all() -> tuple[Replayed, ...]:
    return tuple(pooled(LISTINGS, range(SEEDS)))


def test_no_known_transform_exceeds_the_bound_of_counterfeits() -> None:
    losses = worse(honest=False)
    assert len(losses) >= 12
    assert {name: loss for name, loss in losses.items() if loss > DEFAULT_GATES.replay_recall_loss} == {}


def test_no_honest_transform_exceeds_the_bound_of_honest_listings() -> None:
    rises = worse(honest=True)
    rises = {name: rise for name, rise in rises.items() if name != MIXED}
    assert len(rises) >= 5
    assert {name: rise for name, rise in rises.items() if rise > DEFAULT_GATES.replay_alarms_rise} == {}


@pytest.mark.xfail(strict=True, reason="0.9 points more where 0.5 are allowed: see decision 18")
def test_two_languages_do_not_exceed_the_bound_of_honest_listings() -> None:
    assert worse(honest=True)[MIXED] <= DEFAULT_GATES.replay_alarms_rise
