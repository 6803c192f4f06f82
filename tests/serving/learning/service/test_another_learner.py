"""A learner that is no forest, from a training with its gates and its registered version to an answer of the API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from fastapi.testclient import TestClient

from serving.scoring.service.bundles import BundleStore, LiveModels
from tests.fixtures.clients import key_headers
from tests.fixtures.learners import known_to_this_process
from tests.fixtures.logistic import Logistic
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import Site, a_suspect_row
from tests.serving.web.reports import add_model
from tests.training.test_job import ROWS, arguments, lines_of
from training.bundle_folder import read_bundle_folder, write_bundle_folder

# The child as it would be if the learner stood beside the forest; the forests that it is compared with are small.
CHILD: Final = """
import sys
import pytest
from tests.fixtures.fitting import small_forests
from tests.fixtures.learners import known_to_this_process
from training.child import exit_now
from training.runs.job import main
with pytest.MonkeyPatch.context() as patch, known_to_this_process():
    small_forests(patch)
    exit_now(main(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def _logistic() -> Iterator[None]:
    with known_to_this_process():
        yield


def test_a_model_of_it_is_trained_judged_registered_promoted_and_scores(
    client: TestClient, site: Site, tmp_path: Path
) -> None:
    train = [*arguments(tmp_path, ROWS), "--learner", "logistic", "--artifacts", str(tmp_path / "artifacts")]
    code, lines = lines_of(["-c", CHILD, *train])
    assert (code, lines[-1].get("version")) == (0, "1"), lines[-1]
    (trained,) = [line for line in lines if line["event"] == "trained"]
    digest, report = trained["digest"], trained["report"]
    assert report["learner"] == "logistic"
    assert {gate["state"] for gate in report["gates"]} <= {"passed", "failed", "not_judged"}
    files = read_bundle_folder(Path(trained["folder"]))
    write_bundle_folder(site.runtime.services[BundleStore].folder(digest), files, {})
    add_model(site, digest, report)
    promote(site, digest, "It is tried.")
    champion = site.runtime.services[LiveModels].of(site.marketplace_id)
    assert champion is not None
    assert isinstance(champion.classifier.learner, Logistic)
    answer = client.post("/api/v1/score", json=a_suspect_row(), headers=key_headers(site)).json()
    assert 0 < answer["probability"] < 1
    assert sum(reason["weight"] for reason in answer["reasons"]) == pytest.approx(answer["value"], abs=1e-9)
