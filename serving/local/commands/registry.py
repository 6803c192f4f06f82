"""What the command line can ask of a service, by name. Each command takes and returns plain JSON values."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from models.errors import Invalid
from serving.platform.runtime import Runtime

Command = Callable[..., dict[str, Any]]
COMMANDS: Final[dict[str, Command]] = {}


def command(one: Command) -> Command:
    """Register a function under its own name."""
    COMMANDS[one.__name__] = one
    return one


def run(runtime: Runtime, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run a command by name.

    Raises
    ------
    Invalid
        There is no such command, or it does not take these arguments.
    """
    found = COMMANDS.get(name)
    if found is None:
        raise Invalid(f"There is no command {name}.")
    try:
        inspect.signature(found).bind(runtime, **arguments)
    except TypeError as error:
        raise Invalid(f"{name}: {error}.") from None
    return found(runtime, **arguments)
