"""A seller's counter-notice from the removal to its end: the acts of each party, their deadlines, and the meaning of
silence.

It opens when the seller is told of a removal. The seller answers it, the rights holder concedes or maintains, up to
the profile's number of rounds. After the last round a person who did not take the earlier decision decides. An appeal
is also open for six months, whatever the outcome of the counter-notice.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from features.message import Message, message
from features.phrase import Phrase
from models.errors import Conflict, DeadlinePassed, Forbidden, Invalid
from serving.appeals.policy import OF_COUNTRIES, CounterNoticePolicy, Days, MaintainingEvidence, Silence
from serving.platform.deadlines import BusinessCalendar, after_business_days, after_days


class CounterNoticeState(StrEnum):
    """The party that a counter-notice waits for, or its result."""

    WITH_SELLER = "with_seller"
    WITH_RIGHTS_HOLDER = "with_rights_holder"
    WITH_REVIEWER = "with_reviewer"
    WITH_COURT = "with_court"
    UPHELD = "upheld"  # The seller was right: the listing is reinstated.
    DISMISSED = "dismissed"  # A person decided that the removal stands.
    LAPSED = "lapsed"  # The seller was silent: the removal stands.
    WITHDRAWN = "withdrawn"


CLOSED: Final = frozenset(
    {CounterNoticeState.UPHELD, CounterNoticeState.DISMISSED, CounterNoticeState.LAPSED, CounterNoticeState.WITHDRAWN}
)


class CounterNoticeEvent(StrEnum):
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    CONCEDE = "concede"
    MAINTAIN = "maintain"
    GO_TO_COURT = "go_to_court"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    DISMISS = "dismiss"
    REOPEN = "reopen"
    PASS_DEADLINE = "pass_deadline"  # noqa: S105  # No password: no party answered in time.


class Party(StrEnum):
    """The party of an event. The reviewer did not take the earlier decision; the clock is not a person."""

    SELLER = "seller"
    RIGHTS_HOLDER = "rights_holder"
    REVIEWER = "reviewer"
    CLOCK = "clock"


WHO: Final[Mapping[CounterNoticeEvent, Party]] = {
    CounterNoticeEvent.SUBMIT: Party.SELLER, CounterNoticeEvent.WITHDRAW: Party.SELLER,
    CounterNoticeEvent.APPEAL: Party.SELLER, CounterNoticeEvent.CONCEDE: Party.RIGHTS_HOLDER,
    CounterNoticeEvent.MAINTAIN: Party.RIGHTS_HOLDER, CounterNoticeEvent.GO_TO_COURT: Party.RIGHTS_HOLDER,
    CounterNoticeEvent.UPHOLD: Party.REVIEWER, CounterNoticeEvent.DISMISS: Party.REVIEWER,
    CounterNoticeEvent.REOPEN: Party.REVIEWER, CounterNoticeEvent.PASS_DEADLINE: Party.CLOCK,
}  # fmt: skip

_ANSWERS: Final = frozenset({CounterNoticeEvent.SUBMIT, CounterNoticeEvent.MAINTAIN, CounterNoticeEvent.GO_TO_COURT})
_S, _E = CounterNoticeState, CounterNoticeEvent
_ALLOWED: Final[Mapping[CounterNoticeState, frozenset[CounterNoticeEvent]]] = {
    _S.WITH_SELLER: frozenset({_E.SUBMIT, _E.WITHDRAW, _E.APPEAL, _E.CONCEDE, _E.PASS_DEADLINE}),
    _S.WITH_RIGHTS_HOLDER: frozenset(
        {_E.WITHDRAW, _E.APPEAL, _E.CONCEDE, _E.MAINTAIN, _E.GO_TO_COURT, _E.PASS_DEADLINE}
    ),
    _S.WITH_REVIEWER: frozenset({_E.UPHOLD, _E.DISMISS}),
    # The marketplace learns of a court's decision from one of the two parties.
    _S.WITH_COURT: frozenset({_E.WITHDRAW, _E.APPEAL, _E.CONCEDE}),
    # Only an undone decision of a person can be reopened.
    _S.UPHELD: frozenset({_E.REOPEN}),
    _S.DISMISSED: frozenset({_E.REOPEN}),
    # An appeal is possible after the counter-notice has ended.
    _S.LAPSED: frozenset({_E.APPEAL}),
    _S.WITHDRAWN: frozenset({_E.APPEAL}),
}
_WHY_NOT: Final = {
    _S.WITH_SELLER: Phrase("The counter-notice awaits the seller's answer."),
    _S.WITH_RIGHTS_HOLDER: Phrase("The counter-notice awaits the rights holder's answer."),
    _S.WITH_REVIEWER: Phrase("A person who did not make the original decision is deciding. No action is needed."),
    _S.WITH_COURT: Phrase("The rights holder has gone to court; the removal stands until the matter is decided there."),
    _S.UPHELD: Phrase("The counter-notice was upheld and the listing reinstated."),
    _S.DISMISSED: Phrase("A person has decided that the removal stands."),
    _S.LAPSED: Phrase("The time for a counter-notice has passed. An appeal may still be open."),
    _S.WITHDRAWN: Phrase("The seller withdrew the counter-notice. An appeal may still be open."),
}


_PLAIN: Final = {
    _E.GO_TO_COURT: (_S.WITH_COURT, "counter_notice.court"),
    _E.DISMISS: (_S.DISMISSED, "counter_notice.dismissed"),
    _E.APPEAL: (_S.WITH_REVIEWER, "counter_notice.to_reviewer"),
    _E.REOPEN: (_S.WITH_REVIEWER, "counter_notice.reopened"),
    _E.WITHDRAW: (_S.WITHDRAWN, "counter_notice.withdrawn"),
}


@dataclass(frozen=True, slots=True)
class CounterNoticeTurn:
    """The state of a counter-notice: its round from 1, and the deadline of the party that it waits for, if any."""

    state: CounterNoticeState
    round: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """The result of an event, and the reason. `overturns` is set where the event undoes the removal."""

    turn: CounterNoticeTurn
    overturns: bool
    reason: Message


def first_turn(informed_at: datetime, policy: CounterNoticePolicy, calendar: BusinessCalendar) -> CounterNoticeTurn:
    """The counter-notice of a seller who has just been told of a removal."""
    return CounterNoticeTurn(_S.WITH_SELLER, 1, _due_at(informed_at, policy.seller_days, policy, calendar))


def apply_event(
    before: CounterNoticeTurn,
    event: CounterNoticeEvent,
    party: Party,
    *,
    at: datetime,
    policy: CounterNoticePolicy,
    calendar: BusinessCalendar,
) -> Step:
    """The effect of one event by one party.

    The rights holder may concede until a person decides, so that the listing is not down a day longer than necessary.
    It may maintain only in time, even before the deadline's sweep has run, because its silence has ended the matter by
    then. A seller may switch from the counter-notice to an appeal at any time: one complaint, one decision.
    If a profile requires a court action to outlast a counter-notice, reasons cannot maintain the removal.

    Raises Forbidden (this event belongs to another party), Conflict (it cannot happen in this state; the sentence names
    the party that the matter waits for), TooLate (the time for it has passed) or Invalid (the deadline has not passed
    yet, or the profile requires something else).
    """
    if WHO[event] is not party:
        raise Forbidden(
            "Only the {party} can {event}.",
            party=WHO[event].value.replace("_", " "),
            event=event.value.replace("_", " "),
        )
    if event not in _ALLOWED[before.state]:
        raise Conflict(_WHY_NOT[before.state])
    if event in _ANSWERS and before.due_at is not None and at >= before.due_at:
        raise DeadlinePassed(
            "The time to answer ended on {date:%-d %B %Y} at {time:%H:%M} UTC.",
            date=before.due_at.date(),
            time=before.due_at.time(),
        )
    match event:
        case _E.SUBMIT:
            return _after_submission(before, at, policy, calendar)
        case _E.MAINTAIN:
            return _after_maintaining(before, at, policy, calendar)
        case _E.CONCEDE:
            return _uphold(before, "counter_notice.conceded")
        case _E.UPHOLD:
            return _uphold(before, "counter_notice.upheld")
        case _E.PASS_DEADLINE:
            return _after_silence(before, at, policy)
        case _:
            return _move_to(before, *_PLAIN[event])


def _after_submission(
    before: CounterNoticeTurn, at: datetime, policy: CounterNoticePolicy, calendar: BusinessCalendar
) -> Step:
    if policy.rights_holder_days is None:
        return _move_to(before, _S.WITH_REVIEWER, "counter_notice.to_reviewer")
    days = policy.rights_holder_days if before.round == 1 else policy.later_round_days
    standing = CounterNoticeTurn(_S.WITH_RIGHTS_HOLDER, before.round, _due_at(at, days, policy, calendar))
    return Step(standing, overturns=False, reason=message("counter_notice.asked"))


def _after_maintaining(
    before: CounterNoticeTurn, at: datetime, policy: CounterNoticePolicy, calendar: BusinessCalendar
) -> Step:
    if policy.maintaining is MaintainingEvidence.COURT_ACTION:
        raise Invalid("Under these rules reasons are not enough: the removal stands only if you have gone to court.")
    if before.round >= policy.most_rounds:
        return _move_to(before, _S.WITH_REVIEWER, "counter_notice.both_maintain")
    standing = CounterNoticeTurn(
        _S.WITH_SELLER, before.round + 1, _due_at(at, policy.later_round_days, policy, calendar)
    )
    return Step(standing, overturns=False, reason=message("counter_notice.maintained"))


def _after_silence(before: CounterNoticeTurn, at: datetime, policy: CounterNoticePolicy) -> Step:
    if before.due_at is None or at < before.due_at:
        raise Invalid("The deadline has not passed.")
    of_seller = before.state is _S.WITH_SELLER
    who = "seller" if of_seller else "rights_holder"
    match policy.seller_silence if of_seller else policy.rights_holder_silence:
        case Silence.REINSTATED:
            return _uphold(before, f"counter_notice.{who}_silent.reinstated")
        case Silence.REVIEWED:
            return _move_to(before, _S.WITH_REVIEWER, f"counter_notice.{who}_silent.reviewed")
        case Silence.REMOVAL_STANDS:
            return _move_to(before, _S.LAPSED, f"counter_notice.{who}_silent.stands")


def _uphold(before: CounterNoticeTurn, code: str) -> Step:
    return Step(CounterNoticeTurn(_S.UPHELD, before.round, None), overturns=True, reason=message(code))


def _move_to(before: CounterNoticeTurn, state: CounterNoticeState, code: str) -> Step:
    return Step(CounterNoticeTurn(state, before.round, None), overturns=False, reason=message(code))


def _due_at(at: datetime, days: int | None, policy: CounterNoticePolicy, calendar: BusinessCalendar) -> datetime | None:
    if days is None:
        return None
    if policy.days is Days.BUSINESS:
        return after_business_days(at, days, calendar)
    return after_days(at, days)


def profile_of_countries(
    listing: Collection[str] | None, marketplace: Collection[str] | None, otherwise: CounterNoticePolicy
) -> CounterNoticePolicy:
    """The profile that the law of all countries of sale sets; `otherwise` where they have none in common.

    `listing` are the countries of the listing, as the marketplace sent them. Without them, those of the marketplace
    count. Unknown countries do not mean all countries.
    """
    countries = listing or marketplace or ()
    profiles = {OF_COUNTRIES.get(country) for country in countries}
    only = profiles.pop() if len(profiles) == 1 else None
    return only or otherwise
