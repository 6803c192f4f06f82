"""Trainings that nobody requests: started by the sweep, recorded, and never twice."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from models.errors import Conflict, Invalid, NotFound, WorkInProgress
from models.verdict import Judgement
from serving.audit.tables import audit_entry, audit_payload
from serving.jobs.worker import sweep
from serving.learning.policy import DEFAULT_RETRAINING, RetrainingPolicy
from serving.learning.rules.drift_alarm import RedFeature
from serving.learning.rules.retraining import Cause, Wait
from serving.learning.service.learn import request_training, retrain
from serving.learning.service.monitoring import acknowledge, red_features_now, withdraw_acknowledgement
from serving.learning.service.promote import challenger
from serving.learning.service.retraining import decide_for, retrain_by_itself
from serving.learning.store import learning, monitoring, retraining
from serving.learning.store.learning import Job
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.platform import jobs
from tests.fixtures.labels import label_a_history
from tests.fixtures.runtimes import Site, a_case, judge
from tests.serving.web.visits import visit_as, words
from tests.training.registry.test_runs import runs_of

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
    return site.read(learning.jobs, site.marketplace_id, 10)


@pytest.fixture
def labelled_site(any_site: Site) -> Site:
    """A site with exactly as many labels as a training accepts and as its policy waits for."""
    site = needing_few(any_site)
    label(site, counterfeit=POSITIVES, genuine=NEGATIVES)
    return site


def test_a_sweep_leaves_one_training_with_its_cause_in_the_queue_and_in_the_audit_log(labelled_site: Site) -> None:
    assert sweep(labelled_site.runtime)["trainings_started"] == 1
    (job,) = jobs_of(labelled_site)
    cause = {"cause": "labels", "new_labels": POSITIVES + NEGATIVES, "moved": []}
    assert (job.state, job.requested_by, job.cause) == ("waiting", "worker", cause)
    with labelled_site.runtime.store.read() as connection:
        audit_row = connection.execute(
            select(audit_entry.c.actor, audit_entry.c.subject, audit_payload.c.payload)
            .join(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
            .where(audit_entry.c.act == "training.requested")
        ).one()
        table = "dbos.workflow_status" if connection.dialect.name == "postgresql" else "workflow_status"
        queued = connection.execute(text(f"SELECT workflow_uuid, queue_name FROM {table}")).all()  # noqa: S608  # no input
    assert (audit_row.actor, audit_row.subject, json.loads(audit_row.payload)) == ("worker", job.job_id, cause)
    assert (f"retrain:{job.job_id}", jobs.TRAINING) in set(map(tuple, queued))
    labelled_site.clock.forward(hours=1)
    assert retrain_by_itself(labelled_site.runtime) == 0, "it still waits in the queue"
    assert decide_for(labelled_site.runtime, labelled_site.marketplace_id).code is Wait.UNDER_WAY


def test_one_label_fewer_starts_nothing_and_says_how_many_are_missing(any_site: Site) -> None:
    site = needing_few(any_site)
    label(site, counterfeit=POSITIVES, genuine=NEGATIVES)
    policy = replace(FEW, new_labels=FEW.new_labels + 1)
    runtime = replace(site.runtime, policies=site.runtime.policies.changed(policy))
    assert retrain_by_itself(runtime) == 0
    with runtime.store.read() as connection:
        last_look = retraining.last_decision(connection, site.marketplace_id)
    assert last_look is not None
    assert {name: last_look[1][name] for name in ("code", "new_labels", "needed")} == {
        "code": "not_due",
        "new_labels": 30,
        "needed": 31,
    }


def test_an_administrator_switches_it_off_and_on(labelled_site: Site) -> None:
    runtime, rule = labelled_site.runtime, AutomaticRule.RETRAINING
    switch_rule(runtime, labelled_site.marketplace, rule, on=False, by="test", reason="A feed is broken.")
    assert decide_for(runtime, labelled_site.marketplace_id).code is Wait.OFF
    assert jobs_of(labelled_site) == []
    switch_rule(runtime, labelled_site.marketplace, rule, on=True, by="test", reason="It is repaired.")
    assert decide_for(runtime, labelled_site.marketplace_id).code is Cause.LABELS


def test_labels_are_counted_once_an_hour(labelled_site: Site) -> None:
    started = labelled_site.clock.now()
    retrain_by_itself(labelled_site.runtime)
    for minutes, counted_at in ((59, started), (1, started + timedelta(hours=1))):
        labelled_site.clock.forward(minutes=minutes)
        retrain_by_itself(labelled_site.runtime)
        last_look = labelled_site.read(retraining.last_decision, labelled_site.marketplace_id)
        assert last_look is not None
        assert last_look[0] == counted_at


def end(site: Site, **values: object) -> None:
    """End the training that waits."""
    (job, *_) = jobs_of(site)
    site.write(learning.update_job, site.marketplace_id, job.job_id, {"finished_at": site.clock.now(), **values})


def test_a_refused_training_is_tried_again_only_with_other_labels_and_after_a_rest(labelled_site: Site) -> None:
    decide_for(labelled_site.runtime, labelled_site.marketplace_id)
    end(labelled_site, state="failed", error="A column alone separates counterfeit from genuine.")
    labelled_site.clock.forward(days=20)
    assert decide_for(labelled_site.runtime, labelled_site.marketplace_id).code is Wait.UNCHANGED
    assert request_training(labelled_site.runtime, labelled_site.marketplace, by="test"), "a person may try"
    end(labelled_site, state="failed", error="A column alone separates counterfeit from genuine.")
    label(labelled_site, genuine=1)
    assert decide_for(labelled_site.runtime, labelled_site.marketplace_id).code is Cause.LABELS
    end(labelled_site, state="failed", error="A column alone separates counterfeit from genuine.")
    judge(labelled_site, labelled_site.analyst, a_case(labelled_site, external_id="MP-rest"), Judgement.GENUINE)
    labelled_site.clock.forward(days=14)
    rests = replace(FEW, back_off_days=4, most_back_off_days=16)
    waiting = replace(labelled_site.runtime, policies=labelled_site.runtime.policies.changed(rests))
    decision = decide_for(waiting, labelled_site.marketplace_id)
    assert (decision.code, decision.failures) == (Wait.BACK_OFF, 3)
    labelled_site.clock.forward(days=2)
    assert decide_for(waiting, labelled_site.marketplace_id).code is Cause.LABELS


def test_labels_count_from_the_last_training_that_ended_well(labelled_site: Site) -> None:
    decide_for(labelled_site.runtime, labelled_site.marketplace_id)
    end(labelled_site, state="done")
    labelled_site.clock.forward(days=1)
    decision = decide_for(labelled_site.runtime, labelled_site.marketplace_id)
    assert (decision.code, decision.new_labels, decision.failures) == (Wait.UNCHANGED, 0, 0)
    label(labelled_site, genuine=3)
    decision = decide_for(labelled_site.runtime, labelled_site.marketplace_id)
    assert (decision.code, decision.new_labels) == (Wait.NOT_DUE, 3)
    labelled_site.clock.forward(days=15)
    assert decide_for(labelled_site.runtime, labelled_site.marketplace_id).code is Cause.SCHEDULE


def test_a_drift_alarm_of_two_reports_since_the_last_training_starts_one(labelled_site: Site) -> None:
    decide_for(labelled_site.runtime, labelled_site.marketplace_id)
    end(labelled_site, state="done")
    report = {"enough": True, "shifts": [{"name": "price_log_ratio", "level": "moved", "psi": 0.4}]}

    def measured() -> None:
        row = {
            "marketplace_id": labelled_site.marketplace_id,
            "report_id": labelled_site.runtime.ids.new("dri"),
            "report": report,
        }
        labelled_site.write(monitoring.add_drift_report, {**row, "made_at": labelled_site.clock.now()})

    measured()  # At the moment of the training, so it is no news.
    label(labelled_site, genuine=1)
    measured()
    assert decide_for(labelled_site.runtime, labelled_site.marketplace_id).code is Wait.NOT_DUE
    labelled_site.clock.forward(days=7)
    measured()
    decision = decide_for(labelled_site.runtime, labelled_site.marketplace_id)
    assert (decision.code, decision.moved) == (Cause.DRIFT, ("price_log_ratio",))
    assert jobs_of(labelled_site)[0].cause == {"cause": "drift", "new_labels": 1, "moved": ["price_log_ratio"]}


@pytest.mark.both_engines
def test_of_simultaneous_requests_one_starts_a_training(any_site: Site) -> None:
    def ask(_number: int) -> bool:
        try:
            request_training(any_site.runtime, any_site.marketplace, by="test")
        except WorkInProgress:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(ask, range(6))) == 1
    assert len(jobs_of(any_site)) == 1


# From labels to a tracked candidate, and to a refused training, without anybody who asks.


def sweep_training(site: Site) -> Job:
    """The training that a sweep starts, after the worker has run it."""
    assert sweep(site.runtime)["trainings_started"] == 1
    (job,) = site.read(learning.jobs, site.marketplace_id, 5)
    retrain(site.runtime, site.marketplace_id, job.job_id)
    return site.read(learning.get_job, site.marketplace_id, job.job_id)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_enough_labels_lead_to_a_tracked_candidate_that_waits_for_people(any_site: Site) -> None:
    few = replace(DEFAULT_RETRAINING, new_labels=60)
    site = replace(any_site, runtime=replace(any_site.runtime, policies=any_site.runtime.policies.changed(few)))
    label_count = label_a_history(site, listings=3_600)
    site.clock.forward(days=30)
    job = sweep_training(site)
    assert (job.state, job.error, job.requested_by) == ("done", None, "worker")
    assert job.cause is not None
    assert job.cause["cause"] == "labels"
    assert few.new_labels <= job.cause["new_labels"] <= label_count
    with site.runtime.store.read() as connection:
        model = learning.get_model(connection, site.marketplace_id, job.digest or "")
        assert learning.promotions(connection, site.marketplace_id) == [], "nothing is promoted"
    candidate = challenger(site.runtime, site.marketplace)
    assert candidate is not None
    assert (candidate.digest, candidate.mlflow_version) == (job.digest, "1")
    (run,) = runs_of(f"sqlite:///{site.runtime.home.mlflow / 'mlflow.db'}")
    assert (run["status"], run["tags"]["touchstone.state"]) == ("FINISHED", "finished")
    assert run["name"] == f"Bazaar {job.created_at:%Y-%m-%d} labels"
    assert {f"touchstone.gate.{gate['name']}" for gate in model.report["gates"]} <= run["tags"].keys()
    assert run["params"]["forest.rounds"] == "25"
    assert any(name.startswith("slice.") for name in run["metrics"])
    assert "Started by itself:" in words(visit_as(site, site.data_scientist).get("/models").text)
    site.clock.forward(days=2)
    assert sweep(site.runtime)["trainings_started"] == 0, "the same labels are not learnt twice"


@pytest.mark.timeout(300)
def test_a_training_that_nobody_asked_for_and_is_refused_is_a_run_with_its_reason(any_site: Site) -> None:
    few = replace(DEFAULT_RETRAINING, new_labels=30)
    site = replace(any_site, runtime=replace(any_site.runtime, policies=any_site.runtime.policies.changed(few)))
    for number in range(30):
        judgement = Judgement.COUNTERFEIT if number < 10 else Judgement.GENUINE
        judge(site, site.analyst, a_case(site, external_id=f"MP-one-{number}"), judgement)
    site.clock.forward(days=15)
    job = sweep_training(site)
    sentence = "All counterfeit labels are of one seller; at least two are needed to test on another."
    assert (job.state, job.error) == ("failed", sentence)
    (run,) = runs_of(f"sqlite:///{site.runtime.home.mlflow / 'mlflow.db'}")
    tags = {name.removeprefix("touchstone."): tag for name, tag in run["tags"].items()}
    assert (run["status"], tags["state"], tags["cause"], tags["reason"]) == ("FAILED", "refused", "labels", sentence)
    site.clock.forward(days=20)
    assert sweep(site.runtime)["trainings_started"] == 0, "the same labels would be refused again"
    look = site.read(retraining.last_decision, site.marketplace_id)
    assert look is not None
    assert look[1]["code"] == "unchanged"


@pytest.mark.timeout(300)
def test_a_training_that_never_began_and_one_that_was_killed_are_runs_too(site: Site) -> None:
    hasty = replace(site.runtime, settings=site.runtime.settings.model_copy(update={"training_timeout_seconds": 0.01}))
    for runtime, label in ((site.runtime, True), (hasty, False)):
        assert retrain(runtime, site.marketplace_id, request_training(runtime, site.marketplace, by="test")) == "failed"
        if label:
            judge(site, site.analyst, a_case(site), Judgement.GENUINE)
            site.clock.forward(days=15)
    killed, refused = runs_of(f"sqlite:///{site.runtime.home.mlflow / 'mlflow.db'}")
    assert {run["tags"]["touchstone.cause"] for run in (killed, refused)} == {"requested"}
    assert refused["tags"]["touchstone.state"] == "refused"
    assert refused["tags"]["touchstone.reason"] == "No label is mature yet, so there is nothing to learn from."
    assert killed["tags"]["touchstone.state"] == "failed"
    assert killed["tags"]["touchstone.reason"].startswith("The training ended with -9")


@pytest.mark.timeout(300)
def test_a_training_reads_the_settings_that_the_service_names_and_refuses_what_are_none(
    site: Site, tmp_path: Path
) -> None:
    (tmp_path / "s.json").write_text('{"text_costs": 3}')
    settings = site.runtime.settings.model_copy(update={"fit_settings": tmp_path / "s.json"})
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    site.clock.forward(days=15)
    job_id = request_training(site.runtime, site.marketplace, by="test")
    assert retrain(replace(site.runtime, settings=settings), site.marketplace_id, job_id) == "failed"
    error = site.read(learning.get_job, site.marketplace_id, job_id).error
    assert (error or "").startswith("There is no setting text_costs; the known ones are forest.rounds, ")
    (run,) = runs_of(f"sqlite:///{site.runtime.home.mlflow / 'mlflow.db'}")
    assert (run["tags"]["touchstone.state"], run["tags"]["touchstone.reason"]) == ("refused", error)


# People explain features that stay shifted, and the alarm is quiet until the shift worsens.

BY = "user:usr_1"


def add_report(site: Site, **psi: float) -> None:
    """A drift report of this moment, a week after the one before."""
    site.clock.forward(days=7)
    shifts = [
        {"name": name, "psi": shift, "level": "moved" if shift >= 0.25 else "steady"} for name, shift in psi.items()
    ]
    report: dict[str, Any] = {"champion": None, "enough": True, "shifts": shifts}
    row = {"marketplace_id": site.marketplace_id, "report_id": site.runtime.ids.new("dri"), "report": report}
    site.write(monitoring.add_drift_report, {**row, "made_at": site.clock.now()})


def red_features(site: Site) -> dict[str, RedFeature]:
    with site.runtime.store.read() as connection:
        return {feature.name: feature for feature in red_features_now(site.runtime, connection, site.marketplace_id)}


def explain(site: Site, feature: str = "price_log", note: str = " The summer sale. ") -> None:
    acknowledge(site.runtime, site.marketplace, feature=feature, note=note, by=BY)


def test_an_acknowledgement_is_kept_with_its_author_and_recorded_and_quiets_until_the_shift_worsens(
    any_site: Site,
) -> None:
    add_report(any_site, price_log=0.4, seller_age=0.3)
    explain(any_site)
    features = red_features(any_site)
    note = features["price_log"].acknowledged
    assert note is not None
    assert (note.note, note.by, note.psi, note.at) == ("The summer sale.", BY, 0.4, any_site.clock.now())
    assert (features["price_log"].quiet, features["seller_age"].quiet) == (True, False)
    with any_site.runtime.store.read() as connection:
        query = select(audit_entry.c.actor, audit_entry.c.subject).where(audit_entry.c.act == "drift.acknowledged")
        assert connection.execute(query).all() == [(BY, "price_log")]
    add_report(any_site, price_log=0.6)
    again = red_features(any_site)["price_log"]
    assert (again.acknowledged, again.quiet, again.reports) == (note, False, 2)


def test_a_withdrawn_acknowledgement_no_longer_quiets(any_site: Site) -> None:
    add_report(any_site, price_log=0.4)
    explain(any_site)
    note = red_features(any_site)["price_log"].acknowledged
    assert note is not None
    withdraw_acknowledgement(any_site.runtime, any_site.marketplace, acknowledgement_id=note.acknowledgement_id, by=BY)
    assert red_features(any_site)["price_log"].acknowledged is None
    with pytest.raises(NotFound):
        withdraw_acknowledgement(
            any_site.runtime, any_site.marketplace, acknowledgement_id=note.acknowledgement_id, by=BY
        )


@pytest.mark.parametrize("note", ["", "  \n"])
def test_an_acknowledgement_without_a_reason_is_refused(site: Site, note: str) -> None:
    add_report(site, price_log=0.4)
    with pytest.raises(Invalid, match="needs a note"):
        explain(site, note=note)


@pytest.mark.parametrize("feature", ["seller_age", "no_such_feature"])
def test_only_what_is_shifted_now_is_acknowledged(site: Site, feature: str) -> None:
    add_report(site, price_log=0.4, seller_age=0.1)
    with pytest.raises(Conflict, match="does not show this feature"):
        explain(site, feature)


def test_without_a_report_nothing_is_red(site: Site) -> None:
    assert red_features(site) == {}


def test_a_decision_about_a_training_leaves_out_the_acknowledged_features(site: Site) -> None:
    for _ in range(2):
        add_report(site, price_log=0.4, seller_age=0.3)
    assert decide_for(site.runtime, site.marketplace_id).moved == ("price_log", "seller_age")
    explain(site)
    site.clock.forward(hours=1)
    assert decide_for(site.runtime, site.marketplace_id).moved == ("seller_age",)
