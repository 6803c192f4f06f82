"""Attacks on the champion of a marketplace: one person who changes it, and a weak one as the measure of the next."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from models.errors import DomainError
from models.verdict import Judgement
from serving.learning.service.learn import request_training, retrain
from serving.learning.service.promote import rollback
from serving.learning.store import learning
from serving.scoring.service.bundles import BundleStore
from tests.fixtures.promoting import promote
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site
from tests.serving.learning.service.test_promote import admit_another, champion_of, fail_a_gate
from tests.serving.web.reports import admit_model

pytestmark = pytest.mark.attack


def by_one_person(site: Site) -> None:
    """Wei alone asks for the previous champion."""
    with suppress(DomainError):
        rollback(site.runtime, site.marketplace, by=f"user:{site.data_scientist.user_id}", reason="Worse.")


def two_champions(site: Site, *, apart: timedelta = timedelta(minutes=1)) -> tuple[str, str]:
    """A champion and, after a time, its successor."""
    first = promote(site, admit_model(site))
    site.clock.forward(seconds=int(apart.total_seconds()))
    return first, promote(site, admit_another(site))


def test_a_young_account_alone_does_not_roll_back(site: Site) -> None:
    site.clock.forward(days=29)
    _, second = two_champions(site)
    by_one_person(site)
    assert champion_of(site) == second


def test_one_person_does_not_roll_back_twice_a_day(site: Site) -> None:
    site.clock.forward(days=31)
    first, _ = two_champions(site)
    for _ in range(2):
        site.clock.forward(hours=11)
        by_one_person(site)
    assert champion_of(site) == first


def test_one_person_does_not_roll_back_to_an_old_champion(site: Site) -> None:
    _, second = two_champions(site)
    site.clock.forward(days=31)
    by_one_person(site)
    assert champion_of(site) == second


@dataclass(slots=True)
class Child:
    """A training that ends before it begins, with the arguments it was given."""

    arguments: list[str] = field(default_factory=list)

    def __call__(self, _module: str, arguments: list[str], **_named: Any) -> dict[str, Any]:
        self.arguments = arguments
        raise KeyboardInterrupt  # The worker ends.


def test_an_overridden_champion_does_not_lower_the_bar_of_the_next(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = promote(site, admit_model(site)), admit_another(site)
    fail_a_gate(site, second)
    promote(site, second, "Figures will recover.")
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    site.clock.forward(days=15)
    job_id, child = request_training(site.runtime, site.marketplace, by="test"), Child()
    monkeypatch.setattr("serving.learning.service.learn.run_child", child)
    with pytest.raises(KeyboardInterrupt):
        retrain(site.runtime, site.here, job_id)
    folder = str(site.runtime.services[BundleStore].folder(first))
    assert child.arguments[child.arguments.index("--champion") + 1] == folder
    with site.runtime.store.read() as connection:
        assert learning.champions(connection)[site.here] == second, "it scores all the same"
