"""Faults of the database itself: full, locked, read-only or out of reach. They pass, and nothing is half stored."""

import errno
from typing import ClassVar, Final

from sqlalchemy import exc

from features.phrase import Phrase
from models.errors import Unavailable


class StorageFault(Unavailable):
    """The database cannot be reached; nothing of the request is stored."""

    code = "storage_unavailable"
    retry_after_seconds = 5
    says: ClassVar[Phrase] = Phrase(
        "The database cannot be reached at the moment. Nothing was stored. Try again later."
    )

    def __init__(self) -> None:
        super().__init__(self.says)


class DatabaseFull(StorageFault):
    """No space is left for the database."""

    code = "storage_full"
    says = Phrase("The service has no disk space left. Nothing was stored. Try again later.")


class DatabaseLocked(StorageFault):
    """Another connection holds the write lock for longer than a request may wait."""

    code = "storage_locked"
    says = Phrase("The database is busy with another change. Nothing was stored. Try again later.")


class DatabaseReadOnly(StorageFault):
    """The database, or the disk that it is on, accepts no changes."""

    code = "storage_read_only"
    says = Phrase("The database accepts no changes at the moment. Nothing was stored. Try again later.")


# sqlite.org/rescode.html: the low byte of an extended code.
_SQLITE: Final[dict[int, type[StorageFault]]] = {
    5: DatabaseLocked, 6: DatabaseLocked, 8: DatabaseReadOnly, 10: StorageFault, 13: DatabaseFull, 14: StorageFault,
}  # fmt: skip
# postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL: Final[dict[str, type[StorageFault]]] = {
    "25006": DatabaseReadOnly,
    "25P03": StorageFault,
    "53100": DatabaseFull,
    "53200": StorageFault,
    "53300": StorageFault,
    "55P03": DatabaseLocked,
    "57014": DatabaseLocked,  # A statement took longer than it may; a client's own wish to end it is never sent.
    "57P01": StorageFault,
    "57P02": StorageFault,
    "57P03": StorageFault,
}
_FILES: Final[dict[int, type[StorageFault]]] = {
    errno.ENOSPC: DatabaseFull,
    errno.EDQUOT: DatabaseFull,
    errno.EROFS: DatabaseReadOnly,
}


def fault_of(error: BaseException) -> type[StorageFault] | None:
    """The fault behind an error of the database or of a file; None where it is an error of another kind."""
    match error:
        case exc.TimeoutError():  # Every connection of the pool is in use.
            return StorageFault
        case exc.DBAPIError():
            return _fault_of_engine(error)
        case OSError():
            return _FILES.get(error.errno or 0)
    return None


def _fault_of_engine(error: exc.DBAPIError) -> type[StorageFault] | None:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF)
    if (state := getattr(error.orig, "sqlstate", None)) is not None:
        return _POSTGRESQL.get(state)
    # Psycopg names no state where it could not connect or lost the connection.
    lost = isinstance(error, exc.OperationalError) and type(error.orig).__module__.startswith("psycopg")
    return StorageFault if error.connection_invalidated or lost else None


def drop_values(error: BaseException | None) -> str | None:
    """Keep the error's message and drop the values of the row, which PostgreSQL quotes in its details."""
    text: str | None = getattr(getattr(error, "diag", None), "message_primary", None)
    if text is not None and error is not None:
        error.args = (text,)
    return text
