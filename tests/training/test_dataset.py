import csv
import io
import json
from pathlib import Path

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from features.listing import Listing, Rejection
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import labelled_file, write_csv, write_ndjson
from tests.fixtures.strategies import JSON_VALUES, PROPERTY
from training.adapters.files import UnreadableFile, file_digest
from training.adapters.formats import FORMATS, UnknownLayout
from training.dataset import CheckedRow, read_listings
from training.snapshots.labelled import load_labelled


def read(path: Path, format_name: str = "native") -> list[CheckedRow]:
    return list(read_listings(path, format_name, received_at=NOW))


def codes(checked_rows: list[CheckedRow]) -> list[str | None]:
    return [row.listing.code if isinstance(row.listing, Rejection) else None for row in checked_rows]


def test_every_row_comes_back_in_order_refused_or_not(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'{"external_id":"1","title":"Bag"}\n{\n{"external_id":"3"}\n{"external_id":"4","title":"Hat"}\n')
    checked_rows = read(path)
    assert [row.number for row in checked_rows] == [1, 2, 3, 4]
    assert codes(checked_rows) == [None, "bad_json", "empty_listing", None]


def test_a_row_without_an_id_gets_one_from_the_file_and_its_number(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"title": "Bag"}, {"title": "Bag"}])
    digest = file_digest(path)[:16]
    assert [row.external_id for row in read(path)] == [f"row-{digest}-1", f"row-{digest}-2"]


def test_the_same_rows_in_another_file_have_other_derived_ids(tmp_path: Path) -> None:
    first_file = write_csv(tmp_path / "a.csv", [{"title": "Bag"}])
    other = write_csv(tmp_path / "b.csv", [{"title": "Bag"}, {"title": "Hat"}])
    assert read(first_file)[0].external_id != read(other)[0].external_id


def test_the_layout_is_found_by_the_first_row_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text('{\n{"title":"Bag"}\n')
    assert codes(read(path)) == ["bad_json", None]


def test_a_file_of_another_format_is_refused_as_a_whole(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayout, match="ozon-ecup"):
        read(write_csv(tmp_path / "a.csv", [{"title": "Bag"}]), "ozon-ecup")


def test_a_refused_row_has_its_id(tmp_path: Path) -> None:
    (row,) = read(
        write_csv(tmp_path / "a.csv", [{"external_id": "MP-1", "title": "Bag", "price": "-1", "currency": "EUR"}])
    )
    assert (row.external_id, codes([row])) == ("MP-1", ["negative"])


def test_an_id_that_is_not_utf_8_can_still_be_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"external_id,title\n\xff1,Caf\xc3\xa9\n")
    (row,) = read(path)
    assert (row.external_id, codes([row])) == ("\\udcff1", ["bad_characters"])


LABELS = [
    ("1", 1, None),
    ("0", 0, None),
    ("1.0", 1, None),
    (" ", None, None),
    ("yes", None, "bad_label"),
    ("2", None, "bad_label"),
    ("-1", None, "bad_label"),
]


@pytest.mark.parametrize(("cell", "label", "code"), LABELS, ids=[repr(row[0]) for row in LABELS])
def test_a_label_reads(tmp_path: Path, cell: str, label: int | None, code: str | None) -> None:
    checked_rows = read(write_csv(tmp_path / "a.csv", [{"title": "Bag", "label": cell}]))
    assert ([row.label for row in checked_rows], codes(checked_rows)) == ([label], [code])


def test_labels_of_a_nested_row_read_too(tmp_path: Path) -> None:
    rows = [{"title": "Bag", "label": label, "seller": {"age_days": 1}} for label in (1, 0, True, None)]
    checked_rows = read(write_ndjson(tmp_path / "a.ndjson", rows))
    assert [row.label for row in checked_rows] == [1, 0, None, None]
    assert codes(checked_rows) == [None, None, "bad_label", None]


def test_a_format_without_labels_has_none(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("id\ttitle\tlabel\n1\tBag\t1\n")
    assert [row.label for row in read(path, "merchant-feed")] == [None]


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["nan", "inf", "-1", "1e999", "sNaN", "9" * 400, "1e-400", "-Infinity", "0x10", "１２", "\0", '"', "NaN", "1_000"]
)
COLUMNS = {
    "native": [
        "external_id",
        "title",
        "price",
        "currency",
        "age_days",
        "sales.d7",
        "seller.rating",
        "rating_counts.1",
        "label",
    ],
    "merchant-feed": ["id", "title", "price", "sale_price", "availability", "image_link", "condition"],
    "ozon-ecup": [
        "ItemID",
        "name_rus",
        "PriceDiscounted",
        "item_time_alive",
        "GmvTotal7",
        "rating_1_count",
        "resolution",
    ],
    "vestiaire": [
        "product_id",
        "product_name",
        "price_usd",
        "in_stock",
        "seller_num_products_listed",
        "Start_price_EU",
    ],
    "wish": ["title", "title_orig", "price", "retail_price", "merchant_rating", "rating_one_count"],
    "ebay": ["Name", "item_id", "price", "Department", "priceWithCurrency"],
}


def test_every_format_is_given_arbitrary_cells() -> None:
    assert COLUMNS.keys() == FORMATS.keys()


@pytest.mark.parametrize("format_name", COLUMNS)
def test_no_text_in_any_cell_of_a_flat_file_raises(format_name: str, tmp_path: Path) -> None:
    columns = COLUMNS[format_name]

    @settings(PROPERTY, max_examples=40)  # All of them each time: `make soak` does not see it inside a test.
    @given(st.lists(st.lists(CELLS, min_size=1, max_size=len(columns) + 1), min_size=1, max_size=4))
    def holds(cells: list[list[str]]) -> None:
        stream = io.StringIO(newline="")
        csv.writer(stream).writerows([columns, *cells])
        path = tmp_path / "a.csv"
        path.write_text(stream.getvalue(), encoding="utf-8", newline="")
        assert all(isinstance(row.listing, Listing | Rejection) for row in read(path, format_name))

    holds()


@pytest.mark.parametrize("format_name", COLUMNS)
def test_no_value_in_any_key_of_a_line_raises(format_name: str, tmp_path: Path) -> None:
    columns = st.sampled_from([*COLUMNS[format_name], "seller", "x"])

    @settings(PROPERTY, max_examples=40)  # All of them each time: `make soak` does not see it inside a test.
    @given(st.lists(st.dictionaries(columns, JSON_VALUES | CELLS, max_size=5), min_size=1, max_size=4))
    def holds(rows: list[dict[str, object]]) -> None:
        path = tmp_path / "a.ndjson"
        first = {COLUMNS[format_name][0]: "1", COLUMNS[format_name][1]: "Bag"}
        path.write_text("".join(json.dumps(row, default=str) + "\n" for row in [first, *rows]), encoding="utf-8")
        assert all(isinstance(row.listing, Listing | Rejection) for row in read(path, format_name))

    holds()


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), 1e300, -1.5])
@pytest.mark.parametrize("format_name", ["ozon-ecup", "wish", "vestiaire", "native"])
def test_no_number_in_any_column_of_a_parquet_file_raises(format_name: str, number: float, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({name: [number] for name in COLUMNS[format_name]}), path)
    assert len(read(path, format_name)) == 1


# Labelled listings of a file.


def test_labelled_rows_are_loaded_and_the_others_counted(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"title": "Bag", "label": 1},
        {"title": "Hat", "label": 0},
        {"title": "Cap"},
        {"label": 1},
        {"title": "Tie", "label": 5},
    ]
    contents = load_labelled(write_ndjson(tmp_path / "a.ndjson", rows), "native", received_at=NOW)
    assert (contents.labelled.labels.tolist(), contents.unlabelled, contents.refused) == ([1, 0], 1, 2)


def test_a_file_without_labels_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"title": "Bag"}])
    with pytest.raises(ValueError, match="no row has a label"):
        load_labelled(path, "native", received_at=NOW)


def test_sellers_of_labelled_rows_are_groups(tmp_path: Path) -> None:
    contents = load_labelled(labelled_file(tmp_path / "a.ndjson", 6), "native", received_at=NOW)
    assert contents.labelled.groups.tolist() == [0, 0, 1, 1, 2, 2]


def test_an_unreadable_file_is_refused_before_any_row(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read(tmp_path / "none.csv")
