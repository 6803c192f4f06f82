import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final

import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy import Connection, update
from starlette.types import ASGIApp, Message

from features.listing import check
from models.case import CaseLane
from models.routing import Lane
from models.seller_lists import SellerList, SellerListEntry
from models.verdict import Judgement
from serving.accounts.rules.access import Scope
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewEnrolment
from serving.api import score
from serving.brands.store import authorised_sellers
from serving.brands.tables import brand_enrolment
from serving.listings.service.intake import receive_rows
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches, marketplaces
from serving.marketplaces.store.kill_switches import KillSwitchOff
from serving.platform.database.faults import StorageFault
from serving.platform.database.store import Store
from serving.scoring.store import breakers
from serving.sellers.store import seller_lists
from tests.fixtures.clients import a_client, key_headers
from tests.fixtures.clocks import NOW
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import EVIDENCE, Site, a_case, a_row, a_suspect_row, judge
from tests.serving.web.reports import admit_model

PATH: Final = "/api/v1/score"


def test_the_answer_has_evidence_and_parts_that_add_up_to_the_value(client: TestClient, site: Site) -> None:
    answer = client.post(PATH, json=a_suspect_row(), headers=key_headers(site)).json()
    assert [finding["code"] for finding in answer["evidence"]][:2] == ["text_replica_grade", "brand_disguised"]
    assert answer["evidence"][0]["sentence"] == "Replica-grade wording: “1:1 mirror”, “mirror quality”, “1:1”."
    assert sum(reason["weight"] for reason in answer["reasons"]) == answer["value"]


def test_a_long_answer_is_compressed_for_a_client_that_reads_it(client: TestClient, site: Site) -> None:
    headers = {**key_headers(site), "accept-encoding": "gzip"}
    answers = {
        encoding: client.post(PATH, json=a_suspect_row(), headers={**headers, "accept-encoding": encoding})
        for encoding in ("gzip", "identity")
    }
    assert {encoding: answer.headers.get("content-encoding") for encoding, answer in answers.items()} == {
        "gzip": "gzip",
        "identity": None,
    }
    assert {answer.headers["vary"].lower() for answer in answers.values()} == {"accept-encoding"}
    assert answers["gzip"].json() == answers["identity"].json()
    assert "content-encoding" not in client.post(PATH, json=a_row(), headers=headers).headers


Request = tuple[bytes, dict[str, str]]
Answer = tuple[int, Any]


def send_together(app: ASGIApp, requests: Sequence[Request], read: list[bytes] | None = None) -> list[Answer]:
    """The status and JSON of the answers to requests that come in at the same moment; `read` gets what is read."""

    async def score_one(body: bytes, headers: dict[str, str]) -> Answer:
        sent_headers = {"content-type": "application/json", "content-length": str(len(body)), **headers}
        scope = {
            "type": "http",
            "method": "POST",
            "path": PATH,
            "query_string": b"",
            "headers": [(name.encode(), text.encode()) for name, text in sent_headers.items()],
        }
        sent: list[Message] = []
        body_read = iter([{"type": "http.request", "body": body}])

        async def receive_body() -> Message:
            if read is not None:
                read.append(body)
            return next(body_read)

        async def send(message: Message) -> None:
            sent.append(message)

        with suppress(RuntimeError):  # It is answered, and then raised for the server's log.
            await app(scope, receive_body, send)
        return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent))

    async def every() -> list[Answer]:
        return await asyncio.gather(*(score_one(*request) for request in requests))

    return asyncio.run(every())


def requests_of(site: Site, *rows: dict[str, Any]) -> list[Request]:
    return [(json.dumps(row).encode(), key_headers(site)) for row in rows]


def lanes(answers: Sequence[Answer]) -> list[str]:
    return [answer["route"] for _, answer in answers]


@contextmanager
def another_process(site: Site) -> Iterator[Connection]:
    """A transaction of a process that shares nothing with the site's but the database."""
    store = Store(site.runtime.store.url)
    try:
        with store.write() as connection:
            yield connection
    finally:
        store.close()


VARIED: Final = [
    a_row(external_id="new-1"),
    a_suspect_row(external_id="new-2"),
    a_suspect_row(external_id="MP-1"),
    a_row(external_id="new-3", seller=None),
    a_row(external_id="new-4", seller={"external_id": "maison-brandt"}),
    a_row(external_id="new-5", seller={"external_id": "shop-of-many", "age_days": 20}, price="9.00"),
    a_row(external_id="new-6", title="Aurelle tote, red", description=None),
]


def test_requests_that_come_together_get_the_answers_that_they_get_alone(any_site: Site) -> None:
    promote(any_site, admit_model(any_site, ask_brand_from=0.2))
    many = {"external_id": "shop-of-many", "age_days": 20}
    rows = [a_row(external_id=f"MP-{n}", price=f"{20 + n}.00", seller=many) for n in range(2, 6)]
    receive_rows(any_site.runtime, any_site.marketplace, [a_suspect_row(external_id="MP-1"), *rows], source="test")
    any_site.clock.forward(days=1)
    app, requests = a_client(any_site.runtime).app, requests_of(any_site, *VARIED)
    alone = [answer for request in requests for answer in send_together(app, [request])]
    assert {status for status, _ in alone} == {200}
    assert len({json.dumps(answer) for _, answer in alone}) == len(VARIED)
    assert send_together(app, requests) == alone
    assert send_together(app, [*requests[::-1], *requests]) == [*alone[::-1], *alone]


def test_requests_that_come_together_share_a_transaction(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    app, reads = a_client(site.runtime).app, []
    original = Store.read

    def noted(store: Store, *, admission: bool = False) -> Any:
        reads.append(store)
        return original(store, admission=admission)

    monkeypatch.setattr(Store, "read", noted)
    assert {status for status, _ in send_together(app, requests_of(site, *VARIED))} == {200}
    assert len(reads) == 1


def test_a_refusal_is_that_of_its_request_alone(site: Site) -> None:
    other = provisioning.add_key(site.runtime, name="t", scopes=(Scope.INTAKE,), marketplace=None, by="test")
    (good,) = requests_of(site, a_row())
    requests: list[tuple[Request, int]] = [
        (good, 200),
        ((b"{", key_headers(site)), 422),
        ((json.dumps(a_row(price="none")).encode(), key_headers(site)), 422),
        ((good[0], {}), 401),
        ((good[0], {"authorization": f"{key_headers(site)['authorization']}x"}), 401),
        ((good[0], {"authorization": f"Bearer {other}"}), 403),
        ((good[0], {**key_headers(site), "content-type": "text/plain"}), 415),
        ((b"{", {"content-type": "text/plain"}), 401),
        (good, 200),
    ]
    answers = send_together(a_client(site.runtime).app, [request for request, _ in requests])
    assert [status for status, _ in answers] == [status for _, status in requests]
    assert answers[0] == answers[-1]


def test_each_request_of_a_group_has_its_own_line_in_the_log(site: Site) -> None:
    other = provisioning.add_key(site.runtime, name="t", scopes=(Scope.SCORE,), marketplace=None, by="test")
    (good,) = requests_of(site, a_row())
    requests = [good, (good[0], {"authorization": f"Bearer {other}"}), (b"{", key_headers(site)), (good[0], {})]
    with structlog.testing.capture_logs() as lines:
        send_together(a_client(site.runtime).app, requests)
    log_rows = [(line["status"], line["caller"]) for line in lines if line["event"] == "request.answered"]
    ours, theirs = (f"key:{key.split('.')[1]}" for key in (site.key, other))
    assert len(log_rows) == len(requests)
    assert set(log_rows) == {(200, ours), (200, theirs), (422, ours), (401, None)}


def test_a_failure_is_that_of_its_request_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    original = check

    def failing(row: Any, **more: Any) -> Any:
        if row["title"] == "fails":
            raise RuntimeError
        return original(row, **more)

    monkeypatch.setattr(score, "check", failing)
    rows = [a_row(external_id="1"), a_row(title="fails"), a_row(external_id="2")]
    assert [status for status, _ in send_together(a_client(site.runtime).app, requests_of(site, *rows))] == [
        200,
        500,
        200,
    ]


def test_a_database_out_of_reach_is_tried_once_for_all(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    app, tries = a_client(site.runtime).app, []

    def unreachable(store: Store, **_: object) -> Any:
        tries.append(store)
        raise StorageFault

    monkeypatch.setattr(Store, "read", unreachable)
    answers = send_together(app, requests_of(site, a_row(external_id="1"), a_row(external_id="2")))
    assert [(status, answer["error"]["code"]) for status, answer in answers] == [(503, "storage_unavailable")] * 2
    assert len(tries) == 1


def test_each_of_two_that_come_together_may_ask_the_last_question(site: Site) -> None:
    """Nothing is stored, so neither uses it up."""
    promote(site, admit_model(site, ask_brand_from=0.001))
    enrolment = NewEnrolment("Aurelle", site.account_manager.email, True, daily_questions=1)
    provisioning.enrol(site.runtime, enrolment, by="test")
    app, requests = (
        a_client(site.runtime).app,
        requests_of(site, a_row(external_id="1", **EVIDENCE), a_row(external_id="2", **EVIDENCE)),
    )
    assert lanes(send_together(app, requests)) == [Lane.ASK_BRAND] * 2
    receive_rows(site.runtime, site.marketplace, [a_row(external_id="3", **EVIDENCE)], source="test")
    assert lanes(send_together(app, requests)) == [Lane.ANALYST] * 2


def switch_off_questions(connection: Connection, site: Site) -> None:
    off = KillSwitchOff(site.marketplace_id, AutomaticRule.MODEL_QUESTIONS, NOW, "test", "test")
    assert kill_switches.switch_off(connection, off)


def open_breaker(connection: Connection, site: Site) -> None:
    breakers.record_check(connection, site.marketplace_id, NOW)
    assert breakers.open_breaker(connection, site.marketplace_id, "too many", NOW)


def withdraw_brand(connection: Connection, site: Site) -> None:
    of_brand = brand_enrolment.c.brand_id == site.brand_id
    connection.execute(update(brand_enrolment).where(of_brand).values(takes_part=False))


def authorise_seller(connection: Connection, site: Site) -> None:
    authorised_sellers.authorise(
        connection, marketplace_id=site.marketplace_id, brand_id=site.brand_id, sellers=["shop-7"], at=NOW, by="test"
    )


def deny_seller(connection: Connection, site: Site) -> None:
    list_entry = SellerListEntry("shop-7", SellerList.DENY, "test", "test", NOW, NOW + timedelta(days=9))
    seller_lists.set_entry(connection, site.marketplace_id, "lse_1", list_entry)


CHANGES: Final[list[tuple[Callable[[Connection, Site], None], Lane]]] = [
    (switch_off_questions, Lane.ANALYST),
    (open_breaker, Lane.ANALYST),
    (withdraw_brand, Lane.ANALYST),
    (authorise_seller, Lane.NO_ACTION),
    (deny_seller, Lane.ANALYST),
]


@pytest.mark.parametrize(("change", "lane"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_the_next_answer_follows_what_another_process_changed(
    any_site: Site, change: Callable[[Connection, Site], None], lane: Lane
) -> None:
    promote(any_site, admit_model(any_site, ask_brand_from=0.001))
    app, requests = (
        a_client(any_site.runtime).app,
        requests_of(any_site, a_row(seller={"external_id": "shop-7"}, **EVIDENCE)),
    )
    assert lanes(send_together(app, requests)) == [Lane.ASK_BRAND]
    with another_process(any_site) as connection:
        change(connection, any_site)
    any_site.clock.forward(seconds=1)
    assert lanes(send_together(app, requests)) == [lane]


def test_a_key_that_another_process_revokes_is_refused_at_once(any_site: Site) -> None:
    app, requests = a_client(any_site.runtime).app, requests_of(any_site, a_row(**EVIDENCE), a_row(**EVIDENCE))
    assert [status for status, _ in send_together(app, requests)] == [200, 200]
    with another_process(any_site) as connection:
        key_id = any_site.key.split(".")[1]
        marketplaces.revoke_key(connection, [any_site.marketplace_id], key_id, NOW)
    assert [status for status, _ in send_together(app, requests)] == [401, 401]


def test_the_next_answer_knows_the_texts_and_verdicts_before_it(any_site: Site) -> None:
    """A copy of a text that was found counterfeit a moment ago, and the history of its seller."""
    app = a_client(any_site.runtime).app
    copy, of_seller = (
        a_suspect_row(external_id="copy", seller={"external_id": "copier"}),
        a_suspect_row(external_id="x"),
    )
    before = send_together(app, requests_of(any_site, copy, of_seller))
    judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    any_site.clock.forward(seconds=1)
    after = send_together(app, requests_of(any_site, copy, of_seller))
    assert all(later["value"] > earlier["value"] for (_, later), (_, earlier) in zip(after, before, strict=True))


def test_a_large_body_is_read_for_a_key_that_may_send_it_alone(site: Site) -> None:
    read: list[bytes] = []
    body = json.dumps(a_row()).encode() + b" " * 70_000
    assert send_together(a_client(site.runtime).app, [(body, {})], read)[0][0] == 401
    assert read == []
    assert send_together(a_client(site.runtime).app, [(body, key_headers(site))], read)[0][0] == 200
    assert read == [body]
