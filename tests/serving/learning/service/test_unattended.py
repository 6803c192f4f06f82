"""From labels to a tracked candidate, and to a refused training, without anybody who asks."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.verdict import Judgement
from serving.learning.policy import DEFAULT_RETRAINING
from serving.learning.service.learn import request_training, retrain
from serving.learning.service.promote import challenger
from serving.learning.store import learning, retraining
from serving.learning.store.learning import Job
from serving.workflows.worker import sweep
from tests.fixtures.labels import label_a_history
from tests.fixtures.runtimes import Site, a_case, judge
from tests.serving.web.visits import visit_as, words
from tests.training.registry.test_runs import runs_of


def swept(site: Site) -> Job:
    """The training that a sweep starts, after the worker has run it."""
    assert sweep(site.runtime)["trainings_started"] == 1
    (job,) = site.read(learning.jobs, site.here, 5)
    retrain(site.runtime, site.here, job.job_id)
    return site.read(learning.get_job, site.here, job.job_id)


@pytest.mark.timeout(600)
def test_enough_labels_lead_to_a_tracked_candidate_that_waits_for_people(any_site: Site) -> None:
    few = replace(DEFAULT_RETRAINING, new_labels=60)
    site = replace(any_site, runtime=replace(any_site.runtime, policies=any_site.runtime.policies.changed(few)))
    given = label_a_history(site, listings=2_400)
    site.clock.forward(days=30)
    job = swept(site)
    assert (job.state, job.error, job.requested_by) == ("done", None, "worker")
    assert job.cause is not None
    assert job.cause["cause"] == "labels"
    assert few.new_labels <= job.cause["new_labels"] <= given
    with site.runtime.store.read() as connection:
        model = learning.get_model(connection, site.here, job.digest or "")
        assert learning.promotions(connection, site.here) == [], "nothing is promoted"
    found = challenger(site.runtime, site.marketplace)
    assert found is not None
    assert (found.digest, found.mlflow_version) == (job.digest, "1")
    (run,) = runs_of(f"sqlite:///{site.runtime.home.mlflow / 'mlflow.db'}")
    assert (run["status"], run["tags"]["touchstone.state"]) == ("FINISHED", "finished")
    assert run["name"] == f"Bazaar {job.created_at:%Y-%m-%d} labels"
    assert {f"touchstone.gate.{gate['name']}" for gate in model.report["gates"]} <= run["tags"].keys()
    assert run["params"]["forest.rounds"] == "400"
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
    job = swept(site)
    sentence = "All counterfeit labels are of one seller; at least two are needed to test on another."
    assert (job.state, job.error) == ("failed", sentence)
    (run,) = runs_of(f"sqlite:///{site.runtime.home.mlflow / 'mlflow.db'}")
    tags = {name.removeprefix("touchstone."): value for name, value in run["tags"].items()}
    assert (run["status"], tags["state"], tags["cause"], tags["reason"]) == ("FAILED", "refused", "labels", sentence)
    site.clock.forward(days=20)
    assert sweep(site.runtime)["trainings_started"] == 0, "the same labels would be refused again"
    look = site.read(retraining.last_look, site.here)
    assert look is not None
    assert look[1]["code"] == "unchanged"


@pytest.mark.timeout(300)
def test_a_training_that_never_began_and_one_that_was_killed_are_runs_too(site: Site) -> None:
    hasty = replace(site.runtime, settings=site.runtime.settings.model_copy(update={"training_timeout_seconds": 0.01}))
    for runtime, label in ((site.runtime, True), (hasty, False)):
        assert retrain(runtime, site.here, request_training(runtime, site.marketplace, by="test")) == "failed"
        if label:
            judge(site, site.analyst, a_case(site), Judgement.GENUINE)
            site.clock.forward(days=15)
    killed, refused = runs_of(f"sqlite:///{site.runtime.home.mlflow / 'mlflow.db'}")
    assert {one["tags"]["touchstone.cause"] for one in (killed, refused)} == {"requested"}
    assert refused["tags"]["touchstone.state"] == "refused"
    assert refused["tags"]["touchstone.reason"] == "No label is mature yet, so there is nothing to learn from."
    assert killed["tags"]["touchstone.state"] == "failed"
    assert killed["tags"]["touchstone.reason"].startswith("The training ended with -9")


@pytest.mark.timeout(300)
def test_a_training_reads_the_settings_that_the_service_names_and_refuses_what_are_none(
    site: Site, tmp_path: Path
) -> None:
    (tmp_path / "s.json").write_text('{"text_costs": 3}')
    given = site.runtime.settings.model_copy(update={"fit_settings": tmp_path / "s.json"})
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    site.clock.forward(days=15)
    job_id = request_training(site.runtime, site.marketplace, by="test")
    assert retrain(replace(site.runtime, settings=given), site.here, job_id) == "failed"
    error = site.read(learning.get_job, site.here, job_id).error
    assert (error or "").startswith("There is no setting text_costs; the known ones are forest.rounds, ")
    (run,) = runs_of(f"sqlite:///{site.runtime.home.mlflow / 'mlflow.db'}")
    assert (run["tags"]["touchstone.state"], run["tags"]["touchstone.reason"]) == ("refused", error)
