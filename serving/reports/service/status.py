"""A report as it stands: the latest step of each listing, what became of it since, and what it carries for a case."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from features.message import Message, message
from features.phrase import Phrase
from models.case import CaseLane, CaseState
from models.errors import NotFound
from models.verdict import Judgement, Side
from serving.accounts.rules.access import Permission, Person
from serving.accounts.rules.signing import wait_reasons
from serving.cases.service.case_access import visible_case
from serving.cases.store import cases, verdicts
from serving.cases.store.cases import Case
from serving.listings.store import listings
from serving.platform.runtime import Runtime
from serving.reports.rules.outcomes import Code, ListingResult
from serving.reports.rules.step_up import StepUpState
from serving.reports.service.attaching import carrier_of, with_content
from serving.reports.service.submitting import is_waiting
from serving.reports.store import report_documents, report_test_buys, reports, step_ups
from serving.reports.store.carriers import AnsweredQuestion, latest_case
from serving.reports.store.report_documents import ReportDocument
from serving.reports.store.report_test_buys import ReportTestBuy
from serving.reports.store.reports import StoredOutcome, StoredReport
from serving.reports.store.step_ups import StoredStepUp
from serving.standing.store import standings
from serving.takedowns.service.takedown import undo_window
from serving.takedowns.store import actions
from serving.webhooks.rules.action import ActionKind, ActionState


class ListingState(StrEnum):
    """Where a reported listing stands now."""

    SCHEDULED = "scheduled"
    PENDING_APPROVAL = "pending_approval"
    REMOVED = "removed"
    REINSTATED = "reinstated"
    STOPPED = "stopped"  # The removal was refused by the approvers, or withdrawn by others before it was sent.
    WITH_ANALYST = "with_analyst"
    REJECTED = "rejected"  # An analyst decided that the listing stays.
    WAITING = "waiting"
    AWAITS_STEP_UP = "awaits_step_up"
    DECIDING = "deciding"  # The report was received, and the listing has no result yet.
    EXPIRED = "expired"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """A listing of a report: its latest step, its id and title, its state and a reviewer's answer.

    `step` is None until it has a result.
    """

    number: int
    location: str
    step: StoredOutcome | None
    external_id: str | None
    title: str | None
    state: ListingState
    judgement: Judgement | None

    @property
    def listing_result(self) -> ListingResult | None:
        return None if self.step is None else self.step.result

    @property
    def code(self) -> Code | None:
        return None if self.step is None else self.step.code

    @property
    def reasons(self) -> tuple[Message, ...]:
        """Why it has its state: the reviewer's answer to a rejected listing, and otherwise those of its latest step."""
        if self.state is ListingState.REJECTED and self.judgement is not None:
            return (message(f"report.rejected.{self.judgement.value}"),)
        return () if self.step is None else self.step.reasons

    @property
    def why(self) -> tuple[Message, ...] | Phrase:
        """The refusal of its latest step, or the reasons where there is none."""
        return self.reasons if self.step is None or self.step.refusal is None else self.step.refusal


class ReportState(StrEnum):
    """Where a report stands."""

    AWAITS_STEP_UP = "awaits_step_up"  # A second factor of the person who sent it.
    AWAITS_RELEASE = "awaits_release"  # The click of another person, for a signed report.
    DECIDING = "deciding"
    DECIDED = "decided"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Status:
    """A report as it stands. `may_withdraw` is until when its author can withdraw it; None where that is over.

    `step_up` is its confirmation with a second factor, None without.
    """

    report: StoredReport
    items: tuple[ItemStatus, ...]
    may_withdraw: datetime | None
    step_up: StoredStepUp | None
    documents: tuple[ReportDocument, ...]
    test_buy: ReportTestBuy | None

    @property
    def counts(self) -> dict[str, int]:
        """The number of listings, and of those in each state now, zeros included."""
        by_state = Counter(listing.state for listing in self.items)
        return {"items": len(self.items), **{state.value: by_state[state] for state in ListingState}}

    @property
    def decided(self) -> int:
        """The number of listings with a result, and of those that wait for a person."""
        return sum(listing.step is not None for listing in self.items)

    @property
    def state(self) -> ReportState:
        """Where the report stands."""
        if self.step_up is not None and self.step_up.stopped_at is not None:
            return ReportState.STOPPED
        if self.report.step_up is StepUpState.AWAITED:
            return ReportState.AWAITS_STEP_UP if self.step_up is None else ReportState.AWAITS_RELEASE
        return ReportState.DECIDING if self.report.undecided else ReportState.DECIDED

    @property
    def waits_for(self) -> tuple[Message, ...]:
        """Why a signed report waits for a person."""
        return () if self.step_up is None else wait_reasons(self.step_up.waits_for)


def status_of(runtime: Runtime, person: Person, report_id: str) -> Status:
    """A report of one of the person's brands, as it stands.

    Raises NotFound (the person's brands have no such report).
    """
    with runtime.store.read() as connection:
        report = reports.get(connection, report_id, person.brands(Permission.ANSWER_QUESTIONS))
        return status_in(runtime, connection, report, person.user_id)


def status_in(runtime: Runtime, connection: Connection, report: StoredReport, reader_id: str) -> Status:
    """A report as it stands for a reader."""
    latest = {step.number: step for step in reports.outcomes(connection, report)}
    items = tuple(
        _item_status(connection, report, number, location, latest.get(number))
        for number, location in reports.locations(connection, report)
    )
    proof = step_ups.of_report(connection, report.marketplace_id, report.report_id)
    documents = tuple(report_documents.documents_of(connection, report))
    bought = report_test_buys.test_buy_of(connection, report)
    begun, author = (report.known_at, report.user_id) if proof is None else (proof.known_at, proof.user_id)
    until = begun + undo_window(runtime, stepped_up=proof is not None)
    mine = author == reader_id and runtime.clock.now() < until
    return Status(report, items, until if mine else None, proof, documents, bought)


def _item_status(
    connection: Connection, report: StoredReport, number: int, location: str, step: StoredOutcome | None
) -> ItemStatus:
    marketplace_id = report.marketplace_id
    external_id, title = None, None
    if step is None:
        return ItemStatus(number, location, None, None, None, ListingState.DECIDING, None)
    if step.listing_id is not None:
        external_id, title = listings.name_and_title(connection, marketplace_id, step.listing_id)
    state, judgement = _listing_state(connection, marketplace_id, step)
    return ItemStatus(number, location, step, external_id, title, state, judgement)


# The states that a result of the report settles by itself.
SETTLED_STATES: Final = {
    ListingResult.UNKNOWN: ListingState.WAITING,
    ListingResult.EXPIRED: ListingState.EXPIRED,
    ListingResult.REFUSED: ListingState.REFUSED,
    ListingResult.WITHDRAWN: ListingState.WITHDRAWN,
    ListingResult.RETRACTED: ListingState.RETRACTED,
}
_OF_REMOVAL: Final = {
    ActionState.SCHEDULED: ListingState.SCHEDULED,
    ActionState.PENDING_APPROVAL: ListingState.PENDING_APPROVAL,
    ActionState.WITHDRAWN: ListingState.STOPPED,
}


def _listing_state(
    connection: Connection, marketplace_id: str, step: StoredOutcome
) -> tuple[ListingState, Judgement | None]:
    if is_waiting(step):
        return ListingState.AWAITS_STEP_UP, None
    if step.result in SETTLED_STATES:
        return SETTLED_STATES[step.result], None
    return _decided_state(connection, marketplace_id, step.listing_id or "", step.case_id or "")


def _decided_state(
    connection: Connection, marketplace_id: str, listing_id: str, case_id: str
) -> tuple[ListingState, Judgement | None]:
    """Where a listing stands by the decision of a case."""
    done = actions.of_listing(connection, marketplace_id, listing_id)
    own = [
        action
        for action in done
        if action.kind is ActionKind.REMOVE
        and cases.of_verdict(connection, marketplace_id, action.verdict_id).case_id == case_id
    ]
    if own:
        later = [
            action
            for action in done
            if action.kind is ActionKind.REINSTATE
            and action.state is not ActionState.WITHDRAWN
            and action.sequence > own[-1].sequence
        ]
        return ListingState.REINSTATED if later else _OF_REMOVAL.get(own[-1].state, ListingState.REMOVED), None
    case = cases.get(connection, marketplace_id, case_id)
    last = verdicts.latest_of_case(connection, marketplace_id, case_id)
    if case.state is CaseState.OPEN or last is None or last.side is not Side.ANALYST:
        return ListingState.WITH_ANALYST, None
    return ListingState.REJECTED, last.judgement


@dataclass(frozen=True, slots=True)
class AnswerStatus:
    """A question that a brand answered with "counterfeit", as it stands, with its evidence."""

    question: AnsweredQuestion
    external_id: str
    title: str | None
    state: ListingState
    judgement: Judgement | None
    documents: tuple[ReportDocument, ...]
    test_buy: ReportTestBuy | None


def answer_status(runtime: Runtime, person: Person, case_id: str) -> AnswerStatus:
    """An answered question of one of the person's brands, as it stands.

    Raises NotFound (none of them answered such a question with "counterfeit").
    """
    with runtime.store.read() as connection:
        question = carrier_of(connection, person, case_id)
        if not isinstance(question, AnsweredQuestion):
            raise NotFound("There is no such case.")
        marketplace_id, listing_id = question.marketplace_id, question.listing_id
        external_id, title = listings.name_and_title(connection, marketplace_id, listing_id)
        deciding = latest_case(connection, question).case_id
        state, judgement = _decided_state(connection, marketplace_id, listing_id, deciding)
        documents = tuple(report_documents.documents_of(connection, question))
        bought = report_test_buys.test_buy_of(connection, question)
    return AnswerStatus(question, external_id, title, state, judgement, documents, bought)


def documents_of(connection: Connection, case: Case) -> Sequence[ReportDocument]:
    """The documents of the reports that a case is about and of the question that it follows.

    An audit shows those of the confirmation that it is about; another second review none, which they would influence.
    """
    case_id = _reported_case_id(connection, case)
    return () if case_id is None else report_documents.of_case(connection, case.marketplace_id, case_id)


def test_buys_of(connection: Connection, case: Case) -> Sequence[ReportTestBuy]:
    case_id = _reported_case_id(connection, case)
    return () if case_id is None else report_test_buys.of_case(connection, case.marketplace_id, case_id)


def _reported_case_id(connection: Connection, case: Case) -> str | None:
    if case.lane is CaseLane.SECOND_REVIEW:
        return standings.audited_case_id(connection, case.marketplace_id, case.case_id)
    return case.case_id


def document_for_analyst(
    runtime: Runtime, person: Person, case_id: str, document_id: str
) -> tuple[ReportDocument, bytes]:
    """A document of a report that a case is about, with its content.

    Raises NotFound (the person is no analyst of the case, the case has no such document, or it was erased).
    """
    with runtime.store.read() as connection:
        case, side = visible_case(connection, person, case_id)
        shown = documents_of(connection, case) if side is Side.ANALYST else ()
        return with_content(connection, shown, document_id)
