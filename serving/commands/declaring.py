"""The declaration of a command: once, for the command line, for the socket, and for callers in code."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

import typer

from serving.commands.options import Marketplace
from serving.commands.registry import COMMANDS, REPORT, ActorOption, Command, CommandScope
from serving.commands.showing import progress_bars, say

P = ParamSpec("P")
R = TypeVar("R")


def command(
    group: typer.Typer | None = None,
    name: str | None = None,
    *,
    by: ActorOption | None = None,
    show: Callable[..., object] = say,
) -> Callable[[Callable[Concatenate[Any, P], R]], Callable[P, R]]:
    """Register a function under its name; the returned function runs it where the database is.

    A function of a `CommandScope` also takes a marketplace, and with `by` a person. It returns plain JSON.
    With a group it is a command of the command line: parameters become arguments and options, the docstring the help.
    `show` prints the result, and gets the options that it names; its own options are not sent. A function with a
    parameter `report` tells its progress, which is shown.
    """

    def register(function: Callable[Concatenate[Any, P], R]) -> Callable[P, R]:
        signature, known_as = inspect.signature(function), function.__name__
        first, *own = (parameter for parameter in signature.parameters.values() if parameter.name != REPORT)
        common_options = [_option("by", Annotated[str | None, typer.Option(help=by.text)])] if by else []
        common_options += [_option("marketplace", Marketplace)] if first.annotation is CommandScope else []
        sent_signature = _keyword_signature([*own, *common_options])
        new_command = Command(function, sent_signature, first.annotation, by, REPORT in signature.parameters)
        if COMMANDS.setdefault(known_as, new_command).function is not function:
            raise ValueError(f"Two commands are named {known_as}.")

        @wraps(function)
        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            arguments = signature.bind(None, *args, **kwargs).arguments
            answer: R = _call_command(
                known_as, {name: argument for name, argument in arguments.items() if name != first.name}
            )
            return answer

        if group is not None:
            _, *printed = inspect.signature(show).parameters.values()
            unsent = [option for option in printed if option.name not in sent_signature.parameters]

            def typed(**options: Any) -> None:
                answer = _call_command(
                    known_as, {parameter: options[parameter] for parameter in sent_signature.parameters}
                )
                show(answer, **{option.name: options[option.name] for option in printed})

            typed.__doc__ = function.__doc__
            typed.__signature__ = _keyword_signature([*own, *unsent, *common_options])  # type: ignore[attr-defined]  # typer reads it
            typed.__annotations__ = {option.name: option.annotation for option in (*own, *unsent, *common_options)}
            group.command(name)(typed)
        return ask

    return register


def _option(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _keyword_signature(parameters: Iterable[inspect.Parameter]) -> inspect.Signature:
    return inspect.Signature([parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters])


def _call_command(name: str, arguments: dict[str, Any]) -> Any:
    from serving.commands.connection import current_connection

    with current_connection() as local, progress_bars() as report:
        return local.call(name, report, **arguments)
