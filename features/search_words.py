"""Search words of listings and queries, computed here so that every database gives the same results.

Look-alike letters, stand-in digits and invisible characters are undone as in brand names. Scripts without blanks
between words are cut into pairs of characters.
"""

import re
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Final

from features.brands import pieces

LONGEST_WORD: Final = 40
MOST_WORDS: Final = 150
# Thai and Lao, kana, Chinese characters and their extensions.
_UNSPACED: Final = re.compile(
    "([\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]+)"
)
_LONGEST_TEXT: Final = 4_000
_SHORTEST_BEGINNING: Final = 3


def search_words(text: str) -> tuple[str, ...]:
    """The words of a text, each once and in order, at most `MOST_WORDS`; successive single letters form one.

    >>> search_words("Au\\u200bre11e bag") == search_words("A u r e l l e bag") == search_words("AURELLE bag")
    True
    >>> search_words("托特包 bag")
    ('托特', '特包', '包', 'bag')
    """
    words = dict.fromkeys(word[:LONGEST_WORD] for word in _join_letters(pieces(text[:_LONGEST_TEXT])))
    return tuple(words)[:MOST_WORDS]


def query_words(text: str) -> tuple[str, ...]:
    """The words of a query: as `search_words`, without the separate last character of unspaced scripts.

    >>> query_words("托特包"), query_words("包")
    (('托特', '特包'), ('包',))
    """
    words = search_words(text)
    return tuple(
        word for before, word in zip(("", *words), words, strict=False) if not _is_last_character(before, word)
    )


def is_prefix(word: str) -> bool:
    """Whether a query word is searched as a prefix; a shorter prefix would match too many words.

    >>> is_prefix("aure"), is_prefix("au"), is_prefix("包")
    (True, False, True)
    """
    return len(word) >= _SHORTEST_BEGINNING or (len(word) == 1 and bool(_UNSPACED.match(word)))


def _is_last_character(before: str, word: str) -> bool:
    return len(word) == 1 and len(before) == 2 and before[1] == word and bool(_UNSPACED.match(word))


def _join_letters(parts: list[str]) -> Iterator[str]:
    for alone, run in groupby(parts, key=lambda part: len(part) == 1 and not _UNSPACED.match(part)):
        letters = list(run)
        if alone and len(letters) > 2:
            yield "".join(letters)
            continue
        for part in letters:
            yield from _cut_unspaced(part)


def _cut_unspaced(part: str) -> Iterator[str]:
    for piece in _UNSPACED.split(part):
        if _UNSPACED.match(piece):
            yield from (character + other for character, other in pairwise(piece))
            # The last character alone, so that each character begins a word and can be found.
            yield piece[-1]
        elif piece:
            yield piece
