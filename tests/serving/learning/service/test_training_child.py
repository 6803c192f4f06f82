from pathlib import Path

import pytest

from serving.learning.service.training_child import child_environment


@pytest.mark.parametrize(
    ("setting", "expected"),
    [(None, "cache/numba"), ("elsewhere", "elsewhere")],
    ids=["in the home by default", "where the setting says"],
)
def test_a_child_keeps_its_compiled_kernels_where_its_parent_does(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, expected: str
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    if setting is not None:
        monkeypatch.setenv("NUMBA_CACHE_DIR", setting)
    assert child_environment(Path("cache"))["NUMBA_CACHE_DIR"] == expected


def test_a_child_of_training_knows_no_way_to_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_DATABASE_URL", "postgresql://somebody:secret@localhost/touchstone")
    monkeypatch.setenv("touchstone_database_url", "sqlite:///also-read-by-the-settings.db")
    assert not [name for name in child_environment(Path("cache")) if "DATABASE" in name.upper()]
