from pathlib import Path

import pytest

from tests.serving.commands.commands import REFUSED, touchstone_in

LIST = "model,gtin,price,currency,valid_from\nColline,3760121234561,540.00,EUR,2026-01-01\nPerle,,210,EUR,\n"


def test_a_price_list_is_loaded_from_a_file(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST, encoding="utf-8")
    done = touchstone_in(home, "brand", "price-list", "Aurelle", str(file))
    assert done.out == "3 list prices of Aurelle loaded.\n"


def test_each_marketplace_has_its_own_price_list(home: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    assert touchstone_in(home, "marketplace", "sells-in", "FR", "DE").out == "It sells in FR, DE.\n"
    souk = ("--marketplace", "Souk")
    for command in (
        ("marketplace", "add", "Souk"),
        ("person", "add", "omar@souk.example", "--name", "Omar Haddad", "--role", "account_manager", *souk),
        ("brand", "enrol", "Solenne", "--account-manager", "omar@souk.example", *souk),
    ):
        assert touchstone_in(home, *command).code == 0
    prices = ("brand", "price-list", "Solenne", str(tmp_path / "list.csv"))
    refused = touchstone_in(home, *prices)
    assert (refused.code, "Name one marketplace" in refused.text) == (REFUSED, True)
    assert touchstone_in(home, *prices, *souk).out == "3 list prices of Solenne loaded.\n"


def test_rates_are_loaded_from_a_file(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("day,currency,euros,source\n2026-03-01,USD,0.92,ECB\n2026-03-01,GBP,1.17,ECB\n", encoding="utf-8")
    assert touchstone_in(home, "rates", str(file)).out == "2 rates loaded.\n"


WRONG = [
    ("list.csv", "model,price\nColline,540\n", "Row 1: a list price needs a price above zero", "no currency"),
    ("list.doc", "", "the name must end in", "no table"),
    ("list.ndjson", "{", "row 1: ", "a line that is no object"),
]


@pytest.mark.parametrize(("name", "content", "sentence", "_why"), WRONG)
def test_a_file_that_is_no_price_list_is_refused(
    home: Path, tmp_path: Path, name: str, content: str, sentence: str, _why: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    done = touchstone_in(home, "brand", "price-list", "Aurelle", str(tmp_path / name))
    assert done.code == REFUSED
    assert sentence in done.text
