"""Finds the wording of replicas in folded text. Each entry of the lexicon has its source."""

import csv
import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import accumulate, islice
from typing import Final

import re2

_PACKAGED: Final = "data/lexicon.tsv"
_RAW: Final = "raw:"

# A warning such as "no replicas here" or "не реплика" negates wording in its sentence, up to three words on.
# "Without" negates the next word only: "sin caja, réplica AAA" lacks a box and is a replica.
_NOT: Final = (
    "not|never|don't|against|beware|report|nada|não|nao|pas|non|kein|keine|nie|не|нет|никаких|bukan|tidak|không|"
    "khong|ليس|ليست|غير"
)
_WITHOUT: Final = "without|sin|sem|sans|senza|ohne|bez|без|tanpa|بدون"


def _negation(words: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?:\b(?:{words})\b(?:[^\w.!?;]+\w+){{0,2}}[^\w.!?;]*|\b(?:{_WITHOUT})\b[^\w.!?;]*|"
        r"[拒非不没無无絕绝][^ ,.，。]{0,3}|ไม่(?:ใช่|มี)? ?)\Z"
    )


_NEGATION: Final = _negation(rf"(?P<no>no)|{_NOT}")
# In Portuguese "no" means "in the" and is no negation: "réplica no estojo".
_PORTUGUESE_NEGATION: Final = _negation(_NOT)
# Unaccented words and endings that only Portuguese has among the languages of the lexicon in Latin script. Ambiguous
# ones are left out: "com" is an address, "dos" Spanish, "voce" Italian, "ao" and "tem" Vietnamese.
_PORTUGUESE: Final = re.compile(
    r"\b(?:uma|umas|nao|sem|meu|muit[oa]|tambem|pra|noss[oa]|mesmo|melhor|novos?|loja|precos?|frete|varejo|estojo|caixa|"
    r"relogios?|oculos|couro|pret[oa]|ouro|prata|roupas?|perfeit[oa]s?|acabamento|falsianes?|"
    r"\w+(?:[aeiou][nl]h[oa]s?|eir[oa]s?|cao|coes|idade|agem))\b"
)
_PORTUGUESE_REACH: Final = 80  # Characters on either side that are searched for Portuguese.
_SENTENCE_END: Final = re.compile(r"[.!?;]")
_NEGATION_REACH: Final = 40  # Characters, about three words.
# Negations that follow the word.
_NEGATED_AFTER: Final = re.compile(
    r" ?(?:degil\b|(?:では|じゃ)(?:ありません|ない)|[가이는은]? ?아(?:닙니다|니다|님|니에요)|nahin?\b)"
)


class Kind(StrEnum):
    """The claim that a phrase makes about the goods."""

    GRADE = "grade"
    INSPIRED = "inspired"
    AUTHENTICITY = "authenticity"
    DOCUMENTS = "papers"
    CONTACT = "contact"
    EVASION = "evasion"
    FACTORY = "factory"
    TRAP = "trap"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the lexicon. `strong` is a sufficient reason; `combination` needs a brand and another kind."""

    language: str
    kind: Kind
    term: str
    pattern: re.Pattern[str]
    specificity: str
    literals: tuple[str, ...]
    reads_raw: bool


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """A match of a lexicon entry: its kind and strength, and the matching words of the text."""

    kind: Kind
    specificity: str
    term: str
    language: str
    words: str
    where: str


@cache
def digest() -> str:
    """SHA-256 of the packaged table: part of a model's input fingerprint."""
    return hashlib.sha256(files("features").joinpath(_PACKAGED).read_bytes()).hexdigest()


@cache
def entries() -> tuple[Entry, ...]:
    """The lexicon in the order of its table."""
    text = files("features").joinpath(_PACKAGED).read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(
        Entry(
            language=row["language"],
            kind=Kind(row["kind"]),
            term=row["term"],
            pattern=re.compile(row["pattern"]),
            specificity=row["specificity"],
            literals=tuple(json.loads(row["literals"])),
            reads_raw=row["term"].startswith(_RAW),
        )
        for row in rows
    )


# Parts of a pattern that `loosened` rewrites.
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


def loosened(pattern: str) -> str:
    """A pattern for RE2 that matches wherever the pattern matches in `re`, and in more texts.

    Beyond ASCII, a `\\w` may be any character. A `\\b` stays only beside a plain letter or digit: RE2, for which every
    other character is none, then finds all boundaries that `re` finds.

    Raises
    ------
    ValueError
        The pattern has an escape whose meaning is not certain.

    >>> loosened(r"\\bcop(?:y|ies)\\b$")
    '\\\\bcop(?:y|ies)(?:)(?:)'
    """
    return _PARTS.sub(_loosened_part, pattern)


def _loosened_part(part: re.Match[str]) -> str:
    if part["set"]:
        word = _WORD if part[0].startswith("[^") else _WORD_OR_OTHER
        return _ESCAPES.sub(lambda escape: _loosened_escape(escape, word), part[0])
    if part["edge"]:
        return "(?:)"
    if part["most"]:
        return part[0] if int(part["most"]) <= _MOST_REPEATS else f"{{{part['least']},}}"
    if part["escaped"] == "b":
        beside = _BEFORE_LETTER.match(part.string, part.end()) or _AFTER_LETTER.search(part.string[: part.start()])
        return part[0] if beside else "(?:)"
    return _loosened_escape(part, f"[{_WORD_OR_OTHER}]")


def _loosened_escape(escape: re.Match[str], word: str) -> str:
    if code := escape["four"] or escape["eight"]:
        return rf"\x{{{code}}}"
    if escape["escaped"] == "w":
        return word
    if escape["escaped"].isalnum():
        raise ValueError(f"{escape[0]} in the lexicon pattern {escape.string}")
    return escape[0]


class _Filter:
    """Entries with one RE2 set of their loosened patterns, which says in one pass which of them can match a text.

    The patterns themselves decide. Of 394, 0.4 on average can match, and 0.2 do.
    """

    def __init__(self, chosen: Iterable[Entry]) -> None:
        options = re2.Options()
        options.never_capture = True
        options.max_mem = _MEMORY
        self._entries = tuple(chosen)
        self._patterns = re2.Set.SearchSet(options)
        for entry in self._entries:
            self._patterns.Add(loosened(entry.pattern.pattern))
        self._patterns.Compile()

    def possible(self, text: str) -> list[Entry]:
        """The entries that can match a text, in the order of the table."""
        found = self._patterns.Match(text)
        return [self._entries[number] for number in sorted(found)] if found else []


@cache
def _folded_filter() -> _Filter:
    return _Filter(entry for entry in entries() if not entry.reads_raw)


@cache
def _raw_filter() -> _Filter:
    return _Filter(entry for entry in entries() if entry.reads_raw)


def find(folded: str, *, where: str, raw: str | None = None) -> tuple[PhraseMatch, ...]:
    """The phrases in one folded text, each entry at most once; `raw`, lower-cased, adds the spelling tricks.

    A trap ("replica jersey", "compatible with") cancels the matches that it covers. A negation up to three words before
    a match cancels that match; some languages negate after it. Matching traps are returned too, because they are
    signals of their own.
    """
    in_title = where == "title"
    chosen = _folded_filter().possible(folded)
    if not in_title:
        # In a description, patterns of spelling (digits, spaced letters) match codes and sizes.
        chosen = [entry for entry in chosen if entry.literals or entry.kind is not Kind.EVASION]
    phrase_matches = _matches(chosen, folded, where) if chosen else []
    if raw is not None and in_title and not raw.isascii():
        tricks = ((entry, entry.pattern.search(raw)) for entry in _raw_filter().possible(raw))
        phrase_matches.extend(_phrase_match(entry, match.group(), where) for entry, match in tricks if match)
    return tuple(phrase_matches)


def _matches(chosen: Iterable[Entry], folded: str, where: str) -> list[PhraseMatch]:
    """The affirmed matches of the chosen entries, traps and documents first."""
    traps = [(entry, list(entry.pattern.finditer(folded))) for entry in chosen if entry.kind is Kind.TRAP]
    covered = _Spans(match.span() for _, matches in traps for match in matches)
    documents = [(e, list(_affirmed(e, folded, covered, _NO_SPANS))) for e in chosen if e.kind is Kind.DOCUMENTS]
    lacking = _Spans(match.span() for _, matches in documents for match in matches)
    others = (
        (entry, list(islice(_affirmed(entry, folded, covered, lacking), 1)))
        for entry in chosen
        if entry.kind not in {Kind.TRAP, Kind.DOCUMENTS}
    )
    return [
        _phrase_match(entry, matches[0].group(), where) for entry, matches in (*traps, *documents, *others) if matches
    ]


def _affirmed(entry: Entry, folded: str, covered: "_Spans", lacking: "_Spans") -> Iterator[re.Match[str]]:
    """The matches that no trap covers and no negation cancels."""
    for match in entry.pattern.finditer(folded):
        if not (covered.cover(*match.span()) or _is_negated(match, lacking)):
            yield match


def _is_negated(match: re.Match[str], lacking: "_Spans") -> bool:
    """Whether the words around a match negate it.

    A 'no' that belongs to a missing document does not count: 'no box, replica' is a replica without a box.
    """
    start = max(0, match.start() - _NEGATION_REACH)
    context = match.string[start : match.start()]
    before = _NEGATION.search(context)
    if before is not None and before["no"] and _in_portuguese(match):
        before = _PORTUGUESE_NEGATION.search(context)
    if before is not None and not lacking.cover(start + before.start(), start + before.start() + 1):
        return True
    return _NEGATED_AFTER.match(match.string, match.end()) is not None


def _in_portuguese(match: re.Match[str]) -> bool:
    """Whether the sentence around a match, or the match itself, is written in Portuguese.

    A sentence of words that are also Spanish counts as Spanish: "no estilo réplica" is read as a warning.
    """
    first, last = max(0, match.start() - _PORTUGUESE_REACH), match.end() + _PORTUGUESE_REACH
    before = _SENTENCE_END.split(match.string[first : match.start()])[-1]
    after = _SENTENCE_END.split(match.string[match.end() : last], maxsplit=1)[0]
    return _PORTUGUESE.search(f"{before}{match.group()}{after}") is not None


class _Spans:
    """Spans of a text, searched in logarithmic time, because a hostile text has thousands of traps and matches."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._reach = list(accumulate((end for _, end in ordered), max))

    def cover(self, start: int, end: int) -> bool:
        """Whether one of the spans contains this one."""
        before = bisect_right(self._starts, start)
        return before > 0 and self._reach[before - 1] >= end


_NO_SPANS: Final = _Spans(())


def _phrase_match(entry: Entry, words: str, where: str) -> PhraseMatch:
    return PhraseMatch(entry.kind, entry.specificity, entry.term, entry.language, words.strip(), where)
