from pathlib import Path

import pytest

from tests.fixtures.runtimes import Populated, copy_on_sqlite
from tests.serving.cli.commands import REFUSED, touchstone_in
from tests.serving.learning.service.test_golden import FAKES, LISTINGS, judged_twice


def test_without_a_set_it_says_so_and_freezes_none_of_too_few(home: Path) -> None:
    assert touchstone_in(home, "model", "golden").out == "No golden set is frozen.\n"
    done = touchstone_in(home, "model", "golden", "--freeze")
    assert done.code == REFUSED
    assert done.text.startswith("0 listings were judged alike by two analysts")


@pytest.fixture
def judged(tmp_path: Path, populated_sqlite: Populated) -> Path:
    """A closed data directory, in which two analysts judged enough listings alike."""
    with copy_on_sqlite(tmp_path, populated_sqlite) as site:
        judged_twice(site)
        return site.runtime.home.root


def test_what_was_judged_alike_is_frozen_and_shown(judged: Path) -> None:
    frozen = touchstone_in(judged, "model", "golden", "--freeze").out
    digest, counts, by = frozen.splitlines()
    assert len(digest.removeprefix("Golden set ")) == 64
    assert counts == f"{LISTINGS} listings, {FAKES} counterfeit"
    assert by.endswith("by local")
    assert touchstone_in(judged, "model", "golden").out == frozen


def test_who_retrains_does_not_freeze(judged: Path) -> None:
    done = touchstone_in(judged, "model", "golden", "--freeze", "--by", "wei@touchstone.example")
    assert (done.code, done.text) == (REFUSED, "The role of wei@touchstone.example does not include this.")
