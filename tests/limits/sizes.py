"""The size of source and tests: `python -m tests.limits.sizes` prints it as one line of JSON."""

import ast
import json
import subprocess
from pathlib import Path
from typing import Final

SOURCE: Final = ("features/*.py", "models/*.py", "training/*.py", "serving/*.py")
TESTS: Final = ("tests/*.py",)


def texts(patterns: tuple[str, ...]) -> list[str]:
    """The texts of the tracked files that match."""
    command = ["git", "ls-files", "-z", *patterns]
    listed = subprocess.run(command, check=True, capture_output=True, text=True)
    return [Path(name).read_text(encoding="utf-8") for name in listed.stdout.split("\0") if name]


def statements(text: str) -> int:
    """The statements of a module, docstrings included."""
    return sum(isinstance(node, ast.stmt) for node in ast.walk(ast.parse(text)))


def sizes() -> dict[str, float]:
    """Lines and statements of the source, and lines of the tests."""
    source = texts(SOURCE)
    return {
        "source lines": sum(text.count("\n") for text in source),
        "source statements": sum(map(statements, source)),
        "test lines": sum(text.count("\n") for text in texts(TESTS)),
    }


if __name__ == "__main__":
    print(json.dumps(sizes()))  # noqa: T201  # the output
