"""What stops the machine: breaker and switches."""

from typing import Any

from models.errors import Invalid
from serving.accounts.rules.access import Permission
from serving.local.commands.asking import actor_named, place_named, promoter
from serving.local.commands.registry import command
from serving.marketplaces.rules import RULES, AutomaticRule
from serving.marketplaces.store import marketplaces, switches
from serving.operations.service.breaker import close_breaker
from serving.operations.service.switching import switch
from serving.platform.runtime import Runtime
from serving.scoring.store import breakers


@command
def show_breaker(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """Whether questions to brands are held, since when and why."""
    with runtime.store.read() as connection:
        found = breakers.of(connection, marketplaces.by_name(connection, marketplace).marketplace_id)
    return {
        "open": found.opened_at is not None,
        "since": found.opened_at.isoformat() if found.opened_at else None,
        "reason": found.reason,
    }


@command
def close_the_breaker(
    runtime: Runtime, *, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Let the model ask brands again."""
    place, actor = promoter(runtime, by, marketplace)
    close_breaker(runtime, place, by=actor, reason=reason)
    return {}


@command
def show_switches(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """Every automatic rule, and since when and why it is off where it is."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        off = {one.rule: one for one in switches.switched_off(connection, {here})}
    return {
        "rules": [
            {
                "rule": rule.value,
                "name": said.name,
                "on": rule not in off,
                "means": said.off if rule in off else said.on,
                "reason": off[rule].reason if rule in off else None,
                "since": off[rule].off_since.isoformat() if rule in off else None,
            }
            for rule, said in RULES.items()
        ]
    }


@command
def switch_rule(
    runtime: Runtime, *, rule: str, on: bool, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Switch an automatic rule on or off."""
    if rule not in set(AutomaticRule):
        raise Invalid(f"There is no such rule; known are: {', '.join(AutomaticRule)}.")
    place = place_named(runtime, marketplace)
    actor = actor_named(runtime, by, place.marketplace_id, Permission.ADMINISTER)
    switch(runtime, place, AutomaticRule(rule), on=on, by=actor, reason=reason)
    return {}
