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

from features.prefilter import Prefilter, loosen
from features.records import with_fast_init

_PACKAGED: Final = "data/lexicon.tsv"
_RAW: Final = "raw:"

# A warning such as "no replicas here" or "не реплика" negates wording in its sentence, up to three words on.
# "Without" negates the next word only: "sin caja, réplica AAA" lacks a box and is a replica.
_NOT: Final = (
    "not|never|don't|against|beware|report|nada|não|nao|pas|non|kein|keine|nie|не|нет|никаких|bukan|tidak|không|"
    "khong|ليس|ليست|غير"
)
_WITHOUT: Final = "without|sin|sem|sans|senza|ohne|bez|без|tanpa|بدون"


def _negation_pattern(words: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?:\b(?:{words})\b(?:[^\w.!?;]+\w+){{0,2}}[^\w.!?;]*|\b(?:{_WITHOUT})\b[^\w.!?;]*|"
        r"[拒非不没無无絕绝][^ ,.，。]{0,3}|ไม่(?:ใช่|มี)? ?)\Z"
    )


_NEGATION: Final = _negation_pattern(rf"(?P<no>no)|{_NOT}")
# In Portuguese "no" means "in the" and is no negation: "réplica no estojo".
_PORTUGUESE_NEGATION: Final = _negation_pattern(_NOT)
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
    DOCUMENTS = "documents"
    CONTACT = "contact"
    EVASION = "evasion"
    FACTORY = "factory"
    TRAP = "trap"


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """One row of the lexicon. `strong` is a sufficient reason; `combination` needs a brand and another kind."""

    language: str
    kind: Kind
    term: str
    pattern: re.Pattern[str]
    specificity: str
    literals: tuple[str, ...]
    reads_raw: bool


@with_fast_init
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
def table_digest() -> str:
    """SHA-256 of the packaged table: part of a model's input fingerprint."""
    return hashlib.sha256(files("features").joinpath(_PACKAGED).read_bytes()).hexdigest()


@cache
def entries() -> tuple[LexiconEntry, ...]:
    """The lexicon in the order of its table."""
    text = files("features").joinpath(_PACKAGED).read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(
        LexiconEntry(
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


@cache
def folded_entries() -> tuple[LexiconEntry, ...]:
    return tuple(phrase for phrase in entries() if not phrase.reads_raw)


@cache
def raw_entries() -> tuple[LexiconEntry, ...]:
    """The entries of spelling tricks, which folding would undo: their patterns read the title itself."""
    return tuple(phrase for phrase in entries() if phrase.reads_raw)


def loosened_patterns(chosen: Iterable[LexiconEntry]) -> list[str]:
    return [loosen(phrase.pattern.pattern) for phrase in chosen]


@cache
def _folded_filter() -> Prefilter:
    return Prefilter(loosened_patterns(folded_entries()))


@cache
def _raw_filter() -> Prefilter:
    return Prefilter(loosened_patterns(raw_entries()))


def find_phrases(
    folded: str,
    *,
    where: str,
    raw: str | None = None,
    possible: Iterable[int] | None = None,
    tricks: Iterable[int] | None = None,
) -> tuple[PhraseMatch, ...]:
    """The phrases in one folded text, each entry at most once; `raw`, lower-cased, adds the spelling tricks.

    `possible` and `tricks` are the numbers of the entries `folded_entries` and `raw_entries` that can match, where a
    filter has chosen them already. Of 394, 0.4 on average can match, and 0.2 do.

    A trap ("replica jersey", "compatible with") cancels the matches that it covers. A negation up to three words before
    a match cancels that match; some languages negate after it. Matching traps are returned too, because they are
    signals of their own.
    """
    in_title = where == "title"
    numbers = _folded_filter().possible(folded) if possible is None else possible
    chosen = [phrase for number in numbers if (phrase := folded_entries()[number]).pattern.search(folded)]
    if not in_title:
        # In a description, patterns of spelling (digits, spaced letters) match codes and sizes.
        chosen = [phrase for phrase in chosen if phrase.literals or phrase.kind is not Kind.EVASION]
    phrase_matches = _matches(chosen, folded, where) if chosen else []
    if raw is not None and in_title and not raw.isascii():
        tried = [raw_entries()[number] for number in (_raw_filter().possible(raw) if tricks is None else tricks)]
        raw_matches = ((phrase, phrase.pattern.search(raw)) for phrase in tried)
        phrase_matches.extend(_phrase_match(phrase, match.group(), where) for phrase, match in raw_matches if match)
    return tuple(phrase_matches)


def _matches(chosen: Iterable[LexiconEntry], folded: str, where: str) -> list[PhraseMatch]:
    """The affirmed matches of the chosen entries, traps and documents first."""
    traps = [(phrase, list(phrase.pattern.finditer(folded))) for phrase in chosen if phrase.kind is Kind.TRAP]
    covered = _spans_of(traps)
    documents = [
        (e, list(_affirmed_matches(e, folded, covered, _NO_SPANS))) for e in chosen if e.kind is Kind.DOCUMENTS
    ]
    lacking = _spans_of(documents)
    others = (
        (phrase, list(islice(_affirmed_matches(phrase, folded, covered, lacking), 1)))
        for phrase in chosen
        if phrase.kind not in {Kind.TRAP, Kind.DOCUMENTS}
    )
    return [
        _phrase_match(phrase, matches[0].group(), where) for phrase, matches in (*traps, *documents, *others) if matches
    ]


def _affirmed_matches(
    phrase: LexiconEntry, folded: str, covered: "_Spans", lacking: "_Spans"
) -> Iterator[re.Match[str]]:
    """The matches that no trap covers and no negation cancels."""
    for match in phrase.pattern.finditer(folded):
        if not (covered.cover(*match.span()) or _is_negated(match, lacking)):
            yield match


def _is_negated(match: re.Match[str], lacking: "_Spans") -> bool:
    """Whether the words around a match negate it.

    A 'no' that belongs to a missing document does not count: 'no box, replica' is a replica without a box.
    """
    start = max(0, match.start() - _NEGATION_REACH)
    context = match.string[start : match.start()]
    before = _NEGATION.search(context)
    if before is not None and before["no"] and _is_portuguese(match):
        before = _PORTUGUESE_NEGATION.search(context)
    if before is not None and not lacking.cover(start + before.start(), start + before.start() + 1):
        return True
    return _NEGATED_AFTER.match(match.string, match.end()) is not None


def _is_portuguese(match: re.Match[str]) -> bool:
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


def _spans_of(phrase_matches: list[tuple[LexiconEntry, list[re.Match[str]]]]) -> _Spans:
    return _Spans(match.span() for _, matches in phrase_matches for match in matches) if phrase_matches else _NO_SPANS


def _phrase_match(phrase: LexiconEntry, words: str, where: str) -> PhraseMatch:
    return PhraseMatch(phrase.kind, phrase.specificity, phrase.term, phrase.language, words.strip(), where)
