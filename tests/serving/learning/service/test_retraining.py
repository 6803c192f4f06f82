"""Trainings that nobody requests: started by the sweep, recorded, and never twice."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import select, text

from models.errors import UnderWay
from models.verdict import Judgement
from serving.audit.tables import audit_entry, audit_payload
from serving.learning.policy import RetrainingPolicy
from serving.learning.rules.retraining import Cause, Wait
from serving.learning.service.learn import request_training
from serving.learning.service.retraining import look, retrain_by_itself
from serving.learning.store import learning, monitoring, retraining
from serving.learning.store.learning import Job
from serving.marketplaces.rules import AutomaticRule
from serving.operations.service.kill_switches import switch
from serving.platform import jobs
from serving.workflows.worker import sweep
from tests.fixtures.runtimes import Site, a_case, judge

NUMBERS: Iterator[int] = count()
POSITIVES, NEGATIVES = 10, 20
FEW = RetrainingPolicy(new_labels=POSITIVES + NEGATIVES)


def needing_few(site: Site) -> Site:
    """The site with a policy that starts a training after as many labels as one accepts."""
    return replace(site, runtime=replace(site.runtime, policies=site.runtime.policies.changed(FEW)))


def label(site: Site, *, counterfeit: int = 0, genuine: int = 0) -> None:
    """Mature labels of an analyst, as many of each class."""
    for judgement in [Judgement.COUNTERFEIT] * counterfeit + [Judgement.GENUINE] * genuine:
        judge(site, site.analyst, a_case(site, external_id=f"MP-label-{next(NUMBERS)}"), judgement)
    site.clock.forward(days=15)


def jobs_of(site: Site) -> list[Job]:
    """The trainings, newest first."""
    return site.read(learning.jobs, site.here, 10)


@pytest.fixture
def labelled(any_site: Site) -> Site:
    """A site with exactly as many labels as a training accepts and as its policy waits for."""
    site = needing_few(any_site)
    label(site, counterfeit=POSITIVES, genuine=NEGATIVES)
    return site


def test_a_sweep_leaves_one_training_with_its_cause_in_the_queue_and_in_the_audit_log(labelled: Site) -> None:
    assert sweep(labelled.runtime)["trainings_started"] == 1
    (job,) = jobs_of(labelled)
    cause = {"cause": "labels", "new_labels": POSITIVES + NEGATIVES, "moved": []}
    assert (job.state, job.requested_by, job.cause) == ("waiting", "worker", cause)
    with labelled.runtime.store.read() as connection:
        entry = connection.execute(
            select(audit_entry.c.actor, audit_entry.c.subject, audit_payload.c.payload)
            .join(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
            .where(audit_entry.c.act == "training.requested")
        ).one()
        table = "dbos.workflow_status" if connection.dialect.name == "postgresql" else "workflow_status"
        queued = connection.execute(text(f"SELECT workflow_uuid, queue_name FROM {table}")).all()  # noqa: S608  # no input
    assert (entry.actor, entry.subject, json.loads(entry.payload)) == ("worker", job.job_id, cause)
    assert (f"retrain:{job.job_id}", jobs.TRAINING) in set(map(tuple, queued))
    labelled.clock.forward(hours=1)
    assert retrain_by_itself(labelled.runtime) == 0, "it still waits in the queue"
    assert look(labelled.runtime, labelled.here).code is Wait.UNDER_WAY


def test_one_label_fewer_starts_nothing_and_says_how_many_are_missing(any_site: Site) -> None:
    site = needing_few(any_site)
    label(site, counterfeit=POSITIVES, genuine=NEGATIVES)
    policy = replace(FEW, new_labels=FEW.new_labels + 1)
    runtime = replace(site.runtime, policies=site.runtime.policies.changed(policy))
    assert retrain_by_itself(runtime) == 0
    with runtime.store.read() as connection:
        found = retraining.last_look(connection, site.here)
    assert found is not None
    assert {name: found[1][name] for name in ("code", "new_labels", "needed")} == {
        "code": "not_due",
        "new_labels": 30,
        "needed": 31,
    }


def test_an_administrator_switches_it_off_and_on(labelled: Site) -> None:
    runtime, rule = labelled.runtime, AutomaticRule.RETRAINING
    switch(runtime, labelled.marketplace, rule, on=False, by="test", reason="A feed is broken.")
    assert look(runtime, labelled.here).code is Wait.OFF
    assert jobs_of(labelled) == []
    switch(runtime, labelled.marketplace, rule, on=True, by="test", reason="It is repaired.")
    assert look(runtime, labelled.here).code is Cause.LABELS


def test_labels_are_counted_once_an_hour(labelled: Site) -> None:
    started = labelled.clock.now()
    retrain_by_itself(labelled.runtime)
    for minutes, counted_at in ((59, started), (1, started + timedelta(hours=1))):
        labelled.clock.forward(minutes=minutes)
        retrain_by_itself(labelled.runtime)
        found = labelled.read(retraining.last_look, labelled.here)
        assert found is not None
        assert found[0] == counted_at


def end(site: Site, **values: object) -> None:
    """End the training that waits."""
    (job, *_) = jobs_of(site)
    site.write(learning.update_job, site.here, job.job_id, {"finished_at": site.clock.now(), **values})


def test_a_refused_training_is_tried_again_only_with_other_labels_and_after_a_rest(labelled: Site) -> None:
    look(labelled.runtime, labelled.here)
    end(labelled, state="failed", error="A column alone separates counterfeit from genuine.")
    labelled.clock.forward(days=20)
    assert look(labelled.runtime, labelled.here).code is Wait.UNCHANGED
    assert request_training(labelled.runtime, labelled.marketplace, by="test"), "a person may try"
    end(labelled, state="failed", error="A column alone separates counterfeit from genuine.")
    label(labelled, genuine=1)
    assert look(labelled.runtime, labelled.here).code is Cause.LABELS
    end(labelled, state="failed", error="A column alone separates counterfeit from genuine.")
    judge(labelled, labelled.analyst, a_case(labelled, external_id="MP-rest"), Judgement.GENUINE)
    labelled.clock.forward(days=14)
    rests = replace(FEW, back_off_days=4, most_back_off_days=16)
    waiting = replace(labelled.runtime, policies=labelled.runtime.policies.changed(rests))
    found = look(waiting, labelled.here)
    assert (found.code, found.failures) == (Wait.BACK_OFF, 3)
    labelled.clock.forward(days=2)
    assert look(waiting, labelled.here).code is Cause.LABELS


def test_labels_count_from_the_last_training_that_ended_well(labelled: Site) -> None:
    look(labelled.runtime, labelled.here)
    end(labelled, state="done")
    labelled.clock.forward(days=1)
    found = look(labelled.runtime, labelled.here)
    assert (found.code, found.new_labels, found.failures) == (Wait.UNCHANGED, 0, 0)
    label(labelled, genuine=3)
    found = look(labelled.runtime, labelled.here)
    assert (found.code, found.new_labels) == (Wait.NOT_DUE, 3)
    labelled.clock.forward(days=15)
    assert look(labelled.runtime, labelled.here).code is Cause.SCHEDULE


def test_a_drift_alarm_of_two_reports_since_the_last_training_starts_one(labelled: Site) -> None:
    look(labelled.runtime, labelled.here)
    end(labelled, state="done")
    report = {"enough": True, "shifts": [{"name": "price_log_ratio", "level": "moved", "psi": 0.4}]}

    def measured() -> None:
        row = {"marketplace_id": labelled.here, "report_id": labelled.runtime.ids.new("dri"), "report": report}
        labelled.write(monitoring.add_drift_report, {**row, "made_at": labelled.clock.now()})

    measured()  # At the moment of the training, so it is no news.
    label(labelled, genuine=1)
    measured()
    assert look(labelled.runtime, labelled.here).code is Wait.NOT_DUE
    labelled.clock.forward(days=7)
    measured()
    found = look(labelled.runtime, labelled.here)
    assert (found.code, found.moved) == (Cause.DRIFT, ("price_log_ratio",))
    assert jobs_of(labelled)[0].cause == {"cause": "drift", "new_labels": 1, "moved": ["price_log_ratio"]}


@pytest.mark.both_engines
def test_of_simultaneous_requests_one_starts_a_training(any_site: Site) -> None:
    def ask(_number: int) -> bool:
        try:
            request_training(any_site.runtime, any_site.marketplace, by="test")
        except UnderWay:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(ask, range(6))) == 1
    assert len(jobs_of(any_site)) == 1
