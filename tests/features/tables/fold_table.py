"""How each character folds and how the text kernel reads it, computed once from Unicode and packaged.

The tables are packaged so that a score does not depend on the Unicode version of the Python that runs it.
`python -m tests.features.tables.fold_table fold > features/data/fold_table.tsv` and the same with `letters` for
`features/data/letter_table.tsv` regenerate them (Python 3.11, Unicode 14.0). A new table is a new fold-table version
and therefore a new input fingerprint.
"""

import json
import sys
import unicodedata
from collections.abc import Iterator
from importlib.resources import files

from features.alphabet import HANGUL
from features.fold import DROPPED, TABLE_SIZE

_LATIN_WITHOUT_DECOMPOSITION = {"ı": "i", "đ": "d", "ł": "l", "ø": "o", "ß": "s", "æ": "a", "œ": "o"}
_CYRILLIC_AND_ARABIC = {"ё": "е", "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه"}
_ARABIC_MARKS = range(0x064B, 0x0653)
_COMBINING = range(0x0300, 0x0370)
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_TATWEEL = 0x0640
# Beyond what folding drops: marks written over any letter, and characters that take no room on a page.
_OVER_ANY_LETTER = (range(0x1AB0, 0x1B00), range(0x1DC0, 0x1E00), range(0x20D0, 0x2100), range(0xFE20, 0xFE30))
_WITHOUT_ROOM = (*range(0x115F, 0x1161), *range(0x17B4, 0x17B6), *range(0x180B, 0x1810))


def fold_character(character: str) -> str:
    """One NFKC character folded: cased, stripped of Latin accents; '' where it is dropped.

    Accents go from Latin letters only: elsewhere they are part of the letter (й, Thai vowels, Japanese voicing).
    """
    code = ord(character)
    category = unicodedata.category(character)
    if category == "Cf" or code in _VARIATION_SELECTORS or code in _ARABIC_MARKS or code == _TATWEEL:
        return ""
    if code in _COMBINING:
        return ""
    if category in {"Cc", "Zs", "Zl", "Zp"}:
        return " "
    if character in "’‘":
        return "'"
    lowered = character.casefold()[0]
    base = unicodedata.normalize("NFKD", lowered)[0]
    if "LATIN" in unicodedata.name(base, "") and base.isalpha():
        lowered = base
    lowered = _LATIN_WITHOUT_DECOMPOSITION.get(lowered, lowered)
    return _CYRILLIC_AND_ARABIC.get(lowered, lowered)


def rows() -> Iterator[tuple[int, int, int]]:
    """(code point, folded, skeleton) of every character that does not map to itself in both.

    The skeleton replaces look-alikes of Latin letters first, while the case still tells them apart:
    a capital Greek nu looks like N, a small one like v. A letter that folds to its base looks like that: ё like e.
    """
    lookalikes = _lookalikes()
    for code in _assigned_codes():
        character = chr(code)
        folded = fold_character(character)
        base = unicodedata.normalize("NFD", character)[0]
        seen = character if character in lookalikes or fold_character(base) != folded else base
        skeleton = fold_character(lookalikes[seen]) if seen in lookalikes else folded
        if folded != character or skeleton != character:
            yield code, ord(folded or "\0"), ord(skeleton or "\0")


def letters() -> Iterator[tuple[int, tuple[int, ...]]]:
    """(code point, what the text kernel reads for it) of every character that it does not read as itself.

    What is read is the skeleton of each character of the compatibility decomposition, so that a text reads the same
    composed and decomposed: marks go from letters of every script (й reads as и), a ligature is its letters.
    Korean syllables are left out: their letters follow by arithmetic.
    """
    skeletons = {code: skeleton for code, _, skeleton in rows()}
    for code in _assigned_codes():
        if code in HANGUL:
            continue
        parts = [ord(part) for part in unicodedata.normalize("NFKD", chr(code)) if not _takes_no_room(ord(part))]
        read = tuple(skeletons.get(part, part) for part in parts)
        read = tuple(part for part in read if part != DROPPED)
        if read != (code,):
            yield code, read


def _assigned_codes() -> Iterator[int]:
    return (code for code in range(1, TABLE_SIZE) if unicodedata.category(chr(code)) not in {"Cn", "Cs", "Co"})


def _takes_no_room(code: int) -> bool:
    return code in _WITHOUT_ROOM or any(code in marks for marks in _OVER_ANY_LETTER)


def _lookalikes() -> dict[str, str]:
    """Look-alikes of Latin letters; a letter looks as its other case does, unless both are known to look otherwise.

    The published pairs have 'М' like M and no 'м': МУЖСКАЯ and мужская would be two words.
    """
    text = files("features").joinpath("data/confusables.json").read_text(encoding="utf-8")
    known: dict[str, str] = json.loads(text)
    cases: dict[str, set[str]] = {}
    for character, letter in known.items():
        cases.setdefault(character.casefold(), set()).add(fold_character(letter))
    lookalikes = dict(known)
    for character in map(chr, _assigned_codes()):
        letters = cases.get(character.casefold(), set())
        if not character.isascii() and len(letters) == 1:
            lookalikes.setdefault(character, *letters)
    return lookalikes


def main(table: str) -> None:
    """Write one of the two tables."""
    if table == "fold":
        lines = [f"{code:x}\t{folded:x}\t{skeleton:x}" for code, folded, skeleton in rows()]
    else:
        lines = [f"{code:x}\t{' '.join(f'{part:x}' for part in read)}" for code, read in letters()]
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main(sys.argv[1])
