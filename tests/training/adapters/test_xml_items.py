"""Feeds are read in pieces: neither their size nor their form takes memory, and items are as a tree would give them."""

import tracemalloc
from pathlib import Path
from xml.etree import ElementTree

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from training.adapters import xml_items
from training.adapters.files import UnreadableFile, read_rows

pytestmark = pytest.mark.attack

_MEGABYTE = 1_000_000


def rows_of(tmp_path: Path, content: bytes) -> list[dict[str, object]]:
    (tmp_path / "a.xml").write_bytes(content)
    return [dict(row.cells) for row in read_rows(tmp_path / "a.xml")]


WITHOUT_ITEMS = [
    (b"<rss><channel>", b"<product><id>1</id></product>", b"</channel></rss>", "elements of another name"),
    (b"<rss><channel>", b"text ", b"</channel></rss>", "text outside items"),
    (b"<rss><item><id>1</id>", b"<a><b>1</b></a>", b"</item></rss>", "one item without an end"),
    (b"<rss><item><id>", b"1234567890", b"</id></item></rss>", "one value without an end"),
    (b"<rss>", b"<!-- a comment -->", b"</rss>", "comments"),
]


@pytest.mark.parametrize(("head", "part", "tail", "why"), WITHOUT_ITEMS)
def test_a_large_feed_takes_little_memory(tmp_path: Path, head: bytes, part: bytes, tail: bytes, why: str) -> None:
    """A tree of the first holds 10 MB, whether it is read item by item or at once."""
    rows_of(tmp_path, head + part + tail)  # So that what is loaded once does not count.
    (tmp_path / "a.xml").write_bytes(head + part * (_MEGABYTE // len(part)) + tail)
    tracemalloc.start()
    try:
        list(read_rows(tmp_path / "a.xml"))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2.5 * _MEGABYTE


BEYOND = [
    (b"<a>" * (xml_items.DEEPEST + 1), "nested more than 100 deep", "depth"),
    (b"<rss " + b"x" * (xml_items.LONGEST_TAG_BYTES + 200_000), "a tag of more than 1,000,000 bytes", "one long tag"),
    (b"<rss><!-- " + b"x" * (xml_items.LONGEST_TAG_BYTES + 200_000), "a tag of more than", "one long comment"),
    (b"<rss>" + b"".join(b"<n%d/>" % n for n in range(xml_items.MOST_NAMES)), "more than 10,000 names", "elements"),
    (b"<rss>" + b"".join(b"<a n%d='1'/>" % n for n in range(xml_items.MOST_NAMES)), "names", "attributes"),
    (b"<rss>" + b"".join(b"<a xmlns:n%d='u'/>" % n for n in range(xml_items.MOST_NAMES)), "names", "prefixes"),
]


@pytest.mark.parametrize(("content", "words", "why"), BEYOND)
def test_what_no_feed_has_is_refused_before_it_takes_memory(
    tmp_path: Path, content: bytes, words: str, why: str
) -> None:
    with pytest.raises(UnreadableFile, match=words):
        rows_of(tmp_path, content)


TOO_LONG = [
    (b"<rss><item>" + b"<id>1</id>" * (xml_items.MOST_FIELDS + 1), "fields"),
    (b"<rss><item><id>" + b"x" * (xml_items.LONGEST_ITEM + 1) + b"</id>", "characters"),
]


@pytest.mark.parametrize(("feed_item", "why"), TOO_LONG)
def test_an_item_that_is_too_long_costs_only_its_row(tmp_path: Path, feed_item: bytes, why: str) -> None:
    (tmp_path / "a.xml").write_bytes(feed_item + b"</item><item><id>2</id></item></rss>")
    raw_rows = list(read_rows(tmp_path / "a.xml"))
    assert [row.problem.code if row.problem else None for row in raw_rows] == ["unreadable_row", None]


_NAMES = st.sampled_from(["id", "g:id", "title", "link"])
_TEXTS = st.text(st.sampled_from("ab &<\n"), max_size=4)


@st.composite
def a_tree(draw: st.DrawFn, levels: int = 3) -> ElementTree.Element:
    element = ElementTree.Element(draw(_NAMES), {"href": draw(_TEXTS)} if draw(st.booleans()) else {})
    element.text, element.tail = draw(_TEXTS), draw(_TEXTS)
    if levels:
        element.extend(draw(st.lists(a_tree(levels=levels - 1), max_size=3)))
    return element


@given(st.lists(st.lists(a_tree(), max_size=4), max_size=4))
def test_items_are_what_a_tree_of_the_whole_file_gives(
    tmp_path_factory: pytest.TempPathFactory, contents: list[list[ElementTree.Element]]
) -> None:
    root = ElementTree.Element("rss", {"xmlns:g": "http://base.google.com/ns/1.0"})
    for children in contents:
        ElementTree.SubElement(root, "item").extend(children)
    text = ElementTree.tostring(root)
    expected: list[dict[str, object]] = []
    for feed_item in fromstring(text):
        values: dict[str, list[str]] = {}
        for child in feed_item:
            name = child.tag.rsplit("}", 1)[-1]
            values.setdefault(name, []).append((child.text or "").strip() or child.get("href", "").strip())
        expected.append({name: ",".join(texts) for name, texts in values.items()})
    assert rows_of(tmp_path_factory.mktemp("feed"), text) == expected
