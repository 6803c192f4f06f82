"""Errors are logged with their location, and without listing texts or signed-in users."""

import json
import subprocess
import sys
from pathlib import Path
from traceback import format_exception
from typing import Final

import pytest
import structlog
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from serving.accounts.tables import account
from serving.platform.logs import console_lines
from tests.fixtures.runtimes import Site

_FAILS = """
import structlog
from serving.platform.database.engine import read_engine
from serving.platform.logs import configure_logs
from serving.platform.settings import Settings

configure_logs(Settings(log_format={form!r}))
title = "a title that " + "somebody wrote"
try:
    with read_engine("sqlite:///{folder}/of-logs.sqlite").connect() as connection:
        connection.exec_driver_sql("SELECT :title FROM nowhere", {{"title": title}})
except Exception:
    structlog.get_logger().exception("sweep.failed")
"""


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_failure_is_logged_without_the_values_that_were_at_hand(form: str, tmp_path: Path) -> None:
    code = _FAILS.format(form=form, folder=tmp_path)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
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
    traceback_text = "".join(format_exception(refused.value))
    assert "unique" in traceback_text.lower()
    assert email not in traceback_text


_EVERYTHING = """
import logging, threading, warnings
from dbos._logger import init_logger
from serving.platform.logs import configure_logs
from serving.platform.settings import Settings

configure_logs(Settings(log_format="json"))
init_logger()
warnings.warn("a warning\\nof two lines")
logging.getLogger("uvicorn.error").error("a library's line\\nand another")
logging.getLogger("dbos").warning("the job queue's line %s", 1)
logging.getLogger("alembic.runtime.migration").info("too quiet to be logged")

class Unraisable:
    def __del__(self):
        raise RuntimeError("while it was dropped")

del_it = Unraisable()
del del_it

def crash():
    raise RuntimeError("in a thread")

thread = threading.Thread(target=crash, name="worker")
thread.start()
thread.join()
raise RuntimeError("nobody expected this\\nat all")
"""


def test_with_json_every_line_is_json_whatever_wrote_it() -> None:
    done = subprocess.run([sys.executable, "-c", _EVERYTHING], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = [json.loads(line) for line in (done.stdout + done.stderr).splitlines()]
    assert [(line.get("logger"), line["level"], line["event"].partition("\n")[0]) for line in lines[1:]] == [
        ("uvicorn.error", "error", "a library's line"),
        ("dbos", "warning", "the job queue's line 1"),
        (None, "error", "object.failed"),
        (None, "error", "thread.crashed"),
        (None, "critical", "process.crashed"),
    ]
    assert lines[0]["logger"] == "py.warnings"
    assert "a warning\nof two lines" in lines[0]["event"]
    assert "nobody expected this\nat all" in lines[-1]["exception"]
    assert lines[-2]["thread"] == "worker"
    assert all("timestamp" in line for line in lines)


LINES: Final = [
    {"method": "POST", "route": "/api/v1/score", "status": 200, "duration_ms": 1.5, "caller": None},
    {"words": "two words", "equal": "a=b", "quoted": 'a "b"', "line": "a\nb", "tab": "a\tb", "empty": "", "it": "it's"},
    {"some": ["a", 1], "pairs": {"b": 2.0}, "truth": True, "trailing": "blank "},
    {"exc_info": None, "logger": "uvicorn"},
    {},
]


@pytest.mark.parametrize("values", LINES)
@pytest.mark.parametrize("event", ["request.answered", "an event whose name is longer than its column", ""])
def test_a_line_of_a_terminal_is_that_of_structlog(event: str, values: dict[str, object]) -> None:
    event_dict = {"event": event, "level": "warning", "timestamp": "2026-11-29T04:02:09Z", **values}
    whole = structlog.dev.ConsoleRenderer(colors=False)
    assert console_lines(colors=False)(None, "info", dict(event_dict)) == whole(None, "info", dict(event_dict))
    without_level = {name: field_value for name, field_value in event_dict.items() if name != "level"}
    assert console_lines(colors=False)(None, "info", dict(without_level)) == whole(None, "info", without_level)
