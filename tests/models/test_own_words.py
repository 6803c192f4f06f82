"""Which words name goods."""

import pytest

from models.own_words import OwnWords

OWN = OwnWords.named(
    ["Aurelle", "Stone Island", "奥蕾尔", "グッチ", "กุชชี่"], ["Bags & Totes", "Watches", "手提包", "鞋"]
)
NAMES = [
    ("aurelle", "a brand"),
    ("stone", "a word of a brand"),
    ("tote", "a singular"),
    ("handbag", "a compound"),
    ("奥蕾", "a part of a brand"),
    ("全新奥蕾尔", "a brand with another word"),
    ("提包", "a part of a category"),
    ("跑鞋", "a compound with a category of one character"),
    ("グッチの", "a Japanese brand with a particle"),
    ("กุชชี่แท้", "a Thai brand with another word"),
]
OTHERS = ["mirror", "quality", "batch", "baroque", "water", "高仿", "包邮", "手袋", "鞋盒", "バッグ", "แท้"]


@pytest.mark.parametrize(("word", "_why"), NAMES)
def test_a_word_that_names_the_goods_is_found(word: str, _why: str) -> None:
    assert OWN.hold(word)


@pytest.mark.parametrize("word", OTHERS)
def test_other_words_are_no_names_of_goods(word: str) -> None:
    assert not OWN.hold(word)


def test_a_name_of_any_length_takes_little_work() -> None:
    """It is text from outside, and has as many parts as the square of its length."""
    assert len(OwnWords.named(["奥蕾" * 500], ["包" * 500]).parts) == 0
