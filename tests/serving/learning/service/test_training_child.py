from pathlib import Path
from typing import Final

import pytest

from serving.learning.service.training_child import Line, child_environment, run_child
from serving.platform.kernels.folder import kernel_folder


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
