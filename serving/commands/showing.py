"""The output of commands: sentences, tables, progress; errors in red on standard error."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Final

import typer

from serving.platform.progress import Progress, Report

EXIT_FAILED: Final = 1
EXIT_REFUSED: Final = 2


def say(text: str | Iterable[str]) -> None:
    """Print a sentence, or several, one a line."""
    for line in [text] if isinstance(text, str) else text:
        typer.echo(line)


def words(name: str) -> str:
    """A name as people read it."""
    return name.replace("_", " ")


def local_time(moment: datetime | str) -> str:
    """A moment, or its ISO 8601 text, on the clock of the reader's machine, with the zone."""
    at = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def route_name(lane: str) -> str:
    """The route of a score, or the state of a row without one, as the pages name it."""
    from models.routing import Lane
    from serving.web.wording.vocabulary import ROUTES

    return ROUTES[Lane(lane)] if lane in set(Lane) else words(lane)


def complain(*problems: str) -> None:
    """Print errors."""
    for problem in problems:
        typer.secho(problem, err=True, fg=typer.colors.RED)


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str | None = None,
    on_left: Collection[str] = (),
    dim: Callable[[Sequence[str]], bool] = lambda _row: False,
) -> None:
    """Print a table; the first column and those in `on_left` are aligned left, the others right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", show_header=any(headings))
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place == 0 or heading in on_left else "right")
    for row in rows:
        # Text, because a name may contain characters that a table reads as markup.
        table.add_row(*map(Text, row), style="dim" if dim(row) else None)
    Console().print(table)


@contextmanager
def progress_bar(what: str, total: float) -> Iterator[Callable[[float], None]]:
    """Show a bar with the time taken and the time left on standard error; the yielded function moves it to a value."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    percentage, time_left = TextColumn("{task.percentage:>3.0f}%"), (TextColumn("left"), TimeRemainingColumn())
    columns = (TextColumn("{task.description}"), BarColumn(), percentage, TimeElapsedColumn(), *time_left)
    with Progress(*columns, console=Console(stderr=True), transient=False) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def progress_bars() -> Iterator[Report]:
    """Show a bar on standard error for each part of a work that reports; nothing where it reports nothing."""
    with ExitStack() as stack:
        moves: dict[str, Callable[[float], None]] = {}

        def report(step: Progress) -> None:
            if step.doing not in moves:
                stack.close()  # The part before has ended.
                moves[step.doing] = stack.enter_context(progress_bar(step.doing, step.total))
            moves[step.doing](step.done)

        yield report


@contextmanager
def unusable_file() -> Iterator[None]:
    """Print why a file as a whole cannot be used, and end with exit code 2."""
    from models.errors import DomainError
    from training.adapters.files import UnreadableFile
    from training.adapters.formats import UnknownLayout

    try:
        yield
    except (UnreadableFile, UnknownLayout, ValueError) as problem:
        if isinstance(problem, DomainError):
            raise
        complain(str(problem))
        raise typer.Exit(EXIT_REFUSED) from None
