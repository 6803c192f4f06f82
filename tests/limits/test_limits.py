"""Each limit names its command and its issue, and the first figure above its limit ends the run."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.limits import __main__ as run
from tests.limits.sizes import SOURCE, statements, texts


def test_every_limit_has_a_figure_a_command_and_an_issue() -> None:
    rows = run.limits(run.FILE.read_text(encoding="utf-8"))
    assert len({limit.name for limit in rows}) == len(rows)
    assert all(limit.most >= 0 and limit.command and limit.issue for limit in rows)


def test_every_statement_counts_and_only_tracked_source() -> None:
    assert statements('"""What it is."""\nif x:\n    y = 1\n') == 3
    assert texts(SOURCE)


def test_the_first_figure_above_its_limit_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "figures").write_text('{"a": 2, "b": 3, "c": 4}\n')
    row = f"most = 2\ncommand = 'cat {tmp_path}/figures'\nissue = 'Here'\n"
    (tmp_path / "limits.toml").write_text("".join(f"[[limit]]\nname = '{name}'\n{row}" for name in "abc"))
    monkeypatch.setattr(run, "FILE", tmp_path / "limits.toml")
    assert run.main(None) == 1
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [(row[0], row[3]) for row in rows] == [("a", "kept"), ("b", "worse")]


def test_loops_are_printed_and_the_exit_code_is_the_command_s() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import tests.limits.loops as l; l.LOOP = ''; raise SystemExit(l.main('n', ['false']))"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1].startswith('{"n": ')
