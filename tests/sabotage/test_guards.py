"""Each guard of rules and services is seen by a test; `make soak` judges them for ten minutes and later goes on.

`survivors.tsv` has the guards without such a test: module, function, condition.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.sabotage.firing import guards_of, with_calls
from tests.sabotage.guards import FOLDER, every_guard

_SECONDS: Final = "600"
_SOURCE: Final = """
def f(n):
    if n < 0:
        raise ValueError
    if n:
        return n
    elif (m := n) or 'é': return None
"""


def survivors() -> set[tuple[str, ...]]:
    text = Path(__file__).with_name("survivors.tsv").read_text(encoding="utf-8")
    return {tuple(line.split("\t")) for line in text.splitlines()}


def test_a_guard_leaves_without_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rules.py").write_text(_SOURCE)
    assert [(guard.line, guard.function, guard.condition) for guard in guards_of("rules.py")] == [
        (3, "f", "n < 0"),
        (7, "f", "(m := n) or 'é'"),
    ]
    assert "elif guard_fires('rules.py:1', ((m := n) or 'é')): return None" in with_calls("rules.py")


@pytest.mark.soak
def test_every_survivor_is_a_guard() -> None:
    assert survivors() - {(guard.module, guard.function, guard.condition) for guard in every_guard()} == set()


@pytest.mark.soak
@pytest.mark.alone
def test_no_other_guard_survives() -> None:
    subprocess.run([sys.executable, "-m", "tests.sabotage.guards", _SECONDS], check=True, stdout=subprocess.DEVNULL)
    lines = json.loads((FOLDER / "survivors.json").read_text())
    known = survivors()
    assert [
        line for line in lines if (line["place"].partition(":")[0], line["function"], line["condition"]) not in known
    ] == []
