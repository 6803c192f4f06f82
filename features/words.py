"""The words of a text that may be quoted: letters alone, and in scripts without blanks as ICU cuts them.

Chinese, Japanese, Thai, Lao, Burmese and Khmer have no blanks between words. ICU cuts them by its dictionaries, the
same for every language, so a listing need not state one. Words that its dictionary lacks come as single characters.
Pairs of adjacent words therefore include many of them.

Source: UAX #29, Unicode Text Segmentation; ICU User Guide, Boundary Analysis, dictionary-based break iteration.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from icu4py import icu_version
from icu4py.breakers import WordBreaker

from features.fold import fold, without_pictures

SEGMENTER: Final = f"ICU {icu_version}"  # Another version may cut other words.
LONGEST_WORD: Final = 40  # A longer run of letters is not one word.
BREAK: Final = ""
_SHORTEST_WORD: Final = 2
_MOST_WORDS: Final = 200  # Of a field; the rest of a long description adds nothing new.
_MOST_CHARACTERS: Final = 4_000  # Of a field; 200 words of German have half as many.
# Letters alone: telephone numbers, addresses and account names never enter a bundle or a quotation.
_LETTERS: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# Thai and Lao, Burmese, Khmer, kana, Chinese characters and their extensions, without figures.
_UNSPACED: Final = (
    "\u0e00-\u0e4f\u0e5a-\u0ecf\u0eda-\u0eff\u1000-\u103f\u104a-\u108f\u109a-\u109f\u1780-\u17df"
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
)
# The scripts of India have blanks; their vowel signs are no letters to a regular expression.
_CUT_BY_ICU: Final = re.compile(f"([\u0900-\u0dff{_UNSPACED}]+)")
_UNSPACED_RUN: Final = re.compile(f"[{_UNSPACED}]+")


def words_of(text: str | None, names: Iterable[str] = ()) -> list[str]:
    """The first 200 words of a text, folded; '' separates words that are not adjacent.

    Single characters of scripts without blanks are among them. `names`, folded, are left out of such scripts, because
    words next to a name that ICU does not know would begin or end with a part of it.

    >>> words_of("Mirror quality, 1:1"), words_of("工厂直销，高仿")
    (['mirror', 'quality', '', ''], ['工厂', '直销', '', '高', '仿'])
    """
    if not text:
        return []
    folded = without_pictures(fold(text))[:_MOST_CHARACTERS]
    if folded.isascii():
        return list(_limit_words(_split_spaced(folded)))
    for name in names:
        folded = folded.replace(name, ",")
    return list(_limit_words(_cut_words(folded)))


def is_unspaced(word: str) -> bool:
    """Whether a word is of a script without blanks between words."""
    return bool(_UNSPACED_RUN.match(word))


def is_cut_by_segmenter(text: str) -> bool:
    """Whether another segmenter may find other words in a text."""
    return not text.isascii() and bool(_CUT_BY_ICU.search(text))


def spaced_words(text: str) -> list[str]:
    """The runs of letters in a folded text, without those of scripts without blanks."""
    return _LETTERS.findall(_UNSPACED_RUN.sub(" ", text))


def unspaced_runs(text: str) -> list[str]:
    """The runs of scripts without blanks in a folded text."""
    return _UNSPACED_RUN.findall(text)


def may_stand_alone(word: str) -> bool:
    """Whether a word is long enough to be quoted by itself; a single character is so only with its neighbour."""
    return len(word) >= _SHORTEST_WORD


def join_words(word: str, other: str) -> str | None:
    """Two adjacent words as their script writes them; None for a break, or a single character beside another script.

    >>> join_words("mirror", "quality"), join_words("高", "仿"), join_words("zara", "包"), join_words("bag", "")
    ('mirror quality', '高仿', None, None)
    """
    if is_unspaced(word) and is_unspaced(other):
        return word + other
    return f"{word} {other}" if may_stand_alone(word) and may_stand_alone(other) else None


def pairs_of(words: Sequence[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """The adjacent words of a text as their script writes them, with the two words.

    A single character between another one and a word belongs to the other one, if to any: of 高 仿 手袋, only 高仿.

    >>> [pair for pair, _ in pairs_of(["高", "仿", "手袋", "", "mirror", "quality"])]
    ['高仿', 'mirror quality']
    """
    around = (BREAK, *words, BREAK)
    for before, word, other, after in zip(around, words, words[1:], around[3:], strict=False):
        beyond = before if may_stand_alone(other) else after
        alone = may_stand_alone(word) is not may_stand_alone(other) and len(beyond) == 1
        if not alone and (pair := join_words(word, other)) is not None:
            yield pair, (word, other)


def _limit_words(words: Iterator[str]) -> Iterator[str]:
    room = _MOST_WORDS
    for word in words:
        room -= word != BREAK
        if room < 0:
            return
        yield word


def _cut_words(text: str) -> Iterator[str]:
    pieces = _CUT_BY_ICU.split(text)
    for place, piece in enumerate(pieces):
        if place % 2:
            yield from _cut_run(piece)
        elif piece == " " and is_unspaced(pieces[place - 1][-1:]) and is_unspaced(pieces[place + 1]):
            yield BREAK  # A blank between words without blanks ends a sentence.
        else:
            yield from _split_spaced(piece)


def _cut_run(run: str) -> Iterator[str]:
    for word in WordBreaker(run, "und"):
        longest = len(word) > LONGEST_WORD
        yield BREAK if longest or not word[0].isalpha() or any(character.isdigit() for character in word) else word


def _split_spaced(text: str) -> Iterator[str]:
    for token in text.split():
        yield from _split_token(token)


def _split_token(token: str) -> Iterator[str]:
    """The words of a run without blanks: of 'mirror-quality,' the word and a break, of '1:1' a break."""
    at = 0
    for match in _LETTERS.finditer(token):
        if match.start() > at:
            yield BREAK
        yield _whole_word(token, match)
        at = match.end()
    if at < len(token):
        yield BREAK


def _whole_word(token: str, match: re.Match[str]) -> str:
    """The word, unless it is a part of something that is none: 'com' of 'bags.com', 'a' of 'a1'."""
    before, after = token[: match.start()], token[match.end() :]
    part = bool(
        before[-1:].isalnum() or after[:1].isalnum() or "@" in token or "." in token.strip(".…") or "/" in token
    )
    return BREAK if part or not _SHORTEST_WORD <= len(match.group()) <= LONGEST_WORD else match.group()
