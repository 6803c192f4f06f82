"""One data directory signs the audit log, and no process becomes that by being first."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import Conflict
from serving.audit.service.signing import renew, sign_head
from serving.composition import open_runtime
from serving.platform.database.engine import sqlite_url
from serving.platform.runtime import Runtime
from serving.verification.service import is_whole, verify
from tests.fixtures.runtimes import Site

pytestmark = pytest.mark.attack


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
        renew(site.runtime, reason="No reason.", by="local")
    renew(worker, reason="The first directory is lost.", by="local")
    assert is_whole(verify(worker))
    assert sign_head(site.runtime) == 0
