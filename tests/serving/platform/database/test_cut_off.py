"""A process that is cut off within a transaction does not keep its locks for ever."""

import pytest
from sqlalchemy import text

from serving.audit.store import audit
from serving.platform.database.engine import release_when_cut_off
from serving.platform.database.faults import Locked, StorageFault
from serving.platform.database.locks import only_one
from serving.platform.database.store import Store
from serving.platform.database.waits import LONG, REQUEST, WORK, Waits
from tests.fixtures.two_processes import Two


def timeout(store: Store) -> tuple[str, str]:
    """How long a write and a read of this store may send nothing."""
    shown = text("SHOW idle_in_transaction_session_timeout")
    with store.write() as connection:
        of_writes = str(connection.execute(shown).scalar_one())
    with store.read() as connection:
        return of_writes, str(connection.execute(shown).scalar_one())


def test_a_write_that_sends_nothing_for_long_is_ended_and_its_locks_are_free(two: Two) -> None:
    first, second = (one.runtime.store for one in two)

    def cut_off() -> None:
        with first.write() as connection:
            release_when_cut_off(connection, 200)
            audit.hold(connection)
            with second.write() as other:
                audit.hold(other)  # It waits until the first one's session is ended.
            audit.hold(connection)

    with pytest.raises(StorageFault):
        cut_off()
    with first.write() as connection:
        audit.hold(connection)


def test_a_sweep_whose_session_the_database_ends_goes_to_another_process(two: Two) -> None:
    first, second = (one.runtime.store for one in two)
    end = text(  # Only sessions of this test's database: others of the server belong to tests that run beside it.
        "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
        "WHERE locktype = 'advisory' AND granted AND datname = current_database()"
    )

    def taken_over() -> None:
        with only_one(first, "sweep:references"):
            with second.write() as connection:
                connection.execute(end)
            while True:  # The timeout of the test ends the wait.
                with only_one(second, "sweep:references") as theirs:
                    if theirs:
                        return

    with pytest.raises(StorageFault):
        taken_over()


def test_writes_end_after_ten_seconds_without_a_word_and_reads_never(two: Two) -> None:
    assert timeout(two[0].runtime.store) == ("10s", "0")


def waits(store: Store, kind: Waits) -> list[tuple[str, str]]:
    """The longest wait for a lock and for a statement: of a write, of a read, and of a read for an admission."""
    shown = text("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
    before = WORK.set(kind)
    try:
        with store.write() as writing, store.read() as reading, store.read(admission=True) as admitting:
            return [tuple(one.execute(shown).one()) for one in (writing, reading, admitting)]
    finally:
        WORK.reset(before)


def test_waits_end_by_the_kind_of_work(two: Two) -> None:
    store = two[0].runtime.store
    assert waits(store, REQUEST) == [("20s", "30s"), ("5s", "30s"), ("2s", "5s")]
    assert waits(store, LONG) == [("20s", "1h"), ("20s", "1h"), ("2s", "5s")]


def test_a_session_that_waits_for_a_lock_does_not_wait_for_ever(two: Two) -> None:
    """Or the sessions of a process that is cut off would get the lock one after another, each for ten seconds."""
    first, second = (one.runtime.store for one in two)

    def wait() -> None:
        with second.write() as connection:
            assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "20s"
            connection.execute(text("SET LOCAL lock_timeout = 200"))
            audit.hold(connection)

    with first.write() as connection:
        audit.hold(connection)
        with pytest.raises(Locked):
            wait()
