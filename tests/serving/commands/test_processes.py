"""The installed command as a process, with and without a running service."""

import json
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from models.errors import Invalid
from serving.commands.connection import connect
from serving.platform.database.engine import sqlite_url, write_engine
from serving.platform.home import Home, HomeInUse
from serving.platform.settings import Settings
from tests.browser.service import running_service
from tests.fixtures.labelled import write_ndjson
from tests.fixtures.runtimes import a_row
from tests.serving.commands.commands import REFUSED, touchstone_in
from tests.training.registry.test_runs import a_registry, addresses


def run(touchstone: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TOUCHSTONE_HOME": str(home)}
    return subprocess.run(
        [touchstone, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_installed_command_refuses_in_one_line_without_a_traceback(touchstone: str, empty_home: Path) -> None:
    done = run(touchstone, empty_home, "figures")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Name one marketplace; known are: none.\n"


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first, second = touchstone_in(home, "migrate"), touchstone_in(home, "migrate")
    assert (first.code, second.code) == (0, 0)
    assert first.out == second.out == "The database is at this version's schema.\n"
    assert touchstone_in(home, "marketplace", "add", "Bazaar").code == 0
    assert touchstone_in(home, "migrate").code == 0
    assert "Bazaar" in touchstone_in(home, "figures", "--marketplace", "Souk").text


@pytest.mark.parametrize("command", ["migrate", "serve", "figures"])
def test_a_database_of_another_version_is_refused_in_words(empty_home: Path, command: str) -> None:
    engine = write_engine(sqlite_url(empty_home / "touchstone.sqlite"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0085'"))
    engine.dispose()
    done = touchstone_in(empty_home, command)
    assert (done.code, done.out) == (REFUSED, "")
    assert "does not know the database's revision (0085)" in done.text


@pytest.mark.parametrize("command", ["migrate", "figures"])
def test_a_home_that_another_process_owns_is_left_alone(empty_home: Path, command: str) -> None:
    with Home.at(empty_home).owned():
        done = touchstone_in(empty_home, command)
    assert done.code == REFUSED
    assert f"is in use by process {os.getpid()}" in done.text


def test_the_address_of_a_service_that_was_killed_is_not_taken_for_an_answer(empty_home: Path) -> None:
    """A killed service leaves its address behind; the next owner, say a migration, does not listen."""
    home = Home.at(empty_home)
    home.write_service(pid=1, port=1, socket=str(home.socket_path()))
    with home.owned(), pytest.raises(HomeInUse), connect(Settings(home=empty_home)) as local:
        local.call("get_figures")


def test_a_copied_home_never_reaches_the_service_of_the_original(empty_home: Path, tmp_path: Path) -> None:
    """Until its own service has started, the copy has the record of the original's."""
    original = Home.at(empty_home)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(tmp_path / "service.sock"))
        listening.listen()
        original.write_service(pid=1, port=1, socket=str(tmp_path / "service.sock"))
        copy = Home.at(tmp_path / "copy")
        shutil.copy(original.service_file, copy.service_file)
        assert (copy.moved, original.moved) == (True, False)
        with copy.owned(), pytest.raises(HomeInUse), connect(Settings(home=copy.root)):
            pass
        with original.owned(), connect(Settings(home=original.root)) as local:
            assert local.running


def test_the_address_of_a_service_that_was_killed_keeps_nobody_from_working(home: Path) -> None:
    Home.at(home).write_private("service.json", {"pid": 1, "port": 1, "socket": str(home / "service.sock")})
    assert touchstone_in(home, "figures").code == 0


COMMANDS = [
    ("fly", {}, "There is no command fly.", "no command"),
    ("get_figures", {"most": 5}, "get_figures: got an unexpected keyword argument 'most'.", "an argument too many"),
    ("add_marketplace", {}, "add_marketplace: missing a required argument: 'name'.", "one too few"),
    ("get_quarantine", {"most": None}, "get_quarantine: most: Input should be a valid integer.", "another type"),
]


@pytest.mark.parametrize(("name", "arguments", "sentence", "_why"), COMMANDS)
def test_a_command_that_is_none_is_refused(
    home: Path, name: str, arguments: dict[str, object], sentence: str, _why: str
) -> None:
    with connect(Settings(home=home)) as local, pytest.raises(Invalid) as refused:
        local.call(name, **arguments)
    assert refused.value.sentence == sentence


# With a running service.


@pytest.fixture(scope="module")
def served_home(forked_touchstone: str, shared_home: Path) -> Iterator[Path]:
    """A data directory whose service runs. It is the copy of another, whose registry it has."""
    a_registry(shared_home, "file:///original/mlflow/artifacts")
    with running_service(forked_touchstone, shared_home):
        yield shared_home


def test_only_the_owner_reaches_the_service_s_socket(served_home: Path) -> None:
    assert stat.S_IMODE(Path(Home.at(served_home).read_service()["socket"]).stat().st_mode) == 0o600
    assert stat.S_IMODE((served_home / "service.json").stat().st_mode) == 0o600


def test_the_registry_of_a_copied_home_names_the_copy_once_its_service_has_started(served_home: Path) -> None:
    own = (served_home / "mlflow" / "artifacts").as_uri()
    assert f"{own}/models/m-1" in addresses(f"sqlite:///{served_home / 'mlflow' / 'mlflow.db'}")
    assert not Home.at(served_home).moved


def test_a_command_is_carried_out_by_the_service_that_owns_the_home(served_home: Path) -> None:
    with connect(Settings(home=served_home)) as local:
        assert local.running
    assert touchstone_in(served_home, "audit", "verify").out.endswith(" entries, unbroken.\n")
    done = touchstone_in(served_home, "marketplace", "add", "Bazaar")
    assert (done.code, done.text) == (REFUSED, "There is a marketplace named Bazaar already.")


def test_a_training_beside_the_service_is_followed_to_its_end(served_home: Path) -> None:
    done = touchstone_in(served_home, "train")
    assert (done.code, done.text) == (1, "No label is mature yet, so there is nothing to learn from.")


def test_an_import_beside_the_service_counts_as_one_alone(served_home: Path, home: Path) -> None:
    rows = [
        a_row(external_id="MP-1"),
        a_row(external_id="MP-2", seller={"external_id": "s", "rating": 4.7, "age_days": 12.0}),
        a_row(external_id="MP-3", price=19.90, title="Sac élégant 👜"),
        a_row(external_id="MP-4", price="-1"),
        a_row(external_id="MP-5", title="half \ud800"),
        a_row(external_id="MP-6", age_days=10**30),
        a_row(external_id="MP-7", **{"pri\ud800ce": 1}),
    ]
    path = served_home / "a.ndjson"
    write_ndjson(path, rows[:4])
    with path.open("a", encoding="ascii") as stream:
        stream.writelines(f"{line}\n" for line in map(json.dumps, rows[4:]))
    for expected in ("3 new + 0 changed + 0 unchanged", "0 new + 0 changed + 3 unchanged"):
        alone, beside = (
            touchstone_in(folder, "import", str(path), "--format", "native") for folder in (home, served_home)
        )
        assert beside.out == alone.out == f"7 rows in = {expected} + 4 quarantined\n"
        assert [row for row in beside.text.split("row ") if row] == [row for row in alone.text.split("row ") if row]
