"""The reference marketplace passes the conformance test; a receiver with one fault fails the check for that fault."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from serving.api.contract.document import WEBHOOKS
from serving.platform.home import Home
from serving.sellers.rules.sanction import SellerAct
from serving.sellers.store.seller_actions import StoredSellerAction
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.client import new_secret
from serving.webhooks.conformance import CHECKS, Mark, Receiver, has_passed, run_checks
from serving.webhooks.payloads import PAYLOADS, EndpointTest
from serving.webhooks.rules.action import ActionKind, RequestKind
from serving.webhooks.service.letters import message_of
from serving.webhooks.store.listing_requests import StoredListingRequest
from tests.serving.commands.commands import touchstone_in
from tests.serving.test_reference_marketplace import free_port, running_marketplace

__all__ = ["free_port"]
SECRET = new_secret()
KNOWN = {"action", "action_id", "listing_external_id", "sequence", "statement"}
EFFECTS = {check.name for check in CHECKS if check.looks_at_effects}


class Shop:
    """A correct receiver except for one configured fault."""

    def __init__(self, flaw: str) -> None:
        self.flaw = flaw
        self.lock = threading.Lock()
        self.ids: set[str] = set()
        self.highest: dict[str, int] = {}
        self.last: dict[str, str] = {}

    def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status of one message."""
        status = self._judged(headers, body)
        return 500 if status >= 400 and self.flaw == "answers 500 to what it refuses" else status

    def _judged(self, headers: Mapping[str, str], body: bytes) -> int:
        if not self._verified(headers, body):
            return 401
        try:
            message = json.loads(body)
        except ValueError:
            return 400
        if message["type"].startswith("seller."):
            return self._told_of_seller(message["data"])
        if message["type"] == "listing.requested":
            return self._asked_for(message["data"])
        if message["type"] not in {"listing.remove", "listing.reinstate"}:
            return 422 if self.flaw == "refuses types of later releases" else 204
        payload = message["data"]
        if self.flaw == "refuses fields of later releases" and (set(payload) - KNOWN or "another" in message):
            return 422
        return self._applied(headers.get("webhook-id", ""), payload)

    def _told_of_seller(self, payload: Mapping[str, Any]) -> int:
        if self.flaw == "counts sellers and listings together":
            self.highest[payload["seller_external_id"]] = payload["sequence"]
        return 422 if self.flaw == "does nothing about accounts" else 204

    def _asked_for(self, payload: Mapping[str, Any]) -> int:
        if self.flaw == "counts requests and actions together":
            self.highest[payload["listing"]] = payload["sequence"]
        return 422 if self.flaw == "refuses requests" else 204

    def _applied(self, webhook_id: str, payload: Mapping[str, Any]) -> int:
        listing, sequence = payload["listing_external_id"], payload["sequence"]
        with self.lock:
            repeated, before = webhook_id in self.ids, self.highest.get(listing, 0)
            if repeated and self.flaw == "refuses what comes again":
                return 409
            if repeated and self.flaw != "applies in the order of arrival":
                return 204
            late = sequence <= before
            if late and self.flaw == "refuses what comes late":
                return 409
            if before and sequence > before + 1 and self.flaw == "waits for what is missing":
                return 425
            self.ids.add(webhook_id)
            if late and self.flaw not in {"applies in the order of arrival", "knows ids but no order"}:
                return 204
            self.highest[listing] = max(sequence, before)
            if self.flaw != "acknowledges and does nothing":
                self.last[listing] = payload["action"]
        return 204

    def _verified(self, headers: Mapping[str, str], body: bytes) -> bool:
        if self.flaw == "verifies nothing":
            return True
        checked_headers = dict(headers)
        if self.flaw == "reads one signature":
            checked_headers["webhook-signature"] = checked_headers.get("webhook-signature", "").split(" ")[0]
        if self.flaw == "does not look at the time" and "webhook-signature" in checked_headers:
            at = datetime.fromtimestamp(int(checked_headers["webhook-timestamp"]), UTC)
            right = Webhook(SECRET).sign(checked_headers["webhook-id"], at, body.decode())
            return right in checked_headers["webhook-signature"].split(" ")
        try:
            Webhook(SECRET).verify(body, checked_headers)
        except WebhookVerificationError:
            return False
        except json.JSONDecodeError:
            return True  # Validly signed; the body is found not to be JSON later.
        return True


@contextmanager
def a_shop(flaw: str) -> Iterator[Receiver]:
    shop = Shop(flaw)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the base class calls it so
            body = self.rfile.read(int(self.headers["content-length"]))
            self._answer(shop.receive({name.lower(): header for name, header in self.headers.items()}, body))

        def do_GET(self) -> None:  # the base class calls it so
            shown = shop.last.get(unquote(self.path.rpartition("/")[2])) != "remove"
            self._answer(200, b'{"shown":%s}' % (b"true" if shown else b"false"))

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield Receiver(f"{base}/hooks", SECRET, True, 10.0, base + "/offers/{listing}")
    finally:
        server.shutdown()
        server.server_close()


REFUSALS = {"other_secret", "unsigned", "altered", "old", "future", "unreadable"}


@pytest.mark.parametrize(
    ("flaw", "failing"),
    [
        ("none", set()),
        ("verifies nothing", REFUSALS - {"unreadable"} | {"nothing_forged"}),
        ("does not look at the time", {"old", "future"}),
        ("reads one signature", {"rotation"}),
        ("refuses fields of later releases", {"unknown_fields"}),
        ("refuses types of later releases", {"unknown_type"}),
        ("refuses what comes again", {"again"}),
        ("refuses what comes late", {"late"}),
        ("waits for what is missing", {"gap", "applied_after_a_gap"}),
        ("answers 500 to what it refuses", REFUSALS),
        ("knows ids but no order", {"applied_in_order"}),
        ("applies in the order of arrival", {"applied_once", "applied_in_order"}),
        ("acknowledges and does nothing", {"applied", "applied_after_a_gap", "accounts_apart", "requests_apart"}),
        ("does nothing about accounts", {"accounts"}),
        ("counts sellers and listings together", {"accounts_apart"}),
        ("refuses requests", {"requests"}),
        ("counts requests and actions together", {"requests_apart"}),
    ],
)
def test_what_a_receiver_does_wrong_is_found_and_nothing_else(flaw: str, failing: set[str]) -> None:
    with a_shop(flaw) as receiver:
        results = run_checks(receiver)
    assert {outcome.name: outcome.seen for outcome in results if outcome.mark is Mark.FAILED}.keys() == failing
    assert has_passed(results) is (not failing)


def test_a_receiver_that_is_not_there_fails_every_check() -> None:
    results = run_checks(Receiver("http://127.0.0.1:9/hooks", SECRET, True, 1.0, "http://127.0.0.1:9/{listing}"))
    assert {outcome.mark for outcome in results} == {Mark.FAILED}


def test_what_cannot_be_looked_at_is_not_judged() -> None:
    with a_shop("acknowledges and does nothing") as receiver:
        results = run_checks(Receiver(receiver.url, receiver.secret, True, 10.0))
    assert {outcome.name for outcome in results if outcome.mark is Mark.NOT_JUDGED} == EFFECTS
    assert has_passed(results)


def test_every_check_is_failed_by_some_receiver() -> None:
    """Every check can fail."""
    (table,) = (mark for mark in _marks() if mark.name == "parametrize")
    failed_checks: set[str] = set().union(*(failing for _, failing in table.args[1]))
    assert failed_checks | {"signature"} == {check.name for check in CHECKS}


def _marks() -> list[pytest.Mark]:
    marks: list[pytest.Mark] = test_what_a_receiver_does_wrong_is_found_and_nothing_else.pytestmark  # type: ignore[attr-defined]
    return marks


@pytest.fixture
def read_results(tmp_path: Path) -> Callable[[], dict[str, Any]]:
    def read() -> dict[str, Any]:
        document: dict[str, Any] = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
        return document

    return read


def conformance(tmp_path: Path, receiver: Receiver) -> Any:
    return touchstone_in(
        tmp_path / "home",
        *("webhook", "conformance", receiver.url, "--secret", receiver.secret, "--allow-loopback"),
        *("--status-url", receiver.status_url or "", "--json", str(tmp_path / "results.json")),
    )


def test_the_reference_marketplace_passes_every_check(
    tmp_path: Path, free_port: int, read_results: Callable[[], dict[str, Any]]
) -> None:
    with running_marketplace(Home.at(tmp_path / "marketplace"), free_port) as marketplace:
        status = marketplace.url.replace("/webhooks", "/listings/{listing}")
        done = conformance(tmp_path, Receiver(marketplace.url, marketplace.secret, True, 10.0, status))
    assert (done.code, done.out.splitlines()[-1]) == (0, f"{len(CHECKS)} passed, 0 failed, 0 not judged.")
    assert [(check["name"], check["mark"]) for check in read_results()["checks"]] == [
        (check.name, "passed") for check in CHECKS
    ]


def test_a_receiver_that_fails_ends_the_command_with_one_and_is_told_what_was_seen(
    tmp_path: Path, read_results: Callable[[], dict[str, Any]]
) -> None:
    with a_shop("knows ids but no order") as receiver:
        done = conformance(tmp_path, receiver)
    assert done.code == 1
    assert f"{len(CHECKS) - 1} passed, 1 failed, 0 not judged." in done.out
    assert "after a reinstatement and the late removal before it: the listing is not shown." in done.out
    assert not read_results()["passed"]


# The bytes of every event, as literals: a receiver that was written against them keeps working.

AT = datetime(2026, 3, 2, 8, 5, 0, 250, tzinfo=UTC)
LINK = "https://t.example/seller/x"
LETTER = {
    "action_id": "act_1",
    "created_at": AT,
    "external_id": "MP-9",
    "location": "https://m.example/奥?a=1",
    "seller_external_id": "s-7",
    "sequence": 7,
    "statement": {"decision": "Entfernt: „奥“", "territory": None, "ground": "a\nb", "of_an_earlier_release": "x"},
    "waits_until": AT + timedelta(days=30),
}
TOLD = (
    '"sequence":7,"statement":{"decision":"Entfernt: „奥“","ground":"a\\nb","of_an_earlier_release":"x",'
    '"territory":null}'
)
UNTIL = '"waits_until":"2026-04-01T08:05:00.000250+00:00"'
REQUEST = f'"action_id":"act_1","listing":"https://m.example/奥?a=1","sequence":7,{UNTIL}'


@pytest.mark.parametrize(
    ("stored", "kind", "link", "event", "fields"),
    [
        *(
            (StoredAction, kind, None, "listing", f'"action_id":"act_1","listing_external_id":"MP-9",{TOLD}')
            for kind in ActionKind
        ),
        (
            StoredAction,
            ActionKind.REMOVE,
            LINK,
            "listing",
            f'"action_id":"act_1","listing_external_id":"MP-9","seller_link":"{LINK}",{TOLD}',
        ),
        *(
            (StoredSellerAction, act, None, "seller", f'"action_id":"act_1","seller_external_id":"s-7",{TOLD}')
            for act in SellerAct
        ),
        (StoredListingRequest, RequestKind.REQUESTED, None, "listing", REQUEST),
    ],
)
def test_the_bytes_of_every_event_stay(stored: type[Any], kind: str, link: str | None, event: str, fields: str) -> None:
    letter = stored(**{name: {**LETTER, "kind": kind}.get(name) for name in stored.__dataclass_fields__})
    message = message_of(letter, link)
    expected = f'{{"data":{{"action":"{kind}",{fields}}},"timestamp":"{AT.isoformat()}","type":"{event}.{kind}"}}'
    assert (message.message_id, message.body.decode()) == ("act_1", expected)


def test_the_bytes_of_a_test_of_an_endpoint_stay() -> None:
    expected = f'{{"data":{{"action":"test"}},"timestamp":"{AT.isoformat()}","type":"endpoint.test"}}'
    assert EndpointTest(action="test").message("end_1.080500", AT).body.decode() == expected


def test_the_contract_has_every_event() -> None:
    kinds = (*(f"listing.{kind}" for kind in ActionKind), *(f"seller.{act}" for act in SellerAct))
    others = {"listing.requested", "report.completed", "endpoint.test"}
    assert {route.path for route in WEBHOOKS} == PAYLOADS.keys() == {*kinds, *others}
