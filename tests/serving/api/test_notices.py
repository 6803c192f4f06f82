"""Notices over real HTTP: the public route, registered reporters with their keys, and the marketplace's list."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.errors import DomainError
from serving.notices.rules.notices import NamedRight, ReporterKind
from serving.notices.service.reporters import NewReporter, register
from serving.notices.store import notices
from serving.notices.tables import notice
from tests.fixtures.clients import key_headers, sign_in
from tests.fixtures.notifying import EMAIL, WORDS, a_listing
from tests.fixtures.runtimes import Site, open_cases

BODY = {
    "explanation": WORDS,
    "locations": ["MP-1"],
    "name": "Anna Berg",
    "email": EMAIL,
    "good_faith": True,
    "reason_code": "trademark_counterfeit",
}


def post(client: TestClient, key: str | None = None, **changes: Any) -> Any:
    body = {name: field_value for name, field_value in {**BODY, **changes}.items() if field_value is not None}
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return client.post("/api/v1/notices", json=body, headers=headers)


def test_anybody_may_notify_and_gets_a_receipt(client: TestClient, site: Site) -> None:
    a_listing(site)
    answer = post(client)
    assert answer.status_code == 201
    receipt = answer.json()
    assert receipt.keys() == {"notice_id", "received_at", "link", "listings", "warning"}
    assert receipt["warning"] is None
    assert receipt["listings"] == [{"location": "MP-1", "state": "waiting"}]
    assert receipt["notice_id"] in client.get(receipt["link"], headers={"accept": "text/html"}).text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"explanation": None}, "Explain in at least"),
        ({"locations": None}, "Name the exact address"),
        ({"name": None}, "Give your name"),
        ({"email": None}, "Give an e-mail"),
        ({"good_faith": None}, "Confirm that you believe"),
        ({"good_faith": "yes"}, "good_faith: "),
        ({"reason_code": "other"}, "Choose the problem with the listing"),
        ({"explanation": 5}, "explanation: "),
        ({"locations": "MP-1"}, "locations: "),
        ({"locations": [["MP-1"]]}, "locations.0: "),
        ({"locations": ["MP-1"] * 1_001}, "at most 1000 items"),
        ({"name": "A\x00"}, "name: "),
        ({"locations": [f"MP-{n}" for n in range(11)]}, "at most 10 listings"),
        ({"explanation": "x" * 5_001}, "at most 5,000 characters"),
        ({"colour": "red"}, "colour: "),
    ],
)
def test_what_is_no_notice_is_refused_by_its_element(
    client: TestClient, site: Site, changes: dict[str, Any], expected: str
) -> None:
    answer = post(client, **changes)
    assert answer.status_code == 422
    assert expected in answer.json()["error"]["sentence"]
    assert site.count(notice) == 0


def test_a_dry_run_names_the_listings_that_are_not_found_and_sends_nothing(client: TestClient, site: Site) -> None:
    a_listing(site)
    answer = post(client, locations=["MP-1", "MP-l"], dry_run=True)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "dry_run": True,
            "listings": [{"location": "MP-1", "state": "found"}, {"location": "MP-l", "state": "unknown_listing"}],
        },
    )
    assert (site.count(notice), open_cases(site)) == (0, [])
    assert post(client, dry_run="yes").status_code == 422
    receipt = post(client, locations=["MP-1", "MP-l"]).json()
    assert [listing["state"] for listing in receipt["listings"]] == ["waiting", "unknown_listing"]


def test_a_notice_may_name_the_right(client: TestClient, site: Site) -> None:
    a_listing(site)
    right = {"kind": "mark", "office": "EUIPO", "number": "018", "owner": "Aurelle SA", "by_power_of_attorney": True}
    assert post(client, right=right).status_code == 201
    (notice,) = site.read(notices.notices_on_case, site.marketplace_id, open_cases(site)[0].case_id)
    assert notice.right == NamedRight("mark", "EUIPO", "018", "Aurelle SA", by_power_of_attorney=True)
    for wrong in ("mark", {"kind": "patent"}, {"classes": "18"}, {"by_power_of_attorney": "yes"}, {"owner": 5}):
        assert post(client, right=wrong).status_code == 422


def test_half_a_surrogate_pair_is_refused(client: TestClient, site: Site) -> None:
    body = b'{"name": "\\ud800", "good_faith": true}'
    answer = client.post("/api/v1/notices", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert site.count(notice) == 0


def test_a_registered_reporter_sends_its_key_and_not_its_name(client: TestClient, site: Site) -> None:
    a_listing(site)
    new_reporter = NewReporter("Customs Watch", "desk@watch.example", ReporterKind.TRUSTED_FLAGGER)
    _, key = register(site.runtime, new_reporter, by="test")
    answer = post(client, key, name=None, email=None, locations=["MP-1", *(f"X-{n}" for n in range(40))])
    assert answer.status_code == 201
    (case,) = open_cases(site)
    assert case.priority > 3e9
    for wrong in (key[:-1], "tsr.rep_x.y", site.key, "tsr", key.replace("tsr", "tsk")):
        assert post(client, wrong).status_code == 401, "a key that does not hold is not taken for none"
    assert site.count(notice) == 1


def test_claiming_to_be_a_flagger_makes_nobody_one(client: TestClient, site: Site) -> None:
    a_listing(site)
    register(site.runtime, NewReporter("Customs Watch", "desk@watch.example", ReporterKind.TRUSTED_FLAGGER), by="test")
    assert post(client, name="Customs Watch", email="desk@watch.example").status_code == 201
    assert open_cases(site)[0].priority < 2e9


def test_the_marketplace_reads_what_came_in(client: TestClient, site: Site) -> None:
    a_listing(site)
    receipt = post(client).json()
    headers = {"authorization": f"Bearer {site.key}"}
    (notice,) = client.get("/api/v1/notices?since=2026-03-01", headers=headers).json()["notices"]
    assert (notice["notice_id"], notice["email"], notice["link"]) == (receipt["notice_id"], EMAIL, receipt["link"])
    assert "Your notice has arrived" in notice["receipt"]
    for since in ("soon", "0.5", "-1"):
        assert client.get("/api/v1/notices", params={"since": since}, headers=headers).status_code == 422
    assert client.get("/api/v1/notices").status_code == 401


def test_an_analyst_ends_a_notice_as_invalid_by_the_interface(client: TestClient, site: Site) -> None:
    a_listing(site)
    receipt = post(client).json()
    (case,) = open_cases(site)
    analyst = sign_in(client, site.analyst)
    path = f"/api/v1/cases/{case.case_id}/notices/{receipt['notice_id']}/invalid"
    assert client.post(path, json={"reason": "boring"}, headers=analyst).status_code == 422
    answer = client.post(path, json={"reason": "no_claim"}, headers=analyst)
    assert (answer.status_code, answer.json()) == (200, {"case_closed": True})
    assert client.post(path, json={"reason": "no_claim"}, headers=analyst).status_code == 409
    (notice,) = client.get("/api/v1/notices?since=2026-03-01", headers=key_headers(site)).json()["notices"]
    assert (notice["listings"][0]["state"], notice["listings"][0]["outcome"]) == ("decided", "invalid")
    assert "does not claim" in notice["listings"][0]["decision"]["facts"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": " "}, "Give your name"),
        ({"email": "nobody"}, "Give an e-mail"),
        ({"kind": ReporterKind.UNREGISTERED}, "A registered notifier must be"),
        ({"kind": ReporterKind.BRAND}, "must name its brand"),
        ({"brand": "Aurelle"}, "must name its brand"),
        ({"kind": ReporterKind.BRAND, "brand": "Nobody"}, "There is no brand"),
    ],
)
def test_who_can_be_registered(site: Site, changes: dict[str, Any], expected: str) -> None:
    fields = {"name": "Watch", "email": "desk@watch.example", "kind": ReporterKind.REGISTERED, **changes}
    with pytest.raises(DomainError, match=expected):
        register(site.runtime, NewReporter(**fields), by="test")


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_beyond_the_calendar_is_refused(client: TestClient, site: Site, since: str) -> None:
    answer = client.get("/api/v1/notices", params={"since": since}, headers=key_headers(site))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
