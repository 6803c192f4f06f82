"""Model-initiated removals have a random delay; removals that a brand confirms have none."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from models.case import CaseLane
from models.policies.deciding import EnforcementPolicy
from models.verdict import Judgement
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.tables import action
from tests.fixtures.delivering import deliver
from tests.fixtures.reviewing import a_case, a_drawn_case, judge
from tests.fixtures.runtimes import Site

UNDO = timedelta(seconds=180)


def delaying(site: Site, draw: float, minutes: int = 60) -> Site:
    """The site with a random delay of at most `minutes`, and a fixed draw."""
    policies = site.runtime.policies
    enforcement = replace(policies[EnforcementPolicy], random_delay_minutes=minutes)
    return replace(site, runtime=replace(site.runtime, policies=policies.changed(enforcement), draw=lambda: draw))


def removed(site: Site) -> StoredAction:
    """Remove a listing of the audit sample, of a brand that does not take part."""
    recorded = judge(site, site.analyst, a_drawn_case(site), Judgement.COUNTERFEIT)
    assert recorded.action is not None
    return recorded.action


def test_a_model_initiated_removal_has_a_random_delay_that_its_row_stores(any_site: Site) -> None:
    site = delaying(any_site, 0.5)
    made = removed(site)
    assert made.leaves_at == made.due_at == site.clock.now() + UNDO + timedelta(minutes=30)
    assert site.value(select(action.c.random_delay_seconds)) == 1_800
    site.clock.forward(minutes=32)
    assert deliver(site.runtime, site.here, made.action_id) != "failed"  # It is not sent yet.
    assert site.read(actions.get, site.here, made.action_id).sent_at is None
    site.clock.forward(minutes=2)
    assert deliver(site.runtime, site.here, made.action_id) == "failed"  # It is sent, but no endpoint is registered.


def test_a_brands_confirmation_has_no_delay(site: Site) -> None:
    drawn = delaying(site, 0.99)
    made = judge(drawn, drawn.brand_person, a_case(drawn, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT).action
    assert made is not None
    assert made.leaves_at == site.clock.now() + UNDO


def test_a_further_confirmation_ends_the_delay(any_site: Site) -> None:
    site = delaying(any_site, 0.5)
    made = removed(site)
    site.clock.forward(minutes=5)
    with site.runtime.store.write() as connection:
        assert actions.bring_forward(connection, made, site.clock.now() + UNDO)
        assert not actions.bring_forward(connection, made, site.clock.now() + timedelta(hours=9))
    found = site.read(actions.get, site.here, made.action_id)
    assert found.leaves_at == found.due_at == site.clock.now() + UNDO
