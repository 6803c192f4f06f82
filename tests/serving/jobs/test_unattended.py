"""The worker as it runs: it starts a training, runs it, and publishes the candidate, and nobody asks for it."""

import pytest
from sqlalchemy import delete

from serving.learning.store import learning
from serving.learning.tables import retraining_check
from tests.fixtures.labels import label_a_history
from tests.fixtures.runtimes import Site
from tests.serving.jobs.test_worker import make_labels_mature, wait_until
from tests.training.registry.test_runs import runs_of


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_worker_trains_on_new_labels_by_itself_and_tracks_the_candidate(working_site: Site) -> None:
    site = working_site
    label_a_history(site, listings=9_000)
    make_labels_mature(site)
    site.execute(delete(retraining_check))  # The worker counts again at its next sweep, not in an hour.

    def ended() -> bool:
        return any(job.state in {"done", "failed"} for job in site.read(learning.jobs, site.marketplace_id, 5))

    wait_until(ended)
    with site.runtime.store.read() as connection:
        (job,) = learning.jobs(connection, site.marketplace_id, 5)
        assert (job.state, job.error, job.requested_by) == ("done", None, "worker")
        assert learning.get_model(connection, site.marketplace_id, job.digest or "").mlflow_version == "1"
        assert learning.promotions(connection, site.marketplace_id) == []
    (run,) = runs_of(f"sqlite:///{site.runtime.home.mlflow / 'mlflow.db'}")
    assert (run["status"], run["tags"]["touchstone.job_id"]) == ("FINISHED", job.job_id)
