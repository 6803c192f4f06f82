import unicodedata

import pytest
from hypothesis import given

from features import alphabet
from features.alphabet import DROPPED, LETTER, SEVERAL, tables
from features.fold import TABLE_SIZE
from tests.features.plain import kind_plain, read_plain, value_plain, word_value_plain
from tests.fixtures.strategies import ANY_TEXT, PROPERTY


def read(text: str) -> str:
    return "".join(map(chr, read_plain(text)))


READ = [
    ("NIKE", "nike", "cased"),
    ("Réplica ŁÓDŹ", "replica lodz", "Latin accents go"),
    ("Rolеx НЁRМЕS", "rolex hermes", "look-alikes of Latin letters are Latin letters"),
    ("мой МОЙ", "moи moи", "both cases read the same, and a mark goes from a letter of any script"),
    ("ﬁn ½ ㎏", "fin 1⁄2 kg", "a ligature is its letters"),
    ("ＮＩＫＥ 𝙉𝙀𝙒 Ⓐ", "nike new a", "full-width and styled letters are plain ones"),
    ("gu\u200bc\u3164c\U000e0061i\ufeff", "gucci", "what takes no room goes: joiners, fillers, tags"),
    ("a\u0336b\u20e0", "ab", "and so does what strikes letters out"),
    ("ガ ｶﾞ", "カ\u3099 カ\u3099", "a voicing mark is a letter of its own, full-width or half"),
    ("각", "\u1100\u1161\u11a8", "a Korean syllable is its letters"),
    ("กระเป๋า", "กระเป๋า", "Thai vowels and tone marks stay"),
    ("a\u00a0b\tc", "a b c", "every white space is a blank"),
]


@pytest.mark.parametrize(("text", "letters", "_why"), READ)
def test_a_text_reads_as(text: str, letters: str, _why: str) -> None:
    assert read(text) == letters


@PROPERTY
@given(ANY_TEXT)
def test_what_is_read_reads_as_itself(text: str) -> None:
    assert read(read(text)) == read(text)


@PROPERTY
@given(ANY_TEXT)
def test_a_text_reads_the_same_composed_and_decomposed(text: str) -> None:
    """The order may differ in marks that Unicode sorts behind others."""
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert sorted(read(composed)) == sorted(read(decomposed))


@PROPERTY
@given(ANY_TEXT)
def test_nothing_is_read_that_takes_no_room(text: str) -> None:
    assert not {kind_plain(code) for code in read_plain(text)} & {DROPPED, SEVERAL}


def test_the_tables_hold_what_the_definition_says_of_every_character() -> None:
    kinds, values, word_values = (array.tolist() for array in tables())

    def stored(place: int) -> list[tuple[int, int, int]]:
        if kinds[place] == SEVERAL:
            first, many = word_values[place] >> 8, word_values[place] & 255
            return [letter for at in range(first, first + many) for letter in stored(at)]
        return [] if kinds[place] == DROPPED else [(kinds[place], values[place], word_values[place])]

    defined = {code: (kind_plain(code), value_plain(code), word_value_plain(code)) for code in range(TABLE_SIZE)}
    differing = [
        hex(code)
        for code in range(TABLE_SIZE)
        if stored(code) != [defined.get(letter) or _defined(letter) for letter in read_plain(chr(code))]
    ]
    assert differing == []


def _defined(letter: int) -> tuple[int, int, int]:
    return kind_plain(letter), value_plain(letter), word_value_plain(letter)


def test_only_letters_have_an_odd_value() -> None:
    """The kernel takes an odd value for a letter without a further check; a list of several letters is no letter."""
    kinds, values, _ = tables()
    assert ((kinds == LETTER) == (values % 2 == 1)).all()


def test_no_two_letters_of_ascii_share_a_value_in_a_word_but_those_that_stand_for_another() -> None:
    classes: dict[int, str] = {}
    for character in "abcdefghijklmnopqrstuvwxyz0123456789":
        value = word_value_plain(ord(character))
        classes[value] = classes.get(value, "") + character
    assert sorted(c for c in classes.values() if len(c) > 1) == ["a4", "e3", "il1", "o0", "s5", "t7"]


def test_no_character_is_read_as_more_than_six_letters_a_byte() -> None:
    """The kernel's room for n-grams depends on it."""
    assert max(len(letters) / len(chr(code).encode()) for code, letters in alphabet._letters().items()) == 6
