"""The tests of a rule kill its mutants; `make soak` judges a share of them for ten minutes, and later goes on.

`surviving_mutants.tsv` has the mutants without such a test: module, function, text, broken text.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from tests.sabotage.by_hand import mutants_by_hand
from tests.sabotage.generator import changes_of
from tests.sabotage.judging import KILLED, all_tests, judge, judged_modules, put_in

_SECONDS, _SHARE = 600, 24
_MOST = 0.1  # Of those that are made: most modules with a database were not judged yet.
_SOURCE: Final = """
MOST = 3
class Rule:
    @property
    def width(self):
        return self.low + MOST
def is_near(a, b, at=9):
    if a < b and not at:
        return f"{a < b}"
    return [x for x in (a, b) if x]
"""
_MADE: Final = {
    *("3 4", "self.low + MOST (self.low)", "self.low + MOST (MOST)", "not at (at)", "x True", "x False"),
    *("a < b (a <= b)", "a < b and not at ((not at))", "a < b and not at ((a < b))", "a < b and not at False"),
}


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("mutable_rules.py").write_text(_SOURCE)
    yield __import__("mutable_rules")
    sys.modules.pop("mutable_rules")


@pytest.mark.usefixtures("rules")
def test_it_makes_comparisons_constants_branches_and_boundaries() -> None:
    assert {f"{mutant.old} {mutant.new}" for mutant in changes_of("mutable_rules.py")} == _MADE


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ("", "", (5, [1])),
        ("MOST = 3", "MOST = 4", (6, [1])),
        ("self.low + MOST", "self.low", (2, [1])),
        ("for x in (a, b)", "for x in (b, a)", (5, [1])),
        ("if x]", "if True]", (5, [1, 0])),
    ],
)
def test_a_mutant_changes_what_was_imported_before(
    rules: ModuleType, old: str, new: str, answer: tuple[int, list[int]]
) -> None:
    rule, is_near = rules.Rule(), rules.is_near
    rule.low = 2
    if old:
        put_in("mutable_rules.py", _SOURCE.replace(old, new))
    assert (rule.width, is_near(1, 0)) == answer


@pytest.mark.parametrize(("old", "new"), [("at=9", "at=(9)"), ("class Rule:", "class Rule(object):")])
def test_a_mutant_without_effect_is_refused(rules: ModuleType, old: str, new: str) -> None:
    with pytest.raises(ValueError, match=rules.__name__):
        put_in("mutable_rules.py", _SOURCE.replace(old, new))


def test_every_mutant_written_by_hand_fits_its_module() -> None:
    assert [mutant for module in judged_modules() for mutant in mutants_by_hand(module) if not mutant.text()] == []


@pytest.mark.soak
def test_every_judged_module_has_tests() -> None:
    assert [module for module in judged_modules() if changes_of(module) and not all_tests(module)] == []


@pytest.mark.soak
@pytest.mark.alone
def test_nearly_no_other_mutant_survives() -> None:
    text = Path(__file__).with_name("surviving_mutants.tsv").read_text(encoding="utf-8")
    known = {tuple(line.split("\t")) for line in text.splitlines()}
    judged = judge(_SECONDS, _SHARE)
    others = [mutant for mutants in judged.values() for mutant in mutants if mutant.key not in known]
    survivors = [mutant for mutant in others if mutant not in judged[KILLED]]
    assert [mutant for mutant in survivors if mutant in mutants_by_hand(mutant.module)] == []
    assert len(survivors) <= _MOST * len(others), survivors
