"""Nobody else's code runs from the data directory, and no secret travels in the clear."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import Conflict, Invalid
from serving.audit.service.signing import restart_heads, sign_head
from serving.audit.service.verification import is_whole, verify
from serving.composition import open_runtime
from serving.platform.database.engine import sqlite_url
from serving.platform.production import check_production
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings
from tests.fixtures.runtimes import Site
from training.cluster import ClusterFailed, cluster_at
from training.fit.cluster_input import FitInputWork

pytestmark = pytest.mark.attack
# The process finds where numba looks for a kernel's index, and somebody else puts a pickle there first.
PLANTED = """
import os, pickle, sys
from pathlib import Path
from serving.commands.main import prepare_process

prepare_process()
from features.alphabet import _hash_values as kernel

class Planted:
    def __reduce__(self):
        return os.mkdir, (sys.argv[1],)

index = Path(kernel._cache._cache_file._index_path)
index.parent.mkdir(parents=True, exist_ok=True)
index.write_bytes(pickle.dumps(Planted()))
kernel._cache._cache_file.load("a signature")
"""


@pytest.mark.soak  # It starts a process.
def test_a_kernel_index_that_somebody_planted_runs_no_code(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    settings = {name: setting for name, setting in os.environ.items() if not name.startswith("NUMBA_")}
    subprocess.run(
        [sys.executable, "-c", PLANTED, str(ran)],
        env={**settings, "TOUCHSTONE_HOME": str(tmp_path / "home")},
        check=True,
    )
    assert not ran.exists()


@pytest.mark.parametrize("address", ["tcp://203.0.113.7:8786", "203.0.113.7:8786", "ws://scheduler.example:8786"])
def test_a_cluster_beyond_this_machine_is_refused_without_tls(address: str) -> None:
    with pytest.raises(ClusterFailed, match="TLS"), cluster_at(address, FitInputWork(), then=""):
        pass


PRODUCTION = {"production": True, "public_url": "https://touchstone.bazaar.market"}
DATABASE = "postgresql://app:9f2c4e81b7d05a3696ee0c1d57fb8a24@db.bazaar.market/t"
CLEAR = [
    ({"undo_window_seconds": 0}, "TOUCHSTONE_UNDO_WINDOW_SECONDS"),
    ({"database_url": DATABASE}, "sslmode=verify-full"),
    ({"database_url": f"{DATABASE}?sslmode=require"}, "sslmode=verify-full"),
    ({"mlflow_tracking_uri": "http://mlflow.bazaar.market:5000"}, "TOUCHSTONE_MLFLOW_TRACKING_URI"),
]


@pytest.mark.parametrize(("changes", "named"), CLEAR, ids=[str(row[0]) for row in CLEAR])
def test_production_refuses_no_undo_window_and_wires_in_the_clear(
    tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    with pytest.raises(Invalid, match=named):
        check_production(Settings.model_validate({"home": tmp_path, **PRODUCTION, **changes}))


# One data directory signs the audit log, and no process becomes that by being first.


@pytest.fixture
def worker(site: Site, tmp_path: Path) -> Iterator[Runtime]:
    """Another process on the same database, with a data directory of its own."""
    home = tmp_path / "worker"
    home.mkdir()
    for name in ("contact.key", "webhook.key"):
        (home / name).write_bytes((site.runtime.home.root / name).read_bytes())
    settings = site.runtime.settings.model_copy(
        update={"home": home, "database_url": sqlite_url(site.runtime.home.database)}
    )
    runtime = open_runtime(settings, clock=site.clock, draw=random.Random(0).random, migrated=True)
    yield runtime
    runtime.close()


def test_a_worker_that_sweeps_first_does_not_become_the_signer(site: Site, worker: Runtime) -> None:
    assert sign_head(worker) == 0
    assert is_whole(verify(worker)), "nothing is signed yet"
    assert sign_head(site.runtime) == 1
    assert is_whole(verify(site.runtime))
    assert sign_head(worker) == 0


def test_another_directory_signs_only_after_a_person_restarts_signing(site: Site, worker: Runtime) -> None:
    with pytest.raises(Conflict, match="are whole"):
        restart_heads(site.runtime, reason="No reason.", by="local")
    restart_heads(worker, reason="The first directory is lost.", by="local")
    assert is_whole(verify(worker))
    assert sign_head(site.runtime) == 0
