"""The banner above every staff page: alerts, and rules that are switched off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from models.messages.english import in_english
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store import accounts
from serving.brands.store import brands
from serving.brands.store.brands import Enrolment
from serving.marketplaces.rules import RULES
from serving.marketplaces.store import kill_switches
from serving.platform.runtime import Runtime
from serving.takedowns.policy import TellingPolicy
from serving.takedowns.service.stop_links import stop_path
from serving.takedowns.store import alerts, pending_groups, removal_checks, removal_notices
from serving.takedowns.store.alerts import Alert
from serving.takedowns.store.pending_groups import PendingGroup
from serving.web.wording import words

_WATCHERS = (Permission.REVIEW_CASES, Permission.LOOK_AFTER_BRANDS, Permission.ADMINISTER)
_MOST_GROUPS = 3  # A longer banner hides the page below it.


@dataclass(frozen=True, slots=True)
class Alarms:
    """Sentences, those about pending removals, and the number of removed listings that are still shown."""

    sentences: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    still_shown: int = 0


@dataclass(frozen=True, slots=True)
class ToldHere:
    """A person whose removals the reader can stop and could not be told of by mail, with the link."""

    by: str
    path: str


def told_here(runtime: Runtime, person: Person) -> tuple[ToldHere, ...]:
    """The notices to a reader that stand on the pages, because no mail of them arrived; one a person who removes."""
    since = runtime.clock.now() - timedelta(hours=runtime.policies[TellingPolicy].stands_hours)
    with runtime.store.read() as connection:
        own = [one for one in removal_notices.since(connection, since) if person.user_id in one.told]
        ids = [one.notice_id for one in own]
        if runtime.settings.smtp_host:
            ids = list(removal_notices.without_mail(connection, ids, person.user_id))
        latest = {one.remover.user_id: one for one in reversed(own) if one.notice_id in ids}
        names = accounts.names(connection, list(latest))
    return tuple(
        ToldHere(names.get(user_id, ""), stop_path(runtime, person.user_id, one.notice_id))
        for user_id, one in latest.items()
    )


def alarms_of(runtime: Runtime, person: Person) -> Alarms:
    """The alarms of a person's marketplaces; empty for brands and data scientists."""
    places = frozenset[str]().union(*(person.marketplaces(one) for one in _WATCHERS))
    if not places:
        return Alarms()
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        off = kill_switches.switched_off(connection, places)
        raised = alerts.standing(connection, places)
        groups = pending_groups.waiting_groups(connection, places)
        enrolled = {place: brands.enrolments(connection, place) for place in places} if raised or groups else {}
        people = accounts.names(connection, [*(one.user_id for one in groups), *(one.subject for one in raised)])
        still_shown = removal_checks.still_shown_count(connection, places)
    lines = [
        f"“{in_english(RULES[one.rule].name)}” has been switched off since {words.moment(one.off_since, now)}: "
        f"{one.reason} {in_english(RULES[one.rule].off)}"
        for one in off
    ]
    names = people | {one.brand_id: one.name for of_place in enrolled.values() for one in of_place.values()}
    lines += [
        f"{_about(one, names)}{one.sentence} "
        f"New removals have needed approval since {words.moment(one.raised_at, now)}."
        for one in raised
        if one.cause in alerts.HOLDS
    ]
    lines += [
        f"{one.sentence} Raised {words.moment(one.raised_at, now)}."
        for one in raised
        if one.cause is alerts.CheckAlarm.CAMPAIGN
    ]
    seen = [one for one in groups if _has_part(person, one, enrolled[one.marketplace_id])]
    pending = [
        f"{words.many(one.removals, 'removal')} pending approval since {words.moment(one.since, now)}: "
        f"{names.get(one.brand_id or '', one.mark or '')}, confirmed by {names.get(one.user_id, '')}"
        for one in seen[:_MOST_GROUPS]
    ]
    if rest := sum(one.removals for one in seen[_MOST_GROUPS:]):
        pending.append(f"{words.many(rest, 'more removal')} pending approval")
    return Alarms(tuple(lines), tuple(pending), still_shown)


def _about(alert: Alert, names: Mapping[str, str]) -> str:
    """The person, brand or seller that an alert is about, where it is about one."""
    return f"{names.get(alert.subject, alert.subject)}: " if alert.subject else ""


def _has_part(person: Person, group: PendingGroup, enrolled: Mapping[str, Enrolment]) -> bool:
    """Whether a person sees these removals; an account manager sees those of brands that no other one manages."""
    here, brand = group.marketplace_id, enrolled.get(group.brand_id or "")
    if here in person.marketplaces(Permission.REVIEW_CASES) | person.marketplaces(Permission.ADMINISTER):
        return True
    return brand is None or brand.account_manager_id in {None, person.user_id}
