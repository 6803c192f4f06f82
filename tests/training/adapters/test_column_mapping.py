"""A stranger's file: its encoding, delimiter, columns and amounts are guessed."""

from pathlib import Path

import pytest

from features.listing import Listing
from tests.fixtures.clocks import NOW
from training.dataset import FileHead, correct_format, guess_format, read_listings

FILE = "id;name;cost;seller_name;desc;colour\n1;Gürtel;49,90;Müller;Schön;rot\n2;Uhr;1.234;Huber;Neu;blau\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_strangers_file_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(FILE.encode(encoding))
    guess = guess_format(FileHead.of(path), "EUR")
    rows = list(read_listings(path, guess, received_at=NOW))
    listings = [row.listing for row in rows if isinstance(row.listing, Listing)]
    assert [(read.title, str(read.price), read.currency, read.seller.external_id) for read in listings] == [
        ("Gürtel", "49.90", "EUR", "Müller"),
        ("Uhr", "1234.00", "EUR", "Huber"),
    ]
    assert "colour" not in guess.mapping.fields


def test_a_person_corrects_a_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(FILE, encoding="utf-8")
    head = FileHead.of(path)
    mapping = correct_format(guess_format(head, "EUR"), head, {"colour": "brand", "desc": None}).mapping
    assert (mapping.column_of("brand"), mapping.column_of("description")) == ("colour", None)
