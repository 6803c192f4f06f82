"""Secrets end with their owner: they are made with a proof, somebody is told, and they do not outlive the account."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from serving.accounts.rules.access import Person, Scope
from serving.accounts.service import auth
from serving.administration.service import provisioning
from serving.administration.service.passwords import change_password, choose_anew
from serving.administration.service.reset_links import make_link_as_owner
from serving.administration.service.second_factors import remove, reset_as_owner
from serving.learning.store import learning
from serving.mail.tables import mail
from serving.marketplaces.service import new_brand_key
from serving.marketplaces.store import marketplaces
from serving.marketplaces.tables import api_key
from serving.reports.service.stopping import stop
from serving.webhooks.tables import webhook_endpoint
from tests.fixtures.brand_people import a_leader
from tests.fixtures.factors import an_app, by_its_clock, signed_in_with
from tests.fixtures.runtimes import PASSWORD, Site
from tests.fixtures.stepping_up import confirmed_report, in_full_standing
from tests.serving.web.operating import an_administrator
from tests.serving.web.visits import visit_as

URL = "https://93.184.216.34/touchstone"
NEW_PASSWORD = "another correct horse"
_TRAININGS = "/api/v1/trainings"


ROADS: list[tuple[Callable[[Site], Person], str, dict[str, str]]] = [
    (a_leader, "/brand/keys", {"name": "Crawler"}),
    (an_administrator, "/keys", {"name": "Feed", "scope.intake": "on"}),
    (an_administrator, "/operations/webhook/register", {"url": URL}),
    (an_administrator, "/operations/webhook/secret", {"overlap_hours": "0"}),
]


def secrets_of(site: Site) -> list[str]:
    """Every secret in force, with the text that a rotation changes."""
    with site.runtime.store.read() as connection:
        keys = connection.execute(select(api_key.c.secret_hash).where(api_key.c.revoked_at.is_(None))).scalars()
        signing = select(webhook_endpoint.c.secret).where(webhook_endpoint.c.disabled_at.is_(None))
        return [*keys, *connection.execute(signing).scalars()]


@pytest.mark.attack
@pytest.mark.parametrize(("maker", "path", "fields"), ROADS, ids=[path for _, path, _ in ROADS])
def test_a_stolen_session_makes_no_secret_without_a_proof(
    site: Site, maker: Callable[[Site], Person], path: str, fields: dict[str, str]
) -> None:
    provisioning.register_webhook(site.runtime, url=URL, allow_loopback=False, marketplace=None, secret=None, by="test")
    before, thief = secrets_of(site), visit_as(site, maker(site))
    for guess in ("", "a wrong password"):
        assert thief.post(path, {**fields, "password": guess}).status_code == 422
    assert secrets_of(site) == before


def a_brand_key(site: Site) -> str:
    """A key that Aurelle's lead has made, by its id."""
    lead = a_leader(site)
    with site.runtime.store.write() as connection:
        key, _ = new_brand_key(site.runtime, site.pair, lead.user_id)
        marketplaces.add_key(connection, key, "Crawler", site.clock.now())
    return key.key_id


def _changed(site: Site) -> None:
    session = auth.sign_in(site.runtime, site.brand_person.email, PASSWORD)
    change_password(site.runtime, site.brand_person, session.token, before=PASSWORD, wanted=NEW_PASSWORD)


def _reset(site: Site) -> None:
    path = make_link_as_owner(site.runtime, site.brand_person.email, by="local")
    choose_anew(site.runtime, path.rpartition("/")[2], wanted=NEW_PASSWORD, again=NEW_PASSWORD)


def _factor_reset(site: Site) -> None:
    reset_as_owner(site.runtime, site.brand_person.email, by="local")


ENDS = [_changed, _reset, _factor_reset]


@pytest.mark.attack
@pytest.mark.parametrize("end", ENDS, ids=[end.__name__ for end in ENDS])
def test_no_key_of_a_brand_outlives_its_makers_password_or_factor(site: Site, end: Callable[[Site], None]) -> None:
    here = by_its_clock(site)
    if end is _factor_reset:
        an_app(here, here.brand_person)
    key_id = a_brand_key(here)
    end(here)
    with here.runtime.store.read() as connection:
        assert marketplaces.keys_in_force(connection, [key_id]) == {}


@pytest.mark.attack
def test_no_key_of_a_brand_outlives_the_removal_of_its_makers_factor(site: Site) -> None:
    here = by_its_clock(site)
    app, _ = an_app(here, here.brand_person)
    session, key_id = signed_in_with(here, here.brand_person, app), a_brand_key(here)
    assert session.proof is not None
    remove(here.runtime, session, session.proof.factor_id or "")
    with here.runtime.store.read() as connection:
        assert marketplaces.keys_in_force(connection, [key_id]) == {}


@pytest.mark.attack
def test_a_stop_ends_what_the_thief_has_made(site: Site) -> None:
    here = in_full_standing(site)
    report_id, _, _ = confirmed_report(here, 21)
    key_id = a_brand_key(here)
    stop(here.runtime, here.account_manager, report_id)
    with here.runtime.store.read() as connection:
        assert marketplaces.keys_in_force(connection, [key_id]) == {}


@pytest.mark.attack
@pytest.mark.parametrize(("maker", "path", "fields"), ROADS[:3], ids=[path for _, path, _ in ROADS[:3]])
def test_nobody_makes_a_secret_silently(
    site: Site, maker: Callable[[Site], Person], path: str, fields: dict[str, str]
) -> None:
    person = maker(site)
    assert visit_as(site, person).post(path, {**fields, "password": PASSWORD}).status_code == 200
    with site.runtime.store.read() as connection:
        found = connection.execute(select(mail.c.user_id).where(mail.c.kind == "new_secret")).scalars()
        assert list(found) == [person.user_id]


@pytest.mark.attack
def test_keys_that_train_start_a_few_trainings_a_day(client: TestClient, site: Site) -> None:
    keys = [
        provisioning.add_key(site.runtime, name=name, scopes=[Scope.TRAIN], marketplace=None, by="test")
        for name in ("nightly", "again")
    ]
    statuses = []
    for number in range(8):
        answer = client.post(_TRAININGS, headers={"authorization": f"Bearer {keys[number % 2]}"})
        statuses.append(answer.status_code)
        _end_training(site, answer.json().get("job_id", ""))
    assert statuses == [202] * 4 + [409] * 4


def _end_training(site: Site, job_id: str) -> None:
    with site.runtime.store.write() as connection:
        learning.update_job(connection, site.here, job_id, {"state": "failed", "error": "no labels"})
