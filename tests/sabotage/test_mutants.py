"""Sabotage: rules are broken on purpose, one place at a time, and their tests must notice.

`make soak ARGS="-k mutant"` runs all of them, `-k "mutant and routing"` those of one subject.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.sabotage import (
    approvals,
    bought,
    brands,
    bundles,
    counter_notices,
    delivery,
    erasing,
    gate_evidence,
    gates,
    holding,
    kept,
    labels,
    notices,
    people,
    reminders,
    rights,
    routing,
    standing,
    strikes,
    thresholds,
)
from tests.sabotage.mutant import Mutant
from tests.sabotage.nursery import Outcome
from tests.sabotage.rearing import outcomes_of

SUBJECTS = {
    "bought": bought.MUTANTS,
    "brands": brands.MUTANTS,
    "bundles": bundles.MUTANTS,
    "delivery": delivery.MUTANTS,
    "counter notices": counter_notices.MUTANTS,
    "erasing": erasing.MUTANTS,
    "gates": [*gates.MUTANTS, *gate_evidence.MUTANTS, *approvals.MUTANTS],
    "holding": holding.MUTANTS,
    "kept": kept.MUTANTS,
    "labels": labels.MUTANTS,
    "notices": notices.MUTANTS,
    "people": people.MUTANTS,
    "reminders": reminders.MUTANTS,
    "rights": rights.MUTANTS,
    "routing": routing.MUTANTS,
    "standing": standing.MUTANTS,
    "strikes": strikes.MUTANTS,
    "thresholds": thresholds.MUTANTS,
}
MUTANTS = [mutant for found in SUBJECTS.values() for mutant in found]
EVERY = [
    pytest.param(mutant, id=f"{subject}: {mutant.name}") for subject, found in SUBJECTS.items() for mutant in found
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A row for each mutant where they are asked for: to collect a thousand to skip would cost seconds."""
    if "mutant" in metafunc.fixturenames:
        metafunc.parametrize("mutant", EVERY if metafunc.config.option.markexpr else [])


def test_every_mutant_fits_its_module() -> None:
    """Whether it compiles and says something else is seen where it runs."""
    texts = {module: Path(module).read_text(encoding="utf-8") for module in {one.module for one in MUTANTS}}
    assert [one.name for one in MUTANTS if not one.is_whole and texts[one.module].count(one.whole) != 1] == []


def test_every_mutant_names_tests_that_there_are() -> None:
    """Tests that cannot be found fail, and would look as if they had noticed."""
    named = {path for one in MUTANTS for path in one.tests}
    assert [path for path in sorted(named) if not Path(path).exists()] == []


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Mapping[Mutant, Outcome]:
    """What became of the mutants whose tests were asked for, all run in one go."""
    asked = [item for item in request.session.items if isinstance(item, pytest.Function)]
    mutants = [one for item in asked if "outcomes" in item.fixturenames for one in item.callspec.params.values()]
    chosen = [one for one in mutants if isinstance(one, Mutant)]
    return dict(zip(chosen, outcomes_of(chosen), strict=True))


@pytest.mark.soak
@pytest.mark.alone  # Two at a time; side by side each worker would run them all.
def test_every_mutant_is_killed(mutant: Mutant, outcomes: Mapping[Mutant, Outcome]) -> None:
    """By a test that fails: a module that cannot be imported or never ends shows nothing of the tests."""
    found = outcomes[mutant]
    assert found.code == (0 if mutant.is_whole else 1), found.text
