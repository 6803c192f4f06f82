from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from serving.platform.runtime import ByClass
from serving.platform.settings import Settings, Transparency
from serving.standing.policy import DEFAULT_STANDING
from serving.web.operations.settings_list_page import policy_rows, setting_rows
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import an_administrator, visit_as, words

SETTINGS = Settings(
    home=Path("/srv/touchstone"),
    database_url="postgresql://touchstone:hunter2@db/touchstone",
    smtp_password=SecretStr("hunter2"),
    transparency={
        "bazaar": Transparency(platform="Bazaar", territories=("DE",)),
        "souk": Transparency(platform="Souk", territories=("FR",)),
    },
)
VALUES = [
    ("TOUCHSTONE_HOME", "/srv/touchstone", True, "a path as it is"),
    (
        "TOUCHSTONE_DATABASE_URL",
        "postgresql+psycopg://touchstone:***@db/touchstone",
        True,
        "an address without its password",
    ),
    ("TOUCHSTONE_SMTP_PASSWORD", "set, not shown", True, "a secret is never shown"),
    ("TOUCHSTONE_PRODUCTION", "off", False, "a switch in words"),
    ("TOUCHSTONE_PUBLIC_URL", "", False, "what is not set has no value"),
]


@pytest.mark.parametrize(("name", "setting", "is_changed", "_why"), VALUES)
def test_a_setting_is_shown_as(name: str, setting: str, is_changed: bool, _why: str) -> None:
    row = {row.name: row for row in setting_rows(SETTINGS, "bazaar")}[name]
    assert (row.setting, row.is_changed) == (setting, is_changed)


def test_every_setting_has_its_row_and_no_other_marketplace_is_named() -> None:
    rows = list(setting_rows(SETTINGS, "bazaar"))
    assert len(rows) == len(Settings.model_fields)
    shown = " ".join(row.setting for row in rows)
    assert "Bazaar" in shown
    assert "Souk" not in shown
    assert "hunter2" not in shown


def test_a_number_of_a_policy_that_differs_from_its_default_says_so() -> None:

    changed = replace(DEFAULT_STANDING, window_days=DEFAULT_STANDING.window_days + 1)
    rows = {row.name: row for row in policy_rows(ByClass(changed, timedelta(1)))}
    assert [name for name, row in rows.items() if row.is_changed] == ["StandingPolicy.window_days"]


def test_settings_are_found_by_a_word_of_their_meaning(site: Site) -> None:
    visitor = visit_as(site, an_administrator(site))
    page = words(visitor.get("/operations/settings?q=mail server").text)
    assert "TOUCHSTONE_SMTP_HOST" in page
    assert "TOUCHSTONE_HOME" not in page
    assert "No matching settings" in words(visitor.get("/operations/settings?q=zzz").text)
