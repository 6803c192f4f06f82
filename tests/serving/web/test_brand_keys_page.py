"""The page on which a brand's lead makes and revokes API keys."""

import re

import pytest

from serving.accounts.rules.access import Role
from serving.accounts.store import accounts
from tests.fixtures.reporting import a_leader, a_rival, right_of
from tests.fixtures.runtimes import PASSWORD, Site, invite
from tests.serving.web.visits import an_administrator, visit_as, words

PATH = "/brand/keys"
KEY = re.compile(r"tsk\.(key_[0-9a-z]+)\.[\w-]+")
ATTACK = "<script>alert(1)</script>"


def shown_key(page: str) -> str:
    match = KEY.search(page)
    assert match is not None
    return match[0]


def test_a_lead_makes_a_key_that_is_shown_once_and_revokes_it(site: Site) -> None:
    lead = visit_as(site, a_leader(site))
    assert "No API keys." in words(lead.get(PATH).text)
    answer = lead.post(PATH, {"password": PASSWORD, "name": ATTACK})
    assert ATTACK not in answer.text
    key = shown_key(answer.text)
    assert answer.headers["cache-control"] == "no-store"
    again = lead.get(PATH).text
    assert key not in again
    assert "Accepted" in words(again)
    assert right_of(site) in again, "a program needs the id of the right"
    assert lead.client.get("/api/v1/reason-codes", headers={"authorization": f"Bearer {key}"}).status_code == 200
    done = lead.post(f"{PATH}/{key.split('.')[1]}/revoke")
    assert (done.status_code, done.headers["location"]) == (303, PATH)
    assert "Revoked" in words(lead.get(PATH).text)
    lead.client.cookies.clear()
    assert lead.client.get("/api/v1/reason-codes", headers={"authorization": f"Bearer {key}"}).status_code == 401


def test_a_colleague_sees_keys_and_changes_none(site: Site) -> None:
    key = shown_key(visit_as(site, a_leader(site)).post(PATH, {"password": PASSWORD, "name": "Crawler"}).text)
    colleague = visit_as(site, invite(site.runtime, "ana@aurelle.example", "Ana Prieto", Role.BRAND, "Aurelle"))
    page = words(colleague.get(PATH).text)
    assert "Crawler" in page
    assert "Create key" not in page
    assert "Revoke key" not in page
    assert colleague.post(PATH, {"password": PASSWORD, "name": "Mine"}).status_code == 403
    assert colleague.post(f"{PATH}/{key.split('.')[1]}/revoke").status_code == 403


def test_a_rival_neither_sees_nor_revokes_the_keys_of_a_brand(site: Site) -> None:
    key = shown_key(visit_as(site, a_leader(site)).post(PATH, {"password": PASSWORD, "name": "Crawler"}).text)
    rival = visit_as(site, a_rival(site))
    assert "Crawler" not in rival.get(PATH).text
    assert rival.post(f"{PATH}/{key.split('.')[1]}/revoke").status_code == 404


def test_a_key_of_somebody_who_leads_no_longer_is_shown_as_refused(site: Site) -> None:
    lead = visit_as(site, a_leader(site))
    lead.post(PATH, {"password": PASSWORD, "name": "Crawler"})
    site.write(accounts.set_lead, site.brand_person.user_id, (site.marketplace_id, site.brand_id), leads=False)
    assert "Refused The person who made it does not lead the brand now." in words(lead.get(PATH).text)


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_a_name_that_is_empty_or_too_long_is_refused_in_words(site: Site, name: str) -> None:
    answer = visit_as(site, a_leader(site)).post(PATH, {"password": PASSWORD, "name": name})
    assert answer.status_code == 422
    assert "Nothing was changed." in words(answer.text)


def test_administrators_see_the_keys_of_brands_but_cannot_make_them(site: Site) -> None:
    visit_as(site, a_leader(site)).post(PATH, {"password": PASSWORD, "name": "Crawler"})
    admin = visit_as(site, an_administrator(site))
    assert "Crawler Aurelle" in words(admin.get("/keys").text)
    assert "scope.report" not in admin.get("/keys").text
    assert admin.post("/keys", {"name": "t", "scope.report": "on"}).status_code == 422
