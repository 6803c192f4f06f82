import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from serving.composition import open_runtime
from serving.platform import home as homes
from serving.platform.home import Home, HomeInUse
from serving.platform.settings import Settings

OWNER = """
import sys
from pathlib import Path
from serving.platform.home import Home
with Home.at(Path(sys.argv[1])).owned():
    print("owned", flush=True)
    sys.stdin.read()
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_home_and_its_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "deep" / "home")
    folders = [home.root, home.bundles, home.snapshots, home.mlflow, home.cache]
    assert [oct(mode(folder)) for folder in folders] == ["0o700"] * 5


def test_a_folder_that_is_there_already_keeps_what_is_in_it(tmp_path: Path) -> None:
    (Home.at(tmp_path / "home").bundles / "kept").write_text("a bundle")
    assert (Home.at(tmp_path / "home").bundles / "kept").read_text() == "a bundle"


def test_no_file_of_a_first_start_can_be_read_by_others_whoever_made_the_folder(tmp_path: Path) -> None:
    shared = tmp_path / "made-by-a-package-manager"
    shared.mkdir(mode=0o755)
    runtime = open_runtime(Settings(home=shared))
    try:
        with runtime.home.owned():
            modes = {path.name: mode(path) for path in shared.rglob("*") if path.is_file()}
    finally:
        runtime.close()
    assert {"touchstone.sqlite", "touchstone.sqlite-wal", "lock"} <= set(modes)
    assert {name: oct(bits) for name, bits in modes.items() if bits & 0o077} == {}


@pytest.mark.parametrize(
    ("checkout", "variables", "expected"),
    [
        (True, {}, "here/var"),  # A developer's data directory is in the checkout.
        (False, {"XDG_STATE_HOME": "{root}/state"}, "state/touchstone"),  # The XDG folder for state.
        (False, {}, "person/.local/state/touchstone"),  # Its default.
    ],
)
def test_without_a_folder_the_home_lies_where_one_looks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkout: bool, variables: dict[str, str], expected: str
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    for name, template in variables.items():
        monkeypatch.setenv(name, template.format(root=tmp_path))
    if checkout:
        (folder / "pyproject.toml").touch()
        (folder / "serving").mkdir()
    assert Home.at(None).root == tmp_path / expected


def test_a_second_owner_is_refused_and_told_who_the_first_is_and_since_when(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    before = datetime.now(UTC).replace(microsecond=0)
    with home.owned(), pytest.raises(HomeInUse) as refused, home.owned():
        pass
    owner = re.search(r"in use by process (\d+) on (\S+) since (.+?) UTC\. One process", refused.value.sentence)
    assert owner is not None
    assert (int(owner[1]), owner[2]) == (os.getpid(), socket.gethostname())
    assert before <= datetime.fromisoformat(f"{owner[3]}+00:00") <= datetime.now(UTC)
    assert "SQLite" not in refused.value.sentence, "the lock is the cause, whatever the database is"


@pytest.mark.parametrize("content", [b"", b"123\n", b"\xff{"], ids=["nothing yet", "another release", "no text"])
def test_an_owner_that_left_no_name_is_refused_as_unknown(tmp_path: Path, content: bytes) -> None:
    home = Home.at(tmp_path)
    with home.owned():
        home.lock_file.write_bytes(content)
        with pytest.raises(HomeInUse, match="in use by process unknown on this machine since an unknown time"):
            home.owned().__enter__()


def test_a_data_directory_keeps_its_id_which_others_do_not_share(tmp_path: Path) -> None:
    home, other = Home.at(tmp_path / "one"), Home.at(tmp_path / "other")
    assert home.directory_id() == Home.at(tmp_path / "one").directory_id() != other.directory_id()


def test_the_home_is_free_again_after_its_owner(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    for _ in range(2):
        with home.owned():
            assert json.loads(home.lock_file.read_text())["pid"] == os.getpid()
    assert mode(home.lock_file) == 0o600


def test_a_killed_owner_leaves_no_lock_behind(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "owned\n"
        with pytest.raises(HomeInUse, match=f"process {owner.pid}"), home.owned():
            pass
        owner.send_signal(signal.SIGKILL)
        owner.wait(10)
    with home.owned():
        assert json.loads(home.lock_file.read_text())["pid"] == os.getpid()


def test_what_is_written_privately_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = Home.at(tmp_path).write_private("service.json", {"port": 8321})
    assert mode(path) == 0o600
    assert json.loads(path.read_text()) == {"port": 8321}


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    home.write_private("service.json", {"port": 8321})
    with pytest.raises(TypeError):
        home.write_private("service.json", {"port": 8322, "socket": object()})
    assert home.read_service() == {"port": 8321}


@pytest.mark.parametrize("content", [None, "", "{", "[1]", "\x80"])
def test_a_service_file_that_says_nothing_usable_is_as_none(tmp_path: Path, content: str | None) -> None:
    home = Home.at(tmp_path)
    if content is not None:
        home.service_file.write_bytes(content.encode("latin-1"))
    assert home.read_service() == {}


def test_the_socket_lies_in_the_home_unless_the_kernel_could_not_name_it(tmp_path: Path) -> None:
    near, far = Home(Path("/srv/touchstone")), Home(tmp_path / ("x" * 120))
    assert near.socket_path() == Path("/srv/touchstone/service.sock")
    socket_path = far.socket_path()
    try:
        assert len(os.fsencode(socket_path)) <= homes._LONGEST_SOCKET_PATH
        assert mode(socket_path.parent) == 0o700
    finally:
        socket_path.parent.rmdir()
