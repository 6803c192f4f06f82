import html
import re

import pytest

from serving.brands.service.price_lists import load_price_list
from serving.brands.store import price_lists
from serving.platform.row_files import LARGEST, MOST_ROWS
from tests.fixtures.reporting import a_leader, a_rival
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import PAGE, Visitor, visit_as, words

_PLACE = "/brand/prices"
_CSV = "model,price,currency,valid_from\nColline,540,EUR,2026-01-01\nPerle,0,EUR,\nLisière,129,EURO,\n,12,EUR,\n"


def count(site: Site) -> int:
    return site.read(price_lists.count, site.pair)


def upload(visitor: Visitor, name: str, content: bytes, **fields: str) -> str:
    """Send a file to the preview; the page, whatever its status."""
    answer = visitor.client.post(
        f"{_PLACE}/preview",
        data={"csrf_token": visitor.csrf_token, **fields},
        files={"file": (name, content)},
        headers=PAGE,
    )
    return answer.text


def sent_back_rows(page: str) -> str:
    match = re.search(r'<textarea name="rows" hidden>(.*?)</textarea>', page, re.DOTALL)
    assert match
    return html.unescape(match.group(1))


def test_a_file_is_looked_at_row_by_row_and_only_what_is_accepted_is_added(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    assert "No list prices yet." in words(visitor.get(_PLACE).text)
    page = upload(visitor, "list.csv", _CSV.encode())
    text = words(page)
    assert "1 row is accepted. That makes 1 entry. 3 rows are refused. Nothing is saved yet." in text
    assert "2 a list price needs a price above zero and its currency." in text.lower()
    assert "4 a list price needs a gtin, an mpn, a model or a category." in text.lower()
    assert count(site) == 0
    assert visitor.post(_PLACE, {"rows": sent_back_rows(page)}).headers["location"] == _PLACE
    assert count(site) == 1
    text = words(visitor.get(_PLACE).text)
    assert "Colline Model €540 2026-01-01 not stated" in text
    assert "Applies now" in text


def test_rows_that_are_pasted_are_read_as_a_file_is(site: Site) -> None:
    assert "1 row is accepted" in words(visit_as(site, a_leader(site)).post(f"{_PLACE}/preview", {"text": _CSV}).text)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("list.csv", b"", "Choose a file"),
        ("list.exe", b"model,price\n", "must end in"),
        ("list.parquet", b"PAR1", "must end in"),  # A megabyte of it can hold gigabytes.
        ("list.ndjson", b'{"model": ' + b"[" * 100_000, "must end in"),
        ("list.csv", b"x" * (LARGEST + 1), "Upload it in parts."),
        ("list.csv", b"model\n" + b"a\n" * (MOST_ROWS + 1), "Upload it in parts."),
        ("list.csv", b"," * 100 + b"\n" + b"\n1" * 10_000, "The header has 101 columns; at most 100 are accepted."),
        ("list.csv", b'model,price\n"never closed', "cannot be read"),
        ("list.csv", b"model,price\n\xff\xfe,1\n", "0 rows are accepted"),
        ("list.csv", b"model,price,colour\nColline,1,red\n", "colour"),
    ],
)
def test_what_is_no_list_is_refused_with_the_reason(site: Site, name: str, content: bytes, sentence: str) -> None:
    assert sentence in words(upload(visit_as(site, a_leader(site)), name, content))
    assert count(site) == 0


@pytest.mark.parametrize(
    "rows",
    [
        "[" * 100_000,
        '[{"model": "a", "model": "b"}]',
        "",
        "[]",
        "{}",
        "[1]",
        '[{"model": 1}]',
        '[{"model": "Colline"}]',
    ],
)
def test_rows_that_come_back_changed_are_judged_again(site: Site, rows: str) -> None:
    answer = visit_as(site, a_leader(site)).post(_PLACE, {"rows": rows})
    assert answer.status_code == 422
    assert rows == '[{"model": "Colline"}]' or "were not submitted. Choose the file again." in words(answer.text)
    assert count(site) == 0


def test_the_list_is_found_in_and_taken_along_with_its_history(site: Site) -> None:
    for price in ("500", "540"):
        site.clock.forward(seconds=1)
        load_price_list(site.runtime, "Aurelle", [{"model": "Colline", "price": price, "currency": "EUR"}], by="test")
    visitor = visit_as(site, site.brand_person)
    text = words(visitor.get(f"{_PLACE}?naming=coll").text)
    assert text.index("€540") < text.index("€500")
    assert text.count("does not apply now") == 1
    assert "No entries match this search." in words(visitor.get(f"{_PLACE}?naming=perle").text)
    lines = visitor.get(f"{_PLACE}.csv").text.splitlines()
    assert [line.split(",")[2] for line in lines] == ["price", "540.00", "500.00"]
    assert visitor.get(f"{_PLACE}.parquet").content[:4] == b"PAR1"


def test_who_does_not_lead_reads_and_adds_nothing(site: Site) -> None:
    visitor = visit_as(site, site.brand_person)
    assert "Your account can read this page" in words(visitor.get(_PLACE).text)
    assert visitor.post(_PLACE, {"rows": '[{"model":"C","price":"1","currency":"EUR"}]'}).status_code == 403
    assert visitor.post(f"{_PLACE}/preview", {"text": _CSV}).status_code == 403
    assert count(site) == 0


def test_prices_of_another_brand_are_not_there(site: Site) -> None:
    load_price_list(site.runtime, "Aurelle", [{"model": "Colline", "price": "540", "currency": "EUR"}], by="test")
    visitor, ours = visit_as(site, a_rival(site)), f"{site.marketplace_id}.{site.brand_id}"
    assert "Colline" not in visitor.get(_PLACE).text + visitor.get(f"{_PLACE}.csv").text
    assert visitor.get(f"{_PLACE}?of={ours}").status_code == 404
    assert visitor.get(f"{_PLACE}.csv?of={ours}").status_code == 404
    assert visitor.post(f"{_PLACE}/preview", {"text": _CSV, "of": ours}).status_code == 404
    assert visitor.post(_PLACE, {"rows": "[]", "of": ours}).status_code == 404


def test_a_file_without_the_sessions_token_is_refused_and_so_is_a_second_one(site: Site) -> None:
    visitor = visit_as(site, a_leader(site))
    files = {"file": ("list.csv", _CSV.encode()), "more": ("list.csv", _CSV.encode())}
    form = {"csrf_token": visitor.csrf_token}
    assert visitor.client.post(f"{_PLACE}/preview", data=form, files=files, headers=PAGE).status_code == 400
    visitor.csrf_token = "guessed"
    assert "no longer valid" in upload(visitor, "list.csv", _CSV.encode())
