"""The check of words sees old names and banned turns in every kind of file, and lets values be."""

import ast
from pathlib import Path

import pytest

from tests.wording.check import LIST, hits, rules


def examples(kind: str) -> list[tuple[str, str, str]]:
    """A file's name, its text, and why, from the list: what is refused may stand nowhere else."""
    rows = (line.split("\t") for line in LIST.read_text(encoding="utf-8").splitlines())
    split = ((row[1].partition(": "), row[2]) for row in rows if row[0] == kind)
    return [(name, ast.literal_eval(text), why) for (name, _, text), why in split]


SEEN, LET_BE = examples("seen"), examples("let be")


@pytest.mark.parametrize(("name", "source", "_why"), SEEN)
def test_it_is_refused(name: str, source: str, _why: str) -> None:
    assert [*hits(Path(name), source, rules())]


@pytest.mark.parametrize(("name", "source", "_why"), LET_BE)
def test_it_is_let_be(name: str, source: str, _why: str) -> None:
    assert [*hits(Path(name), source, rules())] == []


def test_a_hit_names_its_line_and_what_to_write() -> None:
    (hit,) = hits(Path("a.py"), "# The first line.\n\n\n# Built \x61new.\n", rules())
    assert (hit.line, hit.text, hit.instead) == (4, "\x61new", "again, or leave it out")


def test_a_list_with_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.tsv").write_text("verb\tx\ty\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no kind 'verb'"):
        rules(tmp_path / "list.tsv")
