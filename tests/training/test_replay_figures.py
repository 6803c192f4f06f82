"""Simulated, five markets with a model each: what the known ways of writing cost."""

from functools import cache

import pytest

from models.policies.learning import DEFAULT_GATES
from tests.training.replay_figures import LISTINGS, SEEDS, pooled
from training.replay_gate import Replayed

pytestmark = pytest.mark.soak
MIXED = "mixed languages"


@cache
def worse(*, honest: bool) -> dict[str, float]:
    """Recall lost, or honest listings shown more, by way of writing."""
    return {one.name: one.worse for one in _all() if one.honest is honest}


@cache
def _all() -> tuple[Replayed, ...]:
    return tuple(pooled(LISTINGS, range(SEEDS)))


def test_no_known_way_of_writing_hides_more_counterfeits_than_is_allowed() -> None:
    losses = worse(honest=False)
    assert len(losses) >= 12
    assert {name: loss for name, loss in losses.items() if loss > DEFAULT_GATES.replay_recall_loss} == {}


def test_honest_people_who_write_so_are_not_shown_more_than_is_allowed() -> None:
    rises = worse(honest=True)
    rises = {name: rise for name, rise in rises.items() if name != MIXED}
    assert len(rises) >= 5
    assert {name: rise for name, rise in rises.items() if rise > DEFAULT_GATES.replay_alarms_rise} == {}


@pytest.mark.xfail(strict=True, reason="0.9 points more where 0.5 are allowed: see decision 18")
def test_honest_people_who_write_in_two_languages_are_not_shown_more_than_is_allowed() -> None:
    assert worse(honest=True)[MIXED] <= DEFAULT_GATES.replay_alarms_rise
