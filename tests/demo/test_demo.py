"""The whole loop through real processes. Sizes: 1,200 listings here, 5,000 in `make soak`."""

import json
import os
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from serving.home import Home

SMALL, FULL = 1_200, 5_000


def demo_environment(home: Path) -> dict[str, str]:
    """A home of its own, and no setting of the outer world."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("TOUCHSTONE_")}
    return {**outer, "TOUCHSTONE_HOME": str(home)}


def play(touchstone: str, home: Path, *options: str) -> dict[str, Any]:
    """Run a demo to its end and return its figures."""
    out = home.with_suffix(".json")
    command = [touchstone, "demo", "--no-serve", "--json", str(out), *options]
    done = subprocess.run(command, env=demo_environment(home), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def effects_of(home: Path) -> list[dict[str, Any]]:
    """What the receiver's own file shows."""
    path = home / "reference-marketplace-effects.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def assert_adds_up(found: dict[str, Any], home: Path) -> None:
    """The figures of a demo hold together, and the receiver's file agrees."""
    assert found["received"] == found["scored"] + found["quarantined"]
    assert sum(found["routes"].values()) == found["scored"]
    assert found["takedowns"]["sent"] == found["takedowns"]["acknowledged"]
    assert found["removals"] == found["withdrawn"] + found["takedowns"]["acknowledged"]
    effects = effects_of(home)
    assert len({effect["webhook_id"] for effect in effects}) == len(effects) == found["effects"]
    removed = sum(effect["action"] == "remove" for effect in effects)
    assert (removed, len(effects) - removed) == (found["takedowns"]["acknowledged"], found["reinstatements"])


@pytest.fixture(scope="module")
def small_demo(touchstone: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """One small demo that several tests look at."""
    home = tmp_path_factory.mktemp("demo") / "home"
    return home, play(touchstone, home, "--listings", str(SMALL), "--port", "18411")


@pytest.mark.timeout(240)
def test_the_figures_of_a_demo_add_up(small_demo: tuple[Path, dict[str, Any]]) -> None:
    home, found = small_demo
    assert found["takedowns"]["sent"] > 0
    assert_adds_up(found, home)


def test_the_home_and_what_is_secret_in_it_belong_to_the_owner_alone(small_demo: tuple[Path, dict[str, Any]]) -> None:
    home, _ = small_demo
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "demo-credentials.json").stat().st_mode) == 0o600


def test_the_credentials_name_a_role_a_user_and_a_password_for_everybody(
    small_demo: tuple[Path, dict[str, Any]],
) -> None:
    home, _ = small_demo
    rows = json.loads((home / "demo-credentials.json").read_text(encoding="utf-8"))
    assert {row["role"] for row in rows} == {"analyst", "brand", "account_manager", "data_scientist", "api_key"}
    assert all(set(row) == {"role", "user", "password"} for row in rows)


def test_the_audit_chain_of_a_demo_is_unbroken(touchstone: str, small_demo: tuple[Path, dict[str, Any]]) -> None:
    home, _ = small_demo
    command = [touchstone, "audit", "verify"]
    done = subprocess.run(command, env=demo_environment(home), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.endswith("entries, unbroken.\n")) == (0, True), done.stderr


def test_a_home_with_other_data_is_refused(touchstone: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    subprocess.run([touchstone, "migrate"], env=demo_environment(home), capture_output=True, check=True)
    command = [touchstone, "demo", "--no-serve"]
    done = subprocess.run(command, env=demo_environment(home), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "holds other data" in done.stderr


def test_a_demo_that_is_over_is_shown_again_without_playing(
    touchstone: str, small_demo: tuple[Path, dict[str, Any]]
) -> None:
    home, found = small_demo
    assert play(touchstone, home, "--listings", str(SMALL)) == found


def test_a_demo_that_is_asked_to_end_leaves_no_child_behind(
    touchstone: str, small_demo: tuple[Path, dict[str, Any]]
) -> None:
    home, _ = small_demo
    command = [touchstone, "demo", "--listings", str(SMALL)]
    process = subprocess.Popen(command, env=demo_environment(home), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        assert any("Stop with Ctrl-C" in line for line in process.stdout)
        process.terminate()
        assert process.wait(60) == 0
    with Home.at(home).owned():
        pass


@pytest.mark.soak
def test_a_demo_of_five_thousand_listings_ends_within_two_minutes(touchstone: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    started = time.monotonic()
    found = play(touchstone, home, "--listings", str(FULL))
    took = time.monotonic() - started
    assert_adds_up(found, home)
    assert took <= 120


@pytest.mark.soak
def test_the_retrained_model_is_better_in_at_least_four_of_five_seeds(touchstone: str, tmp_path: Path) -> None:
    figures = []
    for seed in range(5):
        home = tmp_path / str(seed)
        found = play(touchstone, home, "--listings", str(FULL), "--seed", str(seed))
        assert_adds_up(found, home)
        assert found["after"]["listings"] >= 20_000
        figures.append((found["before"]["average_precision"], found["after"]["average_precision"]))
    better = sum(after > before for before, after in figures)
    assert better >= 4, figures
