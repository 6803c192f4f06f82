"""Which words a text has, as a reader of its language cuts them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.search_words import LONGEST_WORD, MOST_WORDS, is_prefix, query_words, search_words
from features.words import join_words, pairs_of, words_of

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
    ("हिन्दी चमड़ा", ["हिन्दी", "चमड़ा"], "vowel signs belong to their words"),
    ("工厂直销,价格实惠", ["工厂", "直销", "", "价格", "实惠"], "Chinese, by the dictionary"),
    ("高仿手袋", ["高", "仿", "手袋"], "a word that the dictionary lacks, in single characters"),
    ("工厂 直销", ["工厂", "", "直销"], "a blank ends a sentence of a script without blanks"),
    ("工厂new直销", ["工厂", "new", "直销"], "another script without a blank"),
    ("微信abc123联系", ["微", "信", "", "联系"], "no account name"),
    ("第3批", ["第", "", "批"], "digits beside characters are ordinary"),
    ("本物保証のレザーバッグ", ["本物", "保証", "の", "レザー", "バッグ"], "Japanese"),
    ("レザー・バッグ", ["レザー", "", "バッグ"], "a middle dot separates"),
    ("กระเป๋าหนังแท้", ["กระเป๋า", "หนัง", "แท้"], "Thai, whose vowel signs belong to their words"),
    ("๑๒ใบ", ["", "ใบ"], "Thai figures are no words"),
    ("चमड़ा१२", [], "nor do figures of India belong to words"),
    ("工厂🔥new", ["工厂", "new"], "pictures separate words as a blank does"),
]


@pytest.mark.parametrize(("text", "expected", "_why"), WORDS)
def test_a_text_has_these_words(text: str, expected: list[str], _why: str) -> None:
    words = words_of(text)
    assert [word for word in words if word] == [word for word in expected if word]
    # Adjacent words stay adjacent, and others do not become so.
    assert [pair for pair in pairwise(words) if all(pair)] == [pair for pair in pairwise(expected) if all(pair)]


@pytest.mark.parametrize("text", [None, "", "  ", "🔥"])
def test_no_text_has_no_words(text: str | None) -> None:
    assert words_of(text) == []


def test_a_name_separates_the_words_around_it() -> None:
    assert words_of("全新奥蕾尔托特包", ["奥蕾尔"]) == ["全新", "", "托", "特", "包"]
    assert words_of("mirror bag", ["mirror"]) == ["mirror", "bag"]


@pytest.mark.parametrize("text", ["bag " * 300, "工厂" * 300, "กระเป๋า" * 300])
def test_two_hundred_words_of_a_text_are_read(text: str) -> None:
    assert len(words_of(text)) == 200


def test_the_end_of_a_very_long_text_is_not_read() -> None:
    assert "end" in words_of("m" * 3_900 + " end")
    assert "end" not in words_of("m" * 4_100 + " end")


PAIRS = [
    ("mirror", "quality", "mirror quality", "a blank between"),
    ("高", "仿", "高仿", "no blank between"),
    ("แท้", "หนัง", "แท้หนัง", "nor in Thai"),
    ("new", "工厂", "new 工厂", "two scripts"),
    ("new", "包", None, "a single character beside another script"),
    ("bag", "", None, "a break"),
    ("", "包", None, "a break"),
]


@pytest.mark.parametrize(("word", "next_word", "expected", "_why"), PAIRS)
def test_a_pair_is_written_as_its_script_is(word: str, next_word: str, expected: str | None, _why: str) -> None:
    assert join_words(word, next_word) == expected


ADJACENT = [
    (["高", "仿", "手袋"], ["高仿"], "a character belongs to the character beside it"),
    (["手袋", "高", "仿"], ["高仿"], "on either side"),
    (["打包", "前", "拍"], ["前拍"], "though it may not"),
    (["打包", "前", ""], ["打包前"], "or else to the word"),
    (["顺", "丰", "包", "邮"], ["顺丰", "丰包", "包邮"], "all pairs of characters"),
    (["工厂", "直销", "价格"], ["工厂直销", "直销价格"], "words"),
    (["new", "mirror", "", "bag"], ["new mirror"], "no pair across a break"),
]


@pytest.mark.parametrize(("words", "expected", "_why"), ADJACENT)
def test_adjacent_words_make_these_pairs(words: list[str], expected: list[str], _why: str) -> None:
    assert [pair for pair, _ in pairs_of(words)] == expected


# The words under which a listing is found: one form for what is written in many ways, and nothing that is no word.


@pytest.mark.parametrize(
    ("written", "query", "why"),
    [
        ("Au\u200bre11e Colline bag", "aurelle", "invisible characters and digits for letters"),
        ("А urelle: Аurеllе tote", "aurelle", "Cyrillic letters that look Latin"),
        ("A u r e l l e bag", "aurelle", "letters with blanks between"),
        ("Aurelle", "A U R E L L E", "asked for with blanks between"),
        ("ＡＵＲＥＬＬＥ", "aurelle", "wide letters"),
        ("bolso réplica", "replica", "accents"),
        ("Сумка люкс копия", "копия", "Cyrillic"),
        ("奥蕾尔同款 托特包 高仿", "托特包", "Chinese without blanks"),
        ("奥蕾尔同款托特包", "同款托特", "a piece from the middle"),
        ("奥蕾尔同款托特包", "包", "one character, the last"),
        ("กระเป๋าหนัง", "กระเป๋า", "Thai"),
        ("かばん 新品", "かばん", "kana"),
        ("shop lumo-trade-88", "lumo-trade-88", "an id"),
    ],
)
def test_what_is_asked_for_is_among_the_words(written: str, query: str, why: str) -> None:
    tokens, words = search_words(written), query_words(query)
    assert words, why
    for word in words:
        assert any(token.startswith(word) if is_prefix(word) else token == word for token in tokens), why


def test_the_words_of_an_endless_text_end() -> None:
    assert len(search_words(" ".join(f"w{i}" for i in range(10_000)))) == MOST_WORDS
    assert search_words("x" * 5_000) == ("x" * LONGEST_WORD,)


@given(st.text(max_size=200))
def test_a_word_is_letters_and_digits_alone(text: str) -> None:
    for word in search_words(text):
        assert word
        assert all(character.isalnum() for character in word)
