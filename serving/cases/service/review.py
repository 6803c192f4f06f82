"""Verdicts: recorded by one person on one version, with all their consequences."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from features.message import message
from models.case import CaseEvent, CaseLane
from models.errors import BrandNotNamed, Conflict, Forbidden, NoRightCarries
from models.messages.english import in_english, reasons_of
from models.policies.deciding import EnforcementPolicy
from models.verdict import Consequence, DecisionInput, Evidence, Judgement, Outcome, ReasonCode, Side, consequence
from serving.accounts.rules.access import Person
from serving.appeals.rules.appeals import AppealEvent
from serving.appeals.rules.counter_notice import CounterNoticeEvent
from serving.appeals.service.complaint_case import Ground, overturn
from serving.appeals.store import appeals
from serving.brands.rules.rights import Mandate, Right
from serving.brands.service import certification
from serving.brands.service.rights_claims import basis_of, keep_basis
from serving.brands.store import brands
from serving.cases.rules.doubt import Claim, Doubt
from serving.cases.rules.test_buy import check_has_finding
from serving.cases.service.case_access import claimed_case, is_blind, visible_case, why_not_judge
from serving.cases.service.decision_context import (
    Answer,
    DecisionContext,
    add_timeline_line,
    append_verdict,
    apply_to_counter_notice,
)
from serving.cases.service.doubts import ClaimedVersion, doubt_of
from serving.cases.service.naming import name_in
from serving.cases.store import cases, test_buys, verdicts
from serving.cases.store.cases import Case
from serving.listings.store import scores
from serving.marketplaces.store import marketplaces
from serving.notices.rules.notices import source_of
from serving.notices.service import notice_decisions
from serving.notices.store import notices
from serving.platform.runtime import Runtime
from serving.reports.store import report_test_buys
from serving.standing.rules.standing import Effect
from serving.standing.service import CountedStanding, Weight, lock_standing, store_confirmation, weigh_confirmation
from serving.standing.store import standings
from serving.takedowns.rules.budgets import is_new_device
from serving.takedowns.rules.bursts import PendingCause, PendingReason
from serving.takedowns.rules.public_statement import Source
from serving.takedowns.rules.removal_check import Origin, is_model_initiated, random_delay
from serving.takedowns.rules.statement import Discovery, OverturnCause, ProtectedMark, removal_statement
from serving.takedowns.rules.telling import is_unknown_device
from serving.takedowns.service.pending_approval import Confirmation, pending_grounds
from serving.takedowns.service.takedown import Cause, schedule, undo_window
from serving.takedowns.service.telling import mail_removal
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.store.removal_notices import Remover
from serving.webhooks.rules.action import ActionKind, ActionState

_MOST_REASONS: Final = 3  # A company with many brands has hundreds of marks; three reasons are enough to act on.


@dataclass(frozen=True, slots=True)
class VerdictOutcome:
    """A recorded verdict and its consequence: the action, if any, and the end of the undo window."""

    verdict_id: str
    consequence: Consequence
    action: StoredAction | None
    undo_until: datetime


def record_verdict(runtime: Runtime, person: Person, answer: Answer) -> VerdictOutcome:
    """Record a verdict with its consequences. Only one person can decide a case.

    Raises Conflict (somebody else decided or leased the case, or the listing changed since the person saw it),
    NoRightCarries (the brand has no right on file that is in force here and covers this reason), NotFound, Forbidden,
    Invalid (the person has no access to the case; the rules bar them from it; the answer or the brand named is invalid)
    or BrandNotNamed (it is an analyst's 'counterfeit', and the brand of the case is unresolved and not named with the
    answer).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        return record_in(runtime, connection, person, answer, now)


def record_in(
    runtime: Runtime,
    connection: Connection,
    person: Person,
    answer: Answer,
    now: datetime,
    *,
    examined: bool = False,
    counted: CountedStanding | None = None,
    stepped_up_at: datetime | None = None,
    not_before: datetime | None = None,
) -> VerdictOutcome:
    """Record a verdict in the caller's transaction; raises like `record_verdict`.

    `examined` is set for the finding of a test buy. `counted` is the brand's standing if the caller has locked and
    counted it. `stepped_up_at` is when the person confirmed the report of the listing with a second factor, and
    `not_before` when that report leaves. Whether the listing is removed is computed here alone, from what is stored: in
    doubt an analyst decides on a brand's claim, and another person approves an analyst's
    (`serving.cases.rules.doubt`).
    """
    if answer.claimant is None:
        case, side = visible_case(connection, person, answer.case_id)
    else:
        case, side = claimed_case(connection, person, answer.case_id, answer.claimant)
    if answer.naming is not None and answer.naming.brand != case.brand:
        case = name_in(runtime, connection, person, answer.case_id, answer.naming, now)
    if counted is None:
        lock_standing(connection, case)
    context = DecisionContext(runtime, connection, person, case, side, now, stepped_up_at, answer.claimant, not_before)
    if answer.evidence is not Evidence.LISTING and side is Side.BRAND:
        raise Forbidden("Only an analyst can state what an answer rests on, because analysts hold its documents.")
    if answer.evidence is Evidence.TEST_BUY and not examined:
        _check_test_buy(connection, case)
    if case.version_id != answer.version_id:
        raise Conflict("The listing has changed since you loaded it. Review the current version.")
    confirms = side is Side.BRAND and answer.judgement is Judgement.COUNTERFEIT
    if confirms:
        certification.require_certification(
            runtime, connection, person, (case.marketplace_id, context.brand_id or ""), now
        )
    reason_code = answer.reason_code or ReasonCode.TRADEMARK_COUNTERFEIT
    weight = _weight(context, reason_code, counted) if confirms else None
    decision_input = replace(_decision_input(context, weight), examined=examined)
    follows = consequence(answer.judgement, decision_input, runtime.policies[EnforcementPolicy])
    _change_case(context, follows)
    carried = _carrying_right(context, answer) if confirms else None
    verdict_id = append_verdict(context, answer, passed_on=decision_input.withheld is not None)
    if carried is not None:
        keep_basis(runtime, connection, case, verdict_id, carried, now)
    if weight is not None:
        store_confirmation(runtime, connection, case, verdict_id, weight, now)
    action = _apply_outcome(context, answer, verdict_id, follows, decision_input)
    _settle_appeal(context, follows)
    if follows.event is CaseEvent.DECIDE:
        action_id = None if action is None else action.action_id
        decision = notice_decisions.FinalVerdict(verdict_id, answer.judgement, follows.outcome, action_id, now)
        notice_decisions.settle_items(connection, case, decision)
    waits = " The removal is pending approval." if action and action.state is ActionState.PENDING_APPROVAL else ""
    says_it = follows.reasons[0].code.startswith(f"verdict.{answer.judgement.value}")
    add_timeline_line(
        context, ("" if says_it else f"{_in_words(answer)}. ") + " ".join(map(in_english, follows.reasons)) + waits
    )
    undo_until = now + undo_window(runtime, stepped_up=action is not None and action.stepped_up)
    return VerdictOutcome(verdict_id, follows, action, undo_until)


def _check_test_buy(connection: Connection, case: Case) -> None:
    """Refuse a judgement by a test buy that nobody has recorded: one of the marketplace, or one of a brand's report."""
    place = case.marketplace_id
    reported = standings.audited_case_id(connection, place, case.case_id) or case.case_id
    if not report_test_buys.is_received(connection, place, reported):
        check_has_finding(test_buys.states_of_listing(connection, case.marketplace_id, case.listing_id))


def _weight(context: DecisionContext, reason_code: ReasonCode, counted: CountedStanding | None) -> Weight:
    """The effect of a brand's claim: none in doubt, and otherwise that of its standing."""
    marketplace_id, brand_id = context.case.marketplace_id, context.brand_id or ""
    pair = (marketplace_id, brand_id)
    weight = weigh_confirmation(context.runtime, context.connection, pair, reason_code, context.at, counted)
    doubt = _doubt(context)
    if doubt is None:
        return weight
    before = verdicts.latest_of_case(context.connection, marketplace_id, context.case.case_id, brand_id)
    if before is not None and before.judgement is Judgement.COUNTERFEIT:
        raise Conflict("Your statement on this listing is recorded. An analyst decides.")
    return replace(weight, effect=Effect(False, message(f"report.{doubt.value}")))


def _doubt(context: DecisionContext) -> Doubt | None:
    case = context.case
    facts = scores.scored_facts(context.connection, case.marketplace_id, case.score_id)
    claimed = ClaimedVersion(case.marketplace_id, case.listing_id, case.version_id, facts)
    by_brand = context.side is Side.BRAND
    claim = Claim(brand_id=context.brand_id) if by_brand else Claim(analyst_id=context.person.user_id)
    return doubt_of(context.connection, claimed, claim)


def _carrying_right(context: DecisionContext, answer: Answer) -> tuple[Right, str, tuple[Mandate, ...]]:
    """The right that carries a confirmation, its reason, and the powers of attorney."""
    basis, mandates = basis_of(
        context.runtime,
        context.connection,
        (context.case.marketplace_id, context.brand_id or ""),
        context.person,
        answer.reason_code or ReasonCode.TRADEMARK_COUNTERFEIT,
        context.at,
        only=answer.right_id,
    )
    if basis.right is None:
        raise NoRightCarries("Nothing was recorded. {why}", why=reasons_of(*basis.reasons[:_MOST_REASONS]))
    return basis.right, in_english(basis.reasons[0]), mandates


def _decision_input(context: DecisionContext, weight: Weight | None) -> DecisionInput:
    case = context.case
    enrolled = brands.enrolments(context.connection, case.marketplace_id).get(context.brand_id or "")
    why_not = why_not_judge(context.connection, context.person, case)
    if why_not is not None:
        match case.lane:
            case CaseLane.APPEAL:
                raise Forbidden("{why}; somebody else must decide the appeal.", why=why_not)
            case CaseLane.SECOND_REVIEW:
                raise Forbidden("{why}; somebody else must give the second review.", why=why_not)
            case _:
                raise Forbidden("{why}; somebody else must decide the complaint.", why=why_not)
    return DecisionInput(
        lane=case.lane,
        side=context.side,
        brand_can_be_asked=enrolled is not None and enrolled.takes_part and not case.question_returned,
        brand_name=enrolled.name if enrolled else case.mark,
        withheld=weight.effect.reason if weight is not None and not weight.effect.at_once else None,
    )


def _change_case(context: DecisionContext, follows: Consequence) -> None:
    values: dict[str, object] = {"decided_at": context.at if follows.event is CaseEvent.DECIDE else None}
    if follows.lane is not None:
        policy = context.runtime.policies[EnforcementPolicy]
        asks_brand = follows.lane is CaseLane.ASK_BRAND
        hours = policy.brand_answers_within_hours if asks_brand else policy.analyst_decides_within_hours
        values |= {"lane": follows.lane.value, "due_at": context.at + timedelta(hours=hours)}
        values["question_returned"] = context.case.question_returned or context.side is Side.BRAND
    holder = context.person.user_id
    cases.apply_event(context.connection, context.case, follows.event, values, holder=holder, at=context.at)


def _apply_outcome(
    context: DecisionContext, answer: Answer, verdict_id: str, follows: Consequence, decision_input: DecisionInput
) -> StoredAction | None:
    match follows.outcome:
        case Outcome.NONE:
            return None
        case Outcome.REMOVE:
            case = context.case
            source = _source_of(context.connection, case)
            statement = removal_statement(
                owned=_protected_mark(case, decision_input),
                reason_code=answer.reason_code or ReasonCode.TRADEMARK_COUNTERFEIT,
                side=decision_input.side,
                discovery=_discovery_of(context.connection, case, answer, source),
                examined=decision_input.examined,
                bought=answer.evidence is Evidence.TEST_BUY,
                aided=not (case.score_masked or is_blind(context.connection, case)),
                # A report is a notice, even of a listing whose case was open.
                source=source if answer.claimant is None else Source.NOTICE,
                sold_in=sorted(marketplaces.countries_sold_in(context.connection, context.case.marketplace_id) or ()),
            )
            new = is_new_device(context.person.secret, context.runtime.wall.now())
            by, report_id = context.person.user_id, answer.report_id
            confirmation = Confirmation(case, context.side, by, context.stepped_up_at, new, report_id)
            grounds = pending_grounds(context.runtime, context.connection, confirmation, context.at)
            if context.side is Side.ANALYST and _doubt(context) is not None:
                grounds = grounds.with_reason(PendingReason(PendingCause.DOUBT, message("pending.doubt")))
            cause, at = Cause(case.marketplace_id, case.listing_id, verdict_id, context.actor), context.at
            origin = Origin(context.side, source is not Source.VOLUNTARY, decision_input.examined)
            # Drawn only where needed, so that a seed reproduces its earlier audit samples.
            draw = context.runtime.draw() if is_model_initiated(origin) else 0.0
            delay = random_delay(origin, draw, context.runtime.policies[EnforcementPolicy])
            remover = Remover(case.marketplace_id, context.person.user_id, _brand_of(context))
            action = schedule(
                context.runtime,
                context.connection,
                ActionKind.REMOVE,
                cause,
                statement,
                at,
                reason=grounds,
                delay=delay,
                stepped_up=context.stepped_up_at is not None,
                new_device=is_unknown_device(context.person.secret),
                not_before=context.not_before,
            )
            if action.verdict_id == verdict_id:
                mail_removal(context.runtime, context.connection, action, remover, context.person.secret)
            return action
        case Outcome.REINSTATE:
            contested = appeals.of_case(context.connection, context.case.marketplace_id, context.case.case_id)
            if contested is None:
                return None
            removal = actions.get(context.connection, context.case.marketplace_id, contested.action_id)
            ground = Ground(OverturnCause.APPEAL, verdict_id, context.actor)
            return overturn(context.runtime, context.connection, removal, ground, context.at)


def _brand_of(context: DecisionContext) -> str | None:
    return context.case.brand_id if context.side is Side.BRAND else None


def _protected_mark(case: Case, decision_input: DecisionInput) -> ProtectedMark:
    if decision_input.brand_name is None:
        raise BrandNotNamed
    return ProtectedMark(decision_input.brand_name, case.mark_owner)


def _source_of(connection: Connection, case: Case) -> Source:
    if case.report_id is not None:
        return Source.NOTICE
    return source_of(notices.cases_opened_by_notice(connection, case.marketplace_id, [case.case_id]).get(case.case_id))


def _discovery_of(connection: Connection, case: Case, answer: Answer, source: Source) -> Discovery:
    """How the listing was found. An answer to a question says nothing of it; a report does."""
    if answer.claimant is not None:
        return Discovery.REPORTED
    if source is not Source.VOLUNTARY:
        return Discovery.NOTIFIED
    if case.opened_by is not None:
        return Discovery.CHOSEN
    drawn = scores.get(connection, case.marketplace_id, case.score_id)["lane"] == CaseLane.AUDIT.value
    return Discovery.RANDOM if drawn else Discovery.AUTOMATED


def _settle_appeal(context: DecisionContext, follows: Consequence) -> None:
    if context.case.lane is not CaseLane.APPEAL:
        return
    appeal = appeals.of_case(context.connection, context.case.marketplace_id, context.case.case_id)
    if appeal is not None:
        upheld = follows.outcome is Outcome.REINSTATE
        event = AppealEvent.UPHOLD if upheld else AppealEvent.DISMISS
        appeals.apply_event(context.connection, context.case.marketplace_id, appeal, event, context.at)
        apply_to_counter_notice(context, appeal, CounterNoticeEvent.UPHOLD if upheld else CounterNoticeEvent.DISMISS)


def _in_words(answer: Answer) -> str:
    by = " by a test buy" if answer.evidence is Evidence.TEST_BUY else ""
    return f"{answer.judgement.value.replace('_', ' ').capitalize()}{by}"
