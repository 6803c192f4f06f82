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
        one
        for module in modules_that_say(_ENUMERATIONS)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Enum) and one.__module__ == module.__name__
    ]
    list(modules_that_say(_ERRORS))
    workflows = _get_or_create_dbos_registry().workflow_info_map
    return {
        "enumerations": "\n".join(sorted(f"{one.__name__}: {', '.join(map(plain, one))}" for one in enumerations)),
        "errors": "\n".join(
            sorted(f"{one.__name__}: {one.code}" for one in _below(DomainError) if "code" in vars(one))
        ),
        "jobs": "\n".join(f"{name} = {value!r}" for name, value in sorted(vars(jobs).items()) if name.isupper()),
        "workflows": "\n".join(["protocol " + registered.PROTOCOL, *sorted(workflows)]),
    }


def _below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _below(one)
