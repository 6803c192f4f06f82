import doctest
import importlib
import pkgutil

import features
import models
import training
import training.adapters

# The synthetic marketplace is tested apart; the registry and tuning import MLflow, which takes seconds.
APART = (
    "training.simulation.synthetic",
    "training.registry",
    "training.runs.job",
    "training.runs.publication",
    "training.runs.reproduction",
    "training.runs.tuning_job",
)
MODULES = [
    module.name
    for package in (features, models, training, training.adapters)
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    if not module.name.startswith(APART)
]


def test_the_examples_in_the_documentation_of_modules_hold() -> None:
    outcomes = {name: doctest.testmod(importlib.import_module(name)) for name in MODULES}
    assert [name for name, outcome in outcomes.items() if outcome.failed] == []
    assert sum(outcome.attempted for outcome in outcomes.values()) >= 10
