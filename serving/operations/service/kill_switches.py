"""The kill switch of every automatic rule: one person changes it, with a reason, effective from the next request."""

from models.errors import Conflict, Invalid
from models.messages.english import reasons_of
from serving.audit.store import audit
from serving.marketplaces.rules import RULES, AutomaticRule
from serving.marketplaces.store import kill_switches
from serving.marketplaces.store.kill_switches import KillSwitchOff
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.takedowns.store import alerts, approvals


def switch(runtime: Runtime, marketplace: Marketplace, rule: AutomaticRule, *, on: bool, by: str, reason: str) -> None:
    """Switch a rule on or off. Removals that became pending meanwhile stay pending: people approve each one.

    Raises Invalid (no reason is given) or Conflict (the rule already has this state).
    """
    if not reason.strip():
        raise Invalid("Give a reason.")
    here, now, text = marketplace.marketplace_id, runtime.clock.now(), reason.strip()[:500]
    with runtime.store.write() as connection:
        if on:
            changed = kill_switches.switch_on(connection, here, rule)
        else:
            changed = kill_switches.switch_off(connection, KillSwitchOff(here, rule, now, by, text))
        if not changed:
            name = reasons_of(RULES[rule].name)
            raise Conflict("“{name}” is on already." if on else "“{name}” is off already.", name=name)
        audit.record(connection, now, here, by, f"rule.switched_{'on' if on else 'off'}", rule.value, reason=text)
        if on:
            alerts.settle(connection, here, alerts.BY_HOLDS - approvals.waiting_causes(connection, here), now)
