"""Account management of brands: brands that need attention, brand leads, question limits and rights."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from features.message import Message
from models.errors import Conflict, Invalid, NotFound, require
from serving.accounts.rules.access import Person, Role
from serving.accounts.service.provisioning import NewEnrolment, enrol
from serving.accounts.store import accounts, people
from serving.audit.store import audit
from serving.brands.policy import AttentionPolicy, RightsPolicy
from serving.brands.rules.attention import BrandFigures, Reason, attention_reasons
from serving.brands.rules.authorisation import MessageSide
from serving.brands.rules.rights import RightState
from serving.brands.service.brand_messages import managed_pairs
from serving.brands.service.brand_people import invite_to_brand
from serving.brands.service.rights_claims import settle_rights
from serving.brands.store import account_managers, brand_attention, brand_messages, brands, certifications, mandates
from serving.brands.store.brands import Enrolment
from serving.marketplaces.store import marketplaces
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.reports.rules.step_up import RELEASED_WITHIN
from serving.reports.store import step_ups
from serving.standing.policy import StandingPolicy
from serving.standing.rules.standing import Level, outlook
from serving.standing.service import current_standing
from serving.standing.store import question_steps, standings
from serving.takedowns.policy import BudgetPolicy
from serving.takedowns.store import approvals

_MOST_QUESTIONS = 10_000
_LONGEST_NOTE: Final = 4_000
_SETTLED_BY_MANAGER = frozenset({RightState.VERIFIED, RightState.REFUSED})


@dataclass(frozen=True, slots=True)
class ManagedBrand:
    """A brand of an account manager at a marketplace."""

    pair: Pair
    marketplace: str
    enrolment: Enrolment


def managed_brand_of(
    connection: Connection, person: Person, brand_id: str, marketplace_id: str | None = None
) -> ManagedBrand:
    """The managed brand of this id; of several marketplaces the one named, or the first.

    Raises NotFound (they are not its account manager).
    """
    mine = sorted(managed_pairs(connection, person))
    pair = next((pair for pair in mine if pair[1] == brand_id and marketplace_id in {None, pair[0]}), None)
    if pair is None:
        raise NotFound("There is no such brand.")
    return ManagedBrand(
        pair, marketplaces.get(connection, pair[0]).name, brands.enrolments(connection, pair[0])[brand_id]
    )


def attention_of_brands(
    runtime: Runtime, connection: Connection, person: Person, pairs: Collection[Pair], at: datetime
) -> dict[Pair, tuple[Reason, ...]]:
    """The reasons why each of these brands needs its account manager, the most urgent first.

    Levels are the recorded ones, which the sweep keeps; only a warned brand's standing is counted.
    """
    policy, warning_time = (
        runtime.policies[AttentionPolicy],
        timedelta(days=runtime.policies[RightsPolicy].told_before_expiry_days),
    )
    enrolled = {place: brands.enrolments(connection, place) for place in {place for place, _ in pairs}}
    overdue = brand_attention.overdue_counts(connection, pairs, at)
    escalated = question_steps.waiting_for_manager(connection, pairs)
    unanswered = brand_attention.unanswered_counts(connection, pairs, at - timedelta(days=policy.silent_after_days))
    answered = brand_attention.last_answered_at(connection, pairs)
    to_verify = brand_attention.rights_to_verify(connection, pairs)
    ending = brand_attention.rights_ending(connection, pairs, at, at + warning_time)
    proposed = brand_attention.aliases_to_decide(connection, pairs)
    to_check = brand_attention.open_seller_requests(connection, pairs)
    unread = brand_messages.unread_counts(connection, pairs, person.user_id, MessageSide.MANAGER)
    certified, pending = certifications.certified_brands(connection, pairs), Counter[tuple[str, str | None]]()
    for batch in approvals.pending_batches(connection, set(enrolled)):
        pending[batch.marketplace_id, batch.brand_id] += batch.pending
    to_release = Counter(
        (report.marketplace_id, report.brand_id)
        for report in step_ups.step_ups_since(connection, pairs, at - RELEASED_WITHIN)
        if report.waits_for and report.stopped_at is None
    )
    changes = standings.latest_changes(connection, pairs)
    reasons_by_brand = {}
    for pair in pairs:
        change = changes.get(pair)
        figures = BrandFigures(
            takes_part=enrolled[pair[0]][pair[1]].takes_part,
            overdue=overdue.get(pair, 0),
            escalated=escalated.get(pair, 0),
            unanswered=unanswered.get(pair, 0),
            answered_at=answered.get(pair),
            level=change.level if change else Level.PROVISIONAL,
            warned=change is not None and change.warned,
            outlook=_outlook(runtime, connection, pair, at) if change and change.warned else None,
            certified=pair in certified,
            rights_to_verify=to_verify.get(pair, 0),
            rights_ending=ending.get(pair, 0),
            unread=unread.get(pair, 0),
            removals_pending=pending[pair],
            reports_to_release=to_release[pair],
            aliases_to_decide=proposed.get(pair, 0),
            sellers_to_check=to_check.get(pair, 0),
        )
        reasons_by_brand[pair] = attention_reasons(figures, at, policy)
    return reasons_by_brand


def _outlook(runtime: Runtime, connection: Connection, pair: Pair, at: datetime) -> Message | None:
    """What would end a brand's good standing."""
    standing = current_standing(runtime, connection, *pair, at)
    return next(reversed(outlook(standing, runtime.policies[StandingPolicy])), None)


def set_lead(runtime: Runtime, person: Person, pair: Pair, user_id: str, *, leads: bool) -> None:
    """Grant or withdraw a brand user's right to change the brand's file.

    Raises NotFound (it is not their brand, or the id is of no user of the brand) or Conflict (the user acts, or acted,
    by a power of attorney: an agent with limits does not set these limits. A power that was recorded by mistake must be
    voided first, as a separate act. A true power must not end by a click on lead rights).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        _require_manager(connection, person, pair)
        if leads and mandates.mandates_of(connection, pair, user_id):
            raise Conflict("They act by a power of attorney. Make it void first if it was recorded by mistake.")
        accounts.set_lead(connection, user_id, pair, leads=leads)
        audit.record(
            connection,
            runtime.clock.now(),
            pair[0],
            person.actor,
            "person.leads" if leads else "person.leads_no_more",
            user_id,
            brand_id=pair[1],
        )


def void_agency(runtime: Runtime, person: Person, pair: Pair, mandate_id: str) -> None:
    """Void a power of attorney that was recorded by mistake: its holder becomes the brand's own user again.

    Acts under the power stay valid. The audit log keeps the record and the person who voided it.

    Raises NotFound (it is not of their brand here, or void already).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        _require_manager(connection, person, pair)
        mandates.void_mandate(connection, pair, mandate_id)
        audit.record(
            connection, runtime.clock.now(), pair[0], person.actor, "mandate.voided", mandate_id, brand_id=pair[1]
        )


def change_enrolment(
    runtime: Runtime, person: Person, pair: Pair, *, takes_part: bool, daily_questions: int | None
) -> None:
    """Change whether a brand gets questions, and how many a day.

    Raises NotFound (it is not their brand) or Invalid (the number is out of range).
    """
    if daily_questions is not None and not 0 <= daily_questions <= _MOST_QUESTIONS:
        raise Invalid("Questions a day are a number from 0 to {most:,}, or nothing for no limit.", most=_MOST_QUESTIONS)
    with runtime.store.read() as connection:
        managed_brand = managed_brand_of(connection, person, pair[1], pair[0])
    new_enrolment = NewEnrolment(
        managed_brand.enrolment.name, None, takes_part, managed_brand.marketplace, (), daily_questions=daily_questions
    )
    enrol(runtime, new_enrolment, by=person.actor)


def set_contract_day(runtime: Runtime, person: Person, pair: Pair, figure: int | None) -> bool:
    """Set how many removals a day a brand's contract has; None is the policy's number.

    A figure above the policy's waits for a second person (`approve_contract_day`); returns whether it holds already.

    Raises NotFound (it is not their brand) or Invalid (the number is out of range).
    """
    policy = runtime.policies[BudgetPolicy]
    if figure is not None and not 0 <= figure <= policy.most_contract_day:
        raise Invalid(
            "Removals a day are a number from 0 to {most:,}, or nothing for the policy's.",
            most=policy.most_contract_day,
        )
    with runtime.store.write() as connection:
        audit.lock(connection)
        _require_manager(connection, person, pair)
        if alone := figure is None or figure <= policy.step_up_day:
            brands.set_contract_day(connection, *pair, figure)
        else:
            brands.propose_contract_day(connection, *pair, figure)
        act = "brand.contract_set" if alone else "brand.contract_proposed"
        audit.record(connection, runtime.clock.now(), pair[0], person.actor, act, pair[1], contract_day=figure)
    return alone


def approve_contract_day(runtime: Runtime, pair: Pair, *, by: str) -> int:
    """Approve the figure that an account manager has proposed for a brand's contract, as the second person.

    Raises NotFound (the brand is not enrolled there) or Conflict (no figure waits).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        enrolled = require(brands.enrolments(connection, pair[0]).get(pair[1]), "There is no such brand.")
        if enrolled.proposed_day is None:
            raise Conflict("No figure of this brand waits for a second person.")
        brands.set_contract_day(connection, *pair, enrolled.proposed_day)
        about = {"contract_day": enrolled.proposed_day}
        audit.record(connection, runtime.clock.now(), pair[0], by, "brand.contract_set", pair[1], **about)
    return enrolled.proposed_day


def keep_note(runtime: Runtime, person: Person, pair: Pair, note: str, to: str) -> bool:
    """Keep the account manager's note about a brand and hand the brand over; returns whether somebody else has it now.

    `to` is the id of the account manager from now on, which may be the person's own.

    Raises NotFound (it is not their brand) or Invalid (the note is too long; nobody of that id manages brands there).
    """
    text, moves = note.strip(), to != person.user_id
    if len(text) > _LONGEST_NOTE:
        raise Invalid("A note has at most {most:,} characters.", most=_LONGEST_NOTE)
    with runtime.store.write() as connection:
        audit.lock(connection)
        _require_manager(connection, person, pair)
        if to not in people.holders(connection, [pair[0]], Role.ACCOUNT_MANAGER).get(pair[0], {}):
            raise Invalid("Choose an account manager of this marketplace.")
        brands.set_note(connection, *pair, text or None)
        account_managers.move(connection, [pair], to)
        act = "brand.handed_over" if moves else "brand.noted"
        audit.record(connection, runtime.clock.now(), pair[0], person.actor, act, pair[1], account_manager=to)
    return moves


def judge_rights(
    runtime: Runtime, person: Person, pair: Pair, right_ids: Collection[str], state: RightState, note: str
) -> None:
    """Verify or refuse rights of a brand that the person manages, all or none.

    Raises NotFound (one is not of their brand here) or Invalid (none is chosen; the state is neither of the two: only
    the brand withdraws a right).
    """
    if not right_ids:
        raise Invalid("Tick at least one right.")
    if state not in _SETTLED_BY_MANAGER:
        raise Invalid("Verify the right, or refuse it.")
    with runtime.store.read() as connection:
        _require_manager(connection, person, pair)
    settle_rights(runtime, pair, right_ids, state, note=note, by=person.actor)


def invite_lead(runtime: Runtime, person: Person, pair: Pair, email: str) -> str:
    """Invite somebody to lead a brand that the person manages; returns the path of the link, which is not stored.

    An earlier invitation of the same address ends.

    Raises NotFound (it is not their brand) or Invalid, Conflict (as `invite_to_brand`).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        _require_manager(connection, person, pair)
        return invite_to_brand(runtime, connection, person, pair, email, leads=True)


def _require_manager(connection: Connection, person: Person, pair: Pair) -> None:
    managed_brand_of(connection, person, pair[1], pair[0])
