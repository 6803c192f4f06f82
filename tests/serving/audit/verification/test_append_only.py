"""The database itself refuses to change or delete decisions, on both engines."""

import pytest
from sqlalchemy.exc import DBAPIError

from tests.fixtures.runtimes import Site

REFUSED = [
    "UPDATE verdict SET judgement = judgement",
    "UPDATE verdict SET note = NULL",
    "UPDATE approval_vote SET reason = 'x'",
    "UPDATE promotion SET note = 'x'",
    "UPDATE promotion_approval SET approved_by = 'x'",
    "UPDATE promotion_approval SET withdrawn_at = NULL",
    "UPDATE action SET kind = 'reinstate'",
    "UPDATE action SET created_at = NULL",
    "UPDATE removal_approval SET settled_as = 'undo'",
]


@pytest.mark.both_engines
def test_the_database_refuses_to_change_decisions_and_to_delete_them(lived_site: Site) -> None:
    tables = sorted({statement.split()[1] for statement in REFUSED})
    statements = [*REFUSED, *(f"DELETE FROM {table}" for table in tables)]  # noqa: S608  # no input
    if lived_site.runtime.store.url.startswith("postgresql"):
        statements += [f"TRUNCATE {table} CASCADE" for table in tables]
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), lived_site.runtime.store.write() as connection:
            connection.exec_driver_sql(statement)


ALLOWED = [
    "UPDATE action SET state = state, attempts = 7, due_at = NULL, last_error = 'x', statement_messages = NULL",
    "UPDATE promotion_approval SET withdrawn_at = '2026-01-01 00:00:00+00:00' WHERE withdrawn_at IS NULL",
    "UPDATE removal_approval SET settled_as = 'undo' WHERE settled_as IS NULL",
]


@pytest.mark.both_engines
@pytest.mark.parametrize("statement", ALLOWED)
def test_delivery_withdrawal_and_approval_go_on_changing_their_columns(lived_site: Site, statement: str) -> None:
    with lived_site.runtime.store.write() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0
