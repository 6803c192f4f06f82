"""A fork of the session's server behaves to its parent as an interpreter that was started for it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from serving.platform import children

SAYS: Final = """
import os, sys
print(sys.argv[1:], os.environ["GIVEN"], "PATH" in os.environ, os.getcwd(), sys.stdin.read())
print("an error", file=sys.stderr)
sys.exit(7)
"""
KILLS_ITSELF: Final = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
TELLS_WHO_IT_IS: Final = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


def test_it_has_the_arguments_the_environment_the_folder_and_the_streams_and_its_exit_code_is_seen(
    tmp_path: Path,
) -> None:
    command = [*children.interpreter_command(), "-c", SAYS, "one", "--two"]
    done = subprocess.run(
        command, input="read", capture_output=True, text=True, check=False, cwd=tmp_path, env={"GIVEN": "given"} | PATHS
    )
    shown = f"['one', '--two'] given False {tmp_path.resolve()} read\n"
    assert (done.returncode, done.stdout, done.stderr) == (7, shown, "an error\n")


# Another path is another set of modules, which only a new interpreter has.
PATHS: Final = {name: path for name, path in os.environ.items() if name == "PYTHONPATH"}


@pytest.mark.parametrize(
    ("code", "ends"),
    [("pass", 0), ("1 / 0", 1), ("raise SystemExit('why')", 1), ("import os; os.abort()", -6), (KILLS_ITSELF, -9)],
)
def test_it_ends_as_an_interpreter_does(code: str, ends: int) -> None:
    for python in (children.interpreter_command(), [sys.executable, "-P"]):
        assert subprocess.run([*python, "-c", code], capture_output=True, check=False).returncode == ends


def test_an_interrupt_reaches_it() -> None:
    code = "import time\ntry:\n print(1, flush=True); time.sleep(60)\nexcept KeyboardInterrupt:\n raise SystemExit(5)"
    with subprocess.Popen([*children.interpreter_command(), "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        assert child.wait(20) == 5


def test_it_is_killed_with_the_process_that_stands_for_it() -> None:
    with subprocess.Popen([*children.interpreter_command(), "-c", TELLS_WHO_IT_IS], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert int(child.stdout.readline()) != child.pid
        child.kill()
        assert child.stdout.read() == b"", "its end of the pipe is closed too"
    assert child.returncode == -signal.SIGKILL


def test_another_path_of_modules_is_read_by_a_new_interpreter(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("print('found')")
    command = [*children.interpreter_command(), "-c", "import models"]
    done = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, check=False)
    assert done.stdout == b"found\n"


def test_the_forked_command_ends_and_says_what_the_installed_one_does(forked_touchstone: str) -> None:
    runs = [
        subprocess.run([forked_touchstone, *words], capture_output=True, text=True, check=False)
        for words in (["serve", "--help"], ["serve", "--port", "0"])
    ]
    assert [run.returncode for run in runs] == [0, 2]
    assert "run the jobs" in runs[0].stdout
    assert "Invalid value for '--port'" in runs[1].stderr
