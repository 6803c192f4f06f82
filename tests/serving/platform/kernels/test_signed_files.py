"""A kernel that this data directory's key did not sign for its place is as if it were not there."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.platform.home import Home
from serving.platform.kernels.folder import KEY_FILE, environment_of, make_key
from serving.platform.kernels.signed_files import SignedFiles

pytestmark = pytest.mark.attack
KEY = "kernels.key"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    new_home = Home.at(tmp_path / "home")
    make_key(new_home)
    monkeypatch.setenv(KEY_FILE, environment_of(new_home.root)[KEY_FILE])
    return new_home


def files(home: Home, name: str = "kernel") -> Any:
    """The files of one function, as numba makes them."""
    return SignedFiles(str(home.cache), name, "the stamp of its source")


def test_what_was_signed_is_found_again(home: Home) -> None:
    files(home).save("signature", ("a kernel",))
    assert files(home).load("signature") == ("a kernel",)
    assert files(home).load("another signature") is None
    assert SignedFiles(str(home.cache), "kernel", "another source").load("signature") is None


class PlantedObject:
    """What ends the test once it is read."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return pytest.fail, ("The planted pickle was read.",)


def plant(home: Home, ending: str) -> None:
    (home.cache / f"kernel.{ending}").write_bytes(b"x" * 32 + pickle.dumps(PlantedObject()))


def alter(home: Home, ending: str) -> None:
    path = home.cache / f"kernel.{ending}"
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def move_file(home: Home, ending: str) -> None:
    files(home, "other").save("signature", ("another kernel",))
    shutil.copy(home.cache / f"other.{ending}", home.cache / f"kernel.{ending}")


def change_key(home: Home, ending: str) -> None:
    del ending
    home.replace_secret(KEY, b"y" * 32)


@pytest.mark.parametrize("ending", ["nbi", "1.nbc"])
@pytest.mark.parametrize("tamper", [plant, alter, move_file, change_key], ids=lambda function: function.__name__)
def test_what_was_not_signed_is_compiled_again(home: Home, tamper: Callable[[Home, str], object], ending: str) -> None:
    files(home).save("signature", ("a kernel",))
    tamper(home, ending)
    assert files(home).load("signature") is None
    files(home).save("signature", ("a kernel",))
    assert files(home).load("signature") == ("a kernel",)


@pytest.mark.parametrize("spoil", [lambda path: path.chmod(0o640), lambda path: path.write_bytes(b"short")])
def test_with_a_key_that_others_may_know_nothing_is_kept(home: Home, spoil: Callable[[Path], object]) -> None:
    files(home).save("signature", ("a kernel",))
    spoil(home.root / KEY)
    assert files(home).load("signature") is None
    files(home, "other").save("signature", ("a kernel",))
    assert not list(home.cache.glob("other*"))
    make_key(home)
    files(home).save("signature", ("a kernel",))
    assert files(home).load("signature") == ("a kernel",)


def of_another_user(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a file another user's than this process's."""
    if os.geteuid() == 0:
        os.chown(path, 12_345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)


def test_a_key_of_another_user_signs_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    files(home).save("signature", ("a kernel",))
    of_another_user(home.root / KEY, monkeypatch)
    assert files(home).load("signature") is None
