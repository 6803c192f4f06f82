"""The words under which a listing is found: one form for what is written in many ways, and nothing that is no word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.search_words import LONGEST_WORD, MOST_WORDS, asked_words, is_beginning, search_words


@pytest.mark.parametrize(
    ("written", "asked", "why"),
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
def test_what_is_asked_for_is_among_the_words(written: str, asked: str, why: str) -> None:
    kept, words = search_words(written), asked_words(asked)
    assert words, why
    for word in words:
        assert any(one.startswith(word) if is_beginning(word) else one == word for one in kept), why


def test_the_words_of_an_endless_text_end() -> None:
    assert len(search_words(" ".join(f"w{i}" for i in range(10_000)))) == MOST_WORDS
    assert search_words("x" * 5_000) == ("x" * LONGEST_WORD,)


@given(st.text(max_size=200))
def test_a_word_is_letters_and_digits_alone(text: str) -> None:
    for word in search_words(text):
        assert word
        assert all(character.isalnum() for character in word)
