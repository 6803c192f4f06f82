import unicodedata
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from features import indicators
from features.fold import fold
from features.indicators import (
    LONGEST_TEXT,
    Direction,
    Indicator,
    IndicatorFacts,
    Indicators,
    PatternRefused,
    SearchedText,
    check_pattern,
)
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import RECEIPT, a_listing, an_indicator, feature_words, some_facts, value_of
from tests.fixtures.strategies import PROPERTY

DAY = timedelta(days=1)
OUTSIDE = "Serial number outside, as it should be."


def facts_of_indicators(
    *supplied: Indicator, brands: tuple[str, ...] = ("brn_aurelle",), **changes: Any
) -> IndicatorFacts:
    return Indicators(supplied).of(a_listing(**changes), brands, NOW)


def fired_ids(*supplied: Indicator, **changes: Any) -> list[str]:
    return [indicator.indicator_id for indicator in facts_of_indicators(*supplied, **changes).fired]


def test_an_indicator_fires_with_the_words_that_it_matches() -> None:
    (indicator,) = facts_of_indicators(an_indicator(), description=OUTSIDE).fired
    assert (indicator.label, indicator.where, indicator.words) == (
        "Serial number outside",
        SearchedText.DESCRIPTION,
        "serial number outside",
    )


READS = [
    ("SERIAL NUMBER OUTSIDE", "capitals"),
    ("sérial number outside", "an accent"),
    ("serial\u00a0 number\noutside", "other blanks"),
    ("se\u200brial number outside", "an invisible character"),
    ("ｓｅｒｉａｌ number outside", "full-width letters"),
]


@pytest.mark.parametrize(("description", "_why"), READS)
def test_a_pattern_meets_the_folded_text(description: str, _why: str) -> None:
    assert fired_ids(an_indicator(), description=description) == ["tel_serial"]


WHERE = [
    (SearchedText.TITLE, {"title": OUTSIDE}, True, "in the title"),
    (SearchedText.TITLE, {"description": OUTSIDE}, False, "in the description, where it is not looked for"),
    (SearchedText.DESCRIPTION, {"description": OUTSIDE}, True, "in the description"),
    (SearchedText.DESCRIPTION, {"title": OUTSIDE}, False, "in the title, where it is not looked for"),
    (SearchedText.ANY, {"title": OUTSIDE}, True, "in either: the title"),
    (SearchedText.ANY, {"description": OUTSIDE}, True, "in either: the description"),
    (SearchedText.ANY, {"description": None}, False, "nowhere"),
    (SearchedText.ANY, {"description": "x" * LONGEST_TEXT + OUTSIDE}, False, "beyond what is read"),
]


@pytest.mark.parametrize(("where", "changes", "fires", "_why"), WHERE)
def test_an_indicator_is_searched(where: SearchedText, changes: dict[str, Any], fires: bool, _why: str) -> None:
    assert bool(fired_ids(an_indicator(where=where), **changes)) is fires


TIMES = [
    ({}, True, "known and active"),
    ({"known_at": NOW}, True, "known at this very moment"),
    ({"known_at": NOW + DAY}, False, "known a day later"),
    ({"active_from": NOW + DAY}, False, "active from tomorrow on"),
    ({"active_to": NOW}, False, "ended at this very moment"),
    ({"active_to": NOW + DAY}, True, "ends tomorrow"),
    ({"removed_at": NOW}, False, "withdrawn at this very moment"),
    ({"removed_at": NOW + DAY}, True, "withdrawn a day later"),
]


@pytest.mark.parametrize(("changes", "fires", "_why"), TIMES)
def test_an_indicator_is_in_force_as_of_the_moment(changes: dict[str, Any], fires: bool, _why: str) -> None:
    indicator_facts = facts_of_indicators(an_indicator(**changes), description=OUTSIDE)
    assert (bool(indicator_facts.fired), indicator_facts.for_counterfeit) == (fires, int(fires))


def test_only_the_brands_in_question_are_asked() -> None:
    other = an_indicator(indicator_id="tel_other", brand_id="brn_solenne")
    assert fired_ids(an_indicator(), other, description=OUTSIDE) == ["tel_serial"]
    assert fired_ids(an_indicator(), other, brands=("brn_aurelle", "brn_solenne"), description=OUTSIDE) == [
        "tel_serial",
        "tel_other",
    ]
    assert facts_of_indicators(an_indicator(), brands=(), description=OUTSIDE) == IndicatorFacts()


def test_facts_say_how_many_were_supplied_for_either_side_and_which_fit() -> None:
    indicator_facts = facts_of_indicators(
        an_indicator(), RECEIPT, description="With its receipt, with the seal of the house."
    )
    assert (indicator_facts.for_counterfeit, indicator_facts.for_genuine, indicator_facts.fired) == (1, 1, ())
    indicator_facts = facts_of_indicators(an_indicator(), RECEIPT, description="Receipt with the seal of the house.")
    assert (indicator_facts.for_counterfeit, indicator_facts.for_genuine) == (1, 1)
    assert [indicator.indicator_id for indicator in indicator_facts.fired_for(Direction.GENUINE)] == ["tel_receipt"]
    assert indicator_facts.fired_for(Direction.COUNTERFEIT) == ()


def test_the_brand_of_a_listing_is_asked_and_where_it_is_open_every_candidate() -> None:
    assert value_of("brand_tell_tales_of_counterfeits", some_facts(description=OUTSIDE)) == 1
    assert value_of("brand_tell_tales_of_counterfeits", some_facts(title="Aurelle or Solenne", brand=None)) == 0
    unbranded = some_facts(title="Grey bag", brand=None, description=OUTSIDE)
    assert str(value_of("brand_tell_tales_of_counterfeits", unbranded)) == "nan"


def test_a_reason_counts_indicators_and_never_names_them() -> None:
    facts = some_facts(description=OUTSIDE)
    told_text = feature_words("brand_tell_tales_of_counterfeits", facts)
    assert told_text == "The text matches 1 of 1 counterfeit indicator of the brand."
    assert feature_words("brand_tell_tales_of_its_own", facts) == (
        "The text matches 0 of 1 indicator of the brand's genuine goods."
    )


REFUSED = [
    ("", "1 to 200 characters", "nothing"),
    ("x" * 201, "1 to 200 characters", "too long"),
    ("(a", "cannot be read", "half a group"),
    ("(?=a)b", "cannot be read", "look-ahead"),
    ("(?<=a)b", "cannot be read", "look-behind"),
    ("(?!a)b", "cannot be read", "negative look-ahead"),
    (r"(a)\1", "cannot be read", "a back-reference"),
    ("(?P=name)", "cannot be read", "a named back-reference"),
    ("a{2000}", "cannot be read", "a repeat too high"),
    ("(a{30}){30}", "too large", "a repeat of repeats"),
    (r"[\pL\pN]{5}", "too large", "large classes, repeated"),
    ("(x+x+)+y{900}", "too large", "many repeats"),
    ("a*", "every text", "it fits nothing and so everything"),
    ("^|replica", "every text", "it fits the beginning of anything"),
    ("réplica", "write “e”", "an accent that folding takes away"),
    ("Ёлка", "write “е”", "a letter that folding replaces"),
    ("ｓerial", "write “s”", "a full-width letter"),
    ("se\u0301rial", "leave it out", "an accent that stands by itself"),
    ("se\u200brial", "cannot be seen", "an invisible character"),
    ("a\0b", "cannot be seen", "NUL"),
    ("a\ud800", "cannot be seen", "half a surrogate"),
    (r"\Cab", "half a character", "single bytes"),
]


@pytest.mark.parametrize(("pattern", "sentence", "_why"), REFUSED)
def test_a_pattern_is_refused_with_a_reason(pattern: str, sentence: str, _why: str) -> None:
    with pytest.raises(PatternRefused, match=sentence):
        check_pattern(pattern)


ACCEPTED = [r"serial (no|number)\.? [0-9]{4,8}", "SERIAL", "奥蕾尔.{0,3}代购", "серийный номер", r"\bfilm\b.*\bplate\b"]


@pytest.mark.parametrize("pattern", ACCEPTED)
def test_a_pattern_is_accepted(pattern: str) -> None:
    check_pattern(pattern)


@PROPERTY
@given(st.text(st.characters(min_codepoint=0x80, max_codepoint=0x1FFFF), min_size=1, max_size=1))
def test_a_letter_that_is_accepted_occurs_in_folded_texts(character: str) -> None:
    """As itself or in the other case, because the search ignores case."""
    try:
        check_pattern(f"a{character}b")
    except PatternRefused:
        return
    assert fold(f"a{character}b") == f"a{character}b".lower()
    assert unicodedata.category(character) != "Cf"


# Patterns that make backtracking endless; RE2 scans each text once. `re` took 3.9 s for the first on 27 letters.
ATTACKS = [
    (r"^(\w+\s?)*$", "a" * 100_000 + "!", "nested repeats"),
    (r"(a+)+b", "a" * 100_000, "a repeat of repeats without its end"),
    (r"(a|aa)+b", "a" * 100_000, "two ways to take each letter"),
    (r"(a|a)*b", "a" * 100_000, "the same way twice"),
    (r"(.*a){20}b", "a" * 100_000, "twenty stars"),
    (r"a?a?a?a?a?a?a?a?a?a?aaaaaaaaaab", "a" * 100_000, "optional letters, then required ones"),
    (r"(x+x+)+y", "x" * 100_000, "two repeats side by side, repeated"),
    (r"\s+\s+\s+,", "a" + " " * 100_000, "blanks"),
    (r"(a|b|ab|ba)*c", "ab" * 50_000, "overlapping branches"),
    (r"(包+)+箱", "包" * 33_000, "letters of three bytes"),
]


@pytest.mark.parametrize(("pattern", "text", "_why"), ATTACKS)
def test_an_attack_is_searched_in_linear_time(pattern: str, text: str, _why: str) -> None:
    """Over the whole 100,000 characters, ten times the searched length."""
    compiled = indicators._compile(pattern)
    assert compiled.search(text) is None
    assert compiled.programsize < indicators.LARGEST_PROGRAM
