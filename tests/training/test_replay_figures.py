import pytest

from models.policies.gates import DEFAULT_GATES
from tests.training.replay_figures import LISTINGS, SEEDS, pooled


@pytest.mark.soak
def test_no_known_way_of_writing_costs_more_than_is_allowed() -> None:
    """Simulated, five markets with a model each."""
    found = pooled(LISTINGS, range(SEEDS))
    losses = {one.name: one.worse for one in found if not one.honest}
    alarms = {one.name: one.worse for one in found if one.honest}
    assert len(losses) >= 12
    assert {name: loss for name, loss in losses.items() if loss > DEFAULT_GATES.replay_recall_loss} == {}
    assert {name: rise for name, rise in alarms.items() if rise > DEFAULT_GATES.replay_alarms_rise} == {}
