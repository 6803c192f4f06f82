"""What a seller can do through its link, and until when."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from models.errors import DomainError, Invalid
from serving.appeals.policy import PROFILES, AppealPolicy
from serving.appeals.rules.appeals import appeal_period_end
from serving.appeals.rules.counter_notice import WHO, CounterNoticeEvent, Party, apply_event
from serving.appeals.service import counter_notices as answering
from serving.appeals.service.appeal import open_appeal
from serving.appeals.service.counter_notice_steps import Statement, open_counter_notice, take_step
from serving.appeals.service.counter_notices import LONGEST_TEXT
from serving.appeals.service.seller_links import target_of
from serving.appeals.store import appeals, counter_notices
from serving.appeals.store.counter_notices import CounterNotice
from serving.platform.deadlines import BusinessCalendar
from serving.platform.runtime import Runtime
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction

_SELLERS: Final = tuple(event for event, party in WHO.items() if party is Party.SELLER)


def act_by_link(runtime: Runtime, token: str, event: CounterNoticeEvent, words: str) -> None:
    """A seller's act through its link: answer the removal, withdraw the answer, or appeal.

    Raises NotFound (the link is unknown, or the seller has not been told of the removal) or Conflict, TooLate, Invalid
    (the rules refuse it; the statement is empty or too long).
    """
    with runtime.store.read() as connection:
        removal = target_of(runtime, connection, token).removal
    marketplace_id, action_id = removal.marketplace_id, removal.action_id
    match event:
        case CounterNoticeEvent.SUBMIT:
            answering.submit(runtime, marketplace_id, action_id, words)
        case CounterNoticeEvent.WITHDRAW:
            answering.withdraw(runtime, marketplace_id, action_id)
        case CounterNoticeEvent.APPEAL:
            _file_appeal(runtime, marketplace_id, action_id, words.strip())
        case _:
            raise Invalid("Choose one of the answers.")


def possible_events(runtime: Runtime, connection: Connection, removal: StoredAction) -> frozenset[CounterNoticeEvent]:
    """The seller's current options for a removal, by the rules of each option."""
    counter_notice = counter_notices.of_action(connection, removal.marketplace_id, removal.action_id)
    if counter_notice is None:
        return frozenset()
    now = runtime.clock.now()
    allowed = set()
    for event in _SELLERS:
        try:
            apply_event(
                counter_notice.turn,
                event,
                Party.SELLER,
                at=now,
                policy=PROFILES[counter_notice.profile],
                calendar=BusinessCalendar(),
            )
        except DomainError:
            continue
        allowed.add(event)
    if appeals.of_action(connection, removal.marketplace_id, removal.action_id) or now >= appeal_until(
        runtime, counter_notice
    ):
        allowed.discard(CounterNoticeEvent.APPEAL)
    return frozenset(allowed)


def appeal_until(runtime: Runtime, counter_notice: CounterNotice) -> datetime:
    """The end of the seller's appeal period."""
    return appeal_period_end(counter_notice.informed_at, runtime.policies[AppealPolicy])


def _file_appeal(runtime: Runtime, marketplace_id: str, action_id: str, words: str) -> None:
    if not words or len(words) > LONGEST_TEXT:
        raise Invalid("Say why, in at most {most:,} characters.", most=LONGEST_TEXT)
    with runtime.store.write() as connection:
        removal = actions.get(connection, marketplace_id, action_id)
        contested = open_counter_notice(runtime, connection, marketplace_id, action_id)
        take_step(runtime, connection, contested, Statement(CounterNoticeEvent.APPEAL, words, "seller"))
        open_appeal(runtime, connection, removal, f"link:{action_id}", words)
