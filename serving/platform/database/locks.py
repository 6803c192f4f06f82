"""Work that only one process at a time may do."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select

from serving.platform.database.engine import is_sqlite
from serving.platform.database.store import Store


@contextmanager
def only_one(store: Store, name: str) -> Iterator[bool]:
    """Whether this process has the work of that name to itself while the block runs.

    On PostgreSQL an advisory lock of a transaction, which ends with the block or with the process. SQLite has one
    process, so the answer is always yes.
    """
    if is_sqlite(store.url):
        yield True
        return
    number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
    with store.write() as connection:
        yield connection.execute(select(func.pg_try_advisory_xact_lock(number))).scalar_one()
