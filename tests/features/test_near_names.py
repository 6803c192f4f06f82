import csv
import random
from importlib.resources import files
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from rapidfuzz.distance import OSA

from features.brands import Brand, BrandRegister, Naming
from features.near_names import LONGEST_NAME, MOST_WORDS, NearMiss, NearNames, ordinary_words, words_of
from tests.fixtures.facts import feature_words, some_facts, value_of
from tests.fixtures.strategies import ANY_TEXT, PROPERTY

NAMES = NearNames(
    [
        ("aurelle", "Aurelle"),
        ("aurelle", "Орель"),
        ("balenciaga", "Balenciaga"),
        ("kestrel", "Kestrel & Vane"),
        ("lumo", "Lumo"),
        ("chanel", "Chanel"),
        ("tamarin", "Tamarin"),
        ("aurette", "Aurette"),
        ("nordfjell", "Нордфьелль"),
    ]
)


def near_names(text: str) -> list[tuple[str, str, int]]:
    return [(miss.name, miss.word, miss.edits) for miss in NAMES.in_text(text)]


NEAR = [
    ("Aurrelle tote", ("Aurelle", "aurrelle", 1), "a letter too many"),
    ("Aurele tote", ("Aurelle", "aurele", 1), "a letter too few"),
    ("Aurulle tote", ("Aurelle", "aurulle", 1), "a wrong letter"),
    ("Auerlle tote", ("Aurelle", "auerlle", 1), "two letters swapped"),
    ("AURULLE TOTE", ("Aurelle", "aurulle", 1), "in capitals"),
    ("Aurullé", ("Aurelle", "aurulle", 1), "with an accent too"),
    ("Аurullе", ("Aurelle", "аurullе", 1), "with Cyrillic letters too"),
    ("Au*elle tote", ("Aurelle", "auelle", 1), "a star for a letter"),
    ("Ballenciagga city", ("Balenciaga", "ballenciagga", 2), "two letters off a long name"),
    ("Kastrel & Vane watch", ("Kestrel & Vane", "kastrel vane", 1), "one word of a name of two"),
    ("куртка Норфьель", ("Нордфьелль", "норфьель", 2), "two letters off in another script"),
]


@pytest.mark.parametrize(("text", "expected", "_why"), NEAR)
def test_a_word_is_nearly_a_name(text: str, expected: tuple[str, str, int], _why: str) -> None:
    assert near_names(text) == [expected]


NOT_NEAR = [
    ("Aurelle tote", "the name itself"),
    ("Aurelles and Aurelle's", "an inflection"),
    ("Aurell", "its stem"),
    ("tamarind sauce", "a word built from it"),
    ("Chanel", "the name itself, beside a trap"),
    ("channel swimmer", "an ordinary word a letter from a name"),
    ("chapel", "another"),
    ("Auruulle", "two letters off a name that is not that long"),
    ("Lamo Lumi", "near a short name"),
    ("Kestrel & Vame", "near a short word of a name of two"),
    ("Kastrel watch", "near one word of a name whose other is not there"),
    ("Vane Kastrel", "the other word on the wrong side"),
    ("Aurette bag", "near a name, and another registered one itself"),
    ("aure11e", "with digits: obfuscation, which the register undoes"),
    ("au relle", "in two pieces: obfuscation too"),
    ("", "no text"),
]


@pytest.mark.parametrize(("text", "_why"), NOT_NEAR)
def test_a_word_is_no_near_miss(text: str, _why: str) -> None:
    assert near_names(text) == []


def test_no_name_is_nearly_nothing() -> None:
    assert NearNames([]).in_text("Aurelle") == ()


def test_of_each_brand_the_first_near_miss_counts() -> None:
    assert near_names("Aurulle, Aurille and Balenciagga") == [
        ("Aurelle", "aurulle", 1),
        ("Balenciaga", "balenciagga", 1),
    ]


def test_every_ordinary_word_keeps_a_name_from_being_seen_in_it() -> None:
    """Without its row each word would be a near miss of a name."""
    text = files("features").joinpath("data/ordinary_words.tsv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) == len(ordinary_words()) > 40
    for row in rows:
        (name,) = words_of(row["near"])
        assert OSA.distance(row["word"], name) <= (1 if len(name) < 9 else 2), row
        assert row["word"] not in name, row
        assert name not in row["word"], row
        assert NearNames([("b", row["near"])]).in_text(row["word"]) == ()
        assert row["languages"].strip(), row
        assert len(row["meaning"]) >= 4, row


LETTERS = "abcdefghij"


@PROPERTY
@given(st.text(LETTERS, min_size=6, max_size=14), st.text(LETTERS, min_size=5, max_size=16))
def test_the_index_finds_what_comparing_with_every_name_finds(name: str, word: str) -> None:
    most = 2 if len(name) >= 9 else 1
    edits = OSA.distance(word, name)
    expected = 0 < edits <= most and not (word in name or name in word)
    assert NearNames([("b", name)]).in_text(word) == ((NearMiss("b", name, word, edits),) if expected else ())


@PROPERTY
@given(ANY_TEXT)
def test_any_text_is_answered(text: str) -> None:
    assert all(1 <= miss.edits <= 2 and len(miss.word) <= 3 * LONGEST_NAME for miss in NAMES.in_text(text))


def test_only_the_first_words_of_an_endless_title_are_looked_at() -> None:
    assert near_names("x " * MOST_WORDS + "Aurulle") == []
    assert near_names("x " * (MOST_WORDS - 1) + "Aurulle") != []


def test_a_thousand_names_and_a_megabyte_are_answered() -> None:
    chance = random.Random(2)
    names = ["".join(chance.choices("abcdefghiklmnoprst", k=chance.randint(6, 14))) for _ in range(1_000)]
    register = NearNames([(name, name) for name in names])
    text = " ".join("".join(chance.choices("abcdefghiklmnoprst", k=25)) for _ in range(40_000))
    assert register.in_text(text) == ()
    swapped = names[7][:2] + names[7][3] + names[7][2] + names[7][4:]
    assert [miss.name for miss in register.in_text(swapped)] == [names[7]]


def test_words_are_what_a_reader_sees() -> None:
    assert words_of("Kestrel & Vane, Au*elle №5 ★") == ["kestrel", "vane", "auelle", "no5"]


# In the facts.

REGISTER = BrandRegister(
    [Brand("aurelle", "Aurelle", aliases=("Orelle",)), Brand("solenne", "Solenne"), Brand("nordfjell", "Nordfjell")]
)


def naming(title: str | None = None, declared: str | None = None, description: str | None = None) -> Naming:
    resolution = REGISTER.resolve(title=title, declared=declared, gtin=None)
    return REGISTER.naming(title=title, declared=declared, description=description, mentions=resolution.mentions)


def test_a_near_miss_beside_the_name_itself_is_a_slip() -> None:
    assert naming(title="Aurelle bag, Aurulle tote") == Naming()


def test_a_spelling_that_is_right_is_an_alias_and_no_near_miss() -> None:
    assert naming(title="Orelle bag", declared="Orelle") == Naming()


def test_a_near_miss_resolves_nothing() -> None:
    assert REGISTER.resolve(title="Aurulle bag", declared="Aurulle", gtin=None).candidates == ()


def test_the_declared_brand_may_be_near_another() -> None:
    assert naming(declared="Solene").declared_near == NearMiss("solenne", "Solenne", "solene", 1)
    assert naming(declared="Solenne").declared_near is None


def test_brands_that_only_the_description_names_are_listed() -> None:
    brand_naming = naming("Aurelle bag", "Nordfjell", "Aurelle bag, like Solenne and nordfjell, sólenne again")
    assert brand_naming.described == ("Solenne",)


SENTENCES = [
    ("brand_near_miss", {"title": "Aurrelle tote"}, 1.0, "The title contains “aurrelle”, one letter from Aurelle."),
    (
        "brand_near_miss",
        {"title": "Nordffjel jacket"},
        0.5,
        "The title contains “nordffjel”, 2 letters from Nordfjell.",
    ),
    ("brand_near_miss", {}, 0.0, "No near match for a registered brand name."),
    ("brand_declared_near_miss", {"brand": "Aurele"}, 1.0, "The declared brand is “aurele”, one letter from Aurelle."),
    ("brand_declared_near_miss", {}, 0.0, "No near match for a registered brand name."),
    ("brand_in_description", {}, 0.0, "The description does not name the declared brand Aurelle."),
    ("brand_in_description", {"description": "By AURELLÉ."}, 1.0, "The description names the declared brand Aurelle."),
    ("brand_only_described", {"description": "As good as Solenne"}, 1.0, "Only the description names Solenne."),
    ("brand_only_described", {}, 0.0, "The description names no other registered brand."),
]


@pytest.mark.parametrize(("name", "changes", "expected", "message"), SENTENCES)
def test_a_naming_is_a_number_and_a_sentence(name: str, changes: dict[str, Any], expected: float, message: str) -> None:
    assert value_of(name, some_facts(**changes)) == expected
    assert feature_words(name, some_facts(**changes)) == message


MISSING = [
    ("brand_near_miss", {"title": None}),
    ("brand_declared_near_miss", {"brand": None}),
    ("brand_in_description", {"brand": None}),
    ("brand_in_description", {"description": None}),
    ("brand_only_described", {"description": None}),
]


@pytest.mark.parametrize(("name", "changes"), MISSING)
def test_what_there_is_no_text_for_is_missing(name: str, changes: dict[str, Any]) -> None:
    assert str(value_of(name, some_facts(**changes))) == "nan"
