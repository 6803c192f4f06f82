"""The sizes that `make soak` runs."""

import time
from pathlib import Path

import pytest

from serving.commands.showing import EXIT_REFUSED
from tests.demo.driving import kill_everything, kill_the_service, play, service_that_falters, show_again_and_end
from tests.demo.figures import behind, within_interval
from tests.demo.invariants import assert_adds_up, assert_nothing_was_lost, assert_the_audit_chain_holds
from tests.fixtures.postgres import Postgres
from tests.serving.commands.commands import touchstone_in

pytestmark = [pytest.mark.soak, pytest.mark.alone, pytest.mark.timeout(1_200)]


def test_a_demo_of_five_thousand_listings_ends_within_two_minutes(touchstone: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    started = time.monotonic()
    figures = play(touchstone, home, "--listings", "5000")
    took = time.monotonic() - started
    assert_adds_up(figures, home)
    assert took <= 120
    # No child remains: this would be refused if a service still owned the data directory.
    assert show_again_and_end(touchstone, home, "--listings", "5000") == figures
    assert touchstone_in(home, "migrate").code == 0


def test_a_promoted_model_is_behind_nothing_that_it_replaces_and_three_of_five_seeds_promote_one(
    touchstone: str, tmp_path: Path
) -> None:
    promoted, within = 0, 0
    for seed in range(5):
        home = tmp_path / str(seed)
        figures = play(touchstone, home, "--compare", "--seed", str(seed))
        assert_adds_up(figures, home)
        assert figures["models"][-1]["listings"] >= 20_000
        models = [model for model in figures["models"] if not model["blocked_by"]]
        assert not any(map(behind, models)), (seed, models)
        promoted += bool(models)
        within += within_interval(figures["models"][-1])
    assert promoted >= 3
    assert within >= 44, "deciles of all listings within the interval of their share of counterfeits"


def test_a_demo_on_postgresql_adds_up_and_its_database_is_used_once(
    touchstone: str, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, home = postgres.new_database(), tmp_path / "home"
    assert_adds_up(play(touchstone, home, "--listings", "1000", "--days", "60", "--database", url), home)
    again = touchstone_in(home, "demo", "--no-serve", "--listings", "1000", "--days", "60")
    assert again.code == EXIT_REFUSED
    assert "Use the same --database." in again.text
    monkeypatch.setenv("TOUCHSTONE_DATABASE_URL", url)  # As `--database` does for its own process.
    elsewhere = touchstone_in(tmp_path / "other", "demo", "--no-serve")
    assert elsewhere.code == EXIT_REFUSED
    assert "The database holds data already." in elsewhere.text


@pytest.mark.parametrize("number", range(3))
def test_a_killed_service_loses_nothing(touchstone: str, tmp_path: Path, number: int) -> None:
    survived = kill_the_service(touchstone, tmp_path, "--listings", "3000")
    assert_nothing_was_lost(survived)
    assert_adds_up(survived.report, survived.home)
    assert_the_audit_chain_holds(survived.home)


@pytest.mark.parametrize("number", range(3))
def test_a_killed_process_group_loses_nothing(touchstone: str, tmp_path: Path, number: int) -> None:
    survived = kill_everything(touchstone, tmp_path, listings=3_000)
    assert_nothing_was_lost(survived)
    assert_the_audit_chain_holds(survived.home)


def test_two_demos_of_one_seed_print_the_same_figures(touchstone: str, tmp_path: Path) -> None:
    first = play(touchstone, tmp_path / "first", "--seed", "3", "--compare")
    home = tmp_path / "again"
    with service_that_falters(home):  # The machine's speed decides nothing.
        assert play(touchstone, home, "--seed", "3", "--compare") == first
