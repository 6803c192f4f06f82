"""The command `touchstone`: thin commands that import what they need when they run.

Learning libraries take a second and 200 MB to import, so no module here imports them at its top.
"""

import os
import sys
from pathlib import Path
from typing import Final

import typer

from models.errors import DomainError
from serving.cli import (
    data,
    erasure,
    evidence,
    exports,
    golden,
    model,
    monitor,
    people,
    reporters,
    rights,
    run,
    sellers,
    simulation,
    standing,
    switches,
    tables,
    tell_tales,
    thresholds,
    trial,
    webhooks,
)

EXIT_REFUSED: Final = 2
_PACKAGES: Final = ("features", "models", "training", "serving")

app = typer.Typer(
    name="touchstone",
    help="Find counterfeit listings, ask the brands that can tell, act on their answer, and learn from it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for part in (
    run.app,
    data.app,
    erasure.app,
    evidence.app,
    exports.app,
    golden.app,
    model.app,
    monitor.app,
    people.app,
    reporters.app,
    rights.app,
    sellers.app,
    standing.app,
    switches.app,
    tables.app,
    tell_tales.app,
    thresholds.app,
    trial.app,
    simulation.app,
    webhooks.app,
):
    app.registered_commands.extend(part.registered_commands)
    app.registered_groups.extend(part.registered_groups)


def main() -> None:
    """Run; a refusal is one sentence on standard error and exit code 2."""
    prepare_process()
    check_packages()
    try:
        app()
    except DomainError as refused:
        typer.secho(refused.sentence, err=True, fg=typer.colors.RED)
        sys.exit(EXIT_REFUSED)


def prepare_process() -> None:
    """Settings that libraries read once: threads that sleep while they wait, and a place for compiled kernels."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if "NUMBA_CACHE_DIR" not in os.environ:
        from serving.platform.home import Home
        from serving.platform.settings import Settings

        os.environ["NUMBA_CACHE_DIR"] = str(Home.at(Settings().home).cache / "numba")


def check_packages() -> None:
    """Refuse to run on packages of two places: generic names can be shadowed by another folder or wheel.

    Raises
    ------
    SystemExit
        They do not lie side by side.
    """
    import importlib.util

    found = {name: importlib.util.find_spec(name) for name in _PACKAGES}
    places = {Path(spec.origin).parent.parent if spec and spec.origin else None for spec in found.values()}
    if len(places) != 1 or None in places:
        listed = ", ".join(sorted(str(place) for place in places))
        typer.secho(f"Touchstone's packages come from different folders: {listed}.", err=True, fg=typer.colors.RED)
        sys.exit(EXIT_REFUSED)
