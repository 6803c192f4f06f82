"""Conformance test of a marketplace's receiver: each check sends messages and judges the answers.

The checks read the shown state from the marketplace's status address, if it gives one. No other check reveals a
receiver that answers correctly but applies messages in the wrong order.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from serving.platform.outbound.line import Failure
from serving.sellers.rules.sanction import SellerAct
from serving.webhooks.client import Delivery, Message, ask_if_shown, new_secret, post, signature_headers
from serving.webhooks.payloads import LISTING_PAYLOADS, SELLER_PAYLOADS, ListingRequest, Payload, StatementOfReasons
from serving.webhooks.rules.action import ActionKind, RequestKind

_STALE: Final = timedelta(minutes=10)  # Standard Webhooks 1.0: five minutes are tolerated.


class Mark(StrEnum):
    """The result of a check; `not_judged` where the effects at the receiver cannot be observed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True)
class Receiver:
    """The receiver under test; `status_url` contains {listing} in place of a listing's id."""

    url: str
    secret: str
    allow_loopback: bool
    timeout_seconds: float
    status_url: str | None = None

    def post(self, body: bytes, headers: dict[str, str]) -> Delivery | Failure:
        return post(
            body, headers, url=self.url, allow_loopback=self.allow_loopback, timeout_seconds=self.timeout_seconds
        )


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """One check: its name and requirement, its result, and the observed answer."""

    name: str
    asks: str
    mark: Mark
    seen: str


@dataclass(frozen=True, slots=True)
class Check:
    """A name, the requirement for a receiver, and a test that returns a sentence about the failure, or None."""

    name: str
    asks: str
    run: Callable[["Trial"], str | None]
    looks_at_effects: bool = False


class Trial:
    """The messages of one run. Each run makes its own listings, so no check affects another check or a later run."""

    def __init__(self, receiver: Receiver, now: Callable[[], datetime]) -> None:
        self.receiver = receiver
        self.now = now
        self._run = secrets.token_hex(6)
        self._listings = 0

    def listing(self) -> str:
        """The id of a listing that the receiver does not know."""
        self._listings += 1
        return f"conformance-{self._run}-{self._listings}"

    def message(self, listing: str, sequence: int, kind: ActionKind = ActionKind.REMOVE) -> Message:
        """A message about a listing in the form that the service sends."""
        statement = StatementOfReasons(decision="A conformance test; it concerns none of your listings.")
        payload = partial(LISTING_PAYLOADS[kind], action=kind, listing_external_id=listing, statement=statement)
        return self._message(payload, "act", sequence)

    def about_seller(self, seller: str, sequence: int, act: SellerAct) -> Message:
        """A message about an account in the form that the service sends."""
        statement = StatementOfReasons(decision="A conformance test; it concerns none of your sellers.")
        payload = partial(SELLER_PAYLOADS[act], action=act, seller_external_id=seller, statement=statement)
        return self._message(payload, "sac", sequence)

    def request(self, listing: str, sequence: int) -> Message:
        """A request for a listing in the form that the service sends."""
        until = self.now() + timedelta(days=30)
        payload = partial(ListingRequest, action=RequestKind.REQUESTED, listing=listing, waits_until=until)
        return self._message(payload, "lrq", sequence)

    def _message(self, payload: Callable[..., Payload], prefix: str, sequence: int) -> Message:
        action_id = f"{prefix}_conformance{secrets.token_hex(8)}"
        return payload(action_id=action_id, sequence=sequence).message(action_id, self.now())

    def send(self, message: Message, *, age: timedelta = timedelta(0)) -> Delivery | Failure:
        """Deliver a message whose signature is `age` old."""
        return self.receiver.post(message.body, signature_headers(message, [self.receiver.secret], self.now() - age))

    def shows(self, listing: str) -> bool | Failure:
        tested = self.receiver
        url, seconds = tested.status_url or "", tested.timeout_seconds
        return ask_if_shown(listing, url=url, allow_loopback=tested.allow_loopback, timeout_seconds=seconds)


def run_checks(receiver: Receiver, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> list[CheckOutcome]:
    """Run every check, in order; a failure does not stop the others."""
    trial = Trial(receiver, now)
    return [_try_check(check, trial) for check in CHECKS]


def has_passed(results: Sequence[CheckOutcome]) -> bool:
    """Whether no check failed; a check that could not be judged has not failed."""
    return all(check_result.mark is not Mark.FAILED for check_result in results)


def _try_check(check: Check, trial: Trial) -> CheckOutcome:
    if check.looks_at_effects and trial.receiver.status_url is None:
        return CheckOutcome(check.name, check.asks, Mark.NOT_JUDGED, "Give the status address with --status-url.")
    wrong = check.run(trial)
    return CheckOutcome(check.name, check.asks, Mark.FAILED if wrong else Mark.PASSED, wrong or "As asked.")


def _not_acknowledged(answer: Delivery | Failure, what: str) -> str | None:
    return None if isinstance(answer, Delivery) else f"{what}: {answer.sentence}"


def _not_refused(answer: Delivery | Failure, what: str) -> str | None:
    """None for a refusal, which is 4xx. The service would retry after a 5xx or no answer, for a week."""
    if isinstance(answer, Delivery):
        return f"{what}: it was acknowledged with {answer.status}."
    if answer.status is None or not 400 <= answer.status < 500:
        return f"{what}: {answer.sentence}"
    return None


def _first_failure(*failures: str | None) -> str | None:
    return next((failure for failure in failures if failure), None)


def _check_signature(trial: Trial) -> str | None:
    return _not_acknowledged(trial.send(trial.message(trial.listing(), 1)), "a message with a valid signature")


def _check_other_secret(trial: Trial) -> str | None:
    message = trial.message(trial.listing(), 1)
    return _not_refused(
        trial.receiver.post(message.body, signature_headers(message, [new_secret()], trial.now())),
        "a message signed by another",
    )


def _check_unsigned(trial: Trial) -> str | None:
    return _not_refused(
        trial.receiver.post(trial.message(trial.listing(), 1).body, {}), "a message without a signature"
    )


def _check_altered(trial: Trial) -> str | None:
    message = trial.message(trial.listing(), 1)
    headers = signature_headers(message, [trial.receiver.secret], trial.now())
    other = message.body.replace(b'"sequence":1', b'"sequence":2')
    return _first_failure(
        _not_refused(trial.receiver.post(other, headers), "a message whose body was altered"),
        _not_refused(
            trial.receiver.post(message.body, {**headers, "webhook-id": "act_another"}), "a message under another id"
        ),
    )


def _check_old(trial: Trial) -> str | None:
    return _not_refused(trial.send(trial.message(trial.listing(), 1), age=_STALE), "a message signed ten minutes ago")


def _check_future(trial: Trial) -> str | None:
    return _not_refused(
        trial.send(trial.message(trial.listing(), 1), age=-_STALE), "a message signed ten minutes from now"
    )


def _check_rotation(trial: Trial) -> str | None:
    message = trial.message(trial.listing(), 1)
    headers = signature_headers(message, [new_secret(), trial.receiver.secret], trial.now())
    return _not_acknowledged(
        trial.receiver.post(message.body, headers), "a message with two signatures, only the second valid"
    )


def _check_unreadable(trial: Trial) -> str | None:
    message = Message("act_conformance_unreadable", b'{"type": "listing.remove", "data":')
    return _not_refused(trial.send(message), "a body that is not JSON")


def _check_unknown_fields(trial: Trial) -> str | None:
    message = trial.message(trial.listing(), 1)
    body = json.loads(message.body) | {"another": None}
    body["data"]["note_of_a_later_release"] = {"a": [1]}
    return _not_acknowledged(
        trial.send(Message(message.message_id, json.dumps(body).encode())), "a message with unknown fields"
    )


def _check_unknown_type(trial: Trial) -> str | None:
    body = json.dumps({"type": "listing.something_of_a_later_release", "data": {}}).encode()
    return _not_acknowledged(
        trial.send(Message(f"act_conformance{secrets.token_hex(8)}", body)), "a message of an unknown type"
    )


def _check_repetition(trial: Trial) -> str | None:
    message = trial.message(trial.listing(), 1)
    return _first_failure(
        _not_acknowledged(trial.send(message), "a message"),
        _not_acknowledged(trial.send(message), "the same message again"),
        _not_acknowledged(trial.send(message, age=timedelta(minutes=1)), "the same message, signed at another moment"),
    )


def _check_late(trial: Trial) -> str | None:
    listing = trial.listing()
    return _first_failure(
        _not_acknowledged(trial.send(trial.message(listing, 2, ActionKind.REINSTATE)), "a later message sent first"),
        _not_acknowledged(trial.send(trial.message(listing, 1)), "an earlier message that comes late"),
    )


def _check_gap(trial: Trial) -> str | None:
    listing = trial.listing()
    return _first_failure(
        _not_acknowledged(trial.send(trial.message(listing, 1)), "a removal"),
        _not_acknowledged(trial.send(trial.message(listing, 7, ActionKind.REINSTATE)), "a message after a gap"),
    )


def _check_accounts(trial: Trial) -> str | None:
    seller = trial.listing()
    return _first_failure(
        *(
            _not_acknowledged(trial.send(trial.about_seller(seller, number, act)), f"a message to {act.value} a seller")
            for number, act in enumerate(SellerAct, start=1)
        )
    )


def _check_accounts_apart(trial: Trial) -> str | None:
    name = trial.listing()
    trial.send(trial.about_seller(name, 9, SellerAct.RESTORE))
    trial.send(trial.message(name, 1))
    when = "after sequence 9 about a seller, and then the removal with sequence 1 of a listing of the same id"
    return _check_shown(trial, name, should_show=False, when=when)


def _check_requests(trial: Trial) -> str | None:
    listing = trial.listing()
    address = f"https://conformance.example/item/{listing}"
    return _first_failure(
        _not_acknowledged(trial.send(trial.request(listing, 1)), "a request for a listing by its id"),
        _not_acknowledged(trial.send(trial.request(address, 1)), "a request for a listing by its address"),
    )


def _check_requests_apart(trial: Trial) -> str | None:
    name = trial.listing()
    trial.send(trial.request(name, 9))
    trial.send(trial.message(name, 1))
    return _check_shown(
        trial, name, should_show=False, when="after a request with sequence 9, and then the removal with 1"
    )


def _check_applied(trial: Trial) -> str | None:
    listing = trial.listing()
    trial.send(trial.message(listing, 1))
    removed = _check_shown(trial, listing, should_show=False, when="after a removal")
    trial.send(trial.message(listing, 2, ActionKind.REINSTATE))
    return _first_failure(removed, _check_shown(trial, listing, should_show=True, when="after its reinstatement"))


def _check_applied_once(trial: Trial) -> str | None:
    listing = trial.listing()
    removal = trial.message(listing, 1)
    trial.send(removal)
    trial.send(trial.message(listing, 2, ActionKind.REINSTATE))
    trial.send(removal)
    return _check_shown(
        trial, listing, should_show=True, when="after a removal, its reinstatement, and the removal again"
    )


def _check_applied_in_order(trial: Trial) -> str | None:
    listing = trial.listing()
    trial.send(trial.message(listing, 2, ActionKind.REINSTATE))
    trial.send(trial.message(listing, 1))
    return _check_shown(trial, listing, should_show=True, when="after a reinstatement and the late removal before it")


def _check_applied_after_gap(trial: Trial) -> str | None:
    listing = trial.listing()
    trial.send(trial.message(listing, 1, ActionKind.REINSTATE))
    trial.send(trial.message(listing, 5))
    return _check_shown(trial, listing, should_show=False, when="after sequence 1 and then 5")


def _check_nothing_forged(trial: Trial) -> str | None:
    listing = trial.listing()
    trial.send(trial.message(listing, 1, ActionKind.REINSTATE))
    forged = trial.message(listing, 2)
    trial.receiver.post(forged.body, signature_headers(forged, [new_secret()], trial.now()))
    return _check_shown(trial, listing, should_show=True, when="after a removal signed with another secret")


def _check_shown(trial: Trial, listing: str, *, should_show: bool, when: str) -> str | None:
    shown = trial.shows(listing)
    if isinstance(shown, Failure):
        return f"the status address: {shown.sentence}"
    return None if shown is should_show else f"{when}: the listing is {'shown' if shown else 'not shown'}."


CHECKS: Final = (
    Check("signature", "acknowledge a validly signed message by 2xx in time", _check_signature),
    Check("other_secret", "refuse by 4xx a message signed with another secret", _check_other_secret),
    Check("unsigned", "refuse by 4xx an unsigned message", _check_unsigned),
    Check("altered", "refuse by 4xx a body or an id that was not signed", _check_altered),
    Check("old", "refuse by 4xx a message signed more than five minutes ago", _check_old),
    Check("future", "refuse by 4xx a message signed over five minutes in the future", _check_future),
    Check("rotation", "accept a message if any of its signatures is valid", _check_rotation),
    Check("unreadable", "refuse by 4xx a signed body that is not JSON", _check_unreadable),
    Check("unknown_fields", "acknowledge messages with unknown fields", _check_unknown_fields),
    Check("unknown_type", "acknowledge and ignore unknown types", _check_unknown_type),
    Check("again", "acknowledge the same message again, also with a new signature", _check_repetition),
    Check("late", "acknowledge an earlier sequence that comes after a later one", _check_late),
    Check("gap", "acknowledge a sequence after a gap", _check_gap),
    Check("accounts", "acknowledge messages about a seller", _check_accounts),
    Check("requests", "acknowledge requests for listings", _check_requests),
    Check("applied", "remove and reinstate listings as instructed", _check_applied, looks_at_effects=True),
    Check("applied_once", "apply no message a second time", _check_applied_once, looks_at_effects=True),
    Check("applied_in_order", "apply no message older than the last", _check_applied_in_order, looks_at_effects=True),
    Check("applied_after_a_gap", "not wait for a missing sequence", _check_applied_after_gap, looks_at_effects=True),
    Check("accounts_apart", "count sellers and listings apart", _check_accounts_apart, looks_at_effects=True),
    Check("requests_apart", "count requests and actions apart", _check_requests_apart, looks_at_effects=True),
    Check("nothing_forged", "apply no refused message", _check_nothing_forged, looks_at_effects=True),
)
