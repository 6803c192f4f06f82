"""How each character folds, worked out once from Unicode and kept as `data/fold_table.tsv`.

The table is packaged so that a score does not depend on the Unicode version of the Python that runs it.
`python -m features.fold_table > features/data/fold_table.tsv` makes it anew (Python 3.11, Unicode 14.0);
a new table is a new fold-table version and so a new input fingerprint.
"""

import json
import sys
import unicodedata
from collections.abc import Iterator
from importlib.resources import files

TABLE_SIZE = 0x20000  # The two planes that hold every script in use; higher code points fold to themselves.
DROPPED = 0
SPACE = ord(" ")

_LATIN_WITHOUT_DECOMPOSITION = {"ı": "i", "đ": "d", "ł": "l", "ø": "o", "ß": "s", "æ": "a", "œ": "o"}
_CYRILLIC_AND_ARABIC = {"ё": "е", "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه"}
_ARABIC_MARKS = range(0x064B, 0x0653)
_COMBINING = range(0x0300, 0x0370)
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_TATWEEL = 0x0640


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
    text = files("features").joinpath("data/confusables.json").read_text(encoding="utf-8")
    lookalikes: dict[str, str] = json.loads(text)
    for code in range(1, TABLE_SIZE):
        character = chr(code)
        if unicodedata.category(character) in {"Cn", "Cs", "Co"}:
            continue
        folded = fold_character(character)
        base = unicodedata.normalize("NFD", character)[0]
        seen = character if character in lookalikes or fold_character(base) != folded else base
        skeleton = fold_character(lookalikes[seen]) if seen in lookalikes else folded
        if folded != character or skeleton != character:
            yield code, ord(folded or "\0"), ord(skeleton or "\0")


if __name__ == "__main__":
    sys.stdout.writelines(f"{code:x}\t{folded:x}\t{skeleton:x}\n" for code, folded, skeleton in rows())
