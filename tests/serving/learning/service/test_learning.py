from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from models.bundle import digest_of
from models.classifier import Join
from models.errors import BundleTooSlow, Conflict, Invalid, NotFound
from models.verdict import Judgement
from serving.composition import open_runtime
from serving.learning.service.champions import follow_champions
from serving.learning.service.labelling import export_snapshot
from serving.learning.service.learn import request_training, retrain, retry_load
from serving.learning.service.promote import challenger
from serving.learning.store import learning
from serving.listings.service.intake import receive_rows
from serving.listings.tables import score
from serving.platform import jobs
from serving.scoring.service.bundles import BundleStore, LiveModels
from tests.fixtures.promoting import promote, roll_back
from tests.fixtures.runtimes import Site, a_case, a_suspect_row, judge
from tests.fixtures.scorers import bundle_files
from tests.serving.web.reports import a_report, admit_model, put_champion_in_force
from tests.serving.web.visits import visit_as, words
from training.bundle_folder import write_bundle_folder
from training.runs.pipeline import train
from training.snapshots.snapshot import SnapshotRefused, read_snapshot


def test_a_verdict_becomes_a_label_only_when_it_is_mature(any_site: Site) -> None:
    judge(any_site, any_site.analyst, a_case(any_site), Judgement.GENUINE)
    any_site.clock.forward(days=13)
    with pytest.raises(Invalid, match="No label is mature"):
        export_snapshot(any_site.runtime, any_site.marketplace_id)
    any_site.clock.forward(days=1)
    _, path, digest = export_snapshot(any_site.runtime, any_site.marketplace_id)
    (row,) = read_snapshot(path, expected=digest).rows
    assert (row.label, row.evidence_level, row.weight, row.inclusion_probability) == (0, "one_reviewer", 0.7, 1.0)
    assert row.provenance[0].startswith("vdt_")


def test_a_snapshot_holds_the_facts_as_they_were_scored(any_site: Site) -> None:
    judge(any_site, any_site.analyst, a_case(any_site), Judgement.GENUINE)
    any_site.clock.forward(days=15)
    _, path, _ = export_snapshot(any_site.runtime, any_site.marketplace_id)
    (facts,) = read_snapshot(path).facts()
    assert facts.listing.external_id == "MP-9"
    assert facts.as_of < any_site.clock.now()


def test_one_retraining_at_a_time(any_site: Site) -> None:
    request_training(any_site.runtime, any_site.marketplace, by="test")
    with pytest.raises(Conflict, match="under way"):
        request_training(any_site.runtime, any_site.marketplace, by="test")


def test_a_retraining_stays_in_the_queue_of_a_process_without_the_champion(site: Site) -> None:
    digest = put_champion_in_force(site)
    job_id = request_training(site.runtime, site.marketplace, by="test")
    folder = site.runtime.services[BundleStore].folder(digest)
    folder.rename(folder.with_name("away"))
    restarted = open_runtime(site.runtime.settings, clock=site.clock, migrated=True)
    try:
        first, second = f"retrain:{job_id}", f"retrain:{job_id}#2"
        for _ in range(2):  # A step that is repeated leaves one successor.
            assert retrain(restarted, site.marketplace_id, job_id, after=first) == "waiting"
        with restarted.store.read() as connection:
            job = learning.get_job(connection, site.marketplace_id, job_id)
            queued = connection.execute(text("SELECT workflow_uuid, status, queue_name FROM workflow_status")).all()
        assert (job.state, job.progress["stage"]) == ("waiting", "waiting for the champion's bundle")
        assert {(second, "DELAYED", jobs.TRAINING)} < set(map(tuple, queued))
        assert len([workflow for workflow in queued if workflow.workflow_uuid.startswith(first)]) == 2
        folder.with_name("away").rename(folder)
        follow_champions(restarted)
        assert retrain(restarted, site.marketplace_id, job_id, after=second) == "failed", "it runs; no label is mature"
    finally:
        restarted.close()


def test_too_few_labels_are_refused_with_their_count(site: Site) -> None:
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    site.clock.forward(days=15)
    _, path, _ = export_snapshot(site.runtime, site.marketplace_id)
    with pytest.raises(SnapshotRefused, match="0 counterfeit and 1 genuine"):
        train(read_snapshot(path), champion=None, seed=0, threads=1)


def test_a_refused_training_promotes_nothing_and_the_champion_goes_on(site: Site) -> None:
    champion = put_champion_in_force(site)
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    site.clock.forward(days=15)
    job_id = request_training(site.runtime, site.marketplace, by="test")
    assert retrain(site.runtime, site.marketplace_id, job_id) == "failed"
    with site.runtime.store.read() as connection:
        job = learning.get_job(connection, site.marketplace_id, job_id)
        assert [model.digest for model in learning.models(connection, site.marketplace_id, 5)] == [champion]
    assert job.error == ("0 counterfeit and 1 genuine labels are mature; at least 10 and 20 are needed to train.")
    assert site.runtime.services[LiveModels].of(site.marketplace_id).digest == champion  # type: ignore[union-attr]  # in force
    receive_rows(site.runtime, site.marketplace, [a_suspect_row(external_id="MP-77")], source="test")
    with site.runtime.store.read() as connection:
        assert (
            connection.execute(select(score.c.scorer).order_by(score.c.scored_at.desc())).scalars().first() == champion
        )


@pytest.fixture
def with_two_models(site: Site) -> tuple[Site, list[str]]:
    """A site that has two models, a minute apart."""
    digests = []
    for analyst_from in (0.001, 0.002):
        digests.append(admit_model(site, analyst_from=analyst_from))
        site.clock.forward(minutes=1)
    return site, digests


def test_a_bundle_is_tried_in_a_child_before_it_is_admitted(site: Site, tmp_path: Path) -> None:
    files = bundle_files(Join.STACK)
    write_bundle_folder(tmp_path / "new", files, a_report())
    digest = site.runtime.services[BundleStore].admit(tmp_path / "new")
    assert site.runtime.services[BundleStore].load(digest).digest == digest_of(files)


def test_promotion_and_rollback_change_what_scores_at_once(with_two_models: tuple[Site, list[str]]) -> None:
    site, (first, second) = with_two_models
    assert promote(site, first) == first
    assert site.runtime.services[LiveModels].of(site.marketplace_id).digest == first  # type: ignore[union-attr]  # just promoted
    site.clock.forward(minutes=1)
    assert promote(site, "challenger") == second
    assert site.runtime.services[LiveModels].of(site.marketplace_id).digest == second  # type: ignore[union-attr]  # as above
    site.clock.forward(minutes=1)
    assert roll_back(site) == first
    assert site.runtime.services[LiveModels].of(site.marketplace_id).digest == first  # type: ignore[union-attr]  # as above


def test_a_beginning_of_a_digest_names_a_model_and_a_stranger_is_not_found(
    with_two_models: tuple[Site, list[str]],
) -> None:
    site, (first, second) = with_two_models
    assert promote(site, first[:12]) == first
    with pytest.raises(NotFound):
        promote(site, "f" * 64)
    candidate = challenger(site.runtime, site.marketplace)
    assert candidate is not None
    assert candidate.digest == second


def test_a_training_whose_worker_ended_is_followed_as_the_next_attempt(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    site.clock.forward(days=15)
    job_id = request_training(site.runtime, site.marketplace, by="test")
    seen: list[dict[str, Any]] = []

    def child(*_arguments: Any, progress: Callable[[dict[str, Any]], None], **_named: Any) -> dict[str, Any]:
        for stage, share in (("read", 0.0), ("fit_1", 0.1), ("fit_1", 0.2)):
            progress({"stage": stage, "share": share})
        seen.append(dict(site.read(learning.get_job, site.marketplace_id, job_id).progress))
        raise KeyboardInterrupt  # The worker ends.

    monkeypatch.setattr("serving.learning.service.learn.run_child", child)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            retrain(site.runtime, site.marketplace_id, job_id)
        site.clock.forward(minutes=5)
    assert [progress["attempt"] for progress in seen] == [1, 2]
    assert [[line["stage"] for line in progress["log"]] for progress in seen] == [["read", "fit_1"]] * 2
    assert seen[1]["began_at"] > seen[0]["began_at"]
    assert seen[1]["share"] == 0.2


def test_a_training_whose_bundle_does_not_load_in_time_is_kept_and_tried_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    site.clock.forward(days=15)
    job_id = request_training(site.runtime, site.marketplace, by="test")
    trainings, limits, is_busy = list[str](), list[float](), [True]

    def child(module: str, arguments: list[str], **_named: Any) -> dict[str, Any]:
        trainings.append(arguments[0])
        folder = Path(arguments[arguments.index("--out") + 1]) / "bundle"
        write_bundle_folder(folder, bundle_files(), {})
        report = {**a_report(), "suspects": []}
        return {"event": "done", "folder": str(folder), "report": report, "not_tracked": "MLflow was down."}

    def tried(_folder: Path, _digest: str, *, within_seconds: float) -> None:
        limits.append(within_seconds)
        if is_busy[0]:
            raise BundleTooSlow("The bundle did not load within {seconds:g} seconds.", seconds=within_seconds)

    monkeypatch.setattr("serving.learning.service.learn.run_child", child)
    monkeypatch.setattr("serving.scoring.service.bundles.try_in_child", tried)
    assert retrain(site.runtime, site.marketplace_id, job_id) == "failed"
    visitor = visit_as(site, site.data_scientist)
    page = words(visitor.get("/models").text)
    assert "The bundle did not load within 240 seconds. The training is kept" in page
    assert "Try bundle again" in page
    assert "Try bundle again" not in words(visit_as(site, site.analyst).get("/models").text)

    is_busy[0] = False
    assert visitor.post("/models/train", {"job": job_id}).status_code == 303
    with pytest.raises(Conflict, match="under way"):
        retry_load(site.runtime, site.marketplace, job_id, by="test")
    assert retrain(site.runtime, site.marketplace_id, job_id) == "done"
    assert (trainings, limits) == (["train"], [60, 120, 240, 60])
    with site.runtime.store.read() as connection:
        job, (model,) = (
            learning.get_job(connection, site.marketplace_id, job_id),
            learning.models(connection, site.marketplace_id, 5),
        )
        queued = connection.execute(text("SELECT workflow_uuid FROM workflow_status")).scalars().all()
    assert (job.digest, job.error) == (model.digest, "Trained, not tracked: MLflow was down.")
    assert model.report["reference"] == {"digest": None, "overridden": None}
    assert {f"retrain:{job_id}", f"retrain:{job_id}:1"} <= set(queued)
    assert "Try bundle again" not in visitor.get("/models").text


def test_a_kept_training_whose_files_are_gone_is_not_trained_anew(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = request_training(site.runtime, site.marketplace, by="test")
    monkeypatch.setattr("serving.learning.service.learn.record_failed_run", lambda *_arguments: None)
    with site.runtime.store.write() as connection:
        changes = {"state": "failed", "progress": {"stage": "kept", "share": 1.0, "kept": 1}}
        learning.update_job(connection, site.marketplace_id, job_id, changes)
    retry_load(site.runtime, site.marketplace, job_id, by="test")
    assert retrain(site.runtime, site.marketplace_id, job_id) == "failed"
    job = site.read(learning.get_job, site.marketplace_id, job_id)
    assert job.error == "The files of the training are no longer in this data directory. Start a new training."
    with pytest.raises(Conflict, match="Nothing of this training is kept"):
        retry_load(site.runtime, site.marketplace, job_id, by="test")
