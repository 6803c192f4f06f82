"""Attacks on the champion of a marketplace: one person who changes it, and a weak one as the measure of the next."""

from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from models.errors import DomainError
from models.verdict import Judgement
from serving.guards import CSRF_HEADER
from serving.learning.service.champions import Reference, reference_of
from serving.learning.service.learn import request_training, retrain
from serving.learning.service.promote import rollback
from serving.learning.store import learning
from serving.scoring.service.bundles import BundleStore
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import Site, a_case, judge
from tests.serving.learning.service.test_promote import admit_another, champion_of, fail_a_gate
from tests.serving.web.reports import a_report, add_model, admit_model
from tests.serving.web.visits import visit_as, words

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


def test_an_overridden_champion_does_not_lower_the_bar_of_the_next(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = promote(site, admit_model(site)), admit_another(site)
    fail_a_gate(site, second)
    promote(site, second, "Figures will recover.")
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    site.clock.forward(days=15)
    job_id, child_arguments = request_training(site.runtime, site.marketplace, by="test"), list[str]()

    def child(_module: str, arguments: list[str], **_named: Any) -> None:
        child_arguments.extend(arguments)
        raise KeyboardInterrupt  # The worker ends.

    monkeypatch.setattr("serving.learning.service.learn.run_child", child)
    with pytest.raises(KeyboardInterrupt):
        retrain(site.runtime, site.marketplace_id, job_id)
    folder = str(site.runtime.services[BundleStore].folder(first))
    assert child_arguments[child_arguments.index("--champion") + 1] == folder
    with site.runtime.store.read() as connection:
        assert reference_of(connection, site.marketplace_id) == Reference(first, overridden=second)
        assert learning.champions(connection)[site.marketplace_id] == second, "it scores all the same"


def test_where_no_champion_has_passed_the_page_and_the_interface_say_so(site: Site) -> None:
    digest = admit_model(site)
    fail_a_gate(site, digest)
    promote(site, digest, "The first one.")
    reference = asdict(site.read(reference_of, site.marketplace_id))
    assert reference == {"digest": None, "overridden": digest}
    site.clock.forward(minutes=1)
    add_model(site, "ab" * 32, {**a_report(), "reference": reference, "waiting": 14})
    visitor = visit_as(site, site.data_scientist)
    text = words(visitor.get("/models").text)
    assert f"Champion {digest[:10]} had not passed its gates." in text
    assert "The gates compare this model with the starter scorecard: no champion passed." in text
    assert "14 later labels wait for the next training" in text
    newest = visitor.get("/api/v1/models").json()["models"][0]
    assert (newest["reference"], newest["waiting"]) == (reference, 14)


def test_the_page_says_what_a_rollback_still_needs(site: Site) -> None:
    first, _ = two_champions(site)
    visitor = visit_as(site, site.data_scientist)
    assert "2 of 2 approvals are still needed." in words(visitor.get("/models").text)
    assert visitor.post("/models/rollback", {"reason": "Worse."}).status_code == 303
    assert "1 of 2 approvals are still needed." in words(visitor.get("/models").text)
    second = visit_as(site, site.second_scientist)
    answer = second.client.delete("/api/v1/promotions/latest", headers={CSRF_HEADER: second.csrf_token})
    assert answer.json() == {"champion": first, "in_force": True, "approvals_missing": 0}
