import doctest
import importlib
import pkgutil

import pytest

import features
import models
import training
import training.adapters

# The synthetic marketplace is tested apart; the registry imports MLflow, which takes seconds.
MODULES = [
    module.name
    for package in (features, models, training, training.adapters)
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    if not module.name.startswith(("training.synthetic", "training.registry", "training.job", "training.publication"))
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_documentation_of_a_module_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_some_modules_have_examples() -> None:
    assert sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES) >= 10
