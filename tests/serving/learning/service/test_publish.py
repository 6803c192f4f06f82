"""A model that MLflow did not take: it is kept, can be promoted, and is published as soon as MLflow responds."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from models.bundle import digest_of
from serving.learning.service.learn import request_training, retrain
from serving.learning.service.publish import publish, publish_or_later, relocate_registry
from serving.learning.service.training_child import Line, TrainingFailed, child_environment, run_child
from serving.learning.store import learning
from serving.platform import jobs
from serving.platform.kernels.folder import kernel_folder
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import BundleStore
from tests.fixtures.labels import label_a_history
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import Site
from tests.fixtures.trained import a_trained_bundle
from tests.serving.web.reports import a_report, add_model
from tests.serving.web.visits import visit_as, words
from training.bundle_folder import write_bundle_folder

NOBODY = "http://lab:s5cret@127.0.0.1:9"  # The port of a service that no machine runs any more.
# A child that has trained and then never says anything again, as if its library hung or crashed.
STUB = """
import os, signal, sys
print('{"event":"progress","stage":"fit","share":0.5}', flush=True)
if sys.argv[1] != "before":
    print('{"event":"trained","digest":"abc","folder":"f","report":{}}', flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def with_registry(site: Site, uri: str | None) -> Runtime:
    """The site's runtime with another address of MLflow."""
    return replace(site.runtime, settings=site.runtime.settings.model_copy(update={"mlflow_tracking_uri": uri}))


def an_untracked_model(site: Site) -> str:
    """A trained model that MLflow does not have; returns its digest."""
    files = a_trained_bundle()
    digest = digest_of(files)
    report = a_report(judged=False)
    write_bundle_folder(site.runtime.services[BundleStore].folder(digest), files, {"report": report})
    add_model(site, digest, report)
    with site.runtime.store.write() as connection:
        connection.execute(text("UPDATE model SET mlflow_run_id = NULL, mlflow_version = NULL"))
        error = "Trained, not tracked: MLflow at 127.0.0.1:9 did not answer within 20 seconds."
        connection.execute(text("UPDATE training_job SET error = :error"), {"error": error})
    return digest


@pytest.mark.parametrize(("dies", "is_kept"), [("before", False), ("after", True)])
def test_a_child_that_dies_after_its_training_has_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies: str, is_kept: bool
) -> None:
    (tmp_path / "stub_child.py").write_text(STUB)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def run() -> dict[str, object]:
        return run_child("stub_child", [dies], cache=tmp_path, timeout_seconds=60, progress=lambda _line: None)

    if is_kept:
        assert run() == {
            "event": "trained",
            "digest": "abc",
            "folder": "f",
            "report": {},
            "not_tracked": "The process ended with -9: no output",
        }
    else:
        with pytest.raises(TrainingFailed, match="The training ended with -9: no output"):
            run()


def test_pages_say_that_a_model_is_not_tracked_until_it_is(site: Site) -> None:
    digest = an_untracked_model(site)
    visitor = visit_as(site, site.data_scientist)
    sentence = "Trained, not tracked: MLflow at 127.0.0.1:9 did not answer within 20 seconds."
    for path in ("/models", "/models/runs"):
        assert sentence in words(visitor.get(path).text), path
    with site.runtime.store.write() as connection:
        learning.track_model(connection, site.marketplace_id, digest, "9d7945878f5a", "1")
        learning.track_model(connection, site.marketplace_id, digest, "another", "2")
        assert learning.get_model(connection, site.marketplace_id, digest).mlflow_version == "1", "the first stays"
    for path in ("/models", "/models/runs"):
        assert sentence not in words(visitor.get(path).text), path


@pytest.mark.soak
def test_a_publication_without_its_registry_leaves_a_successor_and_the_retry_registers_the_champion(site: Site) -> None:
    digest = an_untracked_model(site)
    promote(site, digest)
    down = with_registry(site, NOBODY)
    failure = publish_or_later(down, site.marketplace_id, digest, job_id="publish:pro_1")
    assert failure.startswith("MLflow at 127.0.0.1:9 failed: ")
    assert "s5cret" not in failure
    with site.runtime.store.read() as connection:
        query = text("SELECT status, name, queue_name FROM workflow_status WHERE workflow_uuid = 'publish:pro_1#2'")
        assert tuple(connection.execute(query).one()) == ("DELAYED", jobs.PUBLISH, jobs.TRAINING)
    with pytest.raises(TrainingFailed, match="MLflow at"):
        publish_or_later(down, site.marketplace_id, digest, job_id="publish:pro_1#288")
    assert publish(site.runtime, site.marketplace_id, digest) == "1"
    assert publish(site.runtime, site.marketplace_id, digest) == "1", "a repetition registers nothing"
    model = site.read(learning.get_model, site.marketplace_id, digest)
    assert (model.mlflow_version, model.mlflow_run_id is not None) == ("1", True)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_retraining_without_its_registry_is_done_and_says_that_it_is_not_tracked(site: Site) -> None:
    label_a_history(site, listings=1_500)
    site.clock.forward(days=30)
    job_id = request_training(site.runtime, site.marketplace, by="test")
    assert retrain(with_registry(site, NOBODY), site.marketplace_id, job_id) == "done"
    with site.runtime.store.read() as connection:
        job = learning.get_job(connection, site.marketplace_id, job_id)
        queued = connection.execute(text("SELECT workflow_uuid FROM workflow_status WHERE name = 'publish_champion'"))
        assert queued.scalars().all() == [f"publish:{job_id}"]
    assert str(job.error).startswith("Trained, not tracked: MLflow at 127.0.0.1:9 failed: ")
    assert job.digest is not None
    assert promote(site, job.digest) == job.digest
    assert publish(site.runtime, site.marketplace_id, job.digest) == "1"


@pytest.mark.parametrize("is_older", [False, True], ids=["the newest", "an older one"])
def test_an_older_model_that_is_published_late_is_no_challenger(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, is_older: bool
) -> None:
    seen: list[str] = []

    def child(_module: str, arguments: list[str], **_named: object) -> Line:
        seen.extend(arguments)
        return {"run_id": "9d7945878f5a", "version": "1"}

    monkeypatch.setattr("serving.learning.service.publish.run_child", child)
    digest = an_untracked_model(site)
    if is_older:
        site.clock.forward(days=1)
        add_model(site, "b" * 64, a_report())
    assert publish(site.runtime, site.marketplace_id, digest) == "1"
    assert ("--challenger" in seen) is not is_older


def test_a_start_relocates_a_local_registry_alone_and_goes_on_without(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def child(module: str, *_arguments: object, **_named: object) -> None:
        started.append(module)
        raise TrainingFailed("The database is locked.")

    monkeypatch.setattr("serving.learning.service.publish.run_child", child)
    relocate_registry(site.runtime.settings, site.runtime.home)
    (site.runtime.home.mlflow / "mlflow.db").touch()
    relocate_registry(with_registry(site, NOBODY).settings, site.runtime.home)
    assert started == []
    relocate_registry(site.runtime.settings, site.runtime.home)
    assert started == ["training.registry.relocating"]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [(None, str(kernel_folder(Path("cache")))), ("elsewhere", "elsewhere")],
    ids=["in the home by default", "where the setting says"],
)
def test_a_child_keeps_its_compiled_kernels_where_its_parent_does(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, expected: str
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    if setting is not None:
        monkeypatch.setenv("NUMBA_CACHE_DIR", setting)
    assert child_environment(Path("cache"))["NUMBA_CACHE_DIR"] == expected


@pytest.mark.parametrize("setting", [None, "2"])
def test_a_child_has_one_thread_of_a_library_whose_threads_spin_unless_it_is_set(
    monkeypatch: pytest.MonkeyPatch, setting: str | None
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if setting is not None:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", setting)
    assert child_environment(Path("cache"))["OPENBLAS_NUM_THREADS"] == (setting or "1")


def test_a_child_of_training_knows_no_way_to_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_DATABASE_URL", "postgresql://somebody:secret@localhost/touchstone")
    monkeypatch.setenv("touchstone_database_url", "sqlite:///also-read-by-the-settings.db")
    assert not [name for name in child_environment(Path("cache")) if "DATABASE" in name.upper()]


# A child that works until it is interrupted, and then says what it found.
SEARCHES: Final = """
import signal, sys, time
def found(*_): print('{"event": "done", "found": 3}', flush=True); sys.exit(0)
signal.signal(signal.SIGINT, found)
print('{"event": "progress", "stage": "search", "share": 0.5}', flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("interruptible", [True, False])
def test_an_interrupt_ends_an_interruptible_child_s_work_early_and_any_other_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruptible: bool
) -> None:
    (tmp_path / "stub_search.py").write_text(SEARCHES)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def as_control_c(_line: Line) -> None:
        raise KeyboardInterrupt

    def run() -> Line:
        return run_child(
            "stub_search", [], cache=tmp_path, timeout_seconds=60, progress=as_control_c, interruptible=interruptible
        )

    if interruptible:
        assert run() == {"event": "done", "found": 3}
    else:
        with pytest.raises(KeyboardInterrupt):
            run()
