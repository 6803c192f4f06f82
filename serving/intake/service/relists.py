"""Relists in a batch: its listings that repeat a removed one, unless the kill switch is off."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from features.facts import Facts
from serving.intake import store as relists
from serving.intake.matching import Relist, Removed, copies_of_fakes, linked_steps, relist
from serving.intake.policy import RelistPolicy
from serving.intake.service.intake_steps import Step
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches
from serving.platform.runtime import Runtime


def relists_among(
    runtime: Runtime,
    marketplace_id: str,
    rounds: Sequence[Sequence[Step]],
    facts: Mapping[int, Facts],
    brands: Mapping[int, str | None],
    now: datetime,
) -> dict[int, Relist]:
    """The rows of a batch that repeat a removed listing, by position. Without an indication, nothing is read.

    A removed listing has the seller and the brand that the rounds before gave it; `brands` are those of the rows.
    """
    policy = runtime.policies[RelistPolicy]
    copies = {number: copies_of_fakes(one) for number, one in facts.items()}
    links = {number: linked_steps(one, policy) for number, one in facts.items()}
    suspects = {number for number in facts if copies[number] or links[number]}
    if not suspects:
        return {}
    earlier = {step.listing.external_id for round_ in rounds[:-1] for step in round_}
    with runtime.store.read() as connection:
        if not kill_switches.is_on(connection, marketplace_id, AutomaticRule.RELIST_WATCH):
            return {}
        removed = relists.removed(
            connection,
            marketplace_id,
            listings=earlier | {name for number in suspects for name in copies[number]},
            sellers={name for number in suspects for name in links[number]},
            since=now - timedelta(days=policy.watched_days),
        )
    found: dict[int, Relist] = {}
    for round_ in rounds:
        for number in (step.position for step in round_ if step.position in suspects):
            if (one := relist(facts[number], removed, policy)) is not None:
                found[number] = one
        by_id = {step.listing.external_id: step for step in round_}
        removed = [_after(one, by_id.get(one.external_id), brands) for one in removed]
    return found


def _after(one: Removed, step: Step | None, brands: Mapping[int, str | None]) -> Removed:
    if step is None:
        return one
    brand_id = brands[step.position] if step.is_version else one.brand_id
    return replace(one, seller=step.listing.seller.external_id, brand_id=brand_id)
