import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.fields import FieldError
from training.adapters.files import MOST_COLUMNS, RawRow, UnreadableFile, file_digest, parse_json, read_rows


def rows(tmp_path: Path, name: str, content: bytes) -> list[RawRow]:
    path = tmp_path / name
    path.write_bytes(content)
    return list(read_rows(path))


def problems(raw_rows: list[RawRow]) -> list[str | None]:
    return [row.problem.code if row.problem else None for row in raw_rows]


SAME = [
    ("a.csv", b"id,title\n1,Bag\n", "commas"),
    ("a.CSV", b"id,title\n1,Bag\n", "an ending in capitals"),
    ("a.csv", b"\xef\xbb\xbfid,title\r\n1,Bag\r\n", "a byte order mark and other line ends"),
    ("a.csv", b'id,title\n1,"Bag"\n', "quotes"),
    ("a.tsv", b"id\ttitle\n1\tBag\n", "tabs"),
    ("a.txt", b"id\ttitle\n1\tBag\n", "tabs under another name"),
    ("a.ndjson", b'{"id":"1","title":"Bag"}\n', "an object a line"),
    ("a.jsonl", b'\n{"id":"1","title":"Bag"}', "blank lines, none at the end"),
    ("a.xml", b"<rss><channel><item><id>1</id><title>Bag</title></item></channel></rss>", "an RSS feed"),
    ("a.xml", b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>Bag</title></entry></feed>', "Atom"),
    (
        "a.xml",
        b'<rss xmlns:g="http://base.google.com/ns/1.0"><item><g:id> 1 </g:id><title>Bag</title></item></rss>',
        "names with a namespace",
    ),
]


@pytest.mark.parametrize(("name", "content", "_why"), SAME)
def test_a_file_is_read_by_its_ending(tmp_path: Path, name: str, content: bytes, _why: str) -> None:
    assert rows(tmp_path, name, content) == [RawRow(1, {"id": "1", "title": "Bag"})]


UNCLOSED = [
    (b'id,title\n1,"Bag\n2,Hat\n', ["unreadable_row"], "a quote that is never closed"),
    (b'id,title\n1,"Bag" grey\n2,Hat\n', ["unreadable_row", None], "a quote that closes within a cell"),
    (b'id,title\n1,19" rim\n2,Hat\n', [None, None], "an inch is no quote"),
]


@pytest.mark.parametrize(("content", "expected", "why"), UNCLOSED)
def test_a_misplaced_quote_loses_no_rows_silently(
    tmp_path: Path, content: bytes, expected: list[str | None], why: str
) -> None:
    assert problems(rows(tmp_path, "a.csv", content)) == expected, why


def test_a_parquet_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["1", None], "n": [1.5, None]}), path)
    assert list(read_rows(path)) == [RawRow(1, {"id": "1", "n": 1.5}), RawRow(2, {"id": None, "n": None})]


UNREADABLE = [
    ("a.csv", b"", "the file is empty", "no header"),
    ("a.csv", b'"' + b"x" * 8_000_001 + b'"\n1\n', "the header cannot be read", "a header longer than any"),
    ("a.zip", b"PK", "the name must end in .csv", "a kind that is not read"),
    ("a", b"id\n", "the name must end in .csv", "no ending"),
    ("a.parquet", b"PAR1", "not a readable Parquet file", "a Parquet file cut short"),
    ("a.xml", b"<rss><item>", "not well-formed XML", "XML cut short"),
    ("a.xml", b'<?xml version="1.0" encoding="martian"?><rss/>', "not well-formed XML", "an unknown encoding"),
    ("a.xml", b'<?xml version="1.0" encoding="utf-7"?><rss/>', "not well-formed XML", "an encoding that is not read"),
    (
        "a.xml",
        b'<!DOCTYPE r [<!ENTITY a "aaaa">]><rss><item><id>&a;</id></item></rss>',
        "entities or a document type",
        "an entity",
    ),
    (
        "a.xml",
        b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><item><id>&a;</id></item></rss>',
        "entities or a document type",
        "a file of the machine as an entity",
    ),
    ("a.xml", b'<!DOCTYPE r SYSTEM "http://evil.example/x.dtd"><rss/>', "entities or a document type", "a foreign DTD"),
]


@pytest.mark.parametrize(("name", "content", "sentence", "_why"), UNREADABLE)
def test_a_file_is_refused_as_a_whole(tmp_path: Path, name: str, content: bytes, sentence: str, _why: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence):
        rows(tmp_path, name, content)


def test_a_header_of_too_many_columns_is_refused_before_a_row_is_read(tmp_path: Path) -> None:
    """Every row has a cell for each column: a header of a megabyte of commas over ten thousand rows took a minute."""
    wide = pa.table({f"c{i}": [1] for i in range(MOST_COLUMNS + 1)})
    pq.write_table(wide, tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_bytes(b"," * MOST_COLUMNS + b"\n1\n")
    (tmp_path / "a.tsv").write_bytes(b"\t" * MOST_COLUMNS + b"\n1\n")
    for name in ("a.parquet", "a.csv", "a.tsv"):
        with pytest.raises(UnreadableFile, match="the header has 2,001 columns; at most 2,000 are accepted"):
            next(read_rows(tmp_path / name))
    (tmp_path / "b.csv").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(UnreadableFile, match="2 columns; at most 1 are"):
        next(read_rows(tmp_path / "b.csv", most_columns=1))
    assert len(list(read_rows(tmp_path / "b.csv", most_columns=2))) == 1


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="there is no such file"):
        list(read_rows(tmp_path / "a.csv"))


def test_a_folder_named_like_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(UnreadableFile, match="there is no such file"):
        list(read_rows(tmp_path / "a.csv"))


def test_a_row_with_more_cells_than_columns_is_kept_with_its_problem(tmp_path: Path) -> None:
    assert problems(rows(tmp_path, "a.csv", b"id,title\n1,Bag,grey\n2,Hat\n")) == ["ragged_row", None]


def test_a_row_with_fewer_cells_than_columns_lacks_the_last(tmp_path: Path) -> None:
    assert rows(tmp_path, "a.csv", b"id,title\n1\n") == [RawRow(1, {"id": "1", "title": None})]


def test_a_cell_that_is_too_long_to_read_costs_only_its_row(tmp_path: Path) -> None:
    raw_rows = rows(tmp_path, "a.csv", b"id,title\n1,Bag\n2," + b"x" * 8_000_001 + b"\n")
    assert problems(raw_rows) == [None, "unreadable_row"]


def test_bytes_that_are_not_utf_8_beside_such_that_are_become_half_surrogates(tmp_path: Path) -> None:
    assert rows(tmp_path, "a.csv", "title\nSac \u00e9\n".encode() + b"Sac \xe9l\n")[1].cells["title"] == "Sac \udce9l"


BAD_LINES = [
    (b"{", "bad_json", "cut short"),
    (b"[1]", "wrong_type", "a list"),
    (b"null", "wrong_type", "nothing"),
    (b'{"id":"1","id":"2"}', "duplicate_key", "a key twice"),
    (b'{"a":{"b":1,"b":1}}', "duplicate_key", "a key twice, further in"),
    (b'{"title":"\xff"}', "bad_json", "not UTF-8"),
    (b'{"price":1e99999999999999999999}', "bad_json", "a number beyond any reading"),
    (b'{"price":' + b"1" * 5_000 + b"}", "bad_json", "a number of too many digits"),
    (b"[" * 50_000, "bad_json", "nested too deeply"),
    (b"{'id':'1'}", "bad_json", "Python's quotes"),
]


@pytest.mark.parametrize(("line", "code", "_why"), BAD_LINES)
def test_a_bad_line_costs_only_its_row(tmp_path: Path, line: bytes, code: str, _why: str) -> None:
    assert problems(rows(tmp_path, "a.ndjson", line + b'\n{"id":"2"}\n')) == [code, None]


def test_json_numbers_keep_their_digits() -> None:
    assert str(parse_json(b'{"price": 19.90}')) == "{'price': Decimal('19.90')}"


def test_non_finite_json_numbers_reach_validation_that_names_the_field() -> None:
    assert parse_json('{"price": -Infinity}') == {"price": float("-inf")}


SENTENCES = [
    ('{"pri\\u0000ce":1,"pri\\u0000ce":2}', "pri\\x00ce stands twice in one object."),
    ("{", "This is not JSON: Expecting property name enclosed in double quotes at character 1."),
    (b"\xff", "This is not JSON: not UTF-8."),
    ("1" * 5_000, "This is not JSON: a number has too many digits."),
]


@pytest.mark.parametrize(("text", "sentence"), SENTENCES, ids=[row[1] for row in SENTENCES])
def test_bad_json_is_refused_in_a_sentence_that_does_not_repeat_it(text: str | bytes, sentence: str) -> None:
    with pytest.raises(FieldError) as refused:
        parse_json(text)
    assert refused.value.sentence == sentence


def test_a_repeated_element_is_joined_with_commas(tmp_path: Path) -> None:
    content = b"<rss><item><link>a</link><link>b</link></item></rss>"
    assert rows(tmp_path, "a.xml", content)[0].cells == {"link": "a,b"}


def test_the_address_of_an_atom_link_is_read(tmp_path: Path) -> None:
    assert rows(tmp_path, "a.xml", b'<feed><entry><link href="http://a"/></entry></feed>')[0].cells == {
        "link": "http://a"
    }


def test_progress_ends_with_the_size_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text("".join(json.dumps({"id": i}) + "\n" for i in range(2_500)))
    seen: list[int] = []
    assert len(list(read_rows(path, seen.append))) == 2_500
    assert (len(seen), seen[-1], seen == sorted(seen)) == (3, path.stat().st_size, True)


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
