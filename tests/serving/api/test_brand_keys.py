"""A brand's API key reports listings as the person who made it, and does nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Role, Scope
from serving.accounts.service import provisioning
from serving.accounts.service.people import deactivate, reactivate
from serving.accounts.store import accounts, people
from serving.api.requests.reporters import _REPORTS
from serving.audit.store import audit
from serving.audit.tables import audit_entry, audit_payload
from serving.brands.service.brand_keys import MOST_KEYS, keys_of_brand, make_key, revoke_key
from serving.brands.tables import certification_attempt
from serving.marketplaces.service import keys
from serving.platform.pace import Pace, TooManyRequests
from serving.reports.tables import report
from tests.fixtures.reporting import (
    a_leader,
    a_rival,
    action_states,
    on_sale,
    right_of,
    second_marketplace,
    with_brand_grant_at,
)
from tests.fixtures.runtimes import Site, invite

PATH = "/api/v1/brand/reports"


def pair_of(site: Site) -> tuple[str, str]:
    return site.marketplace_id, site.brand_id


def a_key(site: Site) -> str:
    return make_key(site.runtime, a_leader(site), pair_of(site), "Crawler")


def id_of(key: str) -> str:
    return key.split(".")[1]


def body(site: Site, listings: list[str], **changes: Any) -> dict[str, Any]:
    fields = {"right_id": right_of(site), "reason_code": "trademark_counterfeit", "listings": listings}
    return {**fields, "good_faith": True, **changes}


def headers_of(key: str, idempotency_key: str | None = None) -> dict[str, str]:
    named = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
    return {"authorization": f"Bearer {key}", **named}


def test_a_key_reports_once_for_a_repeated_idempotency_key_as_its_maker(client: TestClient, site: Site) -> None:
    names, key = on_sale(site, 2), a_key(site)
    report_body = body(site, [*names, "XX-1"])
    assert (
        client.post(PATH, json={**report_body, "dry_run": True}, headers=headers_of(key)).json()["counts"]["scheduled"]
        == 2
    )
    done = client.post(PATH, json=report_body, headers=headers_of(key, "of-today"))
    assert (done.status_code, done.json()["counts"]["scheduled"]) == (201, 2)
    assert client.post(PATH, json=report_body, headers=headers_of(key, "of-today")).content == done.content
    response = client.get(f"{PATH}/{done.json()['report_id']}", headers=headers_of(key))
    assert [report_item["state"] for report_item in response.json()["items"]] == ["scheduled", "scheduled", "waiting"]
    assert client.get("/api/v1/reason-codes", headers=headers_of(key)).status_code == 200
    with site.runtime.store.read() as connection:
        (row,) = connection.execute(select(report.c.user_id, report.c.key_id)).all()
        payload = connection.execute(
            select(audit_payload.c.payload)
            .join(audit_entry, audit_entry.c.sequence == audit_payload.c.sequence)
            .where(audit_entry.c.act == "report.received")
        ).scalar_one()
        assert audit.check_chain(connection)[1] is None
    assert tuple(row) == (site.brand_person.user_id, id_of(key))
    assert id_of(key) in str(payload)


def test_a_key_is_shown_once_and_only_its_digest_is_stored(site: Site) -> None:
    key = a_key(site)
    secret = key.split(".")[2]
    assert secret.encode() not in (site.runtime.home.root / "touchstone.sqlite").read_bytes()
    with site.runtime.store.read() as connection:
        (brand_key,) = keys_of_brand(connection, pair_of(site))
        acts = list(connection.execute(select(audit_entry.c.act).where(audit_entry.c.subject == id_of(key))).scalars())
    assert (brand_key.record.name, brand_key.maker, brand_key.leads) == ("Crawler", site.brand_person.name, True)
    assert acts == ["key.made"]


def _revoke(site: Site, key: str) -> None:
    revoke_key(site.runtime, a_leader(site), pair_of(site), id_of(key))


def _revoke_by_marketplace(site: Site, key: str) -> None:
    admin = invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN)
    assert id_of(key) in {api_key.key_id for api_key in keys.keys_of(site.runtime, admin)}
    keys.revoke(site.runtime, admin, id_of(key))


def _deactivate_and_reactivate(site: Site, _key: str) -> None:
    admin = invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN)
    deactivate(site.runtime, admin, site.brand_person.user_id, successor=None)
    reactivate(site.runtime, admin, site.brand_person.user_id)


def _disable(site: Site, _key: str) -> None:
    site.write(people.disable, site.brand_person.user_id, site.clock.now())


def _end_lead(site: Site, _key: str) -> None:
    site.write(accounts.set_lead, site.brand_person.user_id, pair_of(site), leads=False)


def _end_grant(site: Site, _key: str) -> None:
    site.write(accounts.end_brand_grant, site.brand_person.user_id, pair_of(site))


ENDS = [
    (_revoke, 401),
    (_revoke_by_marketplace, 401),
    (_deactivate_and_reactivate, 401),
    (_disable, 401),
    (_end_lead, 403),
    (_end_grant, 403),
]


@pytest.mark.parametrize(("end", "status"), ENDS, ids=[end.__name__ for end, _ in ENDS])
def test_a_key_ends_with_what_it_rests_on(
    client: TestClient, site: Site, end: Callable[[Site, str], None], status: int
) -> None:
    names, key = on_sale(site, 1), a_key(site)
    assert client.get("/api/v1/reason-codes", headers=headers_of(key)).status_code == 200
    end(site, key)
    assert client.post(PATH, json=body(site, names), headers=headers_of(key, "late")).status_code == status
    assert action_states(site) == {}
    assert [
        brand_key.leads and brand_key.record.revoked_at is None for brand_key in site.read(keys_of_brand, pair_of(site))
    ] == [False]


def test_the_certification_of_the_maker_holds(client: TestClient, site: Site) -> None:
    names, key = on_sale(site, 1), a_key(site)
    site.execute(certification_attempt.delete())
    assert client.post(PATH, json=body(site, names), headers=headers_of(key, "first")).status_code == 403
    assert action_states(site) == {}


def test_the_caps_of_the_maker_hold(client: TestClient, site: Site) -> None:
    names, key = on_sale(site, 23), a_key(site)
    counts = client.post(PATH, json=body(site, names), headers=headers_of(key, "first")).json()["counts"]
    assert (counts["scheduled"], counts["cases"]) == (20, 3)


def test_a_key_knows_neither_another_marketplace_nor_another_brand(client: TestClient, site: Site) -> None:
    names, key = on_sale(site, 1), a_key(site)
    rival = a_rival(site)
    (grant,) = rival.grants
    other = make_key(site.runtime, rival, (grant.marketplace_id, grant.brand_id or ""), "Rival")
    place = second_marketplace(site)
    with_brand_grant_at(site, site.brand_person, place, leads=True)
    there = client.post(PATH, json=body(site, names, marketplace_id=place), headers=headers_of(key, "there"))
    assert there.status_code == 404
    own = client.post(PATH, json=body(site, names), headers=headers_of(key, "own")).json()
    assert client.get(f"{PATH}/{own['report_id']}", headers=headers_of(other)).status_code == 404
    assert client.post(PATH, json=body(site, names), headers=headers_of(other, "mine")).status_code == 404
    with pytest.raises(NotFound):
        revoke_key(site.runtime, a_leader(site), pair_of(site), id_of(other))


def test_only_a_lead_makes_and_revokes_keys_and_at_most_ten(site: Site) -> None:
    with pytest.raises(Forbidden):
        make_key(site.runtime, site.brand_person, pair_of(site), "Crawler")
    with pytest.raises(NotFound):
        make_key(site.runtime, site.analyst, pair_of(site), "Crawler")
    lead = a_leader(site)
    with pytest.raises(Invalid):
        make_key(site.runtime, lead, pair_of(site), " ")
    brand_keys = [make_key(site.runtime, lead, pair_of(site), f"Crawler {number}") for number in range(MOST_KEYS)]
    with pytest.raises(Conflict, match="10 API keys"):
        make_key(site.runtime, lead, pair_of(site), "One more")
    colleague = invite(site.runtime, "noor@aurelle.example", "Noor Said", Role.BRAND, "Aurelle")
    with pytest.raises(Forbidden):
        revoke_key(site.runtime, colleague, pair_of(site), id_of(brand_keys[0]))
    revoke_key(site.runtime, lead, pair_of(site), id_of(brand_keys[0]))
    make_key(site.runtime, lead, pair_of(site), "One more")
    with pytest.raises(NotFound):
        revoke_key(site.runtime, lead, pair_of(site), id_of(brand_keys[0]))


def test_a_marketplace_gets_no_key_that_reports(site: Site) -> None:
    with pytest.raises(Invalid, match="A lead of the brand makes keys"):
        provisioning.add_key(site.runtime, name="t", scopes=[Scope.REPORT], marketplace=None, by="test")


def test_a_program_that_sends_too_fast_waits_before_anything_is_done(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, key = on_sale(site, 1), a_key(site)
    monkeypatch.setattr(_REPORTS, "_most", 3)
    for number in range(3):
        response = client.post(PATH, json=body(site, ["XX-1"], dry_run=True), headers=headers_of(key, f"key {number}"))
        assert response.status_code == 200, "a request with a key counts once"
    answer = client.post(PATH, json=body(site, names), headers=headers_of(key, "too fast"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["retry-after"]) <= 61
    assert action_states(site) == {}
    other = make_key(site.runtime, a_leader(site), pair_of(site), "Other")
    assert client.get("/api/v1/reason-codes", headers=headers_of(other)).status_code == 200


def test_a_pace_counts_a_sliding_window_for_each_caller() -> None:
    pace = Pace(2, 60.0)
    pace.take("a", 0.0)
    pace.take("a", 30.0)
    pace.take("b", 30.0)
    with pytest.raises(TooManyRequests) as refused:
        pace.take("a", 59.0)
    assert refused.value.retry_after_seconds == 2
    pace.take("a", 60.0)
    with pytest.raises(TooManyRequests):
        pace.take("a", 89.0)
    pace.take("a", 90.0)
