import pytest

from features import lexicon
from tests.features.tables.lexicon_literals import required_literals

LITERALS = [
    (r"\breplicas?\b", {"replica"}, "the longer form holds the shorter"),
    (
        r"(?:super|top) cop(?:y|ies)",
        {"super copy", "super copies", "top copy", "top copies"},
        "few alternatives multiply",
    ),
    (
        r"(?:a|b|c)x(?:replica|copy)",
        {"axreplica", "axcopy", "bxreplica", "bxcopy", "cxreplica", "cxcopy"},
        "runs are joined",
    ),
    (r"高仿", {"高仿"}, "Chinese"),
    (r"仿", {"仿"}, "one ideograph is a word"),
    (r"a{3,}\+", {"+"}, "one sign is rare enough"),
    (r"\bno (?:box|tags)?", {"no "}, "what may be absent is not required"),
]


@pytest.mark.parametrize(("pattern", "literals", "_why"), LITERALS)
def test_a_pattern_requires(pattern: str, literals: set[str], _why: str) -> None:
    assert set(required_literals(pattern) or ()) == literals


def test_a_repeat_with_one_turn_at_least_requires_its_body() -> None:
    assert set(required_literals(r"(?:replica){2,}") or ()) == {"replica"}


NONE_REQUIRED = [
    (r"[a-z]{3}[0-9]", "character classes only"),
    (r"(?:replica)?[0-9]+", "the only words may be absent"),
    (r"(?:replica)*[0-9]+", "they may be absent or repeated"),
    (r"replica|[0-9]{3}", "one branch has none"),
    (r"\bx\b", "one letter is everywhere"),
]


@pytest.mark.parametrize(("pattern", "_why"), NONE_REQUIRED)
def test_a_pattern_without_a_telling_literal_always_runs(pattern: str, _why: str) -> None:
    assert required_literals(pattern) is None


def test_the_packaged_literals_are_those_of_the_patterns() -> None:
    stale = [e.term for e in lexicon.entries() if set(e.literals) != (required_literals(e.pattern.pattern) or set())]
    assert stale == []
