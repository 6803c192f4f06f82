"""The name `touchstone` on the public index is another project's: what is installed is the wheel's file."""

import re
import subprocess
import tomllib
from typing import Final

import pytest

from models.errors import WHEEL, install_line
from tests.docs.generate import ROOT

NAME: Final = "touchstone"
# Tells of faults in their words.
_TELLS: Final = {"docs/found.md", "CHANGELOG.md"}
_EXTRA: Final = re.compile(r"\btouchstone *(?:\[\w|[=<>~!]=)", re.IGNORECASE)
_COMMAND: Final = re.compile(r"\b(?:pip3?|pipx|uv|uvx|poetry|conda)(?: pip| tool)? (?:install|add|download|run)\b(.*)")
_CANDIDATES: Final = r"touchstone *(\[|[=<>~!]=)|(pip3?|pipx|uvx?|poetry|conda) .*touchstone"


def is_refused(line: str) -> bool:
    """Whether a line has somebody install the project by its name instead of by the wheel's file."""
    command = _COMMAND.search(line)
    words = re.split(r"[\s'\"`]+", command[1].lower()) if command else []
    named = any(word.startswith("touchstone") and ".whl" not in word for word in words)
    return named or _EXTRA.search(line) is not None


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        (f"    pip install '{NAME}[dask]'", True),
        (f"Install `{NAME}[s3]`.", True),
        (f"pip install {NAME}", True),
        (f"uv pip install --quiet {NAME}-counterfeits", True),
        ("pip install --no-deps dist/touchstone-0.1.0-py3-none-any.whl", False),
        ("pip install './touchstone-0.1.0-py3-none-any.whl[dask]'", False),
        ("After pip has installed it, run `touchstone serve`", False),
    ],
)
def test_an_install_line_names_a_file(line: str, refused: bool) -> None:
    assert is_refused(line) is refused


def test_nothing_that_people_read_installs_the_project_by_its_name() -> None:
    command = ["git", "grep", "-nIiE", "--untracked", _CANDIDATES]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    split = [line.split(":", 2) for line in lines]
    assert [(name, number) for name, number, text in split if name not in _TELLS and is_refused(text)] == []


def test_the_wheel_is_the_one_that_is_built_and_documents_name_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"./{project['name']}-{project['version']}-py3-none-any.whl" == WHEEL
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))]
    lines = {line.strip().removeprefix("$ ") for text in texts for line in text.splitlines() if ".whl" in line}
    lines = {line.partition("   #")[0].rstrip() for line in lines}
    assert {line for line in lines if line.startswith("pip install")} == {
        install_line(extra) for extra in project["optional-dependencies"]
    }
