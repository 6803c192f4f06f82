"""One brand at two marketplaces: people of the second try to change what the first relies on."""

import hashlib
import json
import re

import pytest

from models.verdict import ReasonCode
from serving.accounts.rules.access import Person, Role
from serving.brands.service.rights_claims import basis_of
from serving.brands.store import price_lists
from tests.fixtures.reporting import a_leader, brand_person_at, manager_of, second_marketplace, with_brand_grant_at
from tests.fixtures.runtimes import Site, invite
from tests.serving.web.visits import PAGE, Visitor, visit_as, words

pytestmark = pytest.mark.attack
_PDF = b"%PDF-1.4\nregistration\n%%EOF\n"
_CLAIM = {"kind": "mark", "title": "Colline", "office": "EUIPO", "number": "018", "territories": "EU"}
_PRICE = {"model": "Colline", "price": "540", "currency": "EUR", "valid_from": "2026-01-01"}
_READ = ("/brand/rights", "/brand/rights.csv", "/brand/people", "/brand/prices.csv", "/api/v1/rights")


def texts_read_by(visitor: Visitor) -> list[str]:
    """All that the brand's people at the first marketplace read of its file, without the note on the last change."""
    visitor.get("/brand")
    return [words(visitor.get(path).text) for path in _READ]


def right_ids_in_state(visitor: Visitor, state: str) -> list[str]:
    """The ids of the brand's rights in a state."""
    return [right["right_id"] for right in visitor.get("/api/v1/rights").json()["rights"] if right["state"] == state]


def right_in_use(site: Site, person: Person) -> str | None:
    """The right on which a confirmation at the first marketplace rests now."""
    now = site.clock.now()
    with site.runtime.store.read() as connection:
        basis, _ = basis_of(site.runtime, connection, site.pair, person, ReasonCode.TRADEMARK_COUNTERFEIT, now)
    return basis.right.right_id if basis.right is not None else None


def test_the_manager_of_one_marketplace_verifies_or_refuses_no_right_of_another(any_site: Site) -> None:
    souk, ours = second_marketplace(any_site), visit_as(any_site, a_leader(any_site))
    assert ours.post("/brand/rights", _CLAIM).status_code == 303
    [right_id], before = right_ids_in_state(ours, "claimed"), texts_read_by(ours)
    omar = visit_as(any_site, manager_of(any_site))
    for form in ({"state": "verified"}, {"state": "refused", "note": "Not theirs."}):
        path = f"/brands/{any_site.brand_id}/rights/{right_id}"
        assert omar.post(path, {**form, "at": souk}).status_code == 404
        assert texts_read_by(ours) == before
    assert "Colline" not in omar.get(f"/brands/{any_site.brand_id}?at={souk}").text


def test_the_lead_of_one_marketplace_withdraws_no_right_on_which_another_rests(any_site: Site) -> None:
    second_marketplace(any_site)
    ours, rests_on = visit_as(any_site, a_leader(any_site)), right_in_use(any_site, any_site.brand_person)
    before, samira = texts_read_by(ours), visit_as(any_site, brand_person_at(any_site))
    for right_id in right_ids_in_state(ours, "verified"):
        assert samira.post(f"/brand/rights/{right_id}/withdraw").status_code == 404
    assert right_in_use(any_site, any_site.brand_person) == rests_on is not None
    assert texts_read_by(ours) == before


def test_the_lead_of_one_marketplace_reprices_nothing_that_another_compares_with(any_site: Site) -> None:
    second_marketplace(any_site)
    ours, samira = visit_as(any_site, a_leader(any_site)), visit_as(any_site, brand_person_at(any_site))
    assert ours.post("/brand/prices", {"rows": json.dumps([_PRICE])}).status_code == 303
    before = texts_read_by(ours)
    any_site.clock.forward(seconds=1)
    assert samira.post("/brand/prices", {"rows": json.dumps([{**_PRICE, "price": "5"}])}).status_code == 303
    lists = any_site.read(price_lists.load, any_site.marketplace_id, any_site.clock.now())
    assert lists.to_rows() == [[any_site.brand_id, "model", "Colline", "540.00", "EUR"]]
    assert texts_read_by(ours) == before


def test_the_people_of_one_marketplace_end_and_void_no_power_of_attorney_of_another(any_site: Site) -> None:
    """The agent answers at both, so that both sides see the account."""
    ana = invite(any_site.runtime, "ana@roche.example", "Ana Prieto", Role.BRAND, "Aurelle")
    souk, ours = second_marketplace(any_site), visit_as(any_site, a_leader(any_site))
    with_brand_grant_at(any_site, ana, souk)
    fields = {"email": ana.email, "agent": "Roche", "territories": "EU", "last_day": "2030-01-31", "kind:mark": "yes"}
    assert ours.post("/brand/agents", fields).status_code == 303
    before = texts_read_by(ours)
    [mandate_id] = re.findall(r"/brand/agents/(\w+)/end", ours.get("/brand/people").text)
    samira, omar = visit_as(any_site, brand_person_at(any_site)), visit_as(any_site, manager_of(any_site))
    path = f"/brands/{any_site.brand_id}/agents/{mandate_id}/void"
    assert omar.post(path, {"at": souk}).status_code == 404
    assert samira.post(f"/brand/agents/{mandate_id}/end").status_code == 404
    assert samira.post(f"/brand/people/{ana.user_id}/remove").status_code == 303
    assert texts_read_by(ours) == before
    assert "Roche" not in samira.get("/brand/people").text + omar.get(f"/brands/{any_site.brand_id}?at={souk}").text


def test_the_people_of_one_marketplace_read_no_document_of_another(any_site: Site) -> None:
    souk, ours = second_marketplace(any_site), visit_as(any_site, a_leader(any_site))
    form, file = {"csrf_token": ours.csrf_token}, {"file": ("certificate.pdf", _PDF)}
    assert ours.client.post("/brand/documents", data=form, files=file, headers=PAGE).status_code == 303
    digest = hashlib.sha256(_PDF).hexdigest()
    assert ours.get(f"/brand/documents/{digest}").content == _PDF
    samira, omar = visit_as(any_site, brand_person_at(any_site)), visit_as(any_site, manager_of(any_site))
    assert samira.get(f"/brand/documents/{digest}").status_code == 404
    assert omar.get(f"/brands/{any_site.brand_id}/documents/{digest}?at={souk}").status_code == 404
    assert samira.post("/brand/rights", {**_CLAIM, "document": digest}).status_code == 404
    assert "certificate.pdf" not in samira.get("/brand/rights").text
