"""The register of commands, by name: their parameters, and their execution on a database."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from models.errors import Forbidden, Invalid
from serving.accounts.rules.access import LOCAL, Permission
from serving.platform.progress import Report, ignore_progress

if TYPE_CHECKING:
    from serving.marketplaces.store.marketplaces import Marketplace as Place
    from serving.platform.runtime import Runtime as Runtime  # noqa: PLC0414  # commands import it from here
else:
    Place = Runtime = object  # They import the database's library, for which no help text should wait.


@dataclass(frozen=True, slots=True)
class CommandScope:
    """The scope of a command: a marketplace, and the person who acts in it."""

    runtime: Runtime
    place: Place
    actor: str

    @property
    def marketplace_id(self) -> str:
        """The marketplace's id."""
        return self.place.marketplace_id


@dataclass(frozen=True, slots=True)
class ActorOption:
    """The person in --by: its help, and the permission that the person's role must include."""

    text: str
    permission: Permission = Permission.ADMINISTER


ADMINISTRATOR: Final = ActorOption("E-mail of the administrator who decided it.")


@dataclass(frozen=True, slots=True)
class Command:
    """A function and its parameters, whose values are JSON; one that `reports` tells its progress."""

    function: Callable[..., Any]
    parameters: inspect.Signature
    where: type
    who: ActorOption | None
    reports: bool


REPORT: Final = "report"
COMMANDS: Final[dict[str, Command]] = {}


def run(runtime: Runtime, name: str, arguments: Mapping[str, Any], report: Report = ignore_progress) -> Any:
    """Run a command by name, with arguments from JSON; `report` hears the progress of a long one.

    Raises Invalid (there is no such command, or it does not take these arguments).
    """
    from pydantic import TypeAdapter, ValidationError

    command = COMMANDS.get(name)
    if command is None:
        raise Invalid("There is no command {name}.", name=name)
    keywords = {}
    try:
        for argument, raw in command.parameters.bind(**arguments).arguments.items():
            keywords[argument] = TypeAdapter(command.parameters.parameters[argument].annotation).validate_python(raw)
    except TypeError as error:
        raise Invalid("{name}: {why}.", name=name, why=str(error)) from None
    except ValidationError as error:
        raise Invalid(
            "{name}: {argument}: {why}.", name=name, argument=argument, why=error.errors()[0]["msg"]
        ) from None
    if command.reports:
        keywords[REPORT] = report
    if command.where is not CommandScope:
        return command.function(runtime, **keywords)
    place = place_named(runtime, keywords.pop("marketplace", None))
    actor = actor_named(runtime, place, keywords.pop("by", None), command.who.permission) if command.who else LOCAL
    return command.function(CommandScope(runtime, place, actor), **keywords)


def reports_progress(name: str) -> bool:
    """Whether a command of this name tells its progress."""
    return name in COMMANDS and COMMANDS[name].reports


def place_named(runtime: Runtime, marketplace: str | None) -> Place:
    """The marketplace of that name, or the only one."""
    from serving.marketplaces.store.marketplaces import by_name

    with runtime.store.read() as connection:
        return by_name(connection, marketplace)


def actor_named(runtime: Runtime, place: Place, email: str | None, permission: Permission) -> str:
    """The actor that an e-mail names: the operator may act for the people of the data directory.

    Raises NotFound, Forbidden (there is no such account, or its role does not include this).
    """
    from serving.accounts.store import accounts

    if email is None:
        return LOCAL
    with runtime.store.read() as connection:
        person = accounts.person(connection, accounts.user_id_by_email(connection, email))
    if place.marketplace_id not in person.marketplaces(permission):
        raise Forbidden("The role of {email} does not include this.", email=email)
    return person.actor
