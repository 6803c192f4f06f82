"""One step of a counter-notice, by the rules and the business calendar. The caller acts on the result."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection

from models.errors import Conflict, NotFound
from models.messages.english import in_english
from models.policies.version import policy_version
from serving.appeals.policy import BY_COUNTRY, PROFILES, CounterNoticePolicy
from serving.appeals.rules.counter_notice import (
    WHO,
    CounterNoticeEvent,
    Party,
    Step,
    apply_event,
    first_turn,
    profile_of_countries,
)
from serving.appeals.service.seller_mails import mail_seller
from serving.appeals.store import counter_notices, overturns
from serving.appeals.store.counter_notices import CounterNotice
from serving.audit.store import audit
from serving.brands.store import brands
from serving.cases.store import cases, verdicts
from serving.listings.store import listings, scores
from serving.mail.rules.kinds import MailKind, SellerNews
from serving.mail.store import mails
from serving.marketplaces.store import marketplaces
from serving.platform.deadlines import BusinessCalendar
from serving.platform.runtime import Runtime
from serving.takedowns.service.takedown import undo_window
from serving.takedowns.store import actions

# The longest profile runs for weeks; a further year covers all of its deadlines.
_TOLD: Final = {CounterNoticeEvent.MAINTAIN: SellerNews.MAINTAINED, CounterNoticeEvent.DISMISS: SellerNews.DISMISSED}
_YEARS_AHEAD: Final = timedelta(days=366)


def calendar_of(country: str | None, at: datetime) -> BusinessCalendar:
    """The non-working days of a country, for deadlines that begin at a moment.

    National holidays only: regional ones would require the seller's region, which is not known. Without a country, or
    with one that the package does not know, Saturdays and Sundays are free; `country` is then None.
    """
    code = (country or "").strip().upper()
    return _calendar(code, at.year, (at + _YEARS_AHEAD).year)


@lru_cache(maxsize=512)
def _calendar(code: str, first_year: int, last_year: int) -> BusinessCalendar:
    if not code:
        return BusinessCalendar()
    import holidays  # noqa: PLC0415  # Every process would wait for it at its start, and few deadlines are set.

    if code not in holidays.list_supported_countries(include_aliases=False):
        return BusinessCalendar()
    country_holidays = holidays.country_holidays(code, years=range(first_year, last_year + 1))
    return BusinessCalendar(code, frozenset(country_holidays.weekend), frozenset(country_holidays))


@dataclass(frozen=True, slots=True)
class Statement:
    """A party's event, and its statement."""

    event: CounterNoticeEvent
    words: str | None
    actor: str


def open_counter_notice(runtime: Runtime, connection: Connection, marketplace_id: str, action_id: str) -> CounterNotice:
    """The counter-notice against an acknowledged removal; this opens it if it is not open yet.

    Raises Conflict (the removal has been undone) or NotFound (it has not been acknowledged; there is no such removal).
    """
    known = counter_notices.of_action(connection, marketplace_id, action_id)
    if known is not None:
        return known
    removal = actions.get(connection, marketplace_id, action_id)
    if removal.acknowledged_at is None:
        raise NotFound("The seller has not been told of this removal yet.")
    if overturns.in_force(connection, marketplace_id, action_id) is not None:
        raise Conflict("The removal has been undone.")
    case = cases.of_verdict(connection, marketplace_id, removal.verdict_id)
    country = listings.seller_country(connection, marketplace_id, removal.listing_id)
    calendar = calendar_of(country, removal.acknowledged_at)
    profile = _profile(runtime, connection, marketplace_id, removal.verdict_id)
    policy = _policy_for_removal(connection, marketplace_id, case.brand_id, profile)
    standing = first_turn(removal.acknowledged_at, policy, calendar)
    row = {
        "marketplace_id": marketplace_id,
        "counter_notice_id": runtime.ids.new("cnt"),
        "action_id": action_id,
        "listing_id": removal.listing_id,
        "brand_id": case.brand_id,
        "profile": policy.name,
        "policy_version": policy_version(policy),
        "country": calendar.country,
        "state": standing.state.value,
        "round": standing.round,
        "informed_at": removal.acknowledged_at,
        "due_at": standing.due_at,
    }
    counter_notices.add_counter_notice(connection, row)
    counter_notice = counter_notices.of_action(connection, marketplace_id, action_id)
    assert counter_notice is not None
    mail_seller(runtime, connection, removal, SellerNews.REMOVED, due_at=standing.due_at)
    return counter_notice


def take_step(
    runtime: Runtime,
    connection: Connection,
    counter_notice: CounterNotice,
    statement: Statement,
    party: Party | None = None,
) -> Step:
    """Take one step, in the caller's transaction. Without a party, the event's own party takes it.

    Raises Forbidden, Conflict, TooLate, Invalid (the rules refuse it, or another step came first).
    """
    now, by = runtime.clock.now(), party or WHO[statement.event]
    policy = _policy_for_removal(
        connection, counter_notice.marketplace_id, counter_notice.brand_id, PROFILES[counter_notice.profile]
    )
    calendar = calendar_of(counter_notice.country, now)
    following = apply_event(counter_notice.turn, statement.event, by, at=now, policy=policy, calendar=calendar)
    step_row = {
        "step_id": runtime.ids.new("cns"),
        "party": by.value,
        "event": statement.event.value,
        "statement": statement.words,
        "actor": statement.actor,
        "known_at": now,
    }
    counter_notices.save_step(connection, counter_notice, following.turn, step_row)
    _tell_seller(runtime, connection, counter_notice, statement.event, following)
    audit.record(
        connection,
        now,
        counter_notice.marketplace_id,
        statement.actor,
        f"counter_notice.{statement.event.value}",
        counter_notice.counter_notice_id,
        action_id=counter_notice.action_id,
        state=following.turn.state.value,
        reason=in_english(following.reason),
    )
    return following


def _tell_seller(
    runtime: Runtime, connection: Connection, counter_notice: CounterNotice, event: CounterNoticeEvent, step: Step
) -> None:
    """Mail the seller what others decided. A decision that can be undone is told once it cannot."""
    if event is CounterNoticeEvent.REOPEN:
        mails.delete_about(connection, MailKind.SELLER_STATEMENT, [counter_notice.action_id], unsent=True)
    if (news := _TOLD.get(event)) is not None:
        removal = actions.get(connection, counter_notice.marketplace_id, counter_notice.action_id)
        wait = undo_window(runtime, stepped_up=False) if news is SellerNews.DISMISSED else timedelta(0)
        mail_seller(runtime, connection, removal, news, due_at=step.turn.due_at, wait=wait)


def _profile(runtime: Runtime, connection: Connection, marketplace_id: str, verdict_id: str) -> CounterNoticePolicy:
    """The profile of the settings, or that of the countries of sale."""
    chosen = runtime.policies[CounterNoticePolicy]
    if runtime.settings.counter_notices != BY_COUNTRY:
        return chosen
    version_id = verdicts.get(connection, marketplace_id, verdict_id).version_id
    digest = scores.latest_of_version(connection, marketplace_id, version_id)["facts_digest"]
    listing = scores.facts_of(connection, marketplace_id, digest).listing
    return profile_of_countries(listing.sells_in, marketplaces.countries_sold_in(connection, marketplace_id), chosen)


def _policy_for_removal(
    connection: Connection, marketplace_id: str, brand_id: str | None, policy: CounterNoticePolicy
) -> CounterNoticePolicy:
    """The profile for a removal: if no rights holder takes part, a reviewer decides in its place."""
    enrolled = brands.enrolments(connection, marketplace_id).get(brand_id or "")
    if enrolled is None or not enrolled.takes_part:
        return replace(policy, rights_holder_days=None)
    return policy
