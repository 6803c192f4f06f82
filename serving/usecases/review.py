"""Verdicts: given by one person on one version, taken back by the same person, with all that follows."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.access import Permission, Person
from models.action import ActionKind, ActionState
from models.appeals import AppealEvent
from models.case import BLIND_LANES, CaseEvent, CaseLane, CaseState
from models.counter_notice import CounterNoticeEvent
from models.errors import Conflict, Forbidden, NoRightCarries, NotFound
from models.notices import source_of
from models.public_statement import Source
from models.rights import Mandate, Right
from models.standing import Standing
from models.statement import Undone, removal_statement
from models.test_buy import check_on_file
from models.timing import Origin, model_initiated, random_delay
from models.verdict import Bench, Consequence, Evidence, Judgement, Outcome, ReasonCode, Side, consequence
from serving.db import (
    actions,
    appeals,
    audit,
    brands,
    cases,
    counter_notices,
    likenesses,
    marketplaces,
    notice_complaints,
    notices,
    overturns,
    test_buys,
    verdicts,
)
from serving.db.actions import StoredAction
from serving.db.appeals import Appeal
from serving.db.cases import Case
from serving.db.verdicts import StoredVerdict
from serving.runtime import Runtime
from serving.usecases import briefing, notice_decisions, striking
from serving.usecases.counter_notice_steps import Said, take
from serving.usecases.holding import Confirmation, held_for
from serving.usecases.overturn import Ground, overturn
from serving.usecases.rights import basis_of, keep_basis
from serving.usecases.standing import Weight, begin_count, keep_confirmation, recount_of, weigh
from serving.usecases.takedown import Cause, schedule, withdraw

_BLIND_WORK: Final = {CaseLane.APPEAL: "decide the appeal", CaseLane.SECOND_LOOK: "take the second look"}
_MOST_REASONS: Final = 3  # A house of brands has hundreds of marks; three sentences say what to do.


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says of a case. `version_id` is the version that they saw.

    `right_id` is the right under which a brand confirms; None takes whichever of its rights carries it best.
    """

    case_id: str
    version_id: str
    judgement: Judgement
    reason_code: ReasonCode | None = None
    note: str | None = None
    evidence: Evidence = Evidence.OFFER
    right_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded verdict and what follows: the action, if any, and until when it can be taken back."""

    verdict_id: str
    consequence: Consequence
    action: StoredAction | None
    undo_until: datetime


@dataclass(frozen=True, slots=True)
class _Sitting:
    """One person at one case in one transaction."""

    runtime: Runtime
    connection: Connection
    person: Person
    case: Case
    side: Side
    at: datetime

    @property
    def actor(self) -> str:
        return f"user:{self.person.user_id}"


def visible_case(connection: Connection, person: Person, case_id: str) -> tuple[Case, Side]:
    """A case that the person may work on, and on whose side.

    Raises
    ------
    NotFound
        There is none: another marketplace's, another brand's and no case at all look the same.
    """
    reviewed = person.marketplaces(Permission.REVIEW_CASES)
    answered = person.brands(Permission.ANSWER_QUESTIONS)
    marketplace_id = cases.marketplace_of(connection, case_id, reviewed | {place for place, _ in answered})
    case = cases.get(connection, marketplace_id, case_id)
    if case.marketplace_id in reviewed:
        return case, Side.ANALYST
    if (case.marketplace_id, case.brand_id) in answered and _was_asked(connection, case):
        return case, Side.BRAND
    raise NotFound("There is no such case.")


def _was_asked(connection: Connection, case: Case) -> bool:
    """Whether the brand has been asked: now, or before it answered."""
    if case.lane is CaseLane.ASK_BRAND:
        return True
    given = verdicts.of_listings(connection, case.marketplace_id, [case.listing_id])
    return any(one.case_id == case.case_id and one.side is Side.BRAND for one in given)


def is_blind(connection: Connection, case: Case) -> bool:
    """Whether a case is decided by somebody who is not shown the score.

    A notifier's complaint stays one, also after its case went to the brand and came back.
    """
    return case.lane in BLIND_LANES or notice_complaints.is_contested(connection, case.marketplace_id, case.case_id)


def has_decided_before(connection: Connection, person: Person, case: Case) -> bool:
    """Whether the case is an appeal against what this person decided, or a second look at it: somebody else must judge.

    Who took a verdict on the offer back has looked at it all the same, and gives no second look.
    """
    if not is_blind(connection, case):
        return False
    given = verdicts.of_listings(connection, case.marketplace_id, [case.listing_id])
    before = [one for one in given if one.user_id == person.user_id and one.case_id != case.case_id]
    if case.lane is CaseLane.SECOND_LOOK:
        return bool(before)
    return any(one.lane is not CaseLane.APPEAL and one.superseded_by is None for one in before)


def lease(runtime: Runtime, person: Person, case_id: str) -> bool:
    """Hold a case while its page is open; False where somebody else does."""
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        case, _ = visible_case(connection, person, case_id)
        until = now + timedelta(seconds=runtime.policies.enforcement.lease_seconds)
        return cases.lease(connection, case, person.user_id, at=now, until=until)


def record_verdict(runtime: Runtime, person: Person, answer: Answer) -> Recorded:
    """Record a verdict with its consequences. Two people can never decide the same case.

    Raises
    ------
    Conflict
        Somebody was faster, holds the case, or the offer was changed since it was seen.
    NoRightCarries
        The brand has no right on file that holds here and now and speaks of this reason.
    NotFound, Forbidden, Invalid
        The case is not theirs; the rules do not let them decide it; it is no answer.
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
    counted: Standing | None = None,
) -> Recorded:
    """Record a verdict inside a transaction that does more; raises like `record_verdict`.

    `examined` says that the answer is that of whoever examined the goods of a test buy. `counted` is the standing of
    the case's brand where the caller has counted it under its lock, and counts it anew when all is recorded.
    """
    case, side = visible_case(connection, person, answer.case_id)
    if counted is None:
        begin_count(connection, case)
    sitting = _Sitting(runtime, connection, person, case, side, now)
    if answer.evidence is Evidence.TEST_BUY and side is Side.BRAND:
        raise Forbidden("A test buy is recorded by an analyst, who has its papers.")
    if answer.evidence is Evidence.TEST_BUY and not examined:
        check_on_file(test_buys.states_of_listing(connection, case.marketplace_id, case.listing_id))
    if case.version_id != answer.version_id:
        raise Conflict("The offer was changed since you loaded it; look at the current version.")
    confirms = side is Side.BRAND and answer.judgement is Judgement.COUNTERFEIT
    if confirms:
        briefing.require(runtime, connection, person, now)
    weight = weigh(runtime, connection, case, now, counted) if confirms else None
    bench = replace(_bench(sitting, weight), examined=examined)
    follows = consequence(answer.judgement, bench, runtime.policies.enforcement)
    _change_case(sitting, follows)
    carried = _carried(sitting, answer) if confirms else None
    verdict_id = _append(sitting, answer, passed_on=bench.held_back is not None)
    if carried is not None:
        keep_basis(runtime, connection, case, verdict_id, carried, now)
    if weight is not None:
        keep_confirmation(runtime, connection, case, verdict_id, weight, now)
    action = _act(sitting, answer, verdict_id, follows, bench)
    _settle_appeal(sitting, follows)
    if follows.event is CaseEvent.DECIDE:
        made = None if action is None else action.action_id
        given = notice_decisions.Given(verdict_id, answer.judgement, follows.outcome, made, now)
        notice_decisions.settle(connection, case, given)
    if counted is None:
        recount_of(runtime, connection, case, now)
    waits = " The removal is held until people let it go." if action and action.state is ActionState.HELD else ""
    _note(sitting, f"{_in_words(answer)}. {' '.join(follows.reasons)}{waits}")
    undo_until = now + timedelta(seconds=runtime.policies.enforcement.undo_window_seconds)
    return Recorded(verdict_id, follows, action, undo_until)


def undo_verdict(runtime: Runtime, person: Person, case_id: str) -> str:
    """Take back one's own last verdict on a case while the window is open; returns the withdrawal's id.

    The case is open again in the lane in which it was decided; a scheduled action is withdrawn.

    Raises
    ------
    Conflict
        There is nothing to undo, the window has closed, or somebody went on from there.
    Forbidden
        The verdict is somebody else's.
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        return undo_in(runtime, connection, person, case_id, now)


def undo_in(
    runtime: Runtime, connection: Connection, person: Person, case_id: str, now: datetime, *, recounts: bool = True
) -> str:
    """Take a verdict back inside a transaction that does more; raises like `undo_verdict`.

    `recounts` is false where the caller holds the count of the brand's standing and counts it anew afterwards.
    """
    case, side = visible_case(connection, person, case_id)
    if recounts:
        begin_count(connection, case)
    sitting = _Sitting(runtime, connection, person, case, side, now)
    given = verdicts.latest_of_case(connection, case.marketplace_id, case.case_id)
    if given is None:
        raise Conflict("There is no verdict to undo.")
    if given.user_id != person.user_id:
        raise Forbidden(f"{given.user_name} gave the last verdict on this case; only they can undo it.")
    if now >= given.known_at + timedelta(seconds=runtime.policies.enforcement.undo_window_seconds):
        raise Conflict("The undo window has closed.")
    _undo_overturn(sitting, given)
    _withdraw_action(sitting, given)
    values: dict[str, object] = {"lane": given.lane.value, "decided_at": None}
    if given.side is Side.BRAND:
        values["question_returned"] = False
    event = CaseEvent.UNDO if case.state is CaseState.DECIDED else CaseEvent.PASS_ON
    cases.change(connection, case, event, values, holder=person.user_id, at=now)
    withdrawal = Answer(case.case_id, given.version_id, Judgement.WITHDRAWN)
    withdrawal_id = _append(sitting, withdrawal, supersedes=given)
    notice_decisions.reopen(connection, case, given.verdict_id)
    found = appeals.of_case(connection, case.marketplace_id, case.case_id)
    if found is not None and given.lane is CaseLane.APPEAL:
        appeals.change(connection, case.marketplace_id, found, AppealEvent.REOPEN, now)
        _tell_counter_notice(sitting, found, CounterNoticeEvent.REOPEN)
    if recounts:
        recount_of(runtime, connection, case, now)
    _note(sitting, f"Took back “{given.judgement.value.replace('_', ' ')}”.")
    return withdrawal_id


def set_aside(runtime: Runtime, connection: Connection, person: Person, word: tuple[str, str], at: datetime) -> None:
    """Take a verdict out of account for which others have decided that it shall not stand.

    Its case is an analyst's to decide anew, unless another case of the offer is open already.
    """
    marketplace_id, verdict_id = word
    verdict = verdicts.get(connection, marketplace_id, verdict_id)
    case = cases.get(connection, marketplace_id, verdict.case_id)
    sitting = _Sitting(runtime, connection, person, case, verdict.side, at)
    _append(sitting, Answer(case.case_id, verdict.version_id, Judgement.WITHDRAWN), supersedes=verdict)
    elsewhere = cases.open_cases(connection, marketplace_id, [case.listing_id]).get(case.listing_id)
    if case.state is CaseState.DECIDED and elsewhere is None:
        hours = runtime.policies.enforcement.analyst_decides_within_hours
        values: dict[str, object] = {
            "lane": CaseLane.ANALYST.value,
            "due_at": at + timedelta(hours=hours),
            "decided_at": None,
            "question_returned": True,
        }
        cases.change(connection, case, CaseEvent.UNDO, values, holder=None, at=at)
    notice_decisions.reopen(connection, case, verdict_id)
    if elsewhere is not None:
        notices.move_to_case(connection, marketplace_id, case.case_id, elsewhere.case_id)
    recount_of(runtime, connection, case, at)
    _note(sitting, "The held removal was withdrawn; an analyst decides anew.")


def _carried(sitting: _Sitting, answer: Answer) -> tuple[Right, str, tuple[Mandate, ...]]:
    """The right that carries a confirmation; the case stays as it is where there is none."""
    reason_code = answer.reason_code or ReasonCode.TRADEMARK_COUNTERFEIT
    found, mandates = basis_of(
        sitting.runtime,
        sitting.connection,
        (sitting.case.marketplace_id, sitting.case.brand_id or ""),
        sitting.person,
        reason_code,
        sitting.at,
        only=answer.right_id,
    )
    if found.right is None:
        raise NoRightCarries(f"Nothing was recorded. {' '.join(found.reasons[:_MOST_REASONS])}")
    return found.right, found.reasons[0], mandates


def _bench(sitting: _Sitting, weight: Weight | None) -> Bench:
    case = sitting.case
    enrolled = brands.enrolments(sitting.connection, case.marketplace_id).get(case.brand_id or "")
    if has_decided_before(sitting.connection, sitting.person, case):
        what = _BLIND_WORK.get(case.lane, "decide the complaint")
        raise Forbidden(f"You decided on this offer before; somebody else must {what}.")
    return Bench(
        lane=case.lane,
        side=sitting.side,
        brand_can_be_asked=enrolled is not None and enrolled.takes_part and not case.question_returned,
        brand_name=enrolled.name if enrolled else None,
        held_back=weight.effect.reason if weight is not None and not weight.effect.at_once else None,
    )


def _change_case(sitting: _Sitting, follows: Consequence) -> None:
    values: dict[str, object] = {"decided_at": sitting.at if follows.event is CaseEvent.DECIDE else None}
    if follows.lane is not None:
        policy = sitting.runtime.policies.enforcement
        asked = follows.lane is CaseLane.ASK_BRAND
        hours = policy.brand_answers_within_hours if asked else policy.analyst_decides_within_hours
        values |= {"lane": follows.lane.value, "due_at": sitting.at + timedelta(hours=hours)}
        values["question_returned"] = sitting.case.question_returned or sitting.side is Side.BRAND
    holder = sitting.person.user_id
    cases.change(sitting.connection, sitting.case, follows.event, values, holder=holder, at=sitting.at)


def _append(
    sitting: _Sitting, answer: Answer, supersedes: StoredVerdict | None = None, *, passed_on: bool = False
) -> str:
    """The verdict and its audit entry."""
    case = sitting.case
    verdict_id = sitting.runtime.ids.new("vdt")
    row = {
        "marketplace_id": case.marketplace_id,
        "verdict_id": verdict_id,
        "case_id": case.case_id,
        "listing_id": case.listing_id,
        "version_id": answer.version_id,
        "judgement": answer.judgement.value,
        "reason_code": answer.reason_code.value if answer.reason_code else None,
        "side": sitting.side.value,
        "evidence": answer.evidence.value,
        "lane": supersedes.lane.value if supersedes else case.lane.value,
        "user_id": sitting.person.user_id,
        "brand_id": case.brand_id if sitting.side is Side.BRAND else None,
        "supersedes_id": supersedes.verdict_id if supersedes else None,
        "note": answer.note,
        "passed_on": passed_on,
        "occurred_at": sitting.at,
        "known_at": sitting.at,
    }
    verdicts.add_verdict(sitting.connection, row)
    likenesses.mark_judged(sitting.connection, case.marketplace_id, answer.version_id)
    named = ("case_id", "version_id", "judgement", "side", "evidence", "lane", "supersedes_id")
    payload = {name: row[name] for name in named}
    audit.record(
        sitting.connection,
        at=sitting.at,
        marketplace_id=case.marketplace_id,
        actor=sitting.actor,
        act="verdict.withdrawn" if supersedes else "verdict.recorded",
        subject=verdict_id,
        payload=payload,
    )
    return verdict_id


def _act(sitting: _Sitting, answer: Answer, verdict_id: str, follows: Consequence, bench: Bench) -> StoredAction | None:
    match follows.outcome:
        case Outcome.NONE:
            return None
        case Outcome.REMOVE:
            case = sitting.case
            source = _source_of(sitting.connection, case)
            statement = removal_statement(
                brand_name=bench.brand_name,
                reason_code=answer.reason_code or ReasonCode.TRADEMARK_COUNTERFEIT,
                side=bench.side,
                was_flagged=bench.lane is not CaseLane.AUDIT,
                source=source,
                sold_in=sorted(marketplaces.sold_in(sitting.connection, sitting.case.marketplace_id) or ()),
            )
            asked = Confirmation(case, sitting.side, sitting.person.user_id)
            held = held_for(sitting.runtime, sitting.connection, asked, sitting.at)
            cause, at = Cause(case.marketplace_id, case.listing_id, verdict_id, sitting.actor), sitting.at
            origin = Origin(sitting.side, source is not Source.VOLUNTARY, bench.examined)
            # Drawn where it is needed alone, so that a seed gives the audit draws that it gave.
            draw = sitting.runtime.draw() if model_initiated(origin) else 0.0
            delay = random_delay(origin, draw, sitting.runtime.policies.enforcement)
            return schedule(
                sitting.runtime, sitting.connection, ActionKind.REMOVE, cause, statement, at, held=held, delay=delay
            )
        case Outcome.REINSTATE:
            contested = appeals.of_case(sitting.connection, sitting.case.marketplace_id, sitting.case.case_id)
            if contested is None:
                return None
            removal = actions.get(sitting.connection, sitting.case.marketplace_id, contested.action_id)
            ground = Ground(Undone.APPEAL, verdict_id, sitting.actor)
            return overturn(sitting.runtime, sitting.connection, removal, ground, sitting.at)


def _source_of(connection: Connection, case: Case) -> Source:
    return source_of(notices.led_to(connection, case.marketplace_id, [case.case_id]).get(case.case_id))


def _settle_appeal(sitting: _Sitting, follows: Consequence) -> None:
    if sitting.case.lane is not CaseLane.APPEAL:
        return
    found = appeals.of_case(sitting.connection, sitting.case.marketplace_id, sitting.case.case_id)
    if found is not None:
        upheld = follows.outcome is Outcome.REINSTATE
        event = AppealEvent.UPHOLD if upheld else AppealEvent.DISMISS
        appeals.change(sitting.connection, sitting.case.marketplace_id, found, event, sitting.at)
        _tell_counter_notice(sitting, found, CounterNoticeEvent.UPHOLD if upheld else CounterNoticeEvent.DISMISS)


def _tell_counter_notice(sitting: _Sitting, found: Appeal, event: CounterNoticeEvent) -> None:
    contested = counter_notices.of_action(sitting.connection, sitting.case.marketplace_id, found.action_id)
    if contested is not None:
        take(sitting.runtime, sitting.connection, contested, Said(event, None, sitting.actor))


def _undo_overturn(sitting: _Sitting, given: StoredVerdict) -> None:
    found = overturns.by_verdict(sitting.connection, sitting.case.marketplace_id, given.verdict_id)
    if found is None:
        return
    if found.cause is Undone.CONCEDED:
        raise Conflict("Giving way to a counter-notice cannot be taken back; the seller has been told.")
    overturns.undo(sitting.connection, sitting.case.marketplace_id, found.overturn_id, sitting.at)
    striking.give_again(sitting.runtime, sitting.connection, sitting.case.marketplace_id, found.action_id, sitting.at)


def _withdraw_action(sitting: _Sitting, given: StoredVerdict) -> None:
    made = actions.of_verdicts(sitting.connection, sitting.case.marketplace_id, [given.verdict_id])
    if given.verdict_id in made:
        withdraw(sitting.runtime, sitting.connection, made[given.verdict_id], sitting.actor, sitting.at)


def _in_words(answer: Answer) -> str:
    by = " by a test buy" if answer.evidence is Evidence.TEST_BUY else ""
    return f"{answer.judgement.value.replace('_', ' ').capitalize()}{by}"


def _note(sitting: _Sitting, what: str) -> None:
    row = {
        "marketplace_id": sitting.case.marketplace_id,
        "event_id": sitting.runtime.ids.new("evt"),
        "case_id": sitting.case.case_id,
        "what": what[:200],
        "actor": sitting.person.name,
        "known_at": sitting.at,
    }
    cases.add_events(sitting.connection, [row])
