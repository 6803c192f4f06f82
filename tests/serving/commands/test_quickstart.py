"""From a file to a queue in one command."""

import re
from io import StringIO
from pathlib import Path

import pytest

from tests.serving.commands.commands import REFUSED, touchstone_in

FILE = """id;name;details;cost;shop_id
1;Corvale watch, mirror quality 1:1 replica AAA;WhatsApp +86 138 0013 8000 for the catalogue;49,90;s1
2;Belt;;1.234,00;s2
3;;;;
"""


def test_a_file_becomes_a_queue_with_an_administrator_who_can_sign_in(tmp_path: Path) -> None:
    path, home = tmp_path / "a.csv", tmp_path / "home"
    path.write_text(FILE, encoding="utf-8")
    done = touchstone_in(home, "quickstart", str(path), "--yes")
    assert done.code == 1, "a row was refused"
    assert "name is read as title." in done.out
    header, first = (re.split("[│┃]", line)[-2].strip() for line in re.findall("[│┃] (?:row|1) .*", done.out))
    assert (header, first) == ("price", "49.90 EUR")
    assert "3 rows in = 2 new + 0 changed + 0 unchanged + 1 quarantined" in done.out
    assert re.search("Cases in the queue: [12]\\.", done.out), "the replica, and the belt if the audit sample draws it"
    assert "/reset/" in done.out.splitlines()[-1]
    assert touchstone_in(home, "audit", "verify").code == 0, "an administrator with every role is as the log says"
    again = touchstone_in(home, "quickstart", str(path), "--yes")
    assert (again.code, "has a marketplace already" in again.err) == (REFUSED, True)


def test_nothing_is_made_without_a_yes_or_of_a_file_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    path, home = tmp_path / "a.csv", tmp_path / "home"
    path.write_text(FILE, encoding="utf-8")
    assert touchstone_in(home, "quickstart", str(path)).code == 1
    assert touchstone_in(home, "quickstart", str(tmp_path / "b.csv"), "--yes").code == REFUSED
    assert touchstone_in(home, "marketplace", "add", "Bazaar").code == 0, "the first"
