"""The whole loop through real processes, at 1,000 listings of 60 days, both models compared on as many.

`test_full_size.py` has the sizes of `make soak`, and kills the whole process group too.
"""

import json
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.accounts.rules.access import Role
from tests.demo.driving import Survived, demo_environment, kill_the_service, read
from tests.demo.holding import assert_adds_up, assert_nothing_was_lost, assert_the_audit_chain_holds
from tests.serving.cli.commands import REFUSED, touchstone_in

SMALL = ("--listings", "1000", "--days", "60", "--unseen", "1000")


@pytest.fixture
def signals() -> Iterator[None]:
    """A demo takes the signals that end it for itself; they are given back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def killed(touchstone: str, tmp_path_factory: pytest.TempPathFactory) -> Survived:
    """A demo whose service was killed in the middle and started anew; most tests here look at it."""
    return kill_the_service(touchstone, tmp_path_factory.mktemp("demo"), *SMALL)


@pytest.mark.timeout(400)
def test_a_killed_service_loses_nothing_and_the_demo_goes_on(killed: Survived) -> None:
    assert_nothing_was_lost(killed)
    assert_the_audit_chain_holds(killed.home)


def test_the_figures_of_a_demo_add_up_even_so(killed: Survived) -> None:
    assert_adds_up(killed.result, killed.home)


def test_the_home_and_what_is_secret_in_it_belong_to_the_owner_alone(killed: Survived) -> None:
    assert stat.S_IMODE(killed.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((killed.home / "demo-credentials.json").stat().st_mode) == 0o600


def test_the_credentials_name_a_role_a_user_and_a_password_for_everybody(killed: Survived) -> None:
    rows = json.loads((killed.home / "demo-credentials.json").read_text(encoding="utf-8"))
    assert {row["role"] for row in rows} == {*(role.value for role in Role), "api_key"}
    assert all(set(row) == {"role", "user", "password"} for row in rows)
    assert all(row["user"].split("@")[0] and row["password"] for row in rows)


@pytest.mark.usefixtures("signals")
def test_another_demo_is_not_played_over_it(killed: Survived) -> None:
    done = touchstone_in(killed.home, "demo", "--no-serve", *SMALL, "--seed", "5")
    assert (done.code, "--reset makes another" in done.said) == (REFUSED, True)


@pytest.mark.usefixtures("signals")
def test_a_home_with_other_data_is_refused(tmp_path: Path, migrated_sqlite: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(migrated_sqlite, home / "touchstone.sqlite")
    done = touchstone_in(home, "demo", "--no-serve")
    assert (done.code, "holds other data" in done.said) == (REFUSED, True)


@pytest.mark.timeout(120)
def test_a_demo_that_is_over_is_shown_again_and_when_asked_to_end_leaves_no_child_behind(
    touchstone: str, killed: Survived, tmp_path: Path
) -> None:
    out = tmp_path / "again.json"
    process = subprocess.Popen(
        [touchstone, "demo", *SMALL, "--json", str(out)],
        env=demo_environment(killed.home),
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert any("Touchstone answers at" in line for line in process.stdout)
        process.terminate()
        process.stdout.read()
        assert process.wait(60) == 0
    assert read(out) == killed.result
    # It is refused where a service still owns the home.
    assert touchstone_in(killed.home, "migrate").code == 0
