"""What counts against budgets, and what a record rests on."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from serving.appeals.service.overturn import Ground, overturn
from serving.review.service.removal_approvals import speak
from serving.takedowns.policy import DEFAULT_BUDGETS
from serving.takedowns.rules.approval import Decision
from serving.takedowns.rules.budgets import UsualDay
from serving.takedowns.rules.statement import Undone
from serving.takedowns.service.budgets import usual_day_of
from serving.takedowns.service.takedown import withdraw
from serving.takedowns.store import actions, budgets
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.store.approvals import by_brand, by_person
from serving.takedowns.store.budgets import SpentRemovals
from serving.takedowns.tables import action
from tests.fixtures.reporting import on_sale, report
from tests.fixtures.runtimes import Site


def removed(site: Site, many: int, *, person_day: int = 40) -> list[StoredAction]:
    """Removals that the brand's person has just reported, the oldest first."""
    policy = replace(DEFAULT_BUDGETS, person_day=person_day)
    policies = site.runtime.policies.changed(policy)
    report(replace(site, runtime=replace(site.runtime, policies=policies)), on_sale(site, many))
    with site.runtime.store.read() as connection:
        return actions.latest(connection, site.here, kind=None, state=None, most=many)[::-1]


@pytest.mark.both_engines
def test_a_record_has_the_removals_that_stand(any_site: Site) -> None:
    """Not those that were withdrawn, overturned or are pending; one that two organisations approved counts."""
    runtime, here = any_site.runtime, any_site.here
    undone, wrong, _, approved, _ = removed(any_site, 5, person_day=3)
    for person in (any_site.analyst, any_site.account_manager):
        speak(runtime, person, approved.action_id, Decision.APPROVE, "Looked at it.")
    with runtime.store.write() as connection:
        withdraw(runtime, connection, undone, "test", any_site.clock.now())
        connection.execute(update(action).where(action.c.action_id == wrong.action_id).values(state="acknowledged"))
        sent = actions.get(connection, here, wrong.action_id)
        overturn(runtime, connection, sent, Ground(Undone.CONCEDED, None, "test"), any_site.clock.now())
    later = any_site.clock.now() + timedelta(days=15)
    with runtime.store.read() as connection:
        for pacer in (by_person(any_site.brand_person.user_id), by_brand(any_site.brand_id)):
            assert usual_day_of(runtime, connection, here, pacer, later) == UsualDay(2, 1)
        for days, usual in ((-1, UsualDay()), (0, UsualDay(2, 1)), (27, UsualDay(2, 1)), (28, UsualDay())):
            at = later + timedelta(days=days)
            assert usual_day_of_marketplace(runtime, connection, here, at) == usual


@pytest.mark.both_engines
def test_removals_without_a_hold_count_for_a_day_and_a_week(any_site: Site) -> None:
    here, lead = any_site.here, by_person(any_site.brand_person.user_id)
    (by_step_up, *_) = removed(any_site, 3, person_day=2)
    with any_site.runtime.store.write() as connection:
        connection.execute(update(action).where(action.c.action_id == by_step_up.action_id).values(stepped_up=True))

    def counted(*, hours: float) -> SpentRemovals:
        at = any_site.clock.now() + timedelta(hours=hours)
        with any_site.runtime.store.read() as connection:
            return budgets.spent(connection, here, lead, [any_site.brand_person.user_id], any_site.brand_id, at)

    assert counted(hours=0) == SpentRemovals(1, 1, 1, 1, 2, 2)
    assert counted(hours=24) == SpentRemovals(0, 1, 0, 1, 0, 0)
    assert counted(hours=24 * 7) == SpentRemovals(0, 0, 0, 0, 0, 0)
