"""The kill switch of every automatic rule: changed by one person with a reason, shown with its history."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from models.errors import Conflict, Invalid, NotFound
from models.messages.english import reasons_of
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store import accounts
from serving.audit.store import audit
from serving.marketplaces.rules import RULES, AutomaticRule, RuleWords
from serving.marketplaces.store import kill_switches, marketplaces
from serving.marketplaces.store.kill_switches import KillSwitchChange, KillSwitchOff
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.takedowns.store import alerts, approvals


def switch_rule(
    runtime: Runtime, marketplace: Marketplace, rule: AutomaticRule, *, on: bool, by: str, reason: str
) -> None:
    """Switch a rule on or off. Removals that became pending meanwhile stay pending: people approve each one.

    Raises Invalid (no reason is given) or Conflict (the rule already has this state).
    """
    if not reason.strip():
        raise Invalid("Give a reason.")
    marketplace_id, now, text = marketplace.marketplace_id, runtime.clock.now(), reason.strip()[:500]
    with runtime.store.write() as connection:
        if on:
            changed = kill_switches.switch_on(connection, marketplace_id, rule)
        else:
            changed = kill_switches.switch_off(connection, KillSwitchOff(marketplace_id, rule, now, by, text))
        if not changed:
            name = reasons_of(RULES[rule].name)
            raise Conflict("“{name}” is on already." if on else "“{name}” is off already.", name=name)
        audit.record(
            connection, now, marketplace_id, by, f"rule.switched_{'on' if on else 'off'}", rule.value, reason=text
        )
        if on:
            alerts.settle_causes(
                connection, marketplace_id, alerts.BY_HOLDS - approvals.pending_causes(connection, marketplace_id), now
            )


_SHOWN = 50


@dataclass(frozen=True, slots=True)
class RuleState:
    """One rule at one marketplace: whether it is on, and the last change, None where there was none."""

    marketplace: Marketplace
    rule: AutomaticRule
    words: RuleWords
    is_on: bool
    last: KillSwitchChange | None


@dataclass(frozen=True, slots=True)
class KillSwitchStates:
    """Every rule of the marketplaces that a person administers, the changes, and the names of their authors."""

    rules: tuple[RuleState, ...]
    changes: tuple[KillSwitchChange, ...]
    names: dict[str, str]

    def name_of(self, actor: str) -> str:
        """The author of a change, by display name."""
        return self.names.get(actor.removeprefix("user:"), "the command line" if actor == "local" else actor)


def kill_switch_states(runtime: Runtime, person: Person) -> KillSwitchStates:
    """The kill switches of the marketplaces that a person administers."""
    with runtime.store.read() as connection:
        places = _administered_marketplaces(connection, person)
        off = {
            (rule_off.marketplace_id, rule_off.rule)
            for rule_off in kill_switches.rules_off(connection, [place.marketplace_id for place in places])
        }
        changes = [
            change
            for place in places
            for change in kill_switches.latest_changes(connection, place.marketplace_id, _SHOWN)
        ]
        users = [change.by.removeprefix("user:") for change in changes if change.by.startswith("user:")]
        names = accounts.names(connection, users)
    last: dict[tuple[str, AutomaticRule], KillSwitchChange] = {}
    for change in changes:
        last.setdefault((change.marketplace_id, change.rule), change)
    rules = tuple(
        RuleState(
            place, rule, RULES[rule], (place.marketplace_id, rule) not in off, last.get((place.marketplace_id, rule))
        )
        for place in places
        for rule in AutomaticRule
    )
    newest_first = sorted(changes, key=_time_of, reverse=True)
    return KillSwitchStates(rules, tuple(newest_first[:_SHOWN]), names)


def administered_marketplace(runtime: Runtime, person: Person, marketplace_id: str | None) -> Marketplace:
    """The named marketplace; without a name, the person's only one.

    Raises NotFound (the person administers no such marketplace, or several and named none).
    """
    with runtime.store.read() as connection:
        places = _administered_marketplaces(connection, person)
    matches = [place for place in places if marketplace_id in {None, place.marketplace_id}]
    if len(matches) != 1:
        raise NotFound("You administer no such marketplace. Name one of yours.")
    return matches[0]


def _administered_marketplaces(connection: Connection, person: Person) -> list[Marketplace]:
    marketplace_ids = person.marketplaces(Permission.ADMINISTER)
    return [place for place in marketplaces.all_marketplaces(connection) if place.marketplace_id in marketplace_ids]


def _time_of(change: KillSwitchChange) -> datetime:
    return change.at
