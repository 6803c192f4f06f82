from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from features.facts import Facts
from models.phrases import (
    NO_PHRASES,
    Cell,
    CellKey,
    Entry,
    OwnWords,
    PhraseTable,
    cell_keys,
    fields_of,
    has_lift,
    phrases_of,
)
from tests.fixtures.facts import a_listing, some_facts
from tests.fixtures.scorers import PHRASES

WORDS: list[tuple[str, list[str], str]] = [
    ("Mirror QUALITY", ["mirror", "quality"], "folded, in order"),
    ("mirror, quality", ["mirror", "", "quality"], "a comma separates"),
    ("mirror 1:1 quality", ["mirror", "", "", "", "quality"], "figures are no words and separate"),
    ("mirror-quality bag's", ["mirror-quality", "bag's"], "hyphens and apostrophes are inside a word"),
    ("a1b super5", [], "letters beside digits are no words"),
    ("write bags@example.com", ["write"], "no address"),
    ("see bags.example/tote now", ["see", "", "now"], "no link"),
    ("The end.", ["the", "end", ""], "a full stop ends a word"),
    ("x " + "m" * 41 + " bag", ["", "", "bag"], "one letter, and a run of 41, are no words"),
    ("Копия сумки, люкс", ["копия", "сумки", "", "люкс"], "any alphabet"),
    ("高仿 托特包🔥new", ["高仿", "托特包", "new"], "runs of a script without blanks, and pictures between words"),
]


@pytest.mark.parametrize(("text", "expected", "_why"), WORDS, ids=[row[-1] for row in WORDS])
def test_a_text_has_these_words(text: str, expected: list[str], _why: str) -> None:
    found, _ = fields_of(a_listing(title=text, description=None))
    assert [word for word in found if word] == [word for word in expected if word]
    # Adjacent words stay adjacent, and others do not become so.
    pairs = {f"{one} {two}" for one, two in pairwise(expected) if one and two}
    listing = some_facts(title=text, description=None)
    assert {phrase for phrase in phrases_of(listing) if " " in phrase} == pairs


def test_a_phrase_knows_the_fields_that_have_it() -> None:
    facts = some_facts(title="Mirror bag", description="A mirror. Mirror bag.")
    assert phrases_of(facts)["mirror"] == (0, 1)
    assert phrases_of(facts)["mirror bag"] == (0, 1)
    assert "bag a" not in phrases_of(facts)


def test_only_the_first_two_hundred_words_of_a_field_are_read() -> None:
    facts = some_facts(title=None, description=" ".join([*["bag"] * 199, "last", "beyond"]))
    assert "last" in phrases_of(facts)
    assert "beyond" not in phrases_of(facts)


def test_a_listing_has_three_cells_from_narrow_to_wide() -> None:
    assert cell_keys(some_facts(language="en-GB")) == (
        CellKey("brn_aurelle", "bags", "en"),
        CellKey("brn_aurelle", None, "en"),
        CellKey(None, None, "en"),
    )
    assert cell_keys(some_facts(brand=None, title="A tote", product_type=None, language=None))[0] == CellKey("", "", "")


def found(title: str, **changes: Any) -> Mapping[str, CellKey]:
    facts = some_facts(title=title, description=None, **changes)
    return {one.phrase: one.cell.key for one in PHRASES.contrasts(facts)}


def test_the_narrowest_cell_with_support_decides() -> None:
    assert found("Aurelle tote, mirror quality") == {
        "mirror": CellKey(None, None, "en"),
        "mirror quality": CellKey("brn_aurelle", "bags", "en"),
    }


def test_a_phrase_without_lift_where_it_is_decided_is_not_quoted_for_a_wider_lift() -> None:
    assert "leather" not in found("Aurelle tote, leather")
    assert found("Solenne tote, leather", brand="Solenne") == {"leather": CellKey(None, None, "en")}


def test_a_language_without_a_cell_quotes_nothing() -> None:
    assert found("Aurelle tote, mirror quality", language="fr") == found("mirror quality", language=None) == {}


def test_a_contrast_has_the_counts_of_its_cell() -> None:
    (found,) = PHRASES.contrasts(some_facts(title="mirror", description=None))
    assert (found.fields, found.listings, found.counterfeit) == ((0,), 30, 24)
    assert (found.cell.listings, found.cell.counterfeit) == (400, 100)


def quoting(*phrases: str) -> PhraseTable:
    cell = Cell(CellKey(None, None, "en"), 400, 100)
    return PhraseTable((cell,), {phrase: (Entry(0, 30, 24, quoted=True),) for phrase in phrases})


OWN: list[tuple[str, dict[str, Any], str]] = [
    ("aurelle", {}, "the brand, declared and in the title"),
    ("solenne", {"title": "Solenne tote"}, "another brand that the title names"),
    ("nobody", {"brand": "Nobody & Sons", "title": "nobody tote"}, "a declared brand that is not registered"),
    ("sons", {"brand": "Nobody & Sons", "title": "tote, sons"}, "each word of its name"),
    ("aurele", {"title": "Aurele tote"}, "a misspelt brand"),
    ("аurelle", {"title": "аurelle tote"}, "a brand in look-alike letters"),
    ("奥蕾尔", {"title": "奥蕾尔 tote"}, "an alias"),
    ("bags", {"title": "bags"}, "the category"),
    ("bag", {"title": "bag"}, "its singular"),
    ("handbag", {"title": "handbag"}, "a compound"),
    ("bags quality", {"title": "bags quality"}, "in a pair of words"),
    ("сумка", {"title": "сумка", "product_type": "Женские сумки"}, "another case of the word"),
]


@pytest.mark.parametrize(("phrase", "changes", "_why"), OWN, ids=[row[-1] for row in OWN])
def test_words_that_name_the_goods_are_not_quoted(phrase: str, changes: dict[str, Any], _why: str) -> None:
    facts: Facts = some_facts(**{"title": "Aurelle", "description": None, **changes})
    assert phrase in phrases_of(facts)
    assert quoting(phrase).contrasts(facts) == []


OTHERS = ["mirror", "quality", "batch", "baroque", "water"]


@pytest.mark.parametrize("word", OTHERS)
def test_other_words_are_no_names_of_goods(word: str) -> None:
    assert not OwnWords.named(["Aurelle", "Stone Island"], ["Bags & Totes", "Watches"]).hold(word)


def test_a_table_comes_back_whole() -> None:
    again = PhraseTable.from_dict(PHRASES.to_dict())
    assert (again.cells, again.entries) == (PHRASES.cells, PHRASES.entries)
    assert PhraseTable.from_dict(NO_PHRASES.to_dict()).entries == {}


LIFTS = [(20, 9, 100, 30, True), (20, 8, 100, 30, False), (20, 0, 100, 0, False), (20, 20, 100, 70, False)]


@pytest.mark.parametrize(("n", "k", "all_n", "all_k", "expected"), LIFTS)
def test_lift_is_a_share_over_a_share(n: int, k: int, all_n: int, all_k: int, expected: bool) -> None:
    assert has_lift(n, k, all_n, all_k) is expected
