"""The output of commands: sentences, tables, progress; problems in red on standard error."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import typer

EXIT_FAILED: Final = 1
EXIT_REFUSED: Final = 2


def say(found: str | Iterable[str]) -> None:
    """A sentence, or one a line."""
    for line in [found] if isinstance(found, str) else found:
        typer.echo(line)


def words(name: str) -> str:
    """A name as it is read."""
    return name.replace("_", " ")


def complain(*problems: str) -> None:
    """Say what is wrong."""
    for problem in problems:
        typer.secho(problem, err=True, fg=typer.colors.RED)


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str | None = None,
    left: Collection[str] = (),
    dim: Callable[[Sequence[str]], bool] = lambda _row: False,
) -> None:
    """A table; the first column and those named stand at the left, the others at the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", show_header=any(headings))
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place == 0 or heading in left else "right")
    for row in rows:
        # Text, because a name may hold what a table takes for markup.
        table.add_row(*map(Text, row), style="dim" if dim(row) else None)
    Console().print(table)


@contextmanager
def progress_bar(what: str, total: float) -> Iterator[Callable[[float], None]]:
    """A bar on standard error; the function given moves it to a value."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    percentage = TextColumn("{task.percentage:>3.0f}%")
    columns = (TextColumn("{task.description}"), BarColumn(), percentage, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=False) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def unusable_file() -> Iterator[None]:
    """Say in one sentence why a file as a whole cannot be used, and end with 2."""
    from models.errors import DomainError
    from training.adapters.files import Unreadable
    from training.adapters.formats import UnknownLayout

    try:
        yield
    except (Unreadable, UnknownLayout, ValueError) as problem:
        if isinstance(problem, DomainError):
            raise
        complain(str(problem))
        raise typer.Exit(EXIT_REFUSED) from None
