"""Takedown requests: a brand user confirms several hundred open questions under one right in one request."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from features.message import Message, as_json
from features.phrase import Phrase
from models.errors import DomainError, Forbidden, Invalid, NotFound
from models.policies.version import policy_version
from models.verdict import Judgement, ReasonCode, Side
from serving.accounts.rules.access import Permission, Person
from serving.audit.store import audit
from serving.brands.service import certification
from serving.brands.service.rights_claims import pair_of
from serving.cases.policy import TakedownPolicy
from serving.cases.rules.takedown_request import Fate, RequestItem, counts_by_fate, distinct_items, fate_of
from serving.cases.service.case_access import visible_case
from serving.cases.service.decision_context import Answer
from serving.cases.service.review import VerdictOutcome, record_in
from serving.cases.service.undoing import undo_in
from serving.cases.store import cases, takedown_requests
from serving.cases.store.takedown_requests import StoredItem, StoredRequest
from serving.platform.ids import has_form
from serving.platform.phrases import as_data
from serving.platform.runtime import Runtime
from serving.standing.service import CountedStanding, count_standing
from serving.standing.store import standings


@dataclass(frozen=True, slots=True)
class NewTakedownRequest:
    """The takedown request of a brand user.

    `good_faith` is their assurance that their statement on every listing is accurate and complete. `request_id` is the
    idempotency key; None creates one. `marketplace_id` may be None; a right belongs to one marketplace.
    """

    right_id: str
    reason_code: ReasonCode
    items: tuple[RequestItem, ...]
    good_faith: bool
    request_id: str | None = None
    marketplace_id: str | None = None


@dataclass(frozen=True, slots=True)
class TakedownResult:
    """A request with the result of each of its listings."""

    request: StoredRequest
    items: tuple[StoredItem, ...]

    @property
    def counts(self) -> dict[Fate, int]:
        """The number of listings by result, zeros included."""
        return counts_by_fate(listing.fate for listing in self.items)


@dataclass(frozen=True, slots=True)
class _ItemResult:
    """The verdict on one listing, or the reason for its refusal."""

    request_item: RequestItem
    fate: Fate
    reasons: tuple[Message, ...]
    verdict_id: str | None = None
    refusal: Phrase | None = None

    def row(self) -> dict[str, Any]:
        return {
            "case_id": self.request_item.case_id,
            "version_id": self.request_item.version_id,
            "verdict_id": self.verdict_id,
            "fate": self.fate.value,
            "reasons": [as_json(reason) for reason in self.reasons],
            "refusal": None if self.refusal is None else as_data(self.refusal),
        }


@dataclass(frozen=True, slots=True)
class _RequestContext:
    """One request in its transaction; `pair` is (marketplace, brand)."""

    runtime: Runtime
    connection: Connection
    person: Person
    request: NewTakedownRequest
    pair: tuple[str, str]
    counted: CountedStanding
    at: datetime


def confirm_all(runtime: Runtime, person: Person, takedown: NewTakedownRequest) -> TakedownResult:
    """Confirm every named listing by the rules of a single confirmation, in one transaction.

    A refused listing (its case was decided, the listing changed, the right does not cover it) gets no verdict and
    affects no other. The brand's standing at the moment of the request applies to every listing. The daily and hourly
    limits count the listings one by one. The excess is pending approval or goes to an analyst, as with single
    confirmations. A repeated id returns the first answer.

    Raises Invalid (the request names no listing or too many, the good-faith assurance is missing, or the id is
    malformed), NotFound (the right does not belong to a brand that the person represents), NotBriefed (the person has
    not passed the certification, or passed it too long ago) or Forbidden (the brand's lead invited the person too
    recently).
    """
    items = distinct_items(takedown.items, runtime.policies[TakedownPolicy])
    if not takedown.good_faith:
        raise Invalid(
            "Confirm in good faith that the information and allegations about every listing are accurate and complete."
        )
    if takedown.request_id is not None and not has_form(takedown.request_id, "tdn"):
        raise Invalid("The id of a request is `tdn_` and 26 letters and digits.")
    request_id, now = takedown.request_id or runtime.ids.new("tdn"), runtime.clock.now()
    with runtime.store.write() as connection:
        place, brand_id = pair_of(connection, person, takedown.right_id, takedown.marketplace_id)
        # Locked until the end, so that no other confirmation is counted between two listings.
        standings.lock(connection, place, brand_id)
        before = takedown_requests.find(connection, request_id)
        if before is not None:
            return _earlier_result(connection, person, before)
        certification.require_certification(runtime, connection, person, (place, brand_id), now)
        cases.lock(connection, place, [listing.case_id for listing in items])
        counted = count_standing(runtime, connection, (place, brand_id), now)
        click = _RequestContext(runtime, connection, person, takedown, (place, brand_id), counted, now)
        outcomes = [_confirm(click, listing) for listing in items]
        row = {
            "marketplace_id": place,
            "request_id": request_id,
            "brand_id": brand_id,
            "right_id": takedown.right_id,
            "user_id": person.user_id,
            "reason_code": takedown.reason_code.value,
            "policy_version": policy_version(runtime.policies[TakedownPolicy]),
            "known_at": now,
        }
        takedown_requests.add_request(connection, row, [outcome.row() for outcome in outcomes])
        counts = Counter(outcome.fate.value for outcome in outcomes)
        payload = {name: row[name] for name in ("brand_id", "right_id", "reason_code", "policy_version")}
        _record(connection, person, "takedown.requested", (place, request_id), {**payload, **counts}, now)
        return _result_of(connection, takedown_requests.get(connection, request_id, {(place, brand_id)}))


def withdraw(runtime: Runtime, person: Person, request_id: str) -> int:
    """Undo every confirmation of a user's own request that can still be undone; returns how many.

    Raises NotFound (the user's brands have no such request), Forbidden (somebody else made the request) or Conflict (no
    confirmation of it can be undone any longer).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        request = takedown_requests.get(connection, request_id, person.brands(Permission.ANSWER_QUESTIONS))
        if request.user_id != person.user_id:
            raise Forbidden("Somebody else made this request; only they can undo it.")
        standings.lock(connection, request.marketplace_id, request.brand_id)
        standing = [
            listing
            for listing in takedown_requests.items(connection, request)
            if listing.verdict_id and not listing.undone
        ]
        cases.lock(connection, request.marketplace_id, [listing.case_id for listing in standing])
        refusals = [_undo(runtime, connection, person, listing, now) for listing in standing]
        done = refusals.count(None)
        if not done:
            raise next(
                (refusal for refusal in refusals if refusal is not None),
                NotFound("Nothing in this request is left to undo."),
            )
        _record(connection, person, "takedown.undone", (request.marketplace_id, request_id), {"listings": done}, now)
    return done


def takedown_result(runtime: Runtime, person: Person, request_id: str) -> TakedownResult:
    """A request of one of the person's brands, as it stands now.

    Raises NotFound (the person's brands have no such request).
    """
    with runtime.store.read() as connection:
        return _result_of(
            connection, takedown_requests.get(connection, request_id, person.brands(Permission.ANSWER_QUESTIONS))
        )


def _earlier_result(connection: Connection, person: Person, before: StoredRequest) -> TakedownResult:
    if before.user_id != person.user_id:
        raise NotFound("There is no such takedown request.")
    return _result_of(connection, before)


def _confirm(click: _RequestContext, listing: RequestItem) -> _ItemResult:
    try:
        with click.connection.begin_nested():
            recorded = _record_item(click, listing)
    except DomainError as refused:
        return _ItemResult(listing, Fate.REFUSED, (), refusal=refused.phrase)
    fate = fate_of(recorded.action.state if recorded.action else None)
    return _ItemResult(listing, fate, recorded.consequence.reasons, recorded.verdict_id)


def _record_item(click: _RequestContext, listing: RequestItem) -> VerdictOutcome:
    case, side = visible_case(click.connection, click.person, listing.case_id)
    if (case.marketplace_id, case.brand_id) != click.pair:
        raise NotFound("There is no such case.")
    if side is not Side.BRAND:
        raise Forbidden("Only a brand's own people confirm under its right.")
    answer = Answer(
        listing.case_id,
        listing.version_id,
        Judgement.COUNTERFEIT,
        click.request.reason_code,
        right_id=click.request.right_id,
    )
    return record_in(click.runtime, click.connection, click.person, answer, click.at, counted=click.counted)


def _undo(
    runtime: Runtime, connection: Connection, person: Person, listing: StoredItem, now: datetime
) -> DomainError | None:
    try:
        with connection.begin_nested():
            undo_in(runtime, connection, person, listing.case_id, now, locks=False)
    except DomainError as refused:
        return refused
    return None


def _result_of(connection: Connection, request: StoredRequest) -> TakedownResult:
    return TakedownResult(request, tuple(takedown_requests.items(connection, request)))


def _record(
    connection: Connection, person: Person, act: str, subject: tuple[str, str], payload: dict[str, Any], at: datetime
) -> None:
    """Add an audit entry about a request; `subject` is (marketplace, request)."""
    audit.record(connection, at, subject[0], person.actor, act, subject[1], **payload)
