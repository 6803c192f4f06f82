"""Commands that stop automation: the kill switches of automatic rules, and the breaker."""

from typing import Annotated, Any

import typer

from models.errors import Invalid
from serving.accounts.rules.access import Permission
from serving.commands.declaring import command
from serving.commands.groups import breaker, kill_switch, removal
from serving.commands.registry import ADMINISTRATOR, ActorOption, CommandScope
from serving.commands.showing import local_time, say
from serving.marketplaces.rules import RULES, AutomaticRule

Rule = Annotated[str, typer.Argument(help="The rule's name, as in `touchstone kill-switch show`.")]
Reason = Annotated[str, typer.Option(help="Why; shown in the audit log and, while the rule is off, on the pages.")]


def _print_switches(switches: list[dict[str, Any]]) -> None:
    for switch in switches:
        state = f"OFF since {local_time(switch['off_since'])} ({switch['reason']})" if switch["off_since"] else "on"
        say(f"{switch['rule']}: {state}. {switch['effect']}")


@command(kill_switch, "show", show=_print_switches)
def show_kill_switches(at: CommandScope) -> list[dict[str, Any]]:
    """Show whether each automatic rule is on, and the effect."""
    from models.messages.english import in_english
    from serving.marketplaces.store.kill_switches import rules_off

    with at.runtime.store.read() as connection:
        off = {switch.rule: switch for switch in rules_off(connection, {at.marketplace_id})}
    switches: list[dict[str, Any]] = []
    for rule, meant in RULES.items():
        switch = off.get(rule)
        state = {"off_since": switch and switch.off_since.isoformat(), "reason": switch and switch.reason}
        switches.append({"rule": rule, **state, "effect": in_english(meant.on if switch is None else meant.off)})
    return switches


def _switch(at: CommandScope, rule: str, reason: str, *, on: bool) -> str:
    from serving.marketplaces.service.kill_switches import switch_rule

    if rule not in set(AutomaticRule):
        raise Invalid("There is no such rule; known are: {known}.", known=", ".join(AutomaticRule))
    switch_rule(at.runtime, at.place, AutomaticRule(rule), on=on, by=at.actor, reason=reason)
    return f"{rule} is {'on' if on else 'off'}."


@command(kill_switch, "off", by=ADMINISTRATOR)
def switch_off(at: CommandScope, rule: Rule, reason: Reason) -> str:
    """Switch a rule off from the next request on."""
    return _switch(at, rule, reason, on=False)


@command(kill_switch, "on", by=ADMINISTRATOR)
def switch_on(at: CommandScope, rule: Rule, reason: Reason) -> str:
    """Switch a rule on again."""
    return _switch(at, rule, reason, on=True)


@command(breaker, "close", by=ActorOption("E-mail of the person who checked the volume.", Permission.PROMOTE_MODELS))
def close_the_breaker(
    at: CommandScope, reason: Annotated[str, typer.Option(help="The result of the check of the volume.")]
) -> str:
    """Let the model ask brands again after a person has checked the volume of alerts."""
    from serving.operations.service.breaker import close_breaker

    close_breaker(at.runtime, at.place, by=at.actor, reason=reason)
    return "Circuit breaker closed. Brands receive questions again."


@command(removal, "list")
def list_pending_removals(at: CommandScope) -> list[str]:
    """List the removals pending approval, the oldest first, with the reasons."""
    from models.messages.english import in_english
    from serving.takedowns.store import approvals

    with at.runtime.store.read() as connection:
        ids = [action_id for _, action_id in approvals.pending_removals(connection, [at.marketplace_id], most=500)]
        approvals_by_id = approvals.of_actions(connection, at.marketplace_id, ids)
    return [
        f"{action_id}: {' '.join(in_english(reason.message) for reason in approvals_by_id[action_id].reasons)}"
        for action_id in ids
    ]


@command(removal, "approve")
def approve_removal(
    at: CommandScope,
    action_id: Annotated[str, typer.Argument(help="Its id, as in `touchstone removal list`.")],
    reason: Annotated[str, typer.Option(help="Why; the audit log keeps it for ever.")],
) -> str:
    """Approve a removal that an analyst confirmed, as the owner of the data directory."""
    from serving.cases.service.removal_approvals import approve_as_owner

    approve_as_owner(at.runtime, at.marketplace_id, action_id, reason)
    return f"{action_id} is approved."
