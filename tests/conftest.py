"""The common setup of all tests: plugins, settings, a cache of compiled kernels, and shared fixtures."""

import gc
import os
import shutil
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import is_hypothesis_test, settings
from xdist.scheduler import LoadFileScheduling

from serving.platform.kernels.folder import kernel_folder
from tests.fixtures.postgres import Postgres, shared_postgres

gc.disable()  # Until the collection of tests ends.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Its threads wait by spinning, for which several processes of tests on two processors pay twice.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["TOUCHSTONE_ENCODER"] = ""  # Where it is installed, each training would wait for it.
# Data directories and databases are written durably, which is slow and which tests do not need.
_MEMORY, _ROOM = Path("/dev/shm"), 8_000_000_000  # noqa: S108  # pytest creates its own folders in it
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
# One cache for all processes of tests: compiling the kernels for every data directory takes seconds.
os.environ.setdefault("NUMBA_CACHE_DIR", str(kernel_folder(Path(__file__).parent.parent / ".pytest_cache")))
os.environ.setdefault("NUMBA_CACHE_LOCATOR_CLASSES", "UserProvidedCacheLocator")  # All homes of tests share them.

_PLUGINS = (
    "tests.fixtures.cases",
    "tests.fixtures.runtimes",
    "tests.fixtures.two_processes",
    "tests.fixtures.clients",
    "tests.fixtures.working",
)
pytest.register_assert_rewrite(*_PLUGINS)  # Folders on the command line import the plugins before they are loaded.


settings.register_profile("few", max_examples=20, deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    """Load the plugins in every process that runs tests, but not in the process that distributes them.

    Property tests run few examples; `make soak` runs all of them.
    """
    if getattr(config.option, "tx", None) and not hasattr(config, "workerinput"):
        return
    if not config.option.markexpr and not config.getoption("--hypothesis-profile", None):
        settings.load_profile("few")
    for name in _PLUGINS:
        config.pluginmanager.import_plugin(name)
    from tests.fixtures.kernels import compile_in_turn  # noqa: PLC0415  # numba reads its settings on import

    compile_in_turn(Path(os.environ["NUMBA_CACHE_DIR"]))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Freeze imported and collected objects, which live until the end, so that garbage collection skips them."""
    outcome = yield
    gc.freeze()
    gc.set_threshold(20_000)  # At Python's 700, collection takes a twelfth of the CPU time of all tests.
    gc.enable()
    return outcome


_WAIT_LONG = ("tests/browser/", "tests/demo/", "tests/serving/jobs/")


@pytest.hookimpl(tryfirst=True)  # Before pytest reads the marks.
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave full-size tests out unless `make soak` selects them. Every property test has a full size.

    Tests that mostly wait begin first, so that other processes work in the meantime.
    """
    items.sort(key=lambda test_item: not test_item.nodeid.startswith(_WAIT_LONG))
    if config.option.markexpr:
        for test_item in items:
            if isinstance(test_item, pytest.Function) and is_hypothesis_test(test_item.obj):
                test_item.add_marker("soak")
        return
    config.hook.pytest_deselected(items=[test_item for test_item in items if test_item.get_closest_marker("soak")])
    items[:] = [test_item for test_item in items if not test_item.get_closest_marker("soak")]


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # pytest-xdist has no type information
    """One process runs a whole file, and one runs all browser tests, which share data, services and a browser."""

    def _split_scope(self, nodeid: str) -> str:
        together = "tests/browser/"
        return together if nodeid.startswith(together) else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    """The scheduler for `--dist loadfile`."""
    return _ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Report only the call of a passed test from a process of pytest-xdist: a message costs as much as a small test."""
    if not hasattr(item.config, "workerinput"):
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


@pytest.fixture(scope="session")
def common_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that only the processes of this session share."""
    own = tmp_path_factory.getbasetemp()
    # Not by the variable of pytest-xdist, because a session that a test starts inherits it.
    return own.parent if hasattr(request.config, "workerinput") else own


@pytest.fixture(scope="session")
def postgres(common_folder: Path) -> Iterator[Postgres]:
    """One PostgreSQL server for all processes of the session; skipped with a reason if it cannot start."""
    with shared_postgres(common_folder) as server:
        yield server


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of real data, which is never committed; skipped with a reason if it is missing."""
    folder = Path(os.environ.get("TOUCHSTONE_DATASETS", "../shared/datasets"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set TOUCHSTONE_DATASETS")
    return folder


@pytest.fixture(scope="session")
def touchstone() -> str:
    """The installed command."""
    return str(Path(sys.executable).with_name("touchstone"))
