"""One feature of some facts, by its name."""

from features.compute import FEATURES, NAMES, compute
from features.facts import Facts
from models.messages.english import in_english


def value(name: str, facts: Facts) -> float:
    """What the feature is."""
    return float(compute(facts).vector[NAMES.index(name)])


def words(name: str, facts: Facts) -> str:
    """What a person is told of it; empty where there is nothing to say."""
    found = FEATURES[NAMES.index(name)].say(compute(facts).evidence, value(name, facts))
    return in_english(found) if found is not None else ""
