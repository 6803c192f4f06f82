"""Sabotage: rules are broken on purpose, one place at a time, and their tests must notice.

`make soak ARGS="-k mutant"` runs all of them, `-k "mutant and routing"` those of one subject.
"""

from collections.abc import Mapping

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
EVERY = [
    pytest.param(mutant, id=f"{subject}: {mutant.name}") for subject, found in SUBJECTS.items() for mutant in found
]


@pytest.mark.parametrize("mutant", EVERY)
def test_every_mutant_fits_its_module(mutant: Mutant) -> None:
    compile(mutant.text(), mutant.module, "exec", dont_inherit=True)


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Mapping[Mutant, Outcome]:
    """What became of the mutants whose tests were asked for, all run in one go."""
    asked = [item for item in request.session.items if isinstance(item, pytest.Function)]
    mutants = [one for item in asked if "outcomes" in item.fixturenames for one in item.callspec.params.values()]
    chosen = [one for one in mutants if isinstance(one, Mutant)]
    return dict(zip(chosen, outcomes_of(chosen), strict=True))


@pytest.mark.soak
@pytest.mark.alone  # Two at a time; side by side each worker would run them all.
@pytest.mark.parametrize("mutant", EVERY)
def test_every_mutant_is_killed(mutant: Mutant, outcomes: Mapping[Mutant, Outcome]) -> None:
    """By a test that fails: a module that cannot be imported or never ends shows nothing of the tests."""
    found = outcomes[mutant]
    assert found.code == (0 if mutant.is_whole else 1), found.said
