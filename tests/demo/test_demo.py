"""The whole loop through real processes, at 1,000 listings of 60 days, and the first days of one seed twice.

`test_full_size.py` has the sizes of `make soak`, kills the whole process group too, and ends a demo that stays.
"""

import json
import shutil
import signal
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest

from serving.accounts.rules.access import Role
from serving.demo import children as started
from serving.demo.children import Children
from serving.demo.run import FIRST_DAY, DemoOptions, begin_play
from serving.platform.home import Home
from tests.demo.driving import KilledDemo, kill_the_service, read
from tests.demo.invariants import assert_adds_up, assert_nothing_was_lost, assert_the_audit_chain_holds
from tests.serving.commands.commands import REFUSED, touchstone_in
from training.simulation.synthetic import Settings as WorldSettings
from training.simulation.synthetic import World, build_world

SMALL = ("--listings", "1000", "--days", "60")


@pytest.fixture
def signals() -> Iterator[None]:
    """Restore the signal handlers that a demo replaces."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def killed_demo(touchstone: str, forked_touchstone: str, tmp_path_factory: pytest.TempPathFactory) -> KilledDemo:
    """A demo whose service was killed in the middle and restarted; most tests here use it."""
    return kill_the_service(touchstone, tmp_path_factory.mktemp("demo"), *SMALL, again=forked_touchstone)


@pytest.mark.timeout(1_200)
def test_a_killed_service_loses_nothing_and_the_demo_goes_on(killed_demo: KilledDemo) -> None:
    assert_nothing_was_lost(killed_demo)
    assert_the_audit_chain_holds(killed_demo.home)


def test_the_figures_of_a_demo_add_up_even_so(killed_demo: KilledDemo) -> None:
    assert_adds_up(killed_demo.report, killed_demo.home)


def test_the_home_and_what_is_secret_in_it_belong_to_the_owner_alone(killed_demo: KilledDemo) -> None:
    assert stat.S_IMODE(killed_demo.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((killed_demo.home / "demo-credentials.json").stat().st_mode) == 0o600


def test_the_credentials_name_a_role_a_user_and_a_password_for_everybody(killed_demo: KilledDemo) -> None:
    rows = json.loads((killed_demo.home / "demo-credentials.json").read_text(encoding="utf-8"))
    assert {row["role"] for row in rows} == {*(role.value for role in Role), "api_key"}
    assert all({"role", "user", "password"} <= set(row) <= {"role", "user", "password", "totp_secret"} for row in rows)
    (brand, *_) = (row for row in rows if row["role"] == Role.BRAND)
    assert pyotp.TOTP(brand["totp_secret"]).now(), "the brand whose account is shown can confirm a large report"
    assert all(row["user"].split("@")[0] and row["password"] for row in rows)


@pytest.mark.usefixtures("signals")
def test_another_demo_is_not_played_over_it(killed_demo: KilledDemo) -> None:
    done = touchstone_in(killed_demo.home, "demo", "--no-serve", *SMALL, "--seed", "5")
    assert (done.code, "--reset makes another" in done.text) == (REFUSED, True)


@pytest.mark.usefixtures("signals")
def test_a_home_with_other_data_is_refused(tmp_path: Path, migrated_sqlite: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(migrated_sqlite, home / "touchstone.sqlite")
    done = touchstone_in(home, "demo", "--no-serve")
    assert (done.code, "holds other data" in done.text) == (REFUSED, True)


@pytest.mark.usefixtures("signals")
def test_a_demo_that_is_over_is_shown_again(killed_demo: KilledDemo, tmp_path: Path) -> None:
    out = tmp_path / "again.json"
    assert touchstone_in(killed_demo.home, "demo", "--no-serve", *SMALL, "--json", str(out)).code == 0
    assert read(out) == killed_demo.report


def test_the_candidates_of_a_demo_are_registered_and_score_only_if_they_passed_every_gate(
    killed_demo: KilledDemo,
) -> None:
    with closing(sqlite3.connect(f"file:{killed_demo.home / 'touchstone.sqlite'}?mode=ro", uri=True)) as connection:
        versions = dict(connection.execute("SELECT digest, mlflow_version FROM model").fetchall())
        promoted = [digest for (digest,) in connection.execute("SELECT digest FROM promotion ORDER BY promoted_at")]
        jobs = connection.execute("SELECT state, error FROM training_job ORDER BY created_at").fetchall()
    candidates = killed_demo.report["models"]
    assert versions == {candidates[0]["digest"]: "1", candidates[1]["digest"]: "2"}
    assert promoted == [candidate["digest"] for candidate in candidates if not candidate["blocked_by"]]
    assert jobs == [("done", None), ("done", None)]


def test_the_analysts_of_a_demo_name_the_brand_and_every_seller_is_told_of_it(killed_demo: KilledDemo) -> None:
    with closing(sqlite3.connect(f"file:{killed_demo.home / 'touchstone.sqlite'}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT statement FROM action WHERE kind = 'remove'").fetchall()
        named = connection.execute("SELECT brand_id, mark, mark_owner FROM case_brand").fetchall()
        unnamed = """
            SELECT count(*) FROM action
            JOIN verdict ON verdict.verdict_id = action.verdict_id
            JOIN review_case ON review_case.case_id = verdict.case_id
            WHERE action.kind = 'remove' AND review_case.brand_id IS NULL AND review_case.mark_owner IS NULL
        """
        assert connection.execute(unnamed).fetchone() == (0,)
    assert rows
    assert all(json.loads(statement)["right"].startswith("The decision protects the mark ") for (statement,) in rows)
    assert named, "some listings name no registered brand"


def first_days(home: Path, world: World) -> dict[str, Any]:
    """What the service tells and stores after the first days of a small marketplace with one seed."""
    children = Children(home)
    try:
        play, _ = begin_play(
            Home.at(home), world, DemoOptions(300, 0, False, 60, 3, None, False, False, None), children
        )
        play.until(world.sent[0].at + timedelta(days=8))
        figures: dict[str, Any] = play.cast.marketplace.call("GET", "/api/v1/figures")
        play.cast.marketplace.front.close()
    finally:
        children.stop()
    with closing(sqlite3.connect(f"file:{home / 'touchstone.sqlite'}?mode=ro", uri=True)) as connection:
        judged = "SELECT external_id, judgement FROM verdict JOIN listing USING (listing_id) ORDER BY 1, 2"
        figures["judged"] = connection.execute(judged).fetchall()
        figures["secret"] = connection.execute("SELECT password_hash FROM account").fetchall()
    return figures


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("signals")
def test_two_runs_of_one_seed_are_alike_but_for_their_secrets(
    tmp_path: Path, forked_touchstone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(started, "touchstone_command", lambda: [forked_touchstone])
    world = build_world(WorldSettings(listings=300, seed=3, start=FIRST_DAY, days=60))
    first, again = (first_days(tmp_path / name, world) for name in ("first", "again"))
    assert first.pop("secret") != again.pop("secret")
    assert first == again
    assert first["verdicts"]
