"""The progress of a removal, and its possible next steps: the seller's timeline and the days of the deadline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from serving.appeals.policy import PROFILES, CounterNoticePolicy, Days, MaintainingEvidence
from serving.appeals.rules.counter_notice import CounterNoticeState, Party
from serving.appeals.service.counter_notice_steps import calendar_of
from serving.appeals.store.counter_notices import CounterNotice, StoredStep
from serving.appeals.store.seller_uploads import SellerUpload
from serving.platform import tongues
from serving.platform.deadlines import BusinessCalendar, days_that_count
from serving.platform.tongues import say, say_many
from serving.web import text_view
from serving.web.text_view import ShownText
from serving.web.wording import seller_words, words

_ActivityEntry = tuple[datetime, str, ShownText | None, bool]
_MOST_DAYS: Final = 10
_MOST_NAMED: Final = 4
_BAR_WIDTH: Final = 320
_GAP: Final = 4


@dataclass(frozen=True, slots=True)
class ActivityEvent:
    """An event: time, kind, and the statement of its author, None if there is none."""

    when: str
    what: str
    text: ShownText | None
    is_sellers: bool


@dataclass(frozen=True, slots=True)
class DayMark:
    """A day that counts toward a deadline, as a piece of its bar; `name` is empty if there is no room for it."""

    x: float
    width: float
    name: str
    begun: bool


@dataclass(frozen=True, slots=True)
class Deadline:
    """The current deadline: the responsible side, its end, its length, the effect of no answer, and its days."""

    whose: str
    at: str
    time: str
    time_left: str
    silence: str
    soon: bool
    days: tuple[DayMark, ...]
    days_in_words: str


def seller_timeline(
    counter_notice: CounterNotice | None, steps: Sequence[StoredStep], documents: Sequence[SellerUpload]
) -> tuple[ActivityEvent, ...]:
    """All events since the seller was informed, oldest first."""
    if counter_notice is None:
        return ()
    informed_entry: _ActivityEntry = (counter_notice.informed_at, say(seller_words.TOLD), None, False)
    entries = [informed_entry]
    entries += [
        (document.known_at, say(seller_words.HANDED_IN), text_view.show(document.name), True) for document in documents
    ]
    entries += [
        (
            step.known_at,
            say(seller_words.HAPPENED[step.event]),
            text_view.show(step.text) if step.text else None,
            step.party is Party.SELLER,
        )
        for step in steps
    ]
    ordered = sorted(entries, key=lambda event: event[0])
    return tuple(ActivityEvent(words.full_moment(at), what, text, own) for at, what, text, own in ordered)


def possible_next_steps(counter_notice: CounterNotice | None) -> tuple[str, ...]:
    """The possible next steps under the rules of this removal; empty if it is closed."""
    if counter_notice is None or counter_notice.state not in {
        CounterNoticeState.WITH_SELLER,
        CounterNoticeState.WITH_RIGHTS_HOLDER,
    }:
        return ()
    policy = PROFILES[counter_notice.profile]
    lines = (
        [_rights_holder_step(counter_notice, policy)] if counter_notice.state is CounterNoticeState.WITH_SELLER else []
    )
    if policy.rights_holder_days is not None:
        lines.append(_after_maintaining(counter_notice, policy))
    return (*lines, say(seller_words.IF_RIGHT))


def _rights_holder_step(counter_notice: CounterNotice, policy: CounterNoticePolicy) -> str:
    days = (
        policy.rights_holder_days if counter_notice.round == 1 else policy.later_round_days or policy.rights_holder_days
    )
    if days is None:
        return say(seller_words.ASKS_A_PERSON)
    question_text = say_many(*seller_words.ASKS_RIGHTS_HOLDER[policy.days is Days.BUSINESS], days)
    return tongues.join_sentences(question_text, say(seller_words.SILENCE_THEN[policy.rights_holder_silence]))


def _after_maintaining(counter_notice: CounterNotice, policy: CounterNoticePolicy) -> str:
    if policy.maintaining is MaintainingEvidence.COURT_ACTION:
        return say(seller_words.NEEDS_COURT)
    again = counter_notice.round < policy.most_rounds
    return say(seller_words.THEN_AGAIN if again else seller_words.THEN_A_PERSON)


def current_deadline(
    counter_notice: CounterNotice | None, steps: Sequence[StoredStep], now: datetime
) -> Deadline | None:
    """The current deadline, None without one."""
    if counter_notice is None or counter_notice.due_at is None:
        return None
    policy = PROFILES[counter_notice.profile]
    of_seller = counter_notice.state is CounterNoticeState.WITH_SELLER
    time_left = counter_notice.due_at - now
    late = time_left.total_seconds() <= 0
    silences = seller_words.SILENT_SELLER if of_seller else seller_words.SILENT_RIGHTS_HOLDER
    since = steps[-1].known_at if steps else counter_notice.informed_at
    free = BusinessCalendar(weekend=frozenset())
    calendar = calendar_of(counter_notice.country, since) if policy.days is Days.BUSINESS else free
    days = days_that_count(since, counter_notice.due_at, calendar)
    return Deadline(
        whose=say(seller_words.ANSWER_BY if of_seller else seller_words.RIGHTS_HOLDER_BY),
        at=words.weekday(counter_notice.due_at),
        time=words.time(counter_notice.due_at),
        time_left=say("The deadline has passed.") if late else say("%(time)s left", time=words.length(time_left)),
        silence=say(silences[policy.seller_silence if of_seller else policy.rights_holder_silence]),
        soon=time_left.days < 1,
        days=_day_marks(days, now.date()) if len(days) <= _MOST_DAYS else (),
        days_in_words=words.join_list([words.short_weekday(day) for day in days[:_MOST_DAYS]]),
    )


def _day_marks(days: Sequence[date], today: date) -> tuple[DayMark, ...]:
    if not days:
        return ()
    wide = _BAR_WIDTH / len(days)
    named = {*range(len(days))} if len(days) <= _MOST_NAMED else {0, len(days) - 1}
    return tuple(
        DayMark(
            x=round(number * wide, 1),
            width=round(wide - _GAP, 1),
            name=words.short_weekday(day) if number in named else "",
            begun=day <= today,
        )
        for number, day in enumerate(days)
    )
