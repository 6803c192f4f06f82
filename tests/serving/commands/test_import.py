"""`touchstone import`: the outcome of a file's rows, with every row accounted for."""

import csv
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from serving.commands.showing import EXIT_FAILED
from serving.listings.tables import listing_version, quarantine
from tests.fixtures.labelled import write_csv, write_ndjson
from tests.fixtures.runtimes import a_row
from tests.serving.commands.commands import REFUSED, CommandResult, runtime_of, touchstone_in
from training.adapters.files import UnreadableFile, read_rows
from training.dataset import batches, read_listings

_COUNTED = re.compile(
    r"([\d,]+) rows in = ([\d,]+) new \+ ([\d,]+) changed \+ ([\d,]+) unchanged \+ ([\d,]+) quarantined"
)


def counts(done: CommandResult) -> dict[str, int]:
    """The line that a command prints, as numbers; the sum is checked."""
    match = _COUNTED.fullmatch(done.out.strip())
    assert match is not None, done
    total, *parts = (int(number.replace(",", "")) for number in match.groups())
    assert total == sum(parts)
    return dict(zip(("new", "changed", "unchanged", "quarantined"), parts, strict=True))


def take_in(home: Path, path: Path, format_name: str = "native", *options: str) -> dict[str, int]:
    done = touchstone_in(home, "import", str(path), "--format", format_name, *options)
    row_counts = counts(done)
    assert done.code == (EXIT_FAILED if row_counts["quarantined"] else 0), done
    return row_counts


def figures(home: Path) -> dict[str, Any]:
    all_figures: dict[str, Any] = json.loads(touchstone_in(home, "figures").out)
    return all_figures


# Every format.

LISTINGS: Final[list[dict[str, object]]] = [
    {"external_id": "MP-1", "title": "Aurelle tote, grey", "price": "489.00", "currency": "EUR"},
    {"external_id": "MP-2", "title": "Bolso «Solenne»\tusado", "price": "1200", "currency": "USD"},
    {"external_id": "MP-3", "title": "手提包 👜", "price": "9.95", "currency": "EUR"},
    {"external_id": "MP-4", "title": "Belt", "price": "-5", "currency": "EUR"},
]
Rows = Sequence[Mapping[str, object]]


def write_parquet(path: Path, rows: Rows) -> Path:
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), path)
    return path


def _feed(row: Mapping[str, object]) -> dict[str, object]:
    price = f"{row['price']} {row['currency']}"
    return {"id": row["external_id"], "title": row["title"], "price": price, "link": "https://bazaar.example/1"}


def write_feed(path: Path, rows: Rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", "title", "price", "link"], delimiter="\t")
        writer.writeheader()
        writer.writerows(_feed(row) for row in rows)
    return path


def write_rss(path: Path, rows: Rows) -> Path:
    items = "".join(
        "<item>" + "".join(f"<g:{name}>{text}</g:{name}>" for name, text in _feed(row).items()) + "</item>"
        for row in rows
    )
    head = '<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel>'
    path.write_text(f"{head}{items}</channel></rss>", encoding="utf-8")
    return path


FORMATS: list[tuple[str, str, Callable[[Path, Rows], Path]]] = [
    ("a.ndjson", "native", write_ndjson),
    ("a.csv", "native", write_csv),
    ("a.parquet", "native", write_parquet),
    ("a.tsv", "merchant-feed", write_feed),
    ("a.xml", "merchant-feed", write_rss),
]


@pytest.mark.parametrize(("name", "format_name", "write"), FORMATS, ids=[row[0] for row in FORMATS])
def test_every_row_is_new_changed_unchanged_or_quarantined(
    home: Path, name: str, format_name: str, write: Callable[[Path, Rows], Path]
) -> None:
    first = take_in(home, write(home / name, LISTINGS), format_name)
    assert first == {"new": 3, "changed": 0, "unchanged": 0, "quarantined": 1}
    before = figures(home)
    assert (before["listings"], before["versions"], before["scored"], before["quarantined"]) == (3, 3, 3, 1)

    again = take_in(home, write(home / name, LISTINGS[:3]), format_name)
    assert again == {"new": 0, "changed": 0, "unchanged": 3, "quarantined": 0}
    assert figures(home) == before

    reduced = take_in(home, write(home / name, [{**LISTINGS[0], "price": "399.00"}, *LISTINGS[1:3]]), format_name)
    assert reduced == {"new": 0, "changed": 1, "unchanged": 2, "quarantined": 0}
    assert figures(home)["versions"] == 4


def test_what_is_kept_is_what_the_file_says_in_every_format(home: Path) -> None:
    for name, format_name, write in FORMATS:
        own = [{**row, "external_id": f"{name}-{i}"} for i, row in enumerate(LISTINGS[:3])]
        take_in(home, write(home / name, own), format_name)
    with runtime_of(home) as runtime, runtime.store.read() as connection:
        contents = connection.execute(select(listing_version.c.content)).scalars().all()
    listings = {(content["title"], content["price"], content["currency"]) for content in contents}
    assert len(contents) == 15
    assert listings == {
        ("Aurelle tote, grey", "489.00", "EUR"),
        ("Bolso «Solenne»\tusado", "1200.00", "USD"),
        ("手提包 👜", "9.95", "EUR"),
    }


def test_a_file_that_holds_a_listing_twice_counts_its_second_state_as_a_change(home: Path) -> None:
    path = write_ndjson(home / "a.ndjson", [a_row(), a_row(price="479.00"), a_row(price="479.00")])
    assert take_in(home, path) == {"new": 1, "changed": 1, "unchanged": 1, "quarantined": 0}


def test_a_counter_that_moved_on_the_first_version_is_a_change_and_no_new_listing(home: Path) -> None:
    take_in(home, write_csv(home / "a.csv", [{"external_id": "MP-1", "title": "Bag", "sales.d7": "1"}]))
    again = take_in(home, write_csv(home / "a.csv", [{"external_id": "MP-1", "title": "Bag", "sales.d7": "2"}]))
    assert again == {"new": 0, "changed": 1, "unchanged": 0, "quarantined": 0}


def test_a_row_without_an_id_is_the_same_listing_when_its_file_comes_again(home: Path) -> None:
    path = write_csv(home / "a.csv", [{"title": "Bag"}, {"title": "Bag"}])
    assert take_in(home, path)["new"] == 2
    assert take_in(home, path)["unchanged"] == 2


def test_a_file_without_rows_is_taken_in(home: Path) -> None:
    path = home / "a.csv"
    path.write_text("title,price\n")
    assert take_in(home, path) == {"new": 0, "changed": 0, "unchanged": 0, "quarantined": 0}


def test_refused_rows_end_an_import_with_1_and_are_listed_with_row_and_field(home: Path) -> None:
    """Rows are numbered through the file, and not from the beginning of a command."""
    rows = [{"external_id": f"MP-{i}", "title": "" if i in {2, 1_500} else "Bag", "prise": "1"} for i in range(1_501)]
    done = touchstone_in(home, "import", str(write_csv(home / "a.csv", rows)), "--format", "native")
    assert (done.code, counts(done)["quarantined"]) == (EXIT_FAILED, 2)
    assert "Columns not used: prise (nearest field: price).\n" in done.err
    misspelt = write_ndjson(home / "b.ndjson", [{"external_id": "MP-1", "prise": 1, "titel": "Bag", "seller": {}}])
    assert touchstone_in(home, "import", str(misspelt), "--format", "native").code == EXIT_FAILED
    lines = touchstone_in(home, "quarantine").out.splitlines()
    assert [line.split("  ", 1)[1].split()[:6] for line in lines] == [
        ["import", "b.ndjson", "row", "1", "unknown_field", "prise:"],
        ["import", "a.csv", "row", "1501", "empty_listing", "-:"],
        ["import", "a.csv", "row", "3", "empty_listing", "-:"],
    ]
    assert "prise (nearest field: price), titel (nearest field: title) are not fields of a listing." in lines[0]


def test_unknown_columns_are_left_out_and_missing_ones_are_missing(home: Path) -> None:
    path = write_csv(home / "a.csv", [{"title": "Bag", "our_remark": "x"}, {"title": "", "our_remark": "y"}])
    assert take_in(home, path) == {"new": 1, "changed": 0, "unchanged": 0, "quarantined": 1}


def test_columns_of_a_feed_that_are_not_used_are_named(home: Path) -> None:
    path = home / "feed.tsv"
    path.write_text("id\ttitle\tsale price\tcolour\n1\tBag\t15,00 EUR\tgrey\n")
    done = touchstone_in(home, "import", str(path), "--format", "merchant-feed")
    assert done.out == "1 rows in = 1 new + 0 changed + 0 unchanged + 0 quarantined\n"
    assert "Columns not used: colour." in done.err


def test_more_rows_than_a_command_takes_are_all_taken_in(home: Path) -> None:
    rows = [{"external_id": f"MP-{i}", "title": "Bag"} for i in range(1_001)]
    assert take_in(home, write_csv(home / "a.csv", rows))["new"] == 1_001


def test_with_backfill_a_row_counts_as_known_when_it_occurred(home: Path) -> None:
    row = {"external_id": "MP-1", "title": "Bag", "occurred_at": "2026-01-05T10:00:00+00:00"}
    take_in(home, write_csv(home / "a.csv", [row]), "native", "--backfill")
    take_in(home, write_csv(home / "a.csv", [{**row, "external_id": "MP-2"}]))
    with runtime_of(home) as runtime, runtime.store.read() as connection:
        known = connection.execute(select(listing_version.c.known_at).order_by(listing_version.c.known_at)).scalars()
        first, second = (moment.date().isoformat() for moment in known)
    assert first == "2026-01-05" < second


# Numbers that JSON writes with a point reach the database unchanged.

NUMBERS = [
    ({"price": 19.90, "currency": "EUR"}, "a price"),
    ({"price": 1e3, "currency": "EUR"}, "a price with an exponent"),
    ({"seller": {"external_id": "s", "rating": 4.7}}, "a rating"),
    ({"seller": {"external_id": "s", "age_days": 12.0}}, "a whole number written as a fraction"),
    ({"seller": {"external_id": "s", "gmv": {"d7": 300.10}}}, "a turnover"),
]


@pytest.mark.parametrize(("fields", "_why"), NUMBERS)
def test_a_number_that_the_file_s_door_accepts_the_service_s_door_accepts_too(
    home: Path, fields: dict[str, object], _why: str
) -> None:
    path = write_ndjson(home / "a.ndjson", [{"external_id": "MP-1", "title": "Bag", "seller": {}, **fields}])
    assert take_in(home, path)["new"] == 1


# Broken rows.

_GOOD = '"external_id": "MP-1", "title": "Bag", "seller": {}'
MEGABYTE = "x" * 1_000_000
BROKEN_JSON: Final[list[tuple[str, str, str, str]]] = [
    (f'{{{_GOOD}, "price": NaN, "currency": "EUR"}}', "not_finite", "price", "NaN"),
    (f'{{{_GOOD}, "price": Infinity, "currency": "EUR"}}', "not_finite", "price", "infinity"),
    (f'{{{_GOOD}, "price": -Infinity, "currency": "EUR"}}', "not_finite", "price", "minus infinity"),
    (f'{{{_GOOD}, "price": "NaN", "currency": "EUR"}}', "wrong_type", "price", "NaN as text"),
    (f'{{{_GOOD}, "price": -0.01, "currency": "EUR"}}', "negative", "price", "a price below zero"),
    (f'{{{_GOOD}, "price": 1e11, "currency": "EUR"}}', "out_of_range", "price", "a hundred billion"),
    (f'{{{_GOOD}, "price": 1e999999, "currency": "EUR"}}', "out_of_range", "price", "a price beyond float"),
    (f'{{{_GOOD}, "price": {"9" * 4_000}, "currency": "EUR"}}', "out_of_range", "price", "4,000 digits"),
    (f'{{{_GOOD}, "price": {"9" * 5_000}, "currency": "EUR"}}', "bad_json", "", "more digits than are read"),
    (f'{{{_GOOD}, "age_days": {10**30}}}', "out_of_range", "age_days", "more days than 64 bits hold"),
    (f'{{{_GOOD}, "price": "5", "currency": "eur"}}', "bad_currency", "currency", "a currency in small letters"),
    (f'{{{_GOOD}, "price": "5", "currency": "EURO"}}', "bad_currency", "currency", "four letters"),
    (f'{{{_GOOD}, "price": "5", "currency": "EUR\\n"}}', "bad_currency", "currency", "a line end after it"),
    (f'{{{_GOOD}, "price": "5", "currency": 978}}', "bad_currency", "currency", "the currency's number"),
    (f'{{{_GOOD}, "price": "5"}}', "missing_field", "currency", "no currency"),
    ('{"external_id": "MP-1", "title": "Bag \\ud800"}', "bad_characters", "title", "half a surrogate pair"),
    ('{"external_id": "MP\\udfff", "title": "Bag"}', "bad_characters", "external_id", "an id of half a pair"),
    (f'{{{_GOOD}, "pri\\ud800ce": 5}}', "unknown_field", "pri\\ud800ce", "a field's name of half a pair"),
    ('{"external_id": "MP-1", "title": "B\\u0000ag"}', "bad_characters", "title", "NUL"),
    (f'{{{_GOOD}, "description": "{MEGABYTE}"}}', "too_long", "description", "a megabyte of text"),
    (f'{{{_GOOD}, "occurred_at": "2999-01-01T00:00:00Z"}}', "future_time", "occurred_at", "a time to come"),
    (f'{{{_GOOD}, "occurred_at": "1970-01-01T00:00:00Z"}}', "out_of_range", "occurred_at", "before any marketplace"),
    (f'{{{_GOOD}, "occurred_at": "2026-03-01T00:00:00"}}', "naive_time", "occurred_at", "a time without its offset"),
    (f'{{{_GOOD}, "occurred_at": "yesterday"}}', "bad_time", "occurred_at", "a word for a time"),
    (f'{{{_GOOD}, "occurred_at": 1767225600}}', "wrong_type", "occurred_at", "seconds of an epoch"),
    ('{"external_id": "1", "external_id": "2", "title": "Bag"}', "duplicate_key", "external_id", "a key twice"),
    (f'{{{_GOOD}, "sales": {{"d7": 1, "d7": 2}}}}', "duplicate_key", "d7", "a key twice, further in"),
    ('{"external_id": 5, "title": "Bag", "seller": {}}', "wrong_type", "external_id", "a number for an id"),
    ('{"external_id": "MP-1", "title": ["Bag"]}', "wrong_type", "title", "a list for a title"),
    (f'{{{_GOOD}, "price": true, "currency": "EUR"}}', "wrong_type", "price", "a truth value for a price"),
    (f'{{{_GOOD}, "sales": [1, 2, 3]}}', "wrong_type", "sales", "a list for windows"),
    (f'{{{_GOOD}, "age_days": 1.5}}', "wrong_type", "age_days", "half a day"),
    (f'{{{_GOOD}, "rating_counts": [1, 2]}}', "wrong_type", "rating_counts", "two of five ratings"),
    ('{"external_id": "MP-1", "title": "Bag", "seller": "mia"}', "wrong_type", "seller", "a name for a seller"),
    (f'{{{_GOOD}, "link": "javascript:alert(1)"}}', "bad_url", "link", "a script for an address"),
    (f'{{{_GOOD}, "condition": "NEW"}}', "unknown_value", "condition", "a word that is none of the choices"),
    (f'{{{_GOOD}, "prise": 5}}', "unknown_field", "prise", "a misspelt field"),
    ('{"external_id": "MP-1", "seller": {}}', "empty_listing", "", "nothing to look at"),
    ("{", "bad_json", "", "half an object"),
    ("[1]", "wrong_type", "", "a list"),
    ("[" * 50_000, "bad_json", "", "nested deeper than is read"),
]
Refused = list[dict[str, str]]


def errors_of(home: Path, path: Path, format_name: str = "native") -> tuple[dict[str, int], Refused]:
    """The counts of an import, and the rows in its file of errors."""
    row_counts = take_in(home, path, format_name, "--errors", str(home / "errors.csv"))
    with (home / "errors.csv").open(encoding="utf-8", newline="") as stream:
        return row_counts, list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def broken_json(shared_home: Path) -> tuple[dict[str, int], Refused]:
    """All broken rows in one file, with a good row before and after."""
    good = ['{"external_id": "good-1", "title": "Bag"}', '{"external_id": "good-2", "title": "Bag"}']
    path = shared_home / "broken.ndjson"
    path.write_text("\n".join([good[0], *(row[0] for row in BROKEN_JSON), good[1]]), encoding="utf-8")
    return errors_of(shared_home, path)


@pytest.mark.parametrize("number", range(len(BROKEN_JSON)), ids=[row[-1] for row in BROKEN_JSON])
def test_a_broken_row_is_refused_with_its_place_field_and_reason(
    broken_json: tuple[dict[str, int], Refused], number: int
) -> None:
    _, code, field, _ = BROKEN_JSON[number]
    refusal = broken_json[1][number]
    assert (refusal["row"], refusal["code"], refusal["field"]) == (str(number + 2), code, field)
    assert refusal["sentence"].endswith(".")
    assert len(refusal["sentence"]) < 200


def test_no_broken_row_takes_a_good_one_with_it(broken_json: tuple[dict[str, int], Refused]) -> None:
    assert broken_json[0] == {"new": 2, "changed": 0, "unchanged": 0, "quarantined": len(BROKEN_JSON)}
    assert len(broken_json[1]) == len(BROKEN_JSON)


def test_every_refused_row_is_kept_with_its_length_and_beginning(
    broken_json: tuple[dict[str, int], Refused], shared_home: Path
) -> None:
    with runtime_of(shared_home) as runtime, runtime.store.read() as connection:
        query = select(func.count(), func.max(quarantine.c.row_length), func.max(func.length(quarantine.c.row_head)))
        many, longest, longest_head = connection.execute(query).one()
    assert many == len(BROKEN_JSON)
    assert longest > 1_000_000
    assert longest_head == 16_384


FLAT_HEAD = b"external_id,title,price,currency,age_days,sales.d7,occurred_at,condition\n"
BROKEN_CSV: Final[list[tuple[bytes, str, str, str]]] = [
    (b"MP-1,Bag,inf,EUR", "wrong_type", "price", "infinity"),
    (b"MP-1,Bag,1e400,EUR", "wrong_type", "price", "an exponent in a price"),
    (b"MP-1,Bag,-5,EUR", "negative", "price", "a price below zero"),
    (b"MP-1,Bag,99999999999,EUR", "out_of_range", "price", "a hundred billion"),
    (b"MP-1,Bag,dear,EUR", "wrong_type", "price", "a word for a price"),
    (b'MP-1,Bag,"1,50",EUR', "wrong_type", "price", "a comma in a price"),
    (b"MP-1,Bag,5,Euro", "bad_currency", "currency", "a currency's name"),
    (b"MP-1,Bag,5,", "missing_field", "currency", "no currency"),
    (b"MP-1,Sac \xe9l\xe9gant,5,EUR", "bad_characters", "title", "bytes of another encoding"),
    (b"MP\xff1,Bag,5,EUR", "bad_characters", "external_id", "an id that is no UTF-8"),
    (b"MP-1,B\x00ag,5,EUR", "bad_characters", "title", "NUL"),
    (b"MP-1," + b"x" * 1_000_000 + b",5,EUR", "too_long", "title", "a megabyte of text"),
    (b"MP-1,Bag,5,EUR,old", "wrong_type", "age_days", "a word for a number"),
    (b"MP-1,Bag,5,EUR,inf", "not_finite", "age_days", "an infinite age"),
    (b"MP-1,Bag,5,EUR,1.5", "wrong_type", "age_days", "half a day"),
    (b"MP-1,Bag,5,EUR,1,-2", "negative", "sales.d7", "sales below zero"),
    (b"MP-1,Bag,5,EUR,1,2,2999-01-01T00:00:00Z", "future_time", "occurred_at", "a time to come"),
    (b"MP-1,Bag,5,EUR,1,2,01.03.2026", "bad_time", "occurred_at", "a date of another form"),
    (b"MP-1,Bag,5,EUR,1,2,,mint", "unknown_value", "condition", "a word that is none of the choices"),
    (b"MP-1,Bag,5,EUR,1,2,,new,x", "ragged_row", "", "more cells than columns"),
    (b"MP-1,,,", "empty_listing", "", "nothing to look at"),
    (b'MP-1,"Bag" grey,5,EUR', "unreadable_row", "", "a quote that closes within a cell"),
]


@pytest.fixture(scope="module")
def broken_csv(shared_home: Path) -> tuple[dict[str, int], Refused]:
    """As `broken_json`."""
    path = shared_home / "broken.csv"
    rows = [b"flat-1,Bag", *(row[0] for row in BROKEN_CSV), b"flat-2,Bag"]
    path.write_bytes(FLAT_HEAD + b"\n".join(rows) + b"\n")
    return errors_of(shared_home, path)


@pytest.mark.parametrize("number", range(len(BROKEN_CSV)), ids=[row[-1] for row in BROKEN_CSV])
def test_a_broken_row_of_a_flat_file_is_refused_with_its_place_field_and_reason(
    broken_csv: tuple[dict[str, int], Refused], number: int
) -> None:
    _, code, field, _ = BROKEN_CSV[number]
    refusal = broken_csv[1][number]
    assert (refusal["row"], refusal["code"], refusal["field"]) == (str(number + 2), code, field)


def test_no_broken_row_of_a_flat_file_takes_a_good_one_with_it(broken_csv: tuple[dict[str, int], Refused]) -> None:
    assert broken_csv[0] == {"new": 2, "changed": 0, "unchanged": 0, "quarantined": len(BROKEN_CSV)}


def test_numbers_of_a_parquet_file_that_are_none_are_missing_or_refused(home: Path) -> None:
    """A data frame writes missing values as NaN, so NaN is missing there; infinity is an error.

    The last row's price is 59.699999999999996, which is how a double says 59.70.
    """
    values = [math.nan, math.inf, -math.inf, -1.0, 1e300]
    rows = [{"external_id": f"MP-{i}", "title": "Bag", "price": v, "currency": "EUR"} for i, v in enumerate(values)]
    rows.append({"external_id": "MP-9", "title": "Bag", "price": 3 * 19.9, "currency": "EUR"})
    row_counts, refused = errors_of(home, write_parquet(home / "a.parquet", rows))
    assert row_counts == {"new": 2, "changed": 0, "unchanged": 0, "quarantined": 4}
    assert [row["code"] for row in refused] == ["not_finite", "not_finite", "negative", "out_of_range"]


def test_a_refused_row_under_a_header_that_is_no_text_is_kept(home: Path) -> None:
    path = home / "a.csv"
    path.write_bytes(b"external_id,title,\xff\nMP-1,,x\n")
    assert take_in(home, path) == {"new": 0, "changed": 0, "unchanged": 0, "quarantined": 1}


def test_a_file_whose_name_is_no_text_is_taken_in(home: Path) -> None:
    path = write_csv(home / "a\udcff.csv", [{"external_id": "MP-1", "title": "Bag"}, {"title": ""}])
    assert take_in(home, path) == {"new": 1, "changed": 0, "unchanged": 0, "quarantined": 1}
    assert "import a\\udcff.csv" in touchstone_in(home, "quarantine").out


def test_the_screen_shows_the_first_twenty_refusals_and_how_many_more_there_are(home: Path) -> None:
    rows = [a_row(external_id=f"MP-{i}", price="-1") for i in range(25)]
    path = write_ndjson(home / "a.ndjson", rows)
    done = touchstone_in(home, "import", str(path), "--format", "native", "--errors", str(home / "errors.csv"))
    assert sum(line.startswith("row ") for line in done.err.splitlines()) == 20
    assert "and 5 more; --errors FILE writes them all." in done.err
    assert len((home / "errors.csv").read_text().splitlines()) == 26


def test_rows_too_long_for_one_command_are_sent_in_several(tmp_path: Path) -> None:
    """A command has at most 100 MB; a thousand rows of a megabyte would be ten times that."""
    path = write_csv(tmp_path / "a.csv", [{"title": "x" * 1_000_000, "description": "y"}] * 12)
    sent = list(batches(read_listings(path, "native", received_at=datetime.now(UTC))))
    assert [row.number for batch in sent for row in batch] == list(range(1, 13))
    assert [len(batch) for batch in sent] == [5, 5, 2]


# Unusable files.


def test_a_problem_within_a_file_leaves_the_rows_before_it_taken_in_or_none(home: Path) -> None:
    """Truncated XML: the command reports it and ends with 2, and a second run repeats nothing."""
    path = home / "a.xml"
    path.write_text("<rss><item><id>1</id><title>Bag</title></item><item>")
    done = touchstone_in(home, "import", str(path), "--format", "merchant-feed")
    assert (done.code, done.out) == (REFUSED, "")
    assert "not well-formed XML" in done.text
    path.write_text("<rss><item><id>1</id><title>Bag</title></item></rss>")
    assert sum(take_in(home, path, "merchant-feed").values()) == figures(home)["listings"] == 1


def test_a_file_that_the_system_will_not_read_is_refused_in_a_sentence(home: Path) -> None:
    """Root may read anything, so this file fails for everybody: another process's memory at 0."""
    path = home / "a.csv"
    path.symlink_to("/proc/self/mem")
    with pytest.raises(UnreadableFile, match=r"a\.csv: the file cannot be read: Input/output error\."):
        list(read_rows(path))
    done = touchstone_in(home, "import", str(path), "--format", "native")
    assert (done.code, done.text) == (REFUSED, "a.csv: the file cannot be read: Input/output error.")


def test_a_column_without_a_name_is_left_out_like_any_other_that_is_no_field(home: Path) -> None:
    """The default output of `DataFrame.to_csv`: its index under a blank heading."""
    path = home / "a.csv"
    path.write_text(",external_id,title\n0,MP-1,Bag\n1,MP-2,Hat,too much\n")
    assert take_in(home, path) == {"new": 1, "changed": 0, "unchanged": 0, "quarantined": 1}


def test_a_strangers_columns_are_guessed_shown_and_read(home: Path) -> None:
    path = home / "a.csv"
    path.write_bytes("id;name;cost;seller_name;maker;colour\n1;Gürtel;49,90;Huber;Lux;rot\n".encode("cp1252"))
    done = touchstone_in(home, "import", str(path), "--currency", "EUR", "--column", "maker=brand")
    assert (done.code, done.out.splitlines()[-1]) == (0, "1 rows in = 1 new + 0 changed + 0 unchanged + 0 quarantined")
    assert "cost is read as price." in done.out
    assert "Columns not used: colour" in done.err
    with runtime_of(home) as runtime, runtime.store.read() as connection:
        (content,) = connection.execute(select(listing_version.c.content)).scalars()
    assert (content["title"], content["price"], content["brand"]) == ("Gürtel", "49.90", "Lux")
