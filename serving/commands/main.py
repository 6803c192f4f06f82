"""The command `touchstone`: thin commands that import what they need when they run.

Learning libraries take a second and 200 MB to import, so no module here imports them at its top.
"""

import atexit
import gc
import os
import sys
from pathlib import Path
from typing import Final

from models.errors import DomainError
from serving.commands import evaluation, run, simulation, thresholds
from serving.commands.every import app
from serving.commands.showing import EXIT_REFUSED, complain

__all__ = ["app", "main"]
_PACKAGES: Final = ("features", "models", "training", "serving")
_NEW_OBJECTS: Final = 50_000  # Between two collections; Python's 700 is for small programs.

# `groups.PANELS` has their order in help.
app.registered_commands = [
    *run.app.registered_commands,
    *app.registered_commands,
    *evaluation.app.registered_commands,
    *thresholds.app.registered_commands,
    *simulation.app.registered_commands,
]


def main() -> None:
    """Run; a refusal prints one sentence on standard error and ends with exit code 2."""
    prepare_process()
    check_packages()
    try:
        app()
    except DomainError as refused:
        complain(refused.sentence)
        sys.exit(EXIT_REFUSED)


def prepare_process() -> None:
    """Settings that libraries read once: threads that sleep while they wait, and a place for compiled kernels.

    Garbage is collected less often, and not at exit: imports create a million objects that stay, and collection takes a
    third of the CPU time of a service that starts and ends.
    """
    gc.set_threshold(_NEW_OBJECTS)
    atexit.register(gc.freeze)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from serving.platform.home import Home
    from serving.platform.kernels.folder import LOCATOR, environment_of, make_key
    from serving.platform.settings import Settings

    if LOCATOR not in os.environ:
        home = Home.at(Settings().home)
        make_key(home)
        os.environ.update(environment_of(home.root) | os.environ)


def check_packages() -> None:
    """Refuse to run on packages from two places: another folder or wheel can shadow generic names.

    Raises SystemExit (the packages are not in one folder).
    """
    import importlib.util

    specs = {name: importlib.util.find_spec(name) for name in _PACKAGES}
    places = {Path(spec.origin).parent.parent if spec and spec.origin else None for spec in specs.values()}
    if len(places) != 1 or None in places:
        listed = ", ".join(sorted(str(place) for place in places))
        complain(f"Touchstone's packages come from different folders: {listed}.")
        sys.exit(EXIT_REFUSED)
