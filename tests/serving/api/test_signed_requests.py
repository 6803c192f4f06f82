"""A brand's service account signs its requests, and reports listings and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from serving.accounts.rules.access import Role
from serving.accounts.service.people import deactivate
from serving.accounts.service.service_accounts import end_account, revoke_key
from serving.accounts.store import accounts, people, service_accounts
from serving.accounts.tables import signature_nonce
from serving.api.requests.reporters import _REPORTS
from serving.audit.store import audit
from serving.audit.tables import audit_entry, audit_payload
from serving.brands.tables import certification_attempt
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
from tests.fixtures.signing import Tool, a_tool

PATH = "/api/v1/brand/reports"


def body(site: Site, listings: list[str], **changes: Any) -> dict[str, Any]:
    fields = {"right_id": right_of(site), "reason_code": "trademark_counterfeit", "listings": listings}
    return {**fields, "good_faith": True, **changes}


def named(idempotency_key: str) -> dict[str, str]:
    return {"Idempotency-Key": idempotency_key}


def test_a_tool_reports_once_for_a_repeated_idempotency_key(client: TestClient, site: Site) -> None:
    names, tool = on_sale(site, 2), a_tool(site)
    report_body = body(site, [*names, "XX-1"])
    dry = client.post(PATH, json={**report_body, "dry_run": True}, auth=tool).json()
    assert dry["counts"]["scheduled"] == 2
    done = client.post(PATH, json=report_body, headers=named("of-today"), auth=tool)
    assert (done.status_code, done.json()["counts"]["scheduled"], done.json()["state"]) == (202, 2, "decided")
    assert client.post(PATH, json=report_body, headers=named("of-today"), auth=tool).content == done.content
    response = client.get(f"{PATH}/{done.json()['report_id']}", auth=tool)
    assert [report_item["state"] for report_item in response.json()["items"]] == ["scheduled", "scheduled", "waiting"]
    assert client.get("/api/v1/reason-codes", auth=tool).status_code == 200
    with site.runtime.store.read() as connection:
        (row,) = connection.execute(select(report.c.user_id, report.c.key_id)).all()
        payload = connection.execute(
            select(audit_payload.c.payload)
            .join(audit_entry, audit_entry.c.sequence == audit_payload.c.sequence)
            .where(audit_entry.c.act == "report.received")
        ).scalar_one()
        assert audit.check_chain(connection)[1] is None
    assert tuple(row) == (site.brand_person.user_id, tool.key_id)
    assert tool.key_id in str(payload)


# What a thief can change, and a receiver that trusts too much would not notice.
REFUSED: list[tuple[str, Callable[[Tool], Tool], str]] = [
    ("another key", lambda tool: replace(tool, private_key=Ed25519PrivateKey.generate()), "not made by the key"),
    ("a key that nobody registered", lambda tool: replace(tool, key_id="sgk_unknown"), "Unable to resolve"),
    ("a signature of six minutes", lambda tool: replace(tool, signed_before=timedelta(minutes=6)), "exceeds maximum"),
    ("a signature of tomorrow", lambda tool: replace(tool, signed_before=-timedelta(minutes=1)), "in the future"),
    ("no method", lambda tool: replace(tool, covered=("@path",)), "was not covered"),
    ("no path", lambda tool: replace(tool, covered=("@method",)), "was not covered"),
    ("a long nonce", lambda tool: replace(tool, nonce="x" * 65), "needs a nonce"),
]


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_request_is_refused_that_is_signed_with(
    client: TestClient, site: Site, change: Callable[[Tool], Tool], expected: str
) -> None:
    names, tool = on_sale(site, 1), a_tool(site)
    answer = client.post(PATH, json=body(site, names), headers=named("first"), auth=change(tool))
    assert answer.status_code == 401
    assert expected in answer.json()["error"]["sentence"]
    assert action_states(site) == {}


def test_a_recorded_request_is_refused_and_so_is_one_that_was_changed(client: TestClient, site: Site) -> None:
    names, tool = on_sale(site, 2), a_tool(site)
    sent = client.post(PATH, json=body(site, names[:1]), headers=named("first"), auth=tool).request
    recorded = client.send(client.build_request("POST", sent.url, content=sent.content, headers=sent.headers))
    assert "used before" in recorded.json()["error"]["sentence"]
    signed = tool.auth_flow(client.build_request("POST", PATH, json=body(site, names[:1]), headers=named("second")))
    fresh = next(signed)
    other = client.build_request("POST", PATH, json=body(site, names[1:]))
    signed_headers = {name: text for name, text in fresh.headers.items() if name != "content-length"}
    changed = client.post(PATH, content=other.content, headers=signed_headers)
    assert (changed.status_code, "does not match" in changed.json()["error"]["sentence"]) == (401, True)
    raw = client.get("/api/v1/reason-codes?x=\xe9", headers={"signature-input": "a", "signature": "b"})
    assert raw.status_code == 401
    bare = client.get(PATH + "/rpt_1?x=1", headers={"signature-input": "a", "signature": "b"})
    assert bare.status_code == 401
    assert len(action_states(site)) == 1


def test_a_query_that_was_not_signed_is_refused(client: TestClient, site: Site) -> None:
    tool = a_tool(site)
    signed = next(tool.auth_flow(client.build_request("GET", "/api/v1/brand/limits")))
    answer = client.get("/api/v1/brand/limits?brand_id=other", headers=signed.headers)
    assert (answer.status_code, "was not covered" in answer.json()["error"]["sentence"]) == (401, True)


def test_nonces_are_forgotten_once_no_signature_can_carry_them(client: TestClient, site: Site) -> None:
    tool = a_tool(site)
    assert client.get("/api/v1/reason-codes", auth=tool).status_code == 200
    with site.runtime.store.write() as connection:
        later = site.runtime.wall.now() + timedelta(days=1)
        assert service_accounts.take_nonce(connection, tool.key_id, "next", later, later)
        assert connection.execute(select(func.count()).select_from(signature_nonce)).scalar() == 1


def _revoke(site: Site, tool: Tool) -> None:
    revoke_key(site.runtime, a_leader(site), site.pair, tool.account_id, tool.key_id)


def _end(site: Site, tool: Tool) -> None:
    end_account(site.runtime, a_leader(site), site.pair, tool.account_id)


def _deactivate(site: Site, _tool: Tool) -> None:
    admin = invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN)
    deactivate(site.runtime, admin, site.brand_person.user_id, successor=None)


def _disable(site: Site, _tool: Tool) -> None:
    site.write(people.disable, site.brand_person.user_id, site.clock.now())


def _end_grant(site: Site, _tool: Tool) -> None:
    site.write(accounts.end_brand_grant, site.brand_person.user_id, site.pair)


ENDS = [(_revoke, 401), (_end, 401), (_deactivate, 403), (_disable, 403), (_end_grant, 403)]


@pytest.mark.parametrize(("end", "status"), ENDS, ids=[end.__name__ for end, _ in ENDS])
def test_a_tool_ends_with_its_key_and_pauses_without_its_people(
    client: TestClient, site: Site, end: Callable[[Site, Tool], None], status: int
) -> None:
    names, tool = on_sale(site, 1), a_tool(site)
    assert client.get("/api/v1/reason-codes", auth=tool).status_code == 200
    end(site, tool)
    assert client.post(PATH, json=body(site, names), headers=named("late"), auth=tool).status_code == status
    assert action_states(site) == {}


@pytest.mark.parametrize(
    ("age", "status", "expected"),
    [(timedelta(hours=23), 403, "can be used from"), (timedelta(days=181), 401, "has expired")],
    ids=["of 23 hours", "of 181 days"],
)
def test_a_key_is_refused(client: TestClient, site: Site, age: timedelta, status: int, expected: str) -> None:
    answer = client.get("/api/v1/reason-codes", auth=a_tool(site, age=age))
    assert (answer.status_code, expected in answer.json()["error"]["sentence"]) == (status, True)


def test_the_certification_of_the_person_who_answers_for_it_holds(client: TestClient, site: Site) -> None:
    names, tool = on_sale(site, 1), a_tool(site)
    site.execute(certification_attempt.delete())
    assert client.post(PATH, json=body(site, names), headers=named("first"), auth=tool).status_code == 403
    assert action_states(site) == {}


def test_the_limits_of_one_secret_hold_below_the_standing_for_signed_reports(client: TestClient, site: Site) -> None:
    names, tool = on_sale(site, 20), a_tool(site)
    assert (
        client.post(PATH, json=body(site, names), headers=named("first"), auth=tool).json()["counts"]["scheduled"] == 20
    )
    more = on_sale(site, 3, start=20)
    second = client.post(PATH, json=body(site, more), headers=named("second"), auth=tool).json()
    assert second["state"] == "awaits_release"
    assert "twice the usual number" in second["waits_for"][0]


def test_a_tool_knows_neither_another_marketplace_nor_another_brand(client: TestClient, site: Site) -> None:
    names, tool = on_sale(site, 1), a_tool(site)
    other = a_tool(site, "Rival", lead=a_rival(site), brand="Nordfjell")
    place = second_marketplace(site)
    with_brand_grant_at(site, site.brand_person, place, leads=True)
    there = client.post(PATH, json=body(site, names, marketplace_id=place), headers=named("there"), auth=tool)
    assert there.status_code == 404
    own = client.post(PATH, json=body(site, names), headers=named("own"), auth=tool).json()
    assert client.get(f"{PATH}/{own['report_id']}", auth=other).status_code == 404
    assert client.post(PATH, json=body(site, names), headers=named("mine"), auth=other).status_code == 404


def test_a_tool_that_sends_too_fast_waits_before_anything_is_done(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, tool = on_sale(site, 1), a_tool(site)
    monkeypatch.setattr(_REPORTS, "_most", 3)
    for number in range(3):
        response = client.post(PATH, json=body(site, ["XX-1"], dry_run=True), headers=named(f"key {number}"), auth=tool)
        assert response.status_code == 200, "a request with a key counts once"
    answer = client.post(PATH, json=body(site, names), headers=named("too fast"), auth=tool)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["retry-after"]) <= 61
    assert action_states(site) == {}
    assert client.get("/api/v1/reason-codes", auth=a_tool(site, "Other")).status_code == 200


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
