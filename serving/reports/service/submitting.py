"""Reports of brands: checked as a whole, then decided listing by listing in short transactions."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from features.message import message
from models.errors import Invalid, NoRightCarries
from models.messages.english import reasons_of
from models.policies.version import policy_version
from models.verdict import ReasonCode
from serving.accounts.policy import SecondFactorPolicy, ServiceAccountPolicy
from serving.accounts.rules.access import Person
from serving.accounts.rules.signing import SignedReport, SigningTool, WaitCause, wait_causes, wait_reasons
from serving.accounts.store import service_accounts
from serving.audit.store import audit
from serving.brands.service import certification
from serving.brands.service.rights_claims import basis_of, pair_of
from serving.cases.store import cases
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches
from serving.platform.database.scope import Pair
from serving.platform.database.series import in_series
from serving.platform.deadlines import latest_day
from serving.platform.idempotency.service import KeyReuse
from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.rules.attachments import TestBuyRecord, bought_listing_number
from serving.reports.rules.outcomes import Code, ListingResult, Outcome, named_listings
from serving.reports.rules.step_up import StepUpState
from serving.reports.service.examining import Examination
from serving.reports.service.reporting import Reporting, append_step, settle_listing
from serving.reports.service.signed import leaves_at, record_signed
from serving.reports.service.waiting import mail_wait
from serving.reports.store import callbacks, report_documents, report_test_buys, reports, step_ups
from serving.reports.store.report_documents import DraftKey
from serving.reports.store.reports import StoredOutcome, StoredReport
from serving.standing.rules.standing import FULL_STANDING, SIGNED_STANDING
from serving.standing.service import count_standing, current_standing
from serving.standing.store import standings
from serving.takedowns.policy import BurstPolicy
from serving.takedowns.service.budgets import usual_day_of
from serving.takedowns.service.telling import notified_people
from serving.takedowns.store import actions, budgets
from serving.takedowns.store.approvals import by_brand
from serving.takedowns.store.removal_notices import Remover
from serving.webhooks.rules.action import ActionState

LONGEST_KEY: Final = 255
LONGEST_NOTE: Final = 2_000
_MOST_REASONS: Final = 3
WAITING: Final = Outcome(ListingResult.PENDING_APPROVAL, Code.STEP_UP, (message("report.step_up"),))


@dataclass(frozen=True, slots=True)
class Draft:
    """A report as a brand's user sends it.

    `locations` are addresses or ids of listings. `good_faith` is the assurance that the statement on every listing is
    accurate and complete. `request_key` makes the request repeatable. `marketplace_id` may be None where the user
    represents the brand in only one marketplace. `by_program` is set where it comes by API, which proves no second
    factor; `with_step_up` where the person will. `tool` is the service account's that signed it, None for a
    session. `test_buy` is recorded with the report. `versions` are those that were shown, one for each location, where
    the report answers open questions.
    """

    right_id: str
    reason_code: ReasonCode
    locations: tuple[str, ...]
    good_faith: bool
    request_key: str
    note: str | None = None
    marketplace_id: str | None = None
    by_program: bool = False
    with_step_up: bool = False
    tool: SigningTool | None = None
    test_buy: TestBuyRecord | None = None
    versions: tuple[str, ...] = ()


def decide_report(runtime: Runtime, person: Person, stored: StoredReport) -> None:
    """Decide the listings of a report that waits for nobody; those that have a result keep it.

    They follow in transactions of a few each, and a later call goes on where an interrupted one ended. A confirmation
    by report follows every rule of an answer to a question: right, certification, standing, limits, evidence, statement
    and undo window. Without an open case, the case that the verdict needs is opened and decided in the same transaction
    and is in nobody's queue.
    """
    with runtime.store.read() as connection:
        numbered = reports.locations(connection, stored)
    size = runtime.policies[ReportPolicy].at_once
    for start in range(0, len(numbered), size):
        decide_listings(runtime, person, stored, numbered[start : start + size])
    with runtime.store.write() as connection:
        was_undecided = step_ups.set_decided(connection, stored.marketplace_id, stored.report_id)
        if was_undecided and service_accounts.account_with_callback(connection, stored.key_id):
            callbacks.set_due(connection, stored, runtime.clock.now(), 0)


def receive_report(runtime: Runtime, person: Person, draft: Draft) -> StoredReport:
    """Store a report, with what it waits for; its listings are still to be decided.

    A large report that a person confirms with a second factor waits for it
    (`serving.reports.service.stepping_up`), and a signed one for a person where its key, its origin or its size is new
    (`serving.reports.service.signed`).

    Raises Invalid (the report names no listing or too many, or lacks the good-faith assurance or its key; its test buy
    is incomplete), NotFound (the right does not belong to a brand that the person represents), NoRightCarries,
    NotBriefed (the right does not carry this reason here; the person has not passed the certification) or KeyReused
    (the key was used for another request).
    """
    locations = check_draft(runtime, draft)
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        marketplace_id, brand_id = pair_of_draft(connection, person, draft)
        check_ready(runtime, connection, person, (marketplace_id, brand_id), (draft.right_id, draft.reason_code), now)
        wait = wait_of(runtime, connection, (marketplace_id, brand_id), draft, now)
        row = _report_row(runtime, person, (marketplace_id, brand_id), draft, wait.state, now)
        is_new = reports.add_report(connection, row, locations, draft.versions)
        stored = reports.report_by_key(connection, marketplace_id, brand_id, draft.request_key)
        if stored.request_digest != row["request_digest"] or stored.user_id != person.user_id:
            raise KeyReuse("This key belongs to another report. Use a new key for a new report.")
        if is_new:
            audit.lock(connection)  # As an upload does: each would wait for the other's documents and for the log.
            payload = {name: row[name] for name in ("brand_id", "right_id", "reason_code", "policy_version")}
            payload |= _attach(runtime, connection, draft, stored, locations, now)
            audit.record(
                connection,
                now,
                marketplace_id,
                person.actor,
                "report.received",
                stored.report_id,
                **payload,
                **({} if draft.tool is None else {"key": draft.tool.key_id}),
                listings=len(locations),
            )
            if wait.is_signed:
                record_signed(runtime, connection, stored, draft.tool, wait.causes, len(locations))
            if stored.step_up is StepUpState.AWAITED:
                outcome = replace(WAITING, reasons=wait_reasons(wait.causes) or WAITING.reasons)
                for number in range(1, len(locations) + 1):
                    append_step(connection, stored, number, 0, outcome, now, by=person.actor)
                if draft.by_program and not wait.is_signed:  # A person on the page is asked for the factor there.
                    mail_wait(runtime, connection, stored, reports.outcomes(connection, stored))
    return stored


def is_waiting(outcome: StoredOutcome) -> bool:
    """Whether a listing of a report waits for the person's second factor."""
    return outcome.result is ListingResult.PENDING_APPROVAL and outcome.code is Code.STEP_UP


@dataclass(frozen=True, slots=True)
class ReportWait:
    """What a new report waits for. `is_signed` is set where its signature is its confirmation."""

    state: StepUpState
    is_signed: bool = False
    causes: tuple[WaitCause, ...] = ()


def wait_of(runtime: Runtime, connection: Connection, pair: Pair, draft: Draft, at: datetime) -> ReportWait:
    """What a draft would wait for at this moment.

    Below the standing for signed reports, a large one waits for a person's second factor; without full standing that
    would change nothing.
    """
    level = current_standing(runtime, connection, *pair, at).level
    per_user = runtime.policies[BurstPolicy].per_user
    is_large = len(draft.locations) > per_user
    if draft.tool is None:
        waits = (draft.by_program or draft.with_step_up) and is_large and level in FULL_STANDING
        return ReportWait(StepUpState.AWAITED if waits else StepUpState.NONE)
    if is_large and level in FULL_STANDING - SIGNED_STANDING:
        return ReportWait(StepUpState.AWAITED)
    signed_report = SignedReport(
        draft.tool,
        len(draft.locations),
        budgets.removals_of_brand(connection, *pair, at),
        usual_day_of(runtime, connection, pair[0], by_brand(pair[1]), at).removals,
    )
    causes = wait_causes(signed_report, per_user, runtime.policies[ServiceAccountPolicy])
    if causes:
        return ReportWait(StepUpState.AWAITED, is_signed=True, causes=causes)
    is_told = bool(notified_people(connection, pair))
    is_on = kill_switches.is_on(connection, pair[0], AutomaticRule.BRAND_REMOVALS)
    is_signed = level in SIGNED_STANDING and is_on and is_told
    return ReportWait(StepUpState.GIVEN if is_signed else StepUpState.NONE, is_signed=is_signed)


def has_full_standing(runtime: Runtime, connection: Connection, pair: Pair, at: datetime) -> bool:
    """Whether a brand, by (marketplace, brand), has the standing for large reports."""
    return current_standing(runtime, connection, *pair, at).level in FULL_STANDING


def check_draft(runtime: Runtime, draft: Draft) -> tuple[str, ...]:
    """The listings that a complete draft names."""
    locations = named_listings(draft.locations, runtime.policies[ReportPolicy])
    if not draft.good_faith:
        raise Invalid(
            "Confirm in good faith that the information and allegations about every listing are accurate and complete."
        )
    if not draft.request_key.strip() or len(draft.request_key) > LONGEST_KEY or not draft.request_key.isprintable():
        raise Invalid("A report needs a key of one to {most} characters that is new for each report.", most=LONGEST_KEY)
    if draft.note is not None and len(draft.note) > LONGEST_NOTE:
        raise Invalid("A note can have at most {most:,} characters.", most=LONGEST_NOTE)
    if draft.test_buy is not None:
        bought_listing_number(draft.test_buy, locations, latest_day(runtime.clock.now()))
    return locations


def pair_of_draft(connection: Connection, person: Person, draft: Draft) -> tuple[str, str]:
    """The (marketplace, brand) of a draft."""
    return pair_of(connection, person, draft.right_id, draft.marketplace_id)


def check_ready(
    runtime: Runtime, connection: Connection, person: Person, pair: Pair, basis: tuple[str, ReasonCode], at: datetime
) -> None:
    """Refuse a report that no listing of could be confirmed: for want of a right or of the certification.

    `basis` is the right and the reason.
    """
    certification.require_certification(runtime, connection, person, pair, at)
    right_basis, _ = basis_of(runtime, connection, pair, person, basis[1], at, only=basis[0])
    if right_basis.right is None:
        raise NoRightCarries("Nothing was recorded. {why}", why=reasons_of(*right_basis.reasons[:_MOST_REASONS]))


def _report_row(
    runtime: Runtime, person: Person, pair: Pair, draft: Draft, step_up: StepUpState, at: datetime
) -> dict[str, Any]:
    content: list[object] = [draft.right_id, draft.reason_code.value, list(draft.locations), draft.note, pair[0]]
    if draft.test_buy is not None:
        content.append(dataclasses.asdict(draft.test_buy))
    if draft.versions:
        content.append(draft.versions)
    return {
        "marketplace_id": pair[0],
        "report_id": runtime.ids.new("rpt"),
        "brand_id": pair[1],
        "right_id": draft.right_id,
        "user_id": person.user_id,
        "key_id": None if draft.tool is None else draft.tool.key_id,
        "reason_code": draft.reason_code.value,
        "note": draft.note,
        "request_key": draft.request_key,
        "request_digest": hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest(),
        "policy_version": policy_version(runtime.policies[ReportPolicy]),
        "known_at": at,
        "step_up": step_up.value,
        "undecided": True,
        "callback_attempts": 0,
    }


def _attach(
    runtime: Runtime, connection: Connection, draft: Draft, stored: StoredReport, locations: Sequence[str], at: datetime
) -> dict[str, Any]:
    """Attach the documents of the draft and the test buy to a new report; returns what the audit entry says of them."""
    payload: dict[str, Any] = {}
    draft_key = DraftKey((stored.marketplace_id, stored.brand_id), stored.user_id, stored.request_key)
    if digests := report_documents.attach_draft(connection, draft_key, stored.report_id):
        payload["documents"] = digests
    if draft.test_buy is not None:
        number = bought_listing_number(draft.test_buy, locations, latest_day(at))
        report_test_buys.add_test_buy(connection, stored, runtime.ids.new("rtb"), draft.test_buy, number, at)
        payload["test_buy_of"] = number
    return payload


def decide_listings(
    runtime: Runtime, person: Person, stored: StoredReport, listings: Sequence[tuple[int, str]]
) -> None:
    """Decide a few listings of a report in one transaction; those that have a result keep it.

    A report that was confirmed with a second factor leaves whole while that proof is fresh. Later, as after an
    interruption, the usual limits apply.
    """
    marketplace_id, brand_id, now = stored.marketplace_id, stored.brand_id, runtime.clock.now()
    with runtime.store.write() as connection:
        # The order of the locks is that of a confirmation: standing, cases, audit log. Listings come last.
        standings.lock(connection, marketplace_id, brand_id)
        before = {outcome.number: outcome for outcome in reports.outcomes(connection, stored)}
        done = {number for number, outcome in before.items() if not is_waiting(outcome)}
        listings_left = [(number, location) for number, location in listings if number not in done]
        if not listings_left:
            return
        shown = reports.shown_versions(connection, stored)
        examination = Examination(runtime, connection, marketplace_id, brand_id, now, shown=shown)
        locations = [location for _, location in listings_left]
        known = examination.look_up_all(locations, locked=False).values()
        waiting = cases.open_cases(
            connection, marketplace_id, [listing.listing_id for listing in known if listing is not None]
        )
        cases.lock(connection, marketplace_id, [case.case_id for case in waiting.values()])
        audit.lock(connection)
        examination.seen.update(outcome.listing_id for outcome in before.values() if outcome.listing_id is not None)
        standing = count_standing(runtime, connection, (marketplace_id, brand_id), now)
        confirmed_at = _confirmed_at(runtime, connection, stored, now)
        size = reports.listing_counts(connection, [stored])[stored.report_id]
        leaves = None
        if confirmed_at is not None:
            verdict_ids = [outcome.verdict_id for outcome in before.values() if outcome.verdict_id is not None]
            removals = actions.of_verdicts(connection, marketplace_id, verdict_ids).values()
            removed = sum(removal.state is not ActionState.WITHDRAWN for removal in removals)
            remover = Remover(marketplace_id, stored.user_id, brand_id)
            leaves = leaves_at(runtime, connection, remover, confirmed_at, size, removed)
        reporting = Reporting(runtime, connection, person, stored, standing, examination, now, confirmed_at, leaves)
        examination.look_up_all(locations)
        with in_series(connection):
            for number, location in listings_left:
                step = before[number].step + 1 if number in before else 0
                settle_listing(reporting, number, location, step)
        if len(done) + len(listings_left) == size:
            latest = {outcome.number: outcome for outcome in reports.outcomes(connection, stored)}
            mail_wait(runtime, connection, stored, latest.values())


def _confirmed_at(runtime: Runtime, connection: Connection, stored: StoredReport, now: datetime) -> datetime | None:
    """When a report was confirmed, by a second factor or a signature, as long as that is fresh."""
    proof = step_ups.of_report(connection, *stored.key)
    fresh = timedelta(minutes=runtime.policies[SecondFactorPolicy].fresh_minutes)
    if proof is None or stored.step_up is not StepUpState.GIVEN or now >= proof.known_at + fresh:
        return None
    return proof.known_at
