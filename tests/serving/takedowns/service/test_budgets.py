"""What counts against budgets, and what a record rests on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from models.verdict import Side
from serving.appeals.service.complaint_case import Ground, overturn
from serving.cases.service.removal_approvals import record_vote
from serving.takedowns.policy import DEFAULT_BUDGETS
from serving.takedowns.rules import budgets as budget_rules
from serving.takedowns.rules.approval import Decision
from serving.takedowns.rules.budgets import UsualDay
from serving.takedowns.rules.bursts import Sales
from serving.takedowns.rules.statement import OverturnCause
from serving.takedowns.service.budgets import usual_day_of
from serving.takedowns.service.pending_approval import RequestedRemoval, gather_circumstances
from serving.takedowns.service.takedown import withdraw
from serving.takedowns.store import actions, budgets
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.store.approvals import Pacer, busiest_hour, by_brand, by_person_of_brand
from serving.takedowns.tables import action
from tests.fixtures.clocks import NOW
from tests.fixtures.reporting import on_sale, report
from tests.fixtures.runtimes import Site


def pacer_of_person(site: Site) -> Pacer:
    """The removals of the brand's person."""
    user_id = site.brand_person.user_id
    return by_person_of_brand(user_id, {user_id}, site.brand_id)


def reported_removals(site: Site, many: int, *, person_day: int = 40) -> list[StoredAction]:
    """Removals that the brand's person has just reported, the oldest first."""
    policies = site.runtime.policies.changed(replace(DEFAULT_BUDGETS, person_day=person_day))
    report(replace(site, runtime=replace(site.runtime, policies=policies)), on_sale(site, many))
    return site.read(actions.latest, site.marketplace_id, kind=None, state=None, most=many)[::-1]


def test_a_record_has_the_removals_that_stand(any_site: Site) -> None:
    """Not those that were withdrawn, overturned or are pending; one that two organisations approved counts."""
    runtime, marketplace_id = any_site.runtime, any_site.marketplace_id
    undone, wrong, _, approved, _ = reported_removals(any_site, 5, person_day=3)
    for person in (any_site.analyst, any_site.account_manager):
        record_vote(runtime, person, approved.action_id, Decision.APPROVE, "Looked at it.")
    with runtime.store.write() as connection:
        withdraw(runtime, connection, undone, "test", any_site.clock.now())
        connection.execute(update(action).where(action.c.action_id == wrong.action_id).values(state="acknowledged"))
        sent = actions.get(connection, marketplace_id, wrong.action_id)
        overturn(runtime, connection, sent, Ground(OverturnCause.CONCEDED, None, "test"), any_site.clock.now())
    later = any_site.clock.now() + timedelta(days=15)
    with runtime.store.read() as connection:
        for pacer in (pacer_of_person(any_site), by_brand(any_site.brand_id)):
            assert usual_day_of(runtime, connection, marketplace_id, pacer, later) == UsualDay(2, 1)
            period = any_site.clock.now() - timedelta(hours=1), later
            assert busiest_hour(connection, marketplace_id, pacer, *period) == 1
        for days, usual in ((-1, UsualDay()), (0, UsualDay(2, 1)), (27, UsualDay(2, 1)), (28, UsualDay())):
            at = later + timedelta(days=days)
            assert usual_day_of(runtime, connection, marketplace_id, None, at) == usual


def test_removals_without_a_hold_count_for_a_day_and_a_week(any_site: Site) -> None:
    marketplace_id, lead = any_site.marketplace_id, pacer_of_person(any_site)
    (by_step_up, *_) = reported_removals(any_site, 3, person_day=2)
    any_site.execute(update(action).where(action.c.action_id == by_step_up.action_id).values(stepped_up=True))

    def counted(*, hours: float) -> tuple[int, ...]:
        at = any_site.clock.now() + timedelta(hours=hours)
        with any_site.runtime.store.read() as connection:
            accounts = [any_site.brand_person.user_id]
            *_, of_all = budgets.removal_usage(
                connection, marketplace_id, lead, accounts, any_site.brand_id, at, stepped_up=True
            )
            assert of_all == (2 if hours < 24 else 0)
            return budgets.removal_usage(
                connection, marketplace_id, lead, accounts, any_site.brand_id, at, stepped_up=False
            )

    assert counted(hours=0) == (1, 1, 2, 1)
    assert counted(hours=24) == (0, 1, 0, 0)
    assert counted(hours=24 * 7) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "limits", "why"),
    [
        ({}, [40, 120, 300, 200], "a brand's answer"),
        ({"stepped_up_at": NOW}, [300, 500], "its report with a second factor"),
        ({"side": Side.ANALYST}, [100, 200], "an analyst's case that somebody else opened"),
        ({"side": Side.ANALYST, "new_device": True}, [40, 200], "from a new device"),
        ({"side": Side.ANALYST, "opened_by": "usr_ines", "new_device": True}, [40, 120, 200], "a case by choice"),
    ],
)
def test_each_removal_meets_its_own_limits(site: Site, changes: dict[str, Any], limits: list[int], why: str) -> None:
    usual = RequestedRemoval(site.marketplace_id, site.brand_id, None, Sales(), Side.BRAND, site.brand_person.user_id)
    with site.runtime.store.read() as connection:
        decides = gather_circumstances(site.runtime, connection, replace(usual, **changes), NOW)
    assert [limit.limit for limit in budget_rules.limits(decides.spending, DEFAULT_BUDGETS)] == limits, why
