from collections import Counter

import pytest
from hypothesis import given

from features.ngrams import BUCKETS
from tests.features.plain import indices_plain
from tests.fixtures.strategies import ANY_TEXT, QUICK

MASK = 2**64 - 1


def _value(letter: int, *, ordinary: bool = True) -> int:
    """SplitMix64's finaliser of (letter + 1) times its increment, the lowest bit telling letters from all else."""
    value = (letter + 1) * 0x9E3779B97F4A7C15 & MASK
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        value = ((value ^ (value >> shift)) * factor) & MASK
    return ((value ^ (value >> 31)) & (MASK - 1)) | ordinary


def test_a_two_letter_word_is_three_windows_and_itself() -> None:
    """Of 'ab': ' ab', ' ab ', 'ab ' and the run of letters, with the multipliers written out."""
    a, b, blank = _value(ord("a")), _value(ord("b")), _value(ord(" "), ordinary=False)
    expected = []
    for window in ((blank, a, b), (blank, a, b, blank), (a, b, blank)):
        value = (window[0] << 7) & MASK
        for letter in window[1:]:
            value = ((value ^ letter) * 0x9E3779B97F4A7C15) & MASK
        expected.append(value >> 46)
    run = (a * 0xC2B2AE3D27D4EB4F) & MASK
    expected.append((((run ^ b) * 0xC2B2AE3D27D4EB4F) & MASK) >> 46)
    assert Counter(indices_plain("ab", 0)) == Counter(expected)


COUNTS = [
    ("", 0, "nothing"),
    (" \u200b ", 0, "nothing that is seen"),
    ("a", 2, "one window of three, one run"),
    ("ab", 4, "two windows of three, one of four, one run"),
    ("ab cd", 9, "twice that, and the pair of runs"),
    ("女包", 5, "three windows, the pair of ideographs, one run"),
    ("女 包", 5, "one window and one run each, the pair of runs; a blank parts ideographs"),
    ("--", 3, "signs are in windows and in no run"),
    ("a b c", 9, "one window and one run each, two pairs of runs, and the spaced word"),
    ("a b", 5, "of two letters, no spaced word"),
    ("각", 7, "three letters: three windows of three, two of four, one of five, one run"),
]


@pytest.mark.parametrize(("text", "n", "_why"), COUNTS)
def test_a_text_has_n_grams(text: str, n: int, _why: str) -> None:
    assert len(indices_plain(text, 0)) == n


def run_of(word: str) -> int:
    """The index of a word as a run, which comes last."""
    return indices_plain(word, 0)[-1]


WORDS = [
    ("r3pl1ca", "replica", "digits stand for letters"),
    ("G0YARD", "goyard", "in any case"),
    ("gucc1", "gucci", "1 stands for i"),
    ("ro1ex", "rolex", "and for l"),
    ("r e p l i c a", "replica", "blanks between all letters"),
    ("G.U.C.C.I!", "gucci", "signs between all letters"),
    ("r-3-p-1-i-c-a", "replica", "both at once"),
    ("ѕ о l е n n е", "solenne", "and look-alikes"),
    ("buy r e p l i c a now", "replica", "between other words"),
    ("高 仿 包 now", "高仿包", "in a script without blanks"),
]


@pytest.mark.parametrize(("text", "word", "_why"), WORDS)
def test_an_obfuscated_word_counts_as_the_plain_one(text: str, word: str, _why: str) -> None:
    assert run_of(word) in indices_plain(text, 0)


NOT_WORDS = [
    ("1337", "ieet", "a number is a number"),
    ("go od", "good", "two words of two letters are no spaced word"),
    ("a bag", "abag", "nor are a letter and a word"),
    ("t o", "to", "nor are two letters"),
]


@pytest.mark.parametrize(("text", "word", "_why"), NOT_WORDS)
def test_nothing_is_undone_in(text: str, word: str, _why: str) -> None:
    assert run_of(word) not in indices_plain(text, 0)


@QUICK
@given(ANY_TEXT)
def test_a_heading_and_a_description_share_no_index(text: str) -> None:
    assert [index + BUCKETS for index in indices_plain(text, 0)] == indices_plain(text, 1)
