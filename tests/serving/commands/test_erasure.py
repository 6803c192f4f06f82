"""Commands that erase a seller's data, that place legal holds, and that verify the remaining data."""

import sqlite3
from pathlib import Path

from models.case import CaseLane
from models.verdict import Judgement
from serving.sellers.service.contacts import receive_contacts
from tests.fixtures.runtimes import PopulatedDatabase, a_case, copy_on_sqlite, judge
from tests.serving.commands.commands import REFUSED, touchstone_in

SELLER = "lumo-trade-88"


def a_home(folder: Path, populated: PopulatedDatabase) -> Path:
    """A data directory with one removal of a seller whose contact is known."""
    with copy_on_sqlite(folder, populated) as site:
        contacts = [{"seller": SELLER, "kind": "phone", "value": "+49 30 7654321"}]
        receive_contacts(site.runtime, site.marketplace, {"contacts": contacts}, backfill=False)
        judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    return folder / "home"


def alter_database(home: Path, *statements: str) -> None:
    """Changes by an attacker with access to the file."""
    database = sqlite3.connect(home / "touchstone.sqlite")
    with database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert database.execute(statement).rowcount > 0
    database.close()


def test_erasing_is_shown_first_and_done_with_yes(tmp_path: Path, populated_sqlite: PopulatedDatabase) -> None:
    home = a_home(tmp_path, populated_sqlite)
    shown = touchstone_in(home, "erase", "seller", SELLER)
    assert shown.code == 0
    assert shown.out.startswith("Would be erased:\n  1 hashes of contacts\n")
    assert "the data of 1 decision: It is not carried out yet." in shown.out
    assert shown.out.endswith("Nothing was erased. Run it again with --yes.\n")
    assert touchstone_in(home, "erase", "seller", SELLER, "--yes").out.startswith("Erased:\n  1 hashes of contacts\n")
    assert touchstone_in(home, "erase", "seller", SELLER, "--yes").out.startswith("Erased:\n  0 hashes of contacts\n")
    assert touchstone_in(home, "audit", "verify").out.endswith(" entries, unbroken.\n")


def test_verification_counts_erased_payloads(tmp_path: Path, populated_sqlite: PopulatedDatabase) -> None:
    home = a_home(tmp_path, populated_sqlite)
    touchstone_in(home, "seller", "erase-contacts", SELLER)
    touchstone_in(home, "erase", "seller", SELLER, "--yes")
    text = touchstone_in(home, "audit", "verify").out
    assert "The payloads of 1 entries were erased, each named by an erasure.\n" in text


def test_a_hold_refuses_it_in_one_sentence(tmp_path: Path, populated_sqlite: PopulatedDatabase) -> None:
    home = a_home(tmp_path, populated_sqlite)
    assert touchstone_in(home, "legal-hold", "list").out == "Nobody is under legal hold.\n"
    assert (
        touchstone_in(home, "legal-hold", "set", SELLER, "--reason", "Lawsuit").out
        == f"{SELLER} is under legal hold.\n"
    )
    refused = touchstone_in(home, "erase", "seller", SELLER, "--yes")
    assert (refused.code, refused.out) == (REFUSED, "")
    assert "(Lawsuit); nothing is erased until it is lifted." in refused.text
    assert touchstone_in(home, "legal-hold", "list").out.endswith(": Lawsuit\n")
    lifted = touchstone_in(home, "legal-hold", "lift", SELLER, "--reason", "Settled")
    assert lifted.out == f"{SELLER} is no longer under legal hold.\n"


def test_evidence_is_verified_and_what_differs_is_named(tmp_path: Path, populated_sqlite: PopulatedDatabase) -> None:
    home = a_home(tmp_path, populated_sqlite)
    assert touchstone_in(home, "evidence", "verify").out == "1 snapshots, each unchanged since it was taken.\n"
    assert touchstone_in(home, "evidence", "verify", "cas_none").code == REFUSED
    alter_database(home, "UPDATE evidence_part SET body = NULL, salt = NULL WHERE part = 'seller'")
    text = touchstone_in(home, "evidence", "verify").out
    assert text.startswith("Parts of 1 snapshots were erased; their digests still fit.\n")
    alter_database(home, "UPDATE evidence_part SET digest = 'x' WHERE part = 'price'")
    done = touchstone_in(home, "evidence", "verify")
    assert (done.code, done.out) == (1, "")
    assert "The part “price” was altered." in done.text
