"""`touchstone promote` and `rollback` in a data directory with two data scientists."""

from pathlib import Path

import pytest

from tests.fixtures.runtimes import Populated, copy_on_sqlite
from tests.serving.cli.commands import REFUSED, touchstone_in
from tests.serving.web.reports import admit_model

WEI, MARA = ("--by", "wei@touchstone.example"), ("--by", "mara@touchstone.example")


@pytest.fixture
def place(tmp_path: Path, populated_sqlite: Populated) -> tuple[Path, str]:
    """A closed data directory, and the digest of the model that waits for approvals."""
    with copy_on_sqlite(tmp_path, populated_sqlite) as site:
        return site.runtime.home.root, admit_model(site)


def test_two_people_promote(place: tuple[Path, str]) -> None:
    home, digest = place
    assert touchstone_in(home, "promote", *WEI).out == f"Approved {digest}; approvals still missing: 1\n"
    assert touchstone_in(home, "promote", digest[:8], *MARA).out == f"Champion {digest}\n"


def test_one_person_does_not_however_often(place: tuple[Path, str]) -> None:
    home, _ = place
    touchstone_in(home, "promote", *WEI)
    again = touchstone_in(home, "promote", *WEI)
    assert (again.code, again.text) == (REFUSED, "You have approved this model already; somebody else must.")


def test_an_approval_is_withdrawn(place: tuple[Path, str]) -> None:
    home, digest = place
    touchstone_in(home, "promote", *WEI)
    assert touchstone_in(home, "promote", "--withdraw", *WEI).out == f"Approval withdrawn: {digest}\n"
    assert touchstone_in(home, "promote", *MARA).out == f"Approved {digest}; approvals still missing: 1\n"


def test_a_marketplace_of_one_sets_one_approval(place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_APPROVALS_NEEDED", "1")
    home, digest = place
    assert touchstone_in(home, "promote").out == f"Champion {digest}\n"
    assert touchstone_in(home, "rollback").text == "There is no earlier champion to go back to."


def test_former_names_of_groups_and_options_still_work_and_are_not_shown(place: tuple[Path, str]) -> None:
    home, digest = place
    touchstone_in(home, "promote", *WEI)
    assert touchstone_in(home, "promote", "--take-back", *WEI).out == f"Approval withdrawn: {digest}\n"
    assert touchstone_in(home, "switch", "show").out == touchstone_in(home, "kill-switch", "show").out
    shown = touchstone_in(home, "promote", "--help").out + touchstone_in(home, "--help").out
    assert ("--withdraw" in shown, "--take-back" in shown) == (True, False)
