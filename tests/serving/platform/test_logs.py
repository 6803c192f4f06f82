"""Errors are logged with their location, and without listing texts or signed-in users."""

import subprocess
import sys
from traceback import format_exception

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from serving.accounts.tables import account
from tests.fixtures.runtimes import Site

_FAILS = """
import structlog
from serving.platform.database.engine import read_engine
from serving.platform.logs import configure_logs
from serving.platform.settings import Settings

configure_logs(Settings(log_format={form!r}))
title = "a title that " + "somebody wrote"
try:
    with read_engine("sqlite://").connect() as connection:
        connection.exec_driver_sql("SELECT :title FROM nowhere", {{"title": title}})
except Exception:
    structlog.get_logger().exception("sweep.failed")
"""


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_failure_is_logged_without_the_values_that_were_at_hand(form: str) -> None:
    done = subprocess.run([sys.executable, "-c", _FAILS.format(form=form)], capture_output=True, text=True, check=True)
    assert "sweep.failed" in done.stderr
    assert "nowhere" in done.stderr
    assert "serving" in done.stderr or "sqlalchemy" in done.stderr
    assert "a title that somebody wrote" not in done.stderr
    assert len(done.stderr) < 10_000


@pytest.mark.both_engines
def test_what_the_database_refuses_is_told_without_the_row_that_it_refused(any_site: Site) -> None:
    email = any_site.analyst.email
    taken = insert(account).values(
        user_id="usr_1", email=email, name="Another", password_hash="x", created_at=any_site.clock.now()
    )
    with any_site.runtime.store.write() as connection, pytest.raises(IntegrityError) as refused:
        connection.execute(taken)
    told = "".join(format_exception(refused.value))
    assert "unique" in told.lower()
    assert email not in told
