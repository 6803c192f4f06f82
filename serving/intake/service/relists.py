"""Relists in a batch: its listings that repeat a removed one, unless the kill switch is off."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from features.facts import Facts
from serving.intake import store as relists
from serving.intake.matching import Relist, copies_of_fakes, linked_steps, relist
from serving.intake.policy import RelistPolicy
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches
from serving.platform.runtime import Runtime


def relists_among(
    runtime: Runtime, marketplace_id: str, listings: Mapping[int, Facts], now: datetime
) -> dict[int, Relist]:
    """The listings that repeat a removed one, by number. Without an indication of a counterfeit, nothing is read."""
    policy = runtime.policies[RelistPolicy]
    copies = {number: copies_of_fakes(one) for number, one in listings.items()}
    links = {number: linked_steps(one, policy) for number, one in listings.items()}
    suspects = [number for number in listings if copies[number] or links[number]]
    if not suspects:
        return {}
    with runtime.store.read() as connection:
        if not kill_switches.is_on(connection, marketplace_id, AutomaticRule.RELIST_WATCH):
            return {}
        removed = relists.removed(
            connection,
            marketplace_id,
            listings={name for number in suspects for name in copies[number]},
            sellers={name for number in suspects for name in links[number]},
            since=now - timedelta(days=policy.watched_days),
        )
    return {number: found for number in suspects if (found := relist(listings[number], removed, policy)) is not None}
