"""A series of decisions reads what it does not change once, and leaves nothing of what failed."""

from contextlib import suppress

import pytest
from sqlalchemy import Connection, event, update

from serving.audit.store import audit
from serving.marketplaces.store.marketplaces import countries_sold_in, record_countries
from serving.marketplaces.tables import marketplace
from serving.platform.database.series import in_series, notes_of, read_once, undone_on_error
from tests.fixtures.runtimes import Site

pytestmark = pytest.mark.both_engines


def record(site: Site, connection: Connection, subject: str) -> int:
    return audit.record(connection, site.clock.now(), site.marketplace_id, "test", "test.done", subject).sequence


def test_a_read_is_asked_again_after_a_change_of_its_tables_and_after_the_series(any_site: Site) -> None:
    questions = []

    @read_once(marketplace)
    def sold_in(connection: Connection, places: list[str]) -> frozenset[str] | None:
        questions.append(places)
        return countries_sold_in(connection, *places)

    place = any_site.marketplace_id
    with any_site.runtime.store.write() as connection:
        with in_series(connection):
            assert sold_in(connection, [place]) == sold_in(connection, [place]) is None
            assert len(questions) == 1
            record_countries(connection, place, ["DE"])
            assert sold_in(connection, [place]) == frozenset({"DE"})
            with suppress(RuntimeError), undone_on_error(connection):
                record_countries(connection, place, ["FR"])
                assert sold_in(connection, [place]) == frozenset({"FR"})
                raise RuntimeError
            assert sold_in(connection, [place]) == frozenset({"DE"})
        connection.execute(update(marketplace).values(sold_in=["IT"]))
        assert sold_in(connection, [place]) == sold_in(connection, [place]) == frozenset({"IT"})
    assert len(questions) == 6


def test_the_log_is_written_at_the_end_as_one_chain_without_what_was_undone(any_site: Site) -> None:
    store, written = any_site.runtime.store, list[str]()

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        written.append(statement)

    with store.write() as connection:
        first = record(any_site, connection, "before")
        event.listen(connection, "before_cursor_execute", note)
        with in_series(connection):
            assert record(any_site, connection, "one") == first + 1
            with suppress(RuntimeError), undone_on_error(connection):
                notes_of(connection, str).append("undone")
                record(any_site, connection, "undone")
                raise RuntimeError
            assert notes_of(connection, str) == []
            assert record(any_site, connection, "two") == first + 2
            assert not [text for text in written if text.startswith(("INSERT", "UPDATE"))]
        assert record(any_site, connection, "after") == first + 3
    with store.read() as connection:
        assert audit.check_chain(connection) == (first + 3, None)
        (done, *_) = audit.of_subject(connection, [any_site.marketplace_id], "two", 9)
        assert (done.sequence, audit.of_subject(connection, [any_site.marketplace_id], "undone", 9)) == (first + 2, [])
