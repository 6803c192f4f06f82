"""The gate of slices on simulated markets: it rarely refuses equal models and reliably refuses poisoned ones."""

import pytest

from tests.training.slice_power import SETTINGS, refusals

BY_NAME = {setting.name: setting for setting in SETTINGS}
SELDOM = [("equal models", 0.03), ("equal, 200 rows", 0.03), ("equal, shown by the champion", 0.03)]
SURELY = [
    ("poisoned", 0.85),
    ("poisoned, 200 rows", 0.97),
    ("half poisoned, 200 rows", 0.85),
    ("poisoned, shown by the champion", 0.9),
]


@pytest.mark.parametrize(("name", "most"), SELDOM[:1])
def test_equal_models_are_seldom_refused(name: str, most: float) -> None:
    assert refusals(BY_NAME[name], 15).slices <= most


@pytest.mark.parametrize(("name", "least"), SURELY[:1])
def test_a_poisoned_slice_is_refused(name: str, least: float) -> None:
    assert refusals(BY_NAME[name], 15).slices >= least


@pytest.mark.soak
@pytest.mark.parametrize(("name", "most"), SELDOM)
def test_equal_models_are_seldom_refused_in_two_hundred_markets(name: str, most: float) -> None:
    assert refusals(BY_NAME[name], 200, seed=1).slices <= most


@pytest.mark.soak
@pytest.mark.parametrize(("name", "least"), SURELY)
def test_a_poisoned_slice_is_refused_in_two_hundred_markets(name: str, least: float) -> None:
    assert refusals(BY_NAME[name], 200, seed=1).slices >= least
