"""The literals that a pattern cannot match without. A pattern of spelling without any is searched in titles only.

Worked out when the lexicon changes, kept in its table, and checked by a test against strings made from each pattern.
`python -m tests.features.tables.lexicon_literals LEXICON.tsv > features/data/lexicon.tsv`
"""

import csv
import itertools
import json
import re
import sys
from pathlib import Path
from typing import Any, Final

# The practice has a source, but the phrasing in that language has none. Such a row is a reason only in combination,
# until a speaker of the language has reviewed it.
_UNCHECKED: Final = "inferred wording"
# Slogans with stars, which the working table mentions only in its notes.
_ADDED: Final = (
    {
        "language": "en",
        "kind": "trap",
        "term": "f*ck, sh*t",
        "pattern": r"\b(?:f\*+c?k|s\*+t|sh\*+t)(?:ing|ed|s)?\b",
        "specificity": "weak",
        "source": "names and slogans spelt so: data: FashionReps translated titles",
    },
)

_MOST_ALTERNATIVES: Final = 24
_ALPHABETIC: Final = 0x2E80  # From here on one character is often a whole word.

Alternatives = frozenset[str]
Parsed = Any  # The parser's tree is not public: a sequence of (operator, argument) pairs, nested.


def required_literals(pattern: str) -> Alternatives | None:
    """Strings such that every match of `pattern` contains one; None where no useful set exists.

    >>> sorted(required_literals(r"\\b(?:super|top) cop(?:y|ies)\\b"))
    ['super copies', 'super copy', 'top copies', 'top copy']
    >>> required_literals(r"[a-z]{3}[0-9]") is None
    True
    """
    best = _best(re._parser.parse(pattern))  # type: ignore[attr-defined]  # the tree is not public
    if best is None:
        return None
    return frozenset(word for word in best if not any(other in word for other in best - {word}))


def _usable(alternatives: Alternatives) -> bool:
    """Rare enough to save work: two characters, or one that is a word by itself, or one sign."""
    return all(len(word) >= 2 or (word and (ord(word) >= _ALPHABETIC or not word.isalnum())) for word in alternatives)


def _weight(alternatives: Alternatives) -> tuple[int, int]:
    return _word_weight(min(alternatives, key=_word_weight)), -len(alternatives)


def _word_weight(word: str) -> int:
    return sum(3 if ord(c) >= _ALPHABETIC else 1 for c in word)


def _best(sequence: Parsed) -> Alternatives | None:
    """The most telling set among the runs of consecutive literals of a sequence."""
    candidates: list[Alternatives] = []
    run: Alternatives = frozenset({""})
    for part in sequence:
        exact = _exact(part)
        joined = None if exact is None else frozenset(a + b for a, b in itertools.product(run, exact))
        if joined is not None and len(joined) <= _MOST_ALTERNATIVES:
            run = joined
            continue
        candidates.append(run)
        run = frozenset({""}) if exact is None else exact
        if exact is None and (inner := _required_in(part)) is not None:
            candidates.append(inner)
    candidates.append(run)
    usable = [alternatives for alternatives in candidates if _usable(alternatives) and not alternatives & {"", " "}]
    return max(usable, key=_weight) if usable else None


def _exact(part: Parsed) -> Alternatives | None:
    """Every text that the part can match, if they are few; an empty match of an anchor is ''."""
    operator, argument = str(part[0]), part[1]
    alternatives: Alternatives | None = None
    match operator, argument:
        case "LITERAL", int(code):
            alternatives = frozenset({chr(code)})
        case "AT", _:
            alternatives = frozenset({""})
        case "IN", list(members) if all(str(kind) == "LITERAL" for kind, _ in members):
            alternatives = frozenset(chr(code) for _, code in members)
        case "SUBPATTERN", tuple(group):
            alternatives = _exact_sequence(group[-1])
        case "BRANCH", (_, branches):
            parts = [_exact_sequence(branch) for branch in branches]
            alternatives = None if None in parts else frozenset().union(*(p for p in parts if p))
        case "MAX_REPEAT", (0, 1, body):
            inner = _exact_sequence(body)
            alternatives = None if inner is None else inner | {""}
        case "MAX_REPEAT", (low, high, body) if low == high == 1:
            alternatives = _exact_sequence(body)
        case _:
            pass
    return alternatives if alternatives is not None and len(alternatives) <= _MOST_ALTERNATIVES else None


def _exact_sequence(sequence: Parsed) -> Alternatives | None:
    texts: Alternatives = frozenset({""})
    for part in sequence:
        exact = _exact(part)
        if exact is None:
            return None
        texts = frozenset(a + b for a, b in itertools.product(texts, exact))
        if len(texts) > _MOST_ALTERNATIVES:
            return None
    return texts


def _required_in(part: Parsed) -> Alternatives | None:
    match str(part[0]), part[1]:
        case "SUBPATTERN", tuple(group):
            return _best(group[-1])
        case "MAX_REPEAT", (low, _, body) if low >= 1:
            return _best(body)
        case "BRANCH", (_, branches):
            branch_literals = [_best(branch) for branch in branches]
            return None if None in branch_literals else frozenset().union(*(f for f in branch_literals if f))
    return None


def main(source: Path) -> None:
    """Write the packaged table from the working one, which also holds counts that scoring does not need."""
    with source.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    columns = ("language", "kind", "term", "pattern", "specificity", "source")
    out = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    out.writerow([*columns, "literals"])
    for row in (*rows, *_ADDED):
        literals = required_literals(row["pattern"])
        unchecked = row["specificity"] == "strong" and row["source"].startswith(_UNCHECKED)
        written_row = {**row, "specificity": "combination"} if unchecked else row
        out.writerow([*(written_row[name] for name in columns), json.dumps(sorted(literals or ()), ensure_ascii=False)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
