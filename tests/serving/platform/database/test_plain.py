"""Queries by the driver: the same rows, transaction and faults as by SQLAlchemy."""

import pytest
from sqlalchemy import BigInteger, bindparam, exc, select, text

from serving.marketplaces.tables import marketplace
from serving.platform.database.lists import as_list, listed
from serving.platform.database.plain import PlainQuery
from serving.platform.database.scope import HERE
from tests.fixtures.runtimes import Site

HERE_AND_NUMBER = PlainQuery(
    lambda _dialect: (
        select(marketplace.c.marketplace_id, bindparam("number", type_=BigInteger()))
        .where(marketplace.c.marketplace_id == HERE, marketplace.c.marketplace_id == HERE)
        .limit(7)
    )
)


def test_it_returns_rows_as_tuples_and_takes_values_by_name(any_site: Site) -> None:
    with any_site.runtime.store.read() as connection:
        for number in (3, 4):
            values = {"number": number, "here": any_site.here}
            assert HERE_AND_NUMBER.rows(connection, values) == [(any_site.here, number)]
        assert HERE_AND_NUMBER.rows(connection, {"number": 3, "here": "mkt_other"}) == []


def test_lists_are_given_as_to_sqlalchemy(any_site: Site) -> None:
    query = PlainQuery(lambda dialect: select(listed(dialect, BigInteger()).c.value))
    with any_site.runtime.store.read() as connection:
        assert query.rows(connection, as_list(connection, [2**62, 1])) == [(2**62,), (1,)]


def test_it_begins_the_transaction_that_later_queries_share(any_site: Site) -> None:
    """On SQLite a read without one would see what was written between two queries."""
    query = PlainQuery(lambda _dialect: select(marketplace.c.name))
    with any_site.runtime.store.read() as connection:
        before = query.rows(connection, {})
        with any_site.runtime.store.write() as writing:
            writing.execute(marketplace.update().values(name="Another"))
        assert query.rows(connection, {}) == before
        assert [tuple(row) for row in connection.execute(select(marketplace.c.name))] == before


def test_an_error_is_raised_as_by_sqlalchemy_and_without_values(any_site: Site) -> None:
    query = PlainQuery(lambda _dialect: text("SELECT missing FROM nowhere WHERE secret = :secret"))
    with (
        pytest.raises((exc.OperationalError, exc.ProgrammingError)) as failed,
        any_site.runtime.store.read() as connection,
    ):
        query.rows(connection, {"secret": "do not tell"})
    assert "do not tell" not in str(failed.value)
    with any_site.runtime.store.read() as connection:
        assert HERE_AND_NUMBER.rows(connection, {"number": 1, "here": any_site.here}) == [(any_site.here, 1)]
