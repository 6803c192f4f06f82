"""Names that are stored or sent: values of enumerations, codes of errors, jobs and workflows."""

from collections.abc import Iterator
from enum import Enum
from typing import Final

from dbos._dbos import _get_or_create_dbos_registry

from models.errors import DomainError
from serving.jobs import registered
from serving.platform import jobs
from tests.equality.discover import modules_that_say
from tests.equality.plain import plain

_ERRORS: Final = r"^    code = \""
_ENUMERATIONS: Final = r"^class \w+\(\w*Enum\)"


def texts() -> dict[str, str]:
    """Each text is sorted, so that places and import order have no effect."""
    enumerations = [
        kind
        for module in modules_that_say(_ENUMERATIONS)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Enum) and kind.__module__ == module.__name__
    ]
    list(modules_that_say(_ERRORS))
    workflows = _get_or_create_dbos_registry().workflow_info_map
    return {
        "enumerations": "\n".join(sorted(f"{kind.__name__}: {', '.join(map(plain, kind))}" for kind in enumerations)),
        "errors": "\n".join(
            sorted(f"{error.__name__}: {error.code}" for error in _below(DomainError) if "code" in vars(error))
        ),
        "jobs": "\n".join(f"{name} = {constant!r}" for name, constant in sorted(vars(jobs).items()) if name.isupper()),
        "workflows": "\n".join(["protocol " + registered.PROTOCOL, *sorted(workflows)]),
    }


def _below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    yield kind
    for subclass in kind.__subclasses__():
        yield from _below(subclass)
