import math

import pytest

from tests.fixtures.facts import feature_words, some_facts, value_of

WEIGHTS = [
    ("text_replica_grade", "high quality replica bag", 3.25, "a strong hit, and a second wording inside it"),
    ("text_replica_grade", "replica bag", 1.0, "a hit that needs company"),
    ("text_replica_grade", "grey tote", 0.0, "no hit is clean, not unknown"),
    ("text_replica_grade", "no replica, never", 0.0, "a warning"),
    ("text_inspired", "inspired by Aurelle", 1.0, "leaning on a brand"),
    ("text_contact", "bag, ask on whatsapp", 1.0, "a way out of the marketplace"),
    ("text_honest_use", "replica jersey", 1.0, "an honest use"),
    ("text_honest_use", "grey tote", 0.0, "none"),
    ("text_honest_use", "tote for women", 0.0, "'for' is everywhere: it cancels a hit and says nothing by itself"),
]


@pytest.mark.parametrize(("name", "title", "expected", "_why"), WEIGHTS, ids=[f"{r[0]}: {r[-1]}" for r in WEIGHTS])
def test_wording_weighs(name: str, title: str, expected: float, _why: str) -> None:
    assert value_of(name, some_facts(title=title, description=None)) == expected


def test_each_further_wording_adds_a_quarter() -> None:
    one_wording = some_facts(title="high quality replica", description=None)
    two_wordings = some_facts(title="high quality replica", description="mirror quality 1:1")
    assert value_of("text_replica_grade", two_wordings) >= value_of("text_replica_grade", one_wording) + 0.25


def test_wording_in_the_description_counts() -> None:
    assert value_of("text_replica_grade", some_facts(description="this is a high quality replica")) == 3.25


def test_without_any_text_wording_is_unknown() -> None:
    assert math.isnan(value_of("text_replica_grade", some_facts(title=None, description=None)))


KINDS = [
    ("grey tote", 0.0, "none"),
    ("high quality replica", 1.0, "one"),
    ("high quality replica, ask on whatsapp, 原单", 3.0, "three"),
    ("factory direct", 0.0, "a weak hit is no kind"),
    ("replica jersey", 0.0, "a trap is none"),
]


@pytest.mark.parametrize(("title", "expected", "_why"), KINDS)
def test_kinds_of_suspect_wording_are_counted(title: str, expected: float, _why: str) -> None:
    assert value_of("text_kinds", some_facts(title=title, description=None)) == expected


SHAPES = [
    ("text_title_length", "Grey bag", math.log(9), "eight characters"),
    ("text_title_capitals", "ABcd 12", 0.5, "two of four letters"),
    ("text_title_capitals", "女包 12", 0.0, "no letter has a case"),
    ("text_title_digits", "bag 2024", 0.5, "four of eight"),
    ("text_invisible", "gu\u200bcci\ufeff", math.log(3), "two"),
    ("text_mixed_words", "Y\u0415\u0415ZY", 1.0, "one word"),
    ("text_scripts", "bag 女包", 2.0, "Latin and Chinese"),
]


@pytest.mark.parametrize(("name", "title", "expected", "_why"), SHAPES, ids=[f"{r[0]}: {r[-1]}" for r in SHAPES])
def test_a_title_is_written(name: str, title: str, expected: float, _why: str) -> None:
    assert value_of(name, some_facts(title=title, description=None)) == pytest.approx(expected, abs=1e-12)


DESCRIPTIONS = [
    ("text_description_words", "grey bag, new", math.log(4), "three words"),
    ("text_described", "grey", 1.0, "there is one"),
    ("text_repetition", "bag bag bag new", 0.75, "three of four"),
    ("text_description_repeats_title", "TOTE grey", 1.0, "no word of its own"),
    ("text_description_repeats_title", "grey tote, new", 0.0, "a word of its own"),
]


@pytest.mark.parametrize(
    ("name", "text", "expected", "_why"), DESCRIPTIONS, ids=[f"{r[0]}: {r[-1]}" for r in DESCRIPTIONS]
)
def test_a_description_is_written(name: str, text: str, expected: float, _why: str) -> None:
    assert value_of(name, some_facts(title="Grey tote", description=text)) == pytest.approx(expected, abs=1e-12)


def test_no_description_is_known_and_its_quality_unknown() -> None:
    facts = some_facts(description=None)
    assert value_of("text_described", facts) == 0
    assert math.isnan(value_of("text_repetition", facts))


STATEMENT = [
    ("text_replica_grade", "high quality replica", "Replica-grade wording: “high quality replica”, “replica”."),
    ("text_replica_grade", "grey tote", "No replica-grade wording."),
    ("text_contact", "ask on WhatsApp", "Invitations to contact the seller off-platform: “whatsapp”."),
    ("text_kinds", "replica", "1 kind of suspect wording."),
    ("text_kinds", "grey tote", "0 kinds of suspect wording."),
    ("text_invisible", "gu\u200bcci", "1 invisible character in the text."),
    ("text_mixed_words", "Y\u0415\u0415ZY slides", "Letters of two alphabets in one word: Y\u0415\u0415ZY."),
    ("text_scripts", "bag 女包", "Scripts in the text: Latin, Chinese."),
    ("text_title_length", "Grey bag", "The title has 8 characters."),
    ("text_title_capitals", "ABcd", "50% of the title's letters are capitals."),
    ("text_title_digits", "bag 2024", "50% of the title's characters are digits."),
    ("text_described", "bag", "No description provided."),
]


@pytest.mark.parametrize(("name", "title", "sentence"), STATEMENT, ids=[f"{row[0]}: {row[1]}" for row in STATEMENT])
def test_a_signal_of_the_title_reads(name: str, title: str, sentence: str) -> None:
    assert feature_words(name, some_facts(title=title, description=None)) == sentence


SENTENCES_ON_DESCRIPTIONS = [
    ("text_description_words", "grey bag", "The description has 2 words."),
    ("text_repetition", "bag bag bag new", "75% of the description is one repeated word."),
    ("text_description_repeats_title", "tote", "The description only repeats the title."),
    ("text_description_repeats_title", "new", "The description adds to the title."),
    ("text_described", "new", "The listing has a description."),
]


@pytest.mark.parametrize(("name", "text", "sentence"), SENTENCES_ON_DESCRIPTIONS)
def test_a_signal_of_the_description_reads(name: str, text: str, sentence: str) -> None:
    assert feature_words(name, some_facts(title="Grey tote", description=text)) == sentence
