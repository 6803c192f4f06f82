"""A row or two of several tables in one statement: the same rows, references and errors as one statement for each."""

from typing import Any

import pytest
from sqlalchemy import ColumnElement, Connection, event, literal_column, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from serving.listings.store.listings import add_listings, add_sellers, add_versions
from serving.listings.tables import listing, listing_version, seller
from serving.platform.database.fast.door import FEWEST_TO_COPY, in_one_statement
from serving.schema import metadata
from tests.fixtures.clocks import NOW
from tests.fixtures.runtimes import Site

pytestmark = pytest.mark.fast_paths


def a_seller(site: Site, name: str) -> dict[str, Any]:
    return {
        "marketplace_id": site.marketplace_id,
        "seller_id": f"sel_{name}",
        "external_id": name,
        "first_known_at": NOW,
    }


def a_listing(site: Site, name: str) -> dict[str, Any]:
    return {
        "marketplace_id": site.marketplace_id,
        "listing_id": f"lst_{name}",
        "external_id": name,
        "seller_external_id": None,
        "version_id": f"ver_{name}",
        "version": 1,
        "content_hash": "0f" * 32,
        "observed_hash": "f0" * 32,
        "occurred_at": NOW,
        "first_known_at": NOW,
    }


def a_version(site: Site, name: str, **changes: Any) -> dict[str, Any]:
    return {
        "marketplace_id": site.marketplace_id,
        "version_id": f"ver_{name}",
        "listing_id": f"lst_{name}",
        "number": 1,
        "content_hash": "0f" * 32,
        "content": {"title": "100 % Leder: %(x)s $1 奥蕾尔"},
        "seller_external_id": None,
        "price_minor": 12,
        "currency": "EUR",
        "log_price": 0.1,
        "previous_log_price": None,
        "earlier_prices": {},
        "draw": 1.0,
        "brand_id": None,
        "brand_key": "",
        "category_key": "",
        "protected": True,
        "occurred_at": NOW,
        "known_at": NOW,
        **changes,
    }


def add_all(connection: Connection, site: Site, name: str, **changes: Any) -> None:
    with in_one_statement(connection):
        add_sellers(connection, [a_seller(site, name)])
        add_listings(connection, [a_listing(site, name)])
        add_versions(connection, [a_version(site, name, **changes)])


def stored_version(site: Site, name: str) -> dict[str, Any]:
    with site.runtime.store.read() as connection:
        row = connection.execute(select(listing_version).where(listing_version.c.version_id == f"ver_{name}")).one()
    return {column: cell for column, cell in row._asdict().items() if column != "brand_named_at"}


@pytest.mark.both_engines
def test_rows_refer_to_rows_of_the_same_statement_and_arrive_as_they_are(any_site: Site, engine_name: str) -> None:
    executed_sql: list[str] = []
    event.listen(
        any_site.runtime.store.writes, "before_cursor_execute", lambda _c, _k, text, *_rest: executed_sql.append(text)
    )
    various: list[dict[str, Any]] = [
        {"price_minor": 2**40},
        {"price_minor": None, "currency": None, "log_price": None},
        {"protected": False},
    ]
    with any_site.runtime.store.write() as connection:
        for number, changes in enumerate(various):
            add_all(connection, any_site, f"{number}", **changes)
    for number, changes in enumerate(various):
        assert stored_version(any_site, f"{number}") == a_version(any_site, f"{number}", **changes)
    inserts = [statement for statement in executed_sql if "INSERT" in statement]
    assert len(inserts) == {"sqlite": 9, "postgresql": 3}[engine_name]
    assert len(set(inserts)) == {"sqlite": 3, "postgresql": 1}[engine_name], "one plan for values of every kind"


@pytest.mark.both_engines
def test_values_of_every_size_are_of_one_prepared_statement(any_site: Site, engine_name: str) -> None:
    if engine_name == "sqlite":
        pytest.skip("SQLite's statements know no types of values")
    with any_site.runtime.store.write() as connection:
        for number in range(9):
            changes: dict[str, Any] = {"price_minor": 40**number, "log_price": None if number % 2 else 0.5}
            add_all(connection, any_site, f"{number}", **changes)
        prepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'WITH added_2%%'"
        assert connection.exec_driver_sql(prepared).scalar_one() == 1


@pytest.mark.both_engines
def test_rows_are_inserted_in_the_order_in_which_they_were_added(any_site: Site, engine_name: str) -> None:
    """Two transactions that add the same rows then wait for each other in turn, and not both at once."""
    names = [f"shop-{number}" for number in range(6)]
    with any_site.runtime.store.write() as connection, in_one_statement(connection):
        for name in names:
            add_sellers(connection, [a_seller(any_site, name)])
    place: ColumnElement[Any] = literal_column("ctid" if engine_name == "postgresql" else "rowid")
    with any_site.runtime.store.read() as connection:
        ours = seller.c.external_id.in_(names)
        assert list(connection.execute(select(seller.c.external_id).where(ours).order_by(place)).scalars()) == names


@pytest.mark.both_engines
def test_rows_that_wait_come_before_many_that_are_copied(any_site: Site) -> None:
    many = [a_version(any_site, "1", version_id=f"ver_{n}", number=n) for n in range(1, FEWEST_TO_COPY + 1)]
    few = [{**many[0], "version_id": f"ver_x{n}", "number": 100 + n} for n in range(FEWEST_TO_COPY - 1)]
    with any_site.runtime.store.write() as connection:
        with in_one_statement(connection):
            add_listings(connection, [a_listing(any_site, "1")])
            add_versions(connection, many)
        with in_one_statement(connection):
            add_listings(connection, [a_listing(any_site, "2")])
            add_versions(connection, [{**version, "listing_id": "lst_2"} for version in few])
    with any_site.runtime.store.read() as connection:
        listing_ids = connection.execute(
            select(listing_version.c.listing_id).where(listing_version.c.content_hash == "0f" * 32)
        )
        assert sorted(listing_ids.scalars()) == ["lst_1"] * len(many) + ["lst_2"] * len(few)


@pytest.mark.both_engines
def test_an_error_is_one_of_integrity_and_quotes_no_value(any_site: Site) -> None:
    for again in (["secret-2", "secret-1"], ["secret-1"]):
        rows = [a_listing(any_site, name) for name in ("secret-1", *again)]
        with (
            pytest.raises(IntegrityError) as caught,
            any_site.runtime.store.write() as connection,
            in_one_statement(connection),
        ):
            add_listings(connection, rows)
        assert "secret" not in f"{caught.value}{caught.value.orig}"


@pytest.mark.both_engines
def test_nothing_waits_for_another_transaction_after_an_error(any_site: Site) -> None:
    store = any_site.runtime.store

    def fail(connection: Connection) -> None:
        with in_one_statement(connection):
            add_listings(connection, [a_listing(any_site, "1")])
            connection.exec_driver_sql("SELECT nothing FROM nowhere")

    with pytest.raises(DBAPIError), store.write() as connection:
        fail(connection)
    with store.write() as connection:
        add_listings(connection, [a_listing(any_site, "2")])
    with store.read() as connection:
        ours = listing.c.external_id.in_(["1", "2"])
        assert list(connection.execute(select(listing.c.external_id).where(ours)).scalars()) == ["2"]


def test_no_column_has_a_default_that_only_sqlalchemy_knows() -> None:
    """Such a column would have no value in a statement of several tables."""
    every = (column for table in metadata.tables.values() for column in table.columns)
    assert [str(column) for column in every if column.default is not None] == []
