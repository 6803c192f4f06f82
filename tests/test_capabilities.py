"""docs/capabilities.md has a row for each capability, and each test that it names exists and runs."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "capabilities.md"
ROWS: Final = range(1, 99)
_ROW: Final = re.compile(r"\| *(\d+) *\| *(.+?) *\| *(.+?) *\|")
_NAMED: Final = re.compile(r"`([^`]+)`")


def rows(page: str) -> list[tuple[int, str, str]]:
    """Number, capability and proof of each row."""
    return [(int(row[1]), row[2], row[3]) for row in map(_ROW.fullmatch, page.splitlines()) if row]


@cache
def defined_tests(file: str) -> frozenset[str]:
    """The tests of a file that pytest collects; a test of a class is `Class::test`."""
    path = ROOT / file
    if not (file.startswith("tests/") and path.name.startswith("test_") and path.is_file()):
        return frozenset()
    return frozenset(_defined_tests(ast.parse(path.read_text(encoding="utf-8")).body))


def _defined_tests(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            if not _always_skipped(node):
                yield node.name
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from (f"{node.name}::{name}" for name in _defined_tests(node.body))


def _always_skipped(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        re.fullmatch(r"pytest\.mark\.(skip|xfail)(\(.*\))?", ast.unparse(decorator), re.S)
        for decorator in node.decorator_list
    )


def faults(page: str) -> list[str]:
    """The faults of the page, one sentence each."""
    page_rows = rows(page)
    numbers = [number for number, _, _ in page_rows]
    lines = []
    if numbers != list(ROWS):
        lines.append(f"rows {sorted(set(ROWS) ^ set(numbers)) or 'in order'} are missing, too many or out of order")
    for number, _, proof in page_rows:
        named = _NAMED.findall(proof)
        if not named:
            lines.append(f"{number}: {proof!r} names no test")
        elif _NAMED.sub("", proof).strip():
            lines.append(f"{number}: words beside its tests")
        for name in named:
            file, _, test = name.partition("::")
            if test not in defined_tests(file):
                lines.append(f"{number}: there is no {name}")
    return lines


def test_every_capability_has_a_row_and_every_named_test_exists() -> None:
    assert faults(PAGE.read_text(encoding="utf-8")) == []


WHOLE: Final = "\n".join(
    f"| {number} | something | `tests/test_capabilities.py::test_a_page_without_fault` |" for number in ROWS
)


def test_a_page_without_fault() -> None:
    assert faults(WHOLE) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("| 14 | something", "14 something", "rows [14] are missing"),
        ("| 98 | something", "| 99 | something", "rows [98, 99] are missing, too many"),
        ("| 6 | something", "| 5 | something", "rows [6] are missing"),
        ("test_a_page_without_fault", "test_a_page_without_faults", "there is no tests/test_capabilities.py::"),
        ("tests/test_capabilities.py", "tests/nowhere.py", "there is no tests/nowhere.py::"),
        ("tests/test_capabilities.py", "tests/conftest.py", "there is no tests/conftest.py::"),
        ("tests/test_capabilities.py::test_a_page_without_fault", "tests/test_capabilities.py", "there is no "),
        ("`tests/test_capabilities.py::test_a_page_without_fault`", "soon", "'soon' names no test"),
        ("`tests/test_capabilities.py::test_a_page_without_fault`", "not yet", "1: 'not yet' names no test"),
        ("test_a_page_without_fault`", "test_a_page_without_fault` partly", "1: words beside its tests"),
    ],
)
def test_a_fault_of_the_page_is_named(before: str, after: str, fault: str) -> None:
    assert any(fault in sentence for sentence in faults(WHOLE.replace(before, after, 1)))


def test_a_test_that_never_runs_proves_nothing() -> None:
    source = (
        "@pytest.mark.skip(reason='later')\ndef test_a(): ...\n@pytest.mark.soak\ndef test_b(): ...\ndef c(): ...\n"
    )
    assert list(_defined_tests(ast.parse(source).body)) == ["test_b"]
