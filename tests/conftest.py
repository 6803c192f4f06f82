"""What every test has: a fixed present, a compiled-kernel cache of its own, databases made by the migrations."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.postgres import Postgres, start_postgres

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# One for all processes that tests start: compiling the kernels anew for every home would cost seconds each time.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parent.parent / ".pytest_cache" / "numba"))

pytest_plugins = ["tests.fixtures.runtimes", "tests.fixtures.clients", "tests.fixtures.working"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Full-size forms run only when asked for: `make soak`."""
    if config.option.markexpr:
        return
    skip = pytest.mark.skip(reason="full size: run by `make soak`")
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL server for the session; skipped with a reason where none can be started."""
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of real data that is never committed; skipped with a reason where it is not there."""
    folder = Path(os.environ.get("TOUCHSTONE_DATASETS", "../shared/datasets"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set TOUCHSTONE_DATASETS")
    return folder


@pytest.fixture(scope="session")
def touchstone() -> str:
    """The installed command."""
    return str(Path(sys.executable).with_name("touchstone"))
