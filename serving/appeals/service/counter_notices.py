"""Counter-notices: opened when the seller is told of a removal, answered by both sides, ended by a sweep if due."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import DomainError, Invalid, NotFound
from models.verdict import Evidence, Judgement, Side
from serving.accounts.rules.access import Permission, Person
from serving.appeals.rules.counter_notice import CounterNoticeEvent, CounterNoticeState, Party
from serving.appeals.service.appeal import open_appeal, removal_in_force
from serving.appeals.service.complaint_case import Ground, overturn
from serving.appeals.service.counter_notice_steps import Statement, open_counter_notice, take_step
from serving.appeals.store import counter_notices
from serving.appeals.store.counter_notices import CounterNotice
from serving.audit.store import audit
from serving.cases.store import cases, verdicts
from serving.listings.store import signatures
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.standing.service import lock_standing
from serving.takedowns.rules.statement import OverturnCause
from serving.takedowns.store import actions

LONGEST_TEXT: Final = 5_000
_MOST_AT_ONCE: Final = 200
# A worker that was down for a month finds the missed ones; for older removals the appeal remains.
_LOOKED_BACK: Final = timedelta(days=31)
_CLOCK: Final = "sweep"


def open_counter_notices(runtime: Runtime) -> int:
    """Open one for each removal that the marketplace has acknowledged, as of the acknowledgement."""
    since = runtime.clock.now() - _LOOKED_BACK
    with runtime.store.read() as connection:
        missing = counter_notices.uncontested_removals(connection, since, _MOST_AT_ONCE)
    for marketplace_id, action_id in missing:
        with runtime.store.write() as connection:
            open_counter_notice(runtime, connection, marketplace_id, action_id)
    return len(missing)


def submit(runtime: Runtime, marketplace_id: str, action_id: str, words: str) -> CounterNotice:
    """The seller answers a removal.

    Raises Invalid (the statement is empty or too long) or Conflict, TooLate, NotFound (it is not the seller's turn; the
    time has passed; there is no such removal).
    """
    text = Statement(CounterNoticeEvent.SUBMIT, _checked_words(words), "seller")
    with runtime.store.write() as connection:
        counter_notice = open_counter_notice(runtime, connection, marketplace_id, action_id)
        return _apply_step(runtime, connection, counter_notice, text)


def submit_for_seller(
    runtime: Runtime, marketplace: Marketplace, listing_external_id: str, words: str
) -> CounterNotice:
    """The seller's answer as the marketplace forwards it, by the listing.

    Raises Invalid, Conflict, TooLate, NotFound (as for `submit`; the listing is not removed, or does not exist).
    """
    with runtime.store.read() as connection:
        removal = removal_in_force(connection, marketplace.marketplace_id, listing_external_id)
    return submit(runtime, marketplace.marketplace_id, removal.action_id, words)


def withdraw(runtime: Runtime, marketplace_id: str, action_id: str) -> CounterNotice:
    """Withdraw the seller's counter-notice; the removal stands, and an appeal stays possible."""
    with runtime.store.write() as connection:
        counter_notice = open_counter_notice(runtime, connection, marketplace_id, action_id)
        return _apply_step(runtime, connection, counter_notice, Statement(CounterNoticeEvent.WITHDRAW, None, "seller"))


def answer_as_rights_holder(
    runtime: Runtime, person: Person, counter_notice_id: str, event: CounterNoticeEvent, words: str
) -> CounterNotice:
    """A user of the brand concedes, maintains with reasons, or names the court.

    Conceding records the verdict 'genuine'. Label and strike follow it as with any other verdict.

    Raises NotFound (there is no counter-notice against a removal for this person's brand) or Forbidden, Conflict,
    TooLate, Invalid (the event is not the rights holder's; the rules refuse it; it lacks reasons).
    """
    answered = person.brands(Permission.ANSWER_QUESTIONS)
    with runtime.store.write() as connection:
        marketplace_id = counter_notices.marketplace_of(
            connection, counter_notice_id, frozenset(place for place, _ in answered)
        )
        counter_notice = counter_notices.get(connection, marketplace_id, counter_notice_id)
        if (marketplace_id, counter_notice.brand_id) not in answered:
            raise NotFound("There is no such counter-notice.")
        needs_words = event is not CounterNoticeEvent.CONCEDE
        text = Statement(event, _checked_words(words) if needs_words else None, person.actor)
        return _apply_step(runtime, connection, counter_notice, text, party=Party.RIGHTS_HOLDER, person=person)


def apply_deadlines(runtime: Runtime) -> int:
    """Apply the consequence of silence to every due counter-notice; returns how many changed."""
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        overdue = counter_notices.due_counter_notices(connection, now, _MOST_AT_ONCE)
    passed = 0
    for counter_notice in overdue:
        try:
            with runtime.store.write() as connection:
                _apply_step(
                    runtime, connection, counter_notice, Statement(CounterNoticeEvent.PASS_DEADLINE, None, _CLOCK)
                )
        except DomainError:
            continue  # A party is answering at this moment; the next sweep looks again.
        passed += 1
    return passed


def _apply_step(
    runtime: Runtime,
    connection: Connection,
    counter_notice: CounterNotice,
    statement: Statement,
    *,
    party: Party | None = None,
    person: Person | None = None,
) -> CounterNotice:
    """One step with all its consequences, in the caller's transaction."""
    now, marketplace_id = runtime.clock.now(), counter_notice.marketplace_id
    removal = actions.get(connection, marketplace_id, counter_notice.action_id)
    lock_standing(connection, cases.of_verdict(connection, marketplace_id, removal.verdict_id))
    following = take_step(runtime, connection, counter_notice, statement, party)
    if following.turn.state is CounterNoticeState.WITH_REVIEWER:
        statements = _seller_statements(connection, counter_notice)[:LONGEST_TEXT]
        open_appeal(runtime, connection, removal, f"counter-notice:{counter_notice.counter_notice_id}", statements)
    if following.overturns:
        gave_way = None if person is None else _record_genuine_verdict(runtime, connection, counter_notice, person, now)
        why = OverturnCause.SILENCE if gave_way is None else OverturnCause.CONCEDED
        overturn(runtime, connection, removal, Ground(why, gave_way, statement.actor), now)
    return counter_notices.get(connection, marketplace_id, counter_notice.counter_notice_id)


def _record_genuine_verdict(
    runtime: Runtime, connection: Connection, counter_notice: CounterNotice, person: Person, at: datetime
) -> str:
    """The verdict of a rights holder that concedes, on the removed version."""
    removal = actions.get(connection, counter_notice.marketplace_id, counter_notice.action_id)
    before = verdicts.get(connection, counter_notice.marketplace_id, removal.verdict_id)
    verdict_id = runtime.ids.new("vdt")
    row = {
        "marketplace_id": counter_notice.marketplace_id,
        "verdict_id": verdict_id,
        "case_id": before.case_id,
        "listing_id": before.listing_id,
        "version_id": before.version_id,
        "judgement": Judgement.GENUINE.value,
        "reason_code": None,
        "side": Side.BRAND.value,
        "evidence": Evidence.LISTING.value,
        "lane": before.lane.value,
        "user_id": person.user_id,
        "brand_id": counter_notice.brand_id,
        "supersedes_id": None,
        "note": "Gave way to the seller's counter-notice.",
        "occurred_at": at,
        "known_at": at,
    }
    verdicts.add_verdict(connection, row)
    signatures.mark_judged(connection, counter_notice.marketplace_id, before.version_id)
    audit.record(
        connection,
        at,
        counter_notice.marketplace_id,
        person.actor,
        "verdict.recorded",
        verdict_id,
        **verdicts.audited_columns(row),
    )
    return verdict_id


def _seller_statements(connection: Connection, counter_notice: CounterNotice) -> str:
    """The seller's statements in all rounds."""
    steps = counter_notices.steps(connection, counter_notice.marketplace_id, counter_notice.counter_notice_id)
    return "\n\n".join(step.text for step in steps if step.text and step.party is Party.SELLER)


def _checked_words(words: str) -> str:
    reason_text = words.strip()
    if not reason_text or len(reason_text) > LONGEST_TEXT:
        raise Invalid("Say why, in at most {most:,} characters.", most=LONGEST_TEXT)
    return reason_text
