"""The banner above every staff page: alerts, and rules that are switched off."""

from dataclasses import dataclass

from models.messages.english import in_english
from serving.accounts.rules.access import Permission, Person
from serving.marketplaces.rules import RULES
from serving.marketplaces.store import kill_switches
from serving.platform.runtime import Runtime
from serving.takedowns.store import alerts, approvals, removal_checks
from serving.web.wording import words

_WATCHERS = (Permission.REVIEW_CASES, Permission.LOOK_AFTER_BRANDS, Permission.ADMINISTER)


@dataclass(frozen=True, slots=True)
class Alarms:
    """Sentences, the number of pending removals, and the number of removed listings that are still shown."""

    sentences: tuple[str, ...] = ()
    waiting: int = 0
    still_shown: int = 0


def alarms_of(runtime: Runtime, person: Person) -> Alarms:
    """The alarms of a person's marketplaces; empty for brands and data scientists."""
    places = frozenset[str]().union(*(person.marketplaces(one) for one in _WATCHERS))
    if not places:
        return Alarms()
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        off = kill_switches.switched_off(connection, places)
        raised = alerts.standing(connection, places)
        waiting = approvals.waiting_count(connection, places)
        still_shown = removal_checks.still_shown_count(connection, places)
    lines = [
        f"“{in_english(RULES[one.rule].name)}” has been switched off since {words.moment(one.off_since, now)}: "
        f"{one.reason} {in_english(RULES[one.rule].off)}"
        for one in off
    ]
    lines += [
        f"{one.sentence} New removals have needed approval since {words.moment(one.raised_at, now)}."
        for one in raised
        if one.cause in alerts.HOLDS
    ]
    lines += [
        f"{one.sentence} Raised {words.moment(one.raised_at, now)}."
        for one in raised
        if one.cause is alerts.CheckAlarm.CAMPAIGN
    ]
    return Alarms(tuple(lines), waiting, still_shown)
