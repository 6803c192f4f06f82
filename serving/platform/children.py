"""Who runs a child process, and what it is given of our environment: never a secret of the service."""

import os
import sys
from collections.abc import Mapping
from typing import Final

# What an interpreter needs to find its libraries, its caches and a temporary folder.
_NEEDED: Final = frozenset(
    {
        "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "NUMBA_CACHE_DIR", "NUMBA_CACHE_KEY_FILE",
        "NUMBA_CACHE_LOCATOR_CLASSES", "OMP_WAIT_POLICY", "PATH", "PYTHONPATH", "TMPDIR", "TZ",
    }
)  # fmt: skip
# The database's address and password, also as its driver reads them.
_SECRET: Final = ("TOUCHSTONE_", "PG")


def interpreter_command() -> list[str]:
    """The command of this interpreter, isolated from the current folder."""
    return [sys.executable, "-P"]


def minimal_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Only what an interpreter needs, for a child that reads one folder.

    >>> minimal_environment({"PATH": "/bin", "TOUCHSTONE_DATABASE_URL": "postgresql://u:p@db/t"})
    {'PATH': '/bin'}
    """
    return {name: setting for name, setting in environment.items() if name in _NEEDED}


def without_secrets(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """All but our settings and the database's, for a child that reaches outside services.

    >>> without_secrets({"MLFLOW_TRACKING_TOKEN": "t", "touchstone_contact_key": "k", "PGPASSWORD": "p"})
    {'MLFLOW_TRACKING_TOKEN': 't'}
    """
    return {name: setting for name, setting in environment.items() if not name.upper().startswith(_SECRET)}
