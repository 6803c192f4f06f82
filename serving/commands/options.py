"""Options and typed moments that commands share, with checks that run before the command's work."""

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from models.errors import Invalid

if TYPE_CHECKING:
    from serving.platform.settings import Settings

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def settings_with(**changes: Any) -> "Settings":
    """The environment's settings, overridden by the command line's options."""
    from serving.platform.settings import Settings

    return Settings(**{name: setting for name, setting in changes.items() if setting is not None})


def checked_output_path(path: Path | None) -> Path | None:
    """The path, if a file can be written there; checked before the work starts."""
    if path is not None and (path.is_dir() or not os.access(path.absolute().parent, os.W_OK)):
        raise typer.BadParameter(f"{path}: no file can be written there.")
    return path


def known_choice(word: str, known: Iterable[str], option: str) -> str:
    """The value, if it is a known one."""
    names = list(known)
    if word not in names:
        raise typer.BadParameter(f"{word} is none of {', '.join(names)}.", param_hint=option)
    return word


def known_format(name: str) -> str:
    """The format's name, if there is such a format."""
    from training.adapters.formats import FORMATS

    return known_choice(name, FORMATS, "--format")


def write_json(path: Path | None, figures: Any) -> None:
    """Write figures as JSON, if a file is named."""
    if path is not None:
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def moment_of(text: str) -> datetime:
    """A moment with its offset; a day alone begins at midnight UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("{words} is no moment such as 2026-03-01 or 2026-03-01T12:00:00+01:00.", words=text) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def span_of(since: str | None, until: str | None, now: datetime) -> tuple[datetime, datetime]:
    """A period, by default from the beginning to now, this moment included; its end is not included."""
    begins = _BEGINNING if since is None else moment_of(since)
    ends = now + timedelta(microseconds=1) if until is None else moment_of(until)
    if ends <= begins:
        raise Invalid("The period ends before it begins.")
    return begins, ends


Marketplace = Annotated[str | None, typer.Option("--marketplace", help="Its name, if there are several.")]

Dask = Annotated[
    str | None,
    typer.Option(
        "--dask",
        help="Address of a Dask scheduler, tls://HOST:PORT, or tcp://HOST:PORT on this machine: its workers compute "
        "the rows. Needs the extra dask there and here (docs/files.md).",
    ),
]
Reason = Annotated[str, typer.Option(help="Why; shown in the audit log.")]
Figures = Annotated[Path | None, typer.Option("--json", callback=checked_output_path, help="Write all figures here.")]
