import dataclasses
from dataclasses import replace

import pytest
from pydantic import SecretStr

from models.policies.version import policy_version
from serving.accounts.rules.access import Role
from serving.cases.policy import AssignmentPolicy
from serving.platform.settings import Settings
from serving.web.account.policy_notes import numbers, reasons, shown
from tests.fixtures.runtimes import Site, invite
from tests.serving.web.visits import visit_as, words

KEY = "a key that nobody may read, ever so long"


def page(site: Site, **changed: object) -> str:
    settings = site.runtime.settings.model_copy(update=changed)
    other = replace(site, runtime=replace(site.runtime, settings=settings))
    return visit_as(other, site.analyst).get("/settings/reference").text


def test_every_setting_is_there_with_its_meaning(site: Site) -> None:
    sentence = words(page(site))
    for name, field in Settings.model_fields.items():
        assert f"TOUCHSTONE_{name.upper()}" in sentence
        assert words(field.description or "") in sentence, name


def test_every_number_of_every_policy_is_there_with_its_version(site: Site) -> None:
    sentence = words(page(site))
    for policy in site.runtime.policies:
        if dataclasses.is_dataclass(policy) and not isinstance(policy, type):
            assert policy_version(policy) in sentence
            for field in dataclasses.fields(policy):
                assert f"{field.name} " in sentence, field.name


def test_a_secret_is_never_shown(site: Site) -> None:
    text = page(
        site,
        contact_key=SecretStr(KEY),
        database_url="postgresql+psycopg://touch:s3cret@db.example/touchstone?sslpassword=s4cret",
        mlflow_tracking_uri="https://lab:s5cret@mlflow.example/x",
    )
    assert not any(secret in text for secret in (KEY, "s3cret", "s4cret", "s5cret", "touch:"))
    sentence = words(text)
    assert "TOUCHSTONE_CONTACT_KEY set (hidden)" in sentence
    assert "postgresql+psycopg://…@db.example/touchstone" in sentence


def test_what_was_set_is_told_from_what_is_by_default(site: Site) -> None:
    sentence = words(page(site))
    assert "TOUCHSTONE_UNDO_WINDOW_SECONDS 180 not set set" in sentence
    assert "TOUCHSTONE_HOST 127.0.0.1 127.0.0.1 default" in sentence


def test_a_number_says_why_it_is_so_and_where_it_is_changed(site: Site) -> None:
    sentence = words(page(site))
    assert "most_each 5 5 A person's work for the next half hour" in sentence
    assert "serving/cases/policy.py, with a release" in sentence
    assert "TOUCHSTONE_UNDO_WINDOW_SECONDS" in sentence.partition("undo_window_seconds")[2]


def test_brands_do_not_read_it_and_administrators_do(site: Site) -> None:
    assert visit_as(site, site.brand_person).get("/settings/reference").status_code == 403
    admin = invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN)
    assert visit_as(site, admin).get("/settings/reference").status_code == 200


def test_a_changed_number_is_marked() -> None:
    one, two = numbers(AssignmentPolicy(most_each=7), AssignmentPolicy())
    assert (one.name, one.value, one.usual, one.is_changed) == ("most_each", "7", "5", True)
    assert not two.is_changed
    assert reasons(AssignmentPolicy)["offer_lasts_minutes"].startswith("Twice a lease")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        ((), "none"),
        ((1, 2), "1, 2"),
        (frozenset({"b", "a"}), "a, b"),
        (0.5, "0.5"),
        (Role.ADMIN, "admin"),
    ],
)
def test_a_value_reads_as_an_operator_would_write_it(value: object, text: str) -> None:
    assert shown(value) == text
