"""Mutation tests: each mutant breaks a rule in one place, and the tests of the rule must fail.

`make soak ARGS="-k mutant"` runs all mutants, `-k "mutant and routing"` those of one subject.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.sabotage import (
    approvals,
    bought,
    brands,
    bundles,
    corrections,
    counter_notices,
    delivery,
    erasing,
    gate_evidence,
    gates,
    kept,
    labels,
    model_page,
    notices,
    pending_removals,
    people,
    reasons,
    reminders,
    reports,
    retraining,
    rights,
    routing,
    sharing,
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
    "corrections": corrections.MUTANTS,
    "delivery": delivery.MUTANTS,
    "counter notices": counter_notices.MUTANTS,
    "erasing": erasing.MUTANTS,
    "gates": [*gates.MUTANTS, *gate_evidence.MUTANTS, *approvals.MUTANTS],
    "pending removals": pending_removals.MUTANTS,
    "kept": kept.MUTANTS,
    "labels": labels.MUTANTS,
    "notices": notices.MUTANTS,
    "people": people.MUTANTS,
    "reasons": reasons.MUTANTS,
    "reminders": reminders.MUTANTS,
    "reports": reports.MUTANTS,
    "model page": model_page.MUTANTS,
    "retraining": retraining.MUTANTS,
    "rights": rights.MUTANTS,
    "routing": routing.MUTANTS,
    "sharing": sharing.MUTANTS,
    "standing": standing.MUTANTS,
    "strikes": strikes.MUTANTS,
    "thresholds": thresholds.MUTANTS,
}
MUTANTS = [mutant for found in SUBJECTS.values() for mutant in found]
EVERY = [
    pytest.param(mutant, id=f"{subject}: {mutant.name}") for subject, found in SUBJECTS.items() for mutant in found
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Create a test for each mutant, but only for `make soak`: collecting a thousand skipped tests takes seconds."""
    if "mutant" in metafunc.fixturenames:
        metafunc.parametrize("mutant", EVERY if metafunc.config.option.markexpr else [])


def test_every_mutant_fits_its_module() -> None:
    """The run of a mutant checks that it compiles and changes the code."""
    texts = {module: Path(module).read_text(encoding="utf-8") for module in {one.module for one in MUTANTS}}
    assert [one.name for one in MUTANTS if not one.is_whole and texts[one.module].count(one.whole) != 1] == []


def test_every_mutant_names_existing_tests() -> None:
    """Missing tests fail, and would look as if they had detected the mutant."""
    named = {path for one in MUTANTS for path in one.tests}
    assert [path for path in sorted(named) if not Path(path).exists()] == []


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Mapping[Mutant, Outcome]:
    """The outcomes of all selected mutants, in one run."""
    asked = [item for item in request.session.items if isinstance(item, pytest.Function)]
    mutants = [one for item in asked if "outcomes" in item.fixturenames for one in item.callspec.params.values()]
    chosen = [one for one in mutants if isinstance(one, Mutant)]
    return dict(zip(chosen, outcomes_of(chosen), strict=True))


@pytest.mark.soak
@pytest.mark.alone  # Two at a time; with several workers, each would run all of them.
def test_every_mutant_is_killed(mutant: Mutant, outcomes: Mapping[Mutant, Outcome]) -> None:
    """A test fails. A mutant that cannot be imported or never ends is no evidence about the tests."""
    found = outcomes[mutant]
    assert found.code == (0 if mutant.is_whole else 1), found.text
