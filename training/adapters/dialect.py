"""The encoding and the delimiter of a delimited file, guessed from its beginning."""

import codecs
import csv
import re
from collections.abc import Iterator
from io import StringIO
from typing import Final

UTF_8: Final = "utf-8-sig"
WESTERN: Final = "cp1252"  # What Windows writes for Latin-1; it has the euro sign.
_DELIMITERS: Final = (",", ";", "\t", "|")
_HIGH_BYTES: Final = re.compile(rb"[\x80-\xff]+")
# In Western text these bytes are signs, which stand in no word. In Central European text some are letters.
_SIGN_IN_WORD: Final = re.compile(rb"[a-z][\xa1-\xb3\xb5\xb6\xb8-\xbf][a-z]")
_ALONE: Final = 0.95  # Of the accented letters of Western text stand alone or in pairs; those of others in whole words.


def guessed_encoding(sample: bytes) -> str:
    """The encoding of a text that begins so: UTF-8, UTF-16, or Windows-1252 where it can be no other.

    A text that has valid UTF-8 beside bytes that are not is damaged UTF-8. So is what looks like another script: its
    bytes stay, and validation refuses their rows.
    """
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[start::2].count(0) * 2 > len(sample[start::2]):
            return name
    if _is_utf_8(sample):
        return UTF_8
    runs = _HIGH_BYTES.findall(sample)
    alone = sum(len(run) <= 2 for run in runs)
    is_western = not (any(map(_is_utf_8, runs)) or _SIGN_IN_WORD.search(sample)) and alone >= _ALONE * len(runs)
    try:
        sample.decode(WESTERN)
    except UnicodeDecodeError:
        return UTF_8
    return WESTERN if is_western else UTF_8


def _is_utf_8(sample: bytes) -> bool:
    """Whether the bytes are UTF-8, the last character possibly cut off; one alone is not."""
    try:
        return bool(codecs.getincrementaldecoder("utf-8")().decode(sample)) or not sample
    except UnicodeDecodeError:
        return False


def guessed_delimiter(sample: str, usual: str) -> str:
    """The delimiter by which most rows are as wide as the header; of several the one with most columns.

    >>> guessed_delimiter("id;price, EUR;name\\n1;49,90;Bag\\n", ","), guessed_delimiter("title\\na;b\\n", ",")
    (';', ',')
    """

    def fit(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in _whole_rows(sample, delimiter)]
        return (widths.count(widths[0]), widths[0]) if widths and widths[0] > 1 else (0, 0)

    return max((usual, *_DELIMITERS), key=fit)


def _whole_rows(sample: str, delimiter: str) -> Iterator[list[str]]:
    """The rows up to the first that cannot be read."""
    try:
        yield from csv.reader(StringIO(sample, newline=""), delimiter=delimiter, strict=True)
    except csv.Error:
        return
