"""The context of a decision: one person at one case in one transaction, with the verdict that is stored."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from models.verdict import Evidence, Judgement, ReasonCode, Side
from serving.accounts.rules.access import Person
from serving.appeals.rules.counter_notice import CounterNoticeEvent
from serving.appeals.service.counter_notice_steps import Statement, take_step
from serving.appeals.store import counter_notices
from serving.appeals.store.appeals import Appeal
from serving.audit.store import audit
from serving.cases.rules.case_brand import Naming
from serving.cases.store import cases, verdicts
from serving.cases.store.cases import Case
from serving.cases.store.verdicts import StoredVerdict
from serving.listings.store import signatures
from serving.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer on a case. `version_id` is the version that they saw.

    `right_id` is the right under which a brand confirms; None selects the best of its applicable rights. `naming` is
    the brand that an analyst names with the answer; None leaves the brand of the case. `claimant` is the brand that
    was not asked and reports the listing of its own accord; None for every other answer. `report_id` is the report of
    the listing, also where the report answers questions.
    """

    case_id: str
    version_id: str
    judgement: Judgement
    reason_code: ReasonCode | None = None
    note: str | None = None
    evidence: Evidence = Evidence.LISTING
    right_id: str | None = None
    naming: Naming | None = None
    claimant: str | None = None
    report_id: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """One person at one case in one transaction.

    `stepped_up_at` is when the person confirmed the report of the listing with a second factor, and `not_before` when
    that report leaves; None without. `claimant` is the brand that reports the listing, which need not be the brand of
    the case.
    """

    runtime: Runtime
    connection: Connection
    person: Person
    case: Case
    side: Side
    at: datetime
    stepped_up_at: datetime | None = None
    claimant: str | None = None
    not_before: datetime | None = None

    @property
    def brand_id(self) -> str | None:
        """The brand that the person answers for, and for an analyst the brand of the case."""
        return self.claimant or self.case.brand_id

    @property
    def actor(self) -> str:
        """The person's name in the audit log."""
        return self.person.actor


def append_verdict(
    context: DecisionContext, answer: Answer, supersedes: StoredVerdict | None = None, *, passed_on: bool = False
) -> str:
    """Store a verdict with its audit entry; returns its id. A brand's answer replaces its earlier one on the case."""
    case, brand_id, replaced_id = context.case, context.brand_id if context.side is Side.BRAND else None, None
    if supersedes is not None:
        brand_id, replaced_id = supersedes.brand_id, supersedes.verdict_id
    elif brand_id is not None:
        replaced_id = verdicts.last_of_brand(context.connection, case.marketplace_id, case.case_id, brand_id)
    verdict_id = context.runtime.ids.new("vdt")
    row = {
        "marketplace_id": case.marketplace_id,
        "verdict_id": verdict_id,
        "case_id": case.case_id,
        "listing_id": case.listing_id,
        "version_id": answer.version_id,
        "judgement": answer.judgement.value,
        "reason_code": answer.reason_code.value if answer.reason_code else None,
        "side": context.side.value,
        "evidence": answer.evidence.value,
        "lane": supersedes.lane.value if supersedes else case.lane.value,
        "user_id": context.person.user_id,
        "brand_id": brand_id,
        "supersedes_id": replaced_id,
        "note": answer.note,
        "passed_on": passed_on,
        "reported": answer.claimant is not None,
        "due_before": case.due_at,
        "returned_before": case.question_returned,
        "occurred_at": context.at,
        "known_at": context.at,
    }
    verdicts.add_verdict(context.connection, row)
    signatures.mark_judged(context.connection, case.marketplace_id, answer.version_id)
    payload = verdicts.audited_columns(row)
    audit.record(
        context.connection,
        context.at,
        case.marketplace_id,
        context.actor,
        "verdict.withdrawn" if answer.judgement is Judgement.WITHDRAWN else "verdict.recorded",
        verdict_id,
        **payload,
    )
    return verdict_id


def apply_to_counter_notice(context: DecisionContext, appeal: Appeal, event: CounterNoticeEvent) -> None:
    """Apply the outcome of an appeal to the counter-notice that it took over, if any."""
    contested = counter_notices.of_action(context.connection, context.case.marketplace_id, appeal.action_id)
    if contested is not None:
        take_step(context.runtime, context.connection, contested, Statement(event, None, context.actor))


def add_timeline_line(context: DecisionContext, what: str) -> None:
    """Add a line to the case's history, under the person's name."""
    row = {
        "marketplace_id": context.case.marketplace_id,
        "event_id": context.runtime.ids.new("evt"),
        "case_id": context.case.case_id,
        "what": what[:200],
        "actor": context.person.name,
        "known_at": context.at,
    }
    cases.add_events(context.connection, [row])
