"""A run with a seed depends on its moves of the clock, not on the machine's speed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.api.clock import move_clock
from serving.appeals.tables import counter_notice
from serving.platform.clock import SimulatedClock
from tests.fixtures.receivers import a_receiver, mark_endpoint_proven
from tests.fixtures.runtimes import Site, a_case, judge


@pytest.mark.parametrize("seed", [3, None])
def test_with_a_seed_what_is_due_leaves_before_the_sweep_that_reads_its_answer(site: Site, seed: int | None) -> None:
    """The sweep opens the counter-notice of a removal that left; which of both was first decided the run."""
    clock = SimulatedClock(timedelta(0), stands_at=site.clock.now())
    runtime = replace(site.runtime, clock=clock, settings=site.runtime.settings.model_copy(update={"seed": seed}))
    with a_receiver() as receiver:
        provisioning.register_webhook(
            runtime, url=receiver.url, allow_loopback=True, marketplace=None, secret=receiver.secret, by="test"
        )
        mark_endpoint_proven(site)
        action = judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT).action
        assert action is not None
        move_clock(runtime, clock.now() + timedelta(hours=2))
    with runtime.store.read() as connection:
        opened = connection.execute(select(counter_notice.c.action_id)).scalars().all()
    assert opened == ([] if seed is None else [action.action_id])


def test_with_a_seed_work_in_the_background_takes_turns_with_the_sweeps(site: Site) -> None:
    seeded = replace(site.runtime, settings=site.runtime.settings.model_copy(update={"seed": 3}))
    assert seeded.turn() is seeded.sweeping
    assert site.runtime.turn() is not site.runtime.sweeping
