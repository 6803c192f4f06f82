"""One feature of some facts, by its name."""

from features.compute import FEATURES, NAMES, compute
from features.facts import Facts


def value(name: str, facts: Facts) -> float:
    """What the feature is."""
    return float(compute(facts).vector[NAMES.index(name)])


def words(name: str, facts: Facts) -> str:
    """What a person is told of it."""
    return FEATURES[NAMES.index(name)].say(compute(facts).evidence, value(name, facts))
