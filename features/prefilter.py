"""One RE2 set of many patterns: one pass over a text says which can match. The patterns themselves decide."""

import re
from collections.abc import Iterable
from typing import Final

import re2

# Parts of a pattern that `loosen` rewrites.
_ESCAPE: Final = r"\\(?:u(?P<four>[0-9a-fA-F]{4})|U(?P<eight>[0-9a-fA-F]{8})|(?P<escaped>.))"
_ESCAPES: Final = re.compile(_ESCAPE)
_PARTS: Final = re.compile(
    _ESCAPE + r"|(?P<set>\[\^?(?:\\.|[^\]\\])+\])|(?P<edge>[\^$])|\{(?P<least>\d+),(?P<most>\d+)\}"
)
_BEFORE_LETTER: Final = re.compile(r"[a-z0-9](?![?*{])")
_AFTER_LETTER: Final = re.compile(r"(?<!\\)[a-z0-9]\Z")
_WORD: Final = "0-9A-Za-z_"  # The certain part of `\w`, which no two engines read alike beyond ASCII.
_WORD_OR_OTHER: Final = _WORD + r"\x{80}-\x{10FFFF}"
_MOST_REPEATS: Final = 4  # A repeat with more becomes unlimited, which needs fewer states.
_MEMORY: Final = 32 << 20  # Bytes for the states of the set. RE2 discards them when they are full and goes on.


def loosen(pattern: str) -> str:
    """A pattern for RE2 that matches wherever the pattern matches in `re`, and in more texts.

    Beyond ASCII, a `\\w` may be any character. A `\\b` stays only beside a plain letter or digit: RE2, for which every
    other character is none, then finds all boundaries that `re` finds.

    Raises ValueError (the pattern has an escape whose meaning is not certain).

    >>> loosen(r"\\bcop(?:y|ies)\\b$")
    '\\\\bcop(?:y|ies)(?:)(?:)'
    """
    return _PARTS.sub(_loosen_part, pattern)


def _loosen_part(part: re.Match[str]) -> str:
    if part["set"]:
        word = _WORD if part[0].startswith("[^") else _WORD_OR_OTHER
        return _ESCAPES.sub(lambda escape: _loosen_escape(escape, word), part[0])
    if part["edge"]:
        return "(?:)"
    if part["most"]:
        return part[0] if int(part["most"]) <= _MOST_REPEATS else f"{{{part['least']},}}"
    if part["escaped"] == "b":
        beside = _BEFORE_LETTER.match(part.string, part.end()) or _AFTER_LETTER.search(part.string[: part.start()])
        return part[0] if beside else "(?:)"
    return _loosen_escape(part, f"[{_WORD_OR_OTHER}]")


def _loosen_escape(escape: re.Match[str], word: str) -> str:
    if code := escape["four"] or escape["eight"]:
        return rf"\x{{{code}}}"
    if escape["escaped"] == "w":
        return word
    if escape["escaped"].isalnum():
        raise ValueError(f"{escape[0]} in the lexicon pattern {escape.string}")
    return escape[0]


class Prefilter:
    """The set of loosened patterns, numbered in their order."""

    def __init__(self, loosened_patterns: Iterable[str]) -> None:
        options = re2.Options()
        options.never_capture = True
        options.max_mem = _MEMORY
        self._patterns = re2.Set.SearchSet(options)
        for pattern in loosened_patterns:
            self._patterns.Add(pattern)
        self._patterns.Compile()

    def possible(self, text: str) -> list[int]:
        """The numbers of the patterns that can match a text, in order."""
        return sorted(self._patterns.Match(text) or ())
