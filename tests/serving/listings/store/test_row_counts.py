"""No code reads the row count of an insert that may skip rows: on PostgreSQL it is not reliable."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVING = Path(__file__).parents[3] / "serving"
INSERTS = {"insert", "insert_or_ignore", "on_conflict_do_nothing", "on_conflict_do_update"}


def counted_inserts(source: str) -> Iterator[str]:
    """Functions that insert and read a row count, so that a reader cannot tell which statement it belongs to."""
    for node in ast.walk(ast.parse(source if "rowcount" in source else "")):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            called = {_name(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
            read = {attribute.attr for attribute in ast.walk(node) if isinstance(attribute, ast.Attribute)}
            if called & INSERTS and read & {"rowcount", "supports_sane_rowcount"}:
                yield node.name


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


@pytest.mark.parametrize(
    ("source", "_why"),
    [
        ("def f(c):\n    return c.execute(insert_or_ignore(c, t)).rowcount == 1", "at once"),
        ("def f(c):\n    done = c.execute(insert_or_ignore(c, t).values(x=1))\n    return done.rowcount", "by a name"),
        ("def f(c):\n    q = sqlite.insert(t).on_conflict_do_nothing()\n    return c.execute(q).rowcount", "by hand"),
    ],
)
def test_a_count_of_inserted_rows_is_found(source: str, _why: str) -> None:
    assert list(counted_inserts(source)) == ["f"]


@pytest.mark.parametrize(
    ("source", "_why"),
    [
        ("def f(c):\n    return c.execute(insert_or_ignore(c, t).returning(t.c.x)).first() is not None", "told"),
        ("def f(c):\n    return c.execute(update(t).values(x=1)).rowcount == 1", "an update counts what it found"),
        ("def f(c):\n    c.execute(insert_or_ignore(c, t))\ndef g(c):\n    return c.execute(u).rowcount", "apart"),
    ],
)
def test_what_can_be_relied_upon_is_let_through(source: str, _why: str) -> None:
    assert list(counted_inserts(source)) == []


def test_nothing_that_is_served_counts_inserted_rows() -> None:
    names_by_path = {
        str(path.relative_to(SERVING)): names
        for path in sorted(SERVING.rglob("*.py"))
        if (names := list(counted_inserts(path.read_text(encoding="utf-8"))))
    }
    assert names_by_path == {}
