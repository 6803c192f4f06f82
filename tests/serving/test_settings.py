from pathlib import Path

import pytest
from pydantic import ValidationError

from models.access import Role, Scope
from models.errors import Forbidden, Invalid
from serving.api.status import move_clock
from serving.settings import Settings
from serving.usecases import founding
from serving.usecases.founding import NewPerson
from tests.fixtures.clocks import NOW
from tests.fixtures.receivers import a_receiver
from tests.fixtures.runtimes import PASSWORD, Site


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_PORT", "9000")
    monkeypatch.setenv("TOUCHSTONE_HOME", "/srv/touchstone")
    found = Settings()
    assert (found.port, found.home) == (9000, Path("/srv/touchstone"))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("port", "0", "greater than or equal to 1"),  # No port at all.
        ("port", "65536", "less than or equal to 65535"),  # Beyond 16 bits.
        ("port", "eight", "valid integer"),
        ("database_url", "mysql://db/touchstone", "must be sqlite:/// or postgresql://"),
        ("database_url", "postgres://db/touchstone", "must be sqlite:/// or postgresql://"),  # SQLAlchemy has no such.
        ("database_url", "sqlite://", "must be sqlite:/// or postgresql://"),  # In memory: nothing would be kept.
        ("database_url", "sqlite:///", "needs a file"),  # In memory too.
        ("database_url", "sqlite:///:memory:", "needs a file"),
        ("clock", "fast", "'system' or 'simulated'"),
        ("clock_start", "2026-03-01T00:00:00", "timezone"),  # Nobody can know what it meant.
        ("undo_window_seconds", "-1", "greater than or equal to 0"),
        ("undo_window_seconds", "86401", "less than or equal to 86400"),  # A removal that never leaves.
        ("job_threads", "0", "greater than or equal to 1"),
        ("sweep_seconds", "0", "greater than 0"),  # A sweep without pause takes the processor.
        ("sweep_seconds", "nan", "greater than 0"),
        ("largest_body_bytes", "999", "greater than or equal to 1000"),  # No listing would fit.
        ("session_hours", "721", "less than or equal to 720"),  # A month.
        ("webhook_timeout_seconds", "61", "less than or equal to 60"),  # Longer than an attempt may last.
        ("webhook_timeout_seconds", "inf", "less than or equal to 60"),
        ("log_format", "xml", "'text' or 'json'"),
        ("log_level", "debug", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("production", "perhaps", "valid boolean"),  # Never taken for no.
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"TOUCHSTONE_{name.upper()}", value)
    with pytest.raises(ValidationError, match=sentence) as refused:
        Settings()
    assert [problem["loc"] for problem in refused.value.errors()] == [(name,)]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgresql://db/touchstone", "postgresql+psycopg://db/touchstone"),
        ("postgresql+psycopg://db/touchstone", "postgresql+psycopg://db/touchstone"),
        ("sqlite:////srv/a.sqlite", "sqlite:////srv/a.sqlite"),
    ],
)
def test_a_database_is_opened_by_the_driver_that_is_installed(given: str, kept: str) -> None:
    assert Settings(database_url=given).database_url == kept


def test_settings_do_not_change_while_the_service_runs() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 9000


def in_production(site: Site) -> None:
    """Turn the site's settings to production, as a restart with another environment does."""
    object.__setattr__(site.runtime, "settings", site.runtime.settings.model_copy(update={"production": True}))


def test_in_production_no_key_moves_the_clock(site: Site) -> None:
    in_production(site)
    with pytest.raises(Invalid, match="no keys that move the clock"):
        founding.add_key(site.runtime, name="demo", scopes=[Scope.CLOCK], marketplace=None, by="test")


def test_in_production_no_webhook_goes_to_the_machine_itself(site: Site) -> None:
    in_production(site)
    with pytest.raises(Invalid, match="no webhooks to the machine itself"):
        founding.register_webhook(
            site.runtime, url="http://127.0.0.1:1/", allow_loopback=True, marketplace=None, secret=None, by="test"
        )
