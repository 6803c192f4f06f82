import copy
import dataclasses
from dataclasses import dataclass, field
from inspect import get_annotations

import pytest

from features.brands import Resolution
from features.facts import Facts, PriceFacts
from features.listing import Listing
from features.records import quickly_made
from tests.fixtures.facts import full_facts


@dataclass(frozen=True, slots=True)
class Plain:
    word: str
    number: int = 3


@quickly_made
@dataclass(frozen=True, slots=True)
class Quick:
    word: str
    number: int = 3


def test_a_quickly_made_object_is_what_a_frozen_dataclass_is() -> None:
    one = Quick("a", number=4)
    assert (one, hash(one), repr(one)) == (Quick("a", 4), hash(Quick("a", 4)), "Quick(word='a', number=4)")
    assert (type(one), dataclasses.asdict(one)) == (Quick, dataclasses.asdict(Plain("a", 4)))
    assert dataclasses.replace(one, word="b") == Quick("b", 4)
    assert get_annotations(Quick.__init__) == get_annotations(Plain.__init__)


@pytest.mark.parametrize("change", ["word", "other"])
def test_a_quickly_made_object_cannot_be_changed(change: str) -> None:
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
        setattr(Quick("a"), change, "b")


@pytest.mark.parametrize("given", [{}, {"word": "a", "other": 1}])
def test_a_quickly_made_object_is_made_of_its_fields_alone(given: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Quick(**given)  # type: ignore[arg-type]  # which is refused


def test_facts_are_copied_whole() -> None:
    facts = full_facts()
    assert copy.deepcopy(facts) == facts
    assert {type(one) for one in (facts, facts.listing, facts.price, facts.brand)} == {
        Facts,
        Listing,
        PriceFacts,
        Resolution,
    }


def test_a_field_that_the_constructor_would_make_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Made:
        words: list[str] = field(default_factory=list)

    with pytest.raises(TypeError):
        quickly_made(Made)
