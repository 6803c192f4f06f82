from pathlib import Path

from tests.serving.commands.commands import REFUSED, touchstone_in

CONTACTS = (
    "seller,kind,value,occurred_at\n"
    "ann,phone,+49 30 7654321,\n"
    "bo,phone,0049 30 7654321,2026-01-01T00:00:00Z\n"
    "bo,email,nobody,\n"
    "ann,phone,+49307654321,\n"
)


def test_contacts_are_loaded_from_a_file_and_erased(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text(CONTACTS, encoding="utf-8")
    done = touchstone_in(home, "seller", "contacts", str(file))
    assert (done.code, done.out) == (1, "4 contacts in = 2 new + 1 known + 1 quarantined\n")
    refused = touchstone_in(home, "quarantine").out
    assert "row 3  bad_email" in refused
    assert "nobody" not in refused
    assert touchstone_in(home, "seller", "erase-contacts", "ann").out == "1 contacts of ann erased.\n"


def test_a_file_that_cannot_be_read_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "contacts.doc").write_text(CONTACTS, encoding="utf-8")
    assert touchstone_in(home, "seller", "contacts", str(tmp_path / "contacts.doc")).code == REFUSED
