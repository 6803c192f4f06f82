"""The help of every command, recursively, at a fixed terminal width."""

import os
from collections.abc import Iterator
from unittest.mock import patch

import typer
from typer.testing import CliRunner

from serving.commands.main import app
from tests.equality.normalise import normalised_text

_ENVIRONMENT = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1", "TERM": "dumb"}


def texts() -> dict[str, str]:
    """The help by the words of its command."""
    with patch.dict(os.environ, _ENVIRONMENT):
        return {" ".join(words) or "touchstone": _help(words) for words in _commands(typer.main.get_command(app), ())}


def _commands(command: object, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield words
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _commands(inner, (*words, name))


def _help(words: tuple[str, ...]) -> str:
    done = CliRunner().invoke(app, [*words, "--help"], prog_name="touchstone")
    return normalised_text(f"exit {done.exit_code}\n{done.output}")
