"""What every test has: a fixed present, a compiled-kernel cache of its own, databases made by the migrations."""

import gc
import os
import shutil
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings
from xdist.scheduler import LoadFileScheduling

from tests.fixtures.postgres import Postgres, shared_postgres

gc.disable()  # Until all is collected.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Homes and databases of tests are written with all the care for what must last, and nothing here must.
_MEMORY, _ROOM = Path("/dev/shm"), 8_000_000_000  # noqa: S108  # pytest makes folders of its own in it
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
# One for all processes that tests start: compiling the kernels anew for every home would cost seconds each time.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parent.parent / ".pytest_cache" / "numba"))

_PLUGINS = ("tests.fixtures.runtimes", "tests.fixtures.clients", "tests.fixtures.working")
pytest.register_assert_rewrite(*_PLUGINS)  # Folders named on the command line import them before they are loaded.


settings.register_profile("few", max_examples=20, deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    """Load what tests need, in every process that runs some: the one that only hands them out begins at once.

    Properties are asked for few examples, and for all of them by `make soak`.
    """
    if getattr(config.option, "tx", None) and not hasattr(config, "workerinput"):
        return
    if not config.option.markexpr and not config.getoption("--hypothesis-profile", None):
        settings.load_profile("few")
    for name in _PLUGINS:
        config.pluginmanager.import_plugin(name)
    from tests.fixtures.kernels import compile_in_turn  # noqa: PLC0415  # numba reads its settings when it is imported

    compile_in_turn(Path(os.environ["NUMBA_CACHE_DIR"]))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected lives until the end: looking through it for garbage took a sixth of the time."""
    found = yield
    gc.freeze()
    gc.enable()
    return found


_WAIT_LONG = ("tests/browser/", "tests/demo/", "tests/serving/workflows/")


@pytest.hookimpl(tryfirst=True)  # Before pytest reads the marks.
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Full-size forms run only when asked for: `make soak`. A property has one, by its examples.

    What mostly waits begins first, so that other processes have something to do meanwhile.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(_WAIT_LONG))
    if config.option.markexpr:
        for item in items:
            if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
                item.add_marker("soak")
        return
    skip = pytest.mark.skip(reason="full size: run by `make soak`")
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(skip)


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # pytest-xdist has no type information
    """A file stays with one process, and all that browsers look at too: they share homes, services and a browser."""

    def _split_scope(self, nodeid: str) -> str:
        together = "tests/browser/"
        return together if nodeid.startswith(together) else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    """What `--dist loadfile` is here."""
    return _ByFile(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def common(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of a session see, and no other session."""
    own = tmp_path_factory.getbasetemp()
    # Not by the variable of pytest-xdist: a session that a test begins inherits it and is one of its own.
    return own.parent if hasattr(request.config, "workerinput") else own


@pytest.fixture(scope="session")
def postgres(common: Path) -> Iterator[Postgres]:
    """One PostgreSQL server for all processes of the session; skipped with a reason where none can be started."""
    with shared_postgres(common) as server:
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
