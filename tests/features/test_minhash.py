import random
from collections import Counter
from collections.abc import Iterator

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from features.fold import skeleton_codes
from features.minhash import (
    BANDS,
    BINS,
    FEWEST_FULL,
    ROWS,
    RUN,
    Signature,
    band_keys,
    signature,
    signature_of,
    similarities,
)
from features.ngrams import BUCKETS
from tests.features.plain import fold_plain, indices_plain, signature_plain
from tests.fixtures.facts import a_listing
from tests.fixtures.strategies import ANY_TEXT, PROPERTY, QUICK

LONG = (
    "Aurelle Colline tote in grained leather, grey, with dust bag. Bought in Lyon last spring, worn twice, no marks on "
    "the handles. Comes from a smoke-free home; sent the next day, insured."
)


def signature_of_text(text: str) -> Signature:
    return signature(skeleton_codes(text))


def runs(text: str) -> set[str]:
    folded = fold_plain(text, as_skeleton=True)
    return {folded[i : i + RUN] for i in range(len(folded) - RUN + 1)}


def jaccard(text: str, other: str) -> float:
    return len(runs(text) & runs(other)) / len(runs(text) | runs(other))


def estimate(text: str, other: str) -> float:
    return float(similarities(signature_of_text(text), signature_of_text(other)[None])[0])


@QUICK
@given(st.lists(ANY_TEXT, min_size=1, max_size=12).map(" ".join))
def test_the_kernel_makes_what_the_definition_makes(text: str) -> None:
    assert signature_of_text(text).tolist() == signature_plain(text)


def pairs_of_texts(n: int) -> Iterator[tuple[str, str]]:
    """Texts of random words, the second with a share of the words of the first replaced."""
    chance = random.Random(11)
    words = ["".join(chance.choice("abcdefghiklmnoprstuvwy") for _ in range(chance.randint(3, 9))) for _ in range(2000)]
    for _ in range(n):
        text = [chance.choice(words) for _ in range(chance.randint(12, 120))]
        share = chance.random()
        yield " ".join(text), " ".join(chance.choice(words) if chance.random() < share else word for word in text)


def test_the_share_of_equal_numbers_estimates_the_jaccard_similarity_without_bias() -> None:
    """A sample of 128 without replacement misses by at most the root of J (1 - J) / 128, which averages .036 here."""
    errors = np.array([estimate(a, b) - jaccard(a, b) for a, b in pairs_of_texts(400)])
    assert np.sqrt(np.mean(errors**2)) < 0.036
    assert abs(errors.mean()) < 0.005


@pytest.mark.parametrize("n", [400, pytest.param(1_500, marks=pytest.mark.soak)])
def test_like_texts_meet_under_a_key_and_unlike_ones_do_not(n: int) -> None:
    """The chance that two texts meet is 1 - (1 - J^6)^16."""
    near: list[tuple[bool, float]] = []
    far: list[tuple[bool, float]] = []
    between: list[tuple[bool, float]] = []
    for a, b in pairs_of_texts(n):
        share = jaccard(a, b)
        met = bool(set(band_keys(signature_of_text(a)).tolist()) & set(band_keys(signature_of_text(b)).tolist()))
        expected = 1 - (1 - share**ROWS) ** BANDS
        (near if share >= 0.7 else far if share < 0.35 else between).append((met, expected))
    assert np.mean([met for met, _ in near]) == pytest.approx(np.mean([e for _, e in near]), abs=0.05)
    assert np.mean([met for met, _ in near]) > 0.93
    assert np.mean([met for met, _ in far]) < 0.01


SAME = [
    (LONG.upper(), "in capitals"),
    (LONG.replace("e", "е").replace("o", "о"), "with Cyrillic look-alikes"),
    ("\u200b".join(LONG), "with invisible characters between the letters"),
    (LONG.replace(" ", "\u00a0 "), "with other blanks"),
    ("".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in LONG), "in full-width letters"),
]


@pytest.mark.parametrize(("text", "_why"), SAME)
def test_an_obfuscated_copy_has_the_same_signature(text: str, _why: str) -> None:
    assert signature_of_text(text).tobytes() == signature_of_text(LONG).tobytes()


TOO_LITTLE = [
    ("", "nothing"),
    ("Aurelle tote", "a few words"),
    ("tote " * 20_000, "a few words over and over, 100,000 characters of them"),
    ("包" * 50_000, "one character over and over"),
]


@pytest.mark.parametrize(("text", "_why"), TOO_LITTLE)
def test_too_little_text_has_no_signature(text: str, _why: str) -> None:
    assert signature_of_text(text).size == 0


def test_a_megabyte_has_a_signature_like_any_other() -> None:
    chance = random.Random(3)
    text = "".join(chance.choice("abcdefghij klmnop") for _ in range(1_000_000))
    assert signature_of_text(text).shape == (BINS,)
    assert signature_of_text(text).tolist() == signature_of_text(text).tolist()


def test_signatures_are_two_bytes_a_bin() -> None:
    assert (signature_of_text(LONG).nbytes, band_keys(signature_of_text(LONG)).shape) == (2 * BINS, (BANDS,))


def test_a_text_just_long_enough_is_signed() -> None:
    lengths = [n for n in range(len(LONG)) if signature_of_text(LONG[:n]).size]
    assert lengths[0] - RUN + 1 >= FEWEST_FULL
    assert lengths == list(range(lengths[0], len(LONG)))


CHANGES = [
    ({"title": "Aurelle Perle wallet, brown", "description": LONG}, True, "another title"),
    ({"price": "12.00"}, False, "another price is the same text"),
    ({"description": "Something else that has nothing to do with the bag, but is long."}, True, "another description"),
]


@pytest.mark.parametrize(("changes", "moves", "_why"), CHANGES)
def test_the_signature_of_a_listing_is_of_what_it_says(changes: dict[str, str], moves: bool, _why: str) -> None:
    before, after = (
        signature_of(a_listing(description=LONG)),
        signature_of(a_listing(**{"description": LONG, **changes})),
    )
    assert before is not None
    assert after is not None
    assert (before.tobytes() != after.tobytes()) is moves


@PROPERTY
@given(ANY_TEXT)
def test_equal_texts_share_everything(text: str) -> None:
    signature = signature_of_text(text)
    if signature.size:
        assert similarities(signature, signature[None]).tolist() == [1.0]


MASK = 2**64 - 1


def _letter_value(letter: int, *, ordinary: bool = True) -> int:
    """SplitMix64's finaliser of (letter + 1) times its increment, the lowest bit telling letters from all else."""
    bits = (letter + 1) * 0x9E3779B97F4A7C15 & MASK
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = ((bits ^ (bits >> shift)) * factor) & MASK
    return ((bits ^ (bits >> 31)) & (MASK - 1)) | ordinary


def test_a_two_letter_word_is_three_windows_and_itself() -> None:
    """Of 'ab': ' ab', ' ab ', 'ab ' and the run of letters, with the multipliers written out."""
    a, b, blank = _letter_value(ord("a")), _letter_value(ord("b")), _letter_value(ord(" "), ordinary=False)
    expected = []
    for window in ((blank, a, b), (blank, a, b, blank), (a, b, blank)):
        window_hash = (window[0] << 7) & MASK
        for letter in window[1:]:
            window_hash = ((window_hash ^ letter) * 0x9E3779B97F4A7C15) & MASK
        expected.append(window_hash >> 46)
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
