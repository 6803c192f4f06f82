"""Wording by which sellers describe replicas, found in folded text; each word has its source."""

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

import ahocorasick

_PACKAGED: Final = "data/lexicon.tsv"
_RAW: Final = "raw:"

# A warning such as "no replicas here" or "не реплика" is the opposite of a listing; it reaches to its sentence's end.
# "Without" reaches the next word only: "sin caja, réplica AAA" lacks a box and is a replica.
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
# In Portuguese "no" is "in the" and denies nothing: "réplica no estojo".
_PORTUGUESE_NEGATION: Final = _negation(_NOT)
# Words and endings, without accents, that Portuguese has and no other language of the lexicon in Latin letters. Many
# that come to mind are left out: "com" is an address, "dos" Spanish, "voce" Italian, "ao" and "tem" Vietnamese.
_PORTUGUESE: Final = re.compile(
    r"\b(?:uma|umas|nao|sem|meu|muit[oa]|tambem|pra|noss[oa]|mesmo|melhor|novos?|loja|precos?|frete|varejo|estojo|caixa|"
    r"relogios?|oculos|couro|pret[oa]|ouro|prata|roupas?|perfeit[oa]s?|acabamento|falsianes?|"
    r"\w+(?:[aeiou][nl]h[oa]s?|eir[oa]s?|cao|coes|idade|agem))\b"
)
_PORTUGUESE_REACH: Final = 80  # Characters on either side in which it is heard that a "no" is Portuguese.
_SENTENCE_END: Final = re.compile(r"[.!?;]")
_NEGATION_REACH: Final = 40  # Characters; three words of the languages at hand.
# Languages that say 'is not' behind the word.
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
    """One row of the lexicon. `strong` is a reason alone; `combination` needs a brand and another kind."""

    language: str
    kind: Kind
    term: str
    pattern: re.Pattern[str]
    specificity: str
    literals: tuple[str, ...]
    reads_raw: bool


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """A phrase found: its entry's kind and strength, and the words as they stand in the text."""

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


@dataclass(frozen=True, slots=True)
class _Search:
    """Which entries to try: by literal, always on titles, always on any text."""

    automaton: ahocorasick.Automaton
    always_in_titles: tuple[int, ...]
    always: tuple[int, ...]
    raw_in_titles: tuple[int, ...]


@cache
def _search() -> _Search:
    automaton = ahocorasick.Automaton()
    by_literal: dict[str, list[int]] = {}
    for number, entry in enumerate(entries()):
        if not entry.reads_raw:
            for literal in entry.literals:
                by_literal.setdefault(literal, []).append(number)
    for literal, numbers in by_literal.items():
        automaton.add_word(literal, tuple(numbers))
    automaton.make_automaton()
    bare = [(n, e) for n, e in enumerate(entries()) if not e.literals and not e.reads_raw]
    return _Search(
        automaton,
        # Shapes of a spelling (digits, spaced letters) are codes and sizes in a description.
        always_in_titles=tuple(n for n, e in bare if e.kind is Kind.EVASION),
        always=tuple(n for n, e in bare if e.kind is not Kind.EVASION),
        raw_in_titles=tuple(n for n, e in enumerate(entries()) if e.reads_raw),
    )


def find(folded: str, *, where: str, raw: str | None = None) -> tuple[PhraseMatch, ...]:
    """The phrases in one folded text, each entry at most once; `raw`, lower-cased, adds the spelling tricks.

    A trap ("replica jersey", "compatible with") cancels the hits that it covers; a negation up to three words before a
    hit, or behind it in languages that say it there, cancels that one. Traps that fired are returned too: they are
    signals of their own.
    """
    search = _search()
    in_title = where == "title"
    numbers = {n for _, group in search.automaton.iter(folded) for n in group}
    numbers.update(search.always, search.always_in_titles if in_title else ())
    chosen = [entries()[n] for n in sorted(numbers)]
    traps = [(entry, list(entry.pattern.finditer(folded))) for entry in chosen if entry.kind is Kind.TRAP]
    covered = _Spans(match.span() for _, matches in traps for match in matches)
    documents = [(e, list(_offered(e, folded, covered, _NO_SPANS))) for e in chosen if e.kind is Kind.DOCUMENTS]
    lacking = _Spans(match.span() for _, matches in documents for match in matches)
    others = (
        (entry, list(islice(_offered(entry, folded, covered, lacking), 1)))
        for entry in chosen
        if entry.kind not in {Kind.TRAP, Kind.DOCUMENTS}
    )
    phrase_matches = [
        _hit(entry, matches[0].group(), where) for entry, matches in (*traps, *documents, *others) if matches
    ]
    if raw is not None and in_title and not raw.isascii():
        tricks = ((entries()[number], entries()[number].pattern.search(raw)) for number in search.raw_in_titles)
        phrase_matches.extend(_hit(entry, match.group(), where) for entry, match in tricks if match)
    return tuple(phrase_matches)


def _offered(entry: Entry, folded: str, covered: "_Spans", lacking: "_Spans") -> Iterator[re.Match[str]]:
    """The matches that no trap covers and no word around them denies."""
    for match in entry.pattern.finditer(folded):
        if not (covered.cover(*match.span()) or _is_denied(match, lacking)):
            yield match


def _is_denied(match: re.Match[str], lacking: "_Spans") -> bool:
    """Whether the words around a match say that it is not so.

    A 'no' that belongs to something lacking is used up: 'no box, replica' is a replica without a box.
    """
    start = max(0, match.start() - _NEGATION_REACH)
    period = match.string[start : match.start()]
    before = _NEGATION.search(period)
    if before is not None and before["no"] and _in_portuguese(match):
        before = _PORTUGUESE_NEGATION.search(period)
    if before is not None and not lacking.cover(start + before.start(), start + before.start() + 1):
        return True
    return _NEGATED_AFTER.match(match.string, match.end()) is not None


def _in_portuguese(match: re.Match[str]) -> bool:
    """Whether the sentence around a match, or the match itself, is written in Portuguese.

    A sentence all of whose words are Spanish too reads as Spanish: "no estilo réplica" is taken for a warning.
    """
    first, last = max(0, match.start() - _PORTUGUESE_REACH), match.end() + _PORTUGUESE_REACH
    before = _SENTENCE_END.split(match.string[first : match.start()])[-1]
    after = _SENTENCE_END.split(match.string[match.end() : last], maxsplit=1)[0]
    return _PORTUGUESE.search(f"{before}{match.group()}{after}") is not None


class _Spans:
    """Stretches of a text, asked in logarithmic time: a hostile text holds thousands of both traps and hits."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._reach = list(accumulate((end for _, end in ordered), max))

    def cover(self, start: int, end: int) -> bool:
        """Whether one of the stretches holds this one whole."""
        before = bisect_right(self._starts, start)
        return before > 0 and self._reach[before - 1] >= end


_NO_SPANS: Final = _Spans(())


def _hit(entry: Entry, words: str, where: str) -> PhraseMatch:
    return PhraseMatch(entry.kind, entry.specificity, entry.term, entry.language, words.strip(), where)
