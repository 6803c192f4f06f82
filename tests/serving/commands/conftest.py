"""Data directories to run commands on."""

import shutil
from pathlib import Path

import pytest

from tests.fixtures.runtimes import PopulatedDatabase


@pytest.fixture
def empty_home(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """An empty data directory."""
    return _home_with_copy(migrated_sqlite, tmp_path / "home")


@pytest.fixture
def home(tmp_path: Path, populated_sqlite: PopulatedDatabase) -> Path:
    """A data directory with the marketplace Bazaar, its brands and its people."""
    return _home_with_copy(populated_sqlite.sqlite or Path(), tmp_path / "home")


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory, populated_sqlite: PopulatedDatabase) -> Path:
    """Such a data directory for a whole module."""
    return _home_with_copy(populated_sqlite.sqlite or Path(), tmp_path_factory.mktemp("shared") / "home")


def _home_with_copy(database: Path, home: Path) -> Path:
    home.mkdir()
    shutil.copy(database, home / "touchstone.sqlite")
    return home
