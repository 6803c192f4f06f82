"""One data directory signs the audit log, and no process becomes that by being first."""

import random
from pathlib import Path

import pytest

from serving.audit.service.signing import sign_head
from serving.composition import open_runtime
from serving.platform.database.engine import sqlite_url
from serving.verification.service import is_whole, verify
from tests.fixtures.runtimes import Site

pytestmark = pytest.mark.attack


def test_a_worker_that_sweeps_first_does_not_become_the_signer(site: Site, tmp_path: Path) -> None:
    home = tmp_path / "worker"
    home.mkdir()
    for name in ("contact.key", "webhook.key"):
        (home / name).write_bytes((site.runtime.home.root / name).read_bytes())
    settings = site.runtime.settings.model_copy(
        update={"home": home, "database_url": sqlite_url(site.runtime.home.database)}
    )
    worker = open_runtime(settings, clock=site.clock, draw=random.Random(0).random, migrated=True)
    try:
        assert sign_head(worker) == 0
    finally:
        worker.close()
    assert sign_head(site.runtime) == 1
    assert is_whole(verify(site.runtime))
