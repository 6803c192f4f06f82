"""Items of an XML feed, read in pieces: memory is bounded by the longest item, whatever the file holds."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from defusedxml.ElementTree import DefusedXMLParser

_ITEMS: Final = ("item", "entry")  # RSS 2.0 and Atom.
_CONTENT: Final = "content"  # The text of a field with parts, such as `structured_title`.
_PIECE_BYTES: Final = 65_536
# The parser holds a tag or a comment until it ends. An address has at most 2,000 characters.
LONGEST_TAG_BYTES: Final = 1_000_000
DEEPEST: Final = 100  # A feed has four levels.
MOST_NAMES: Final = 10_000  # The parser keeps every name. Known feeds have about a hundred.
LONGEST_ITEM: Final = 8_000_000  # Characters; longer than any listing accepts.
MOST_FIELDS: Final = 2_000


class LimitExceeded(ValueError):
    """The file has a part that no feed has."""


@dataclass(slots=True)
class FeedItem:
    """One item: its values by name, without namespaces.

    `is_too_long` is set beyond `LONGEST_ITEM` characters or `MOST_FIELDS` fields; the values end there.
    """

    values: dict[str, list[str]] = field(default_factory=dict)
    fields: int = 0
    length: int = 0

    @property
    def is_too_long(self) -> bool:
        """Whether some values are not kept."""
        return self.fields > MOST_FIELDS or self.length > LONGEST_ITEM

    def cells(self) -> dict[str, object]:
        """The values; those of a repeated name are joined with commas."""
        return {name: ",".join(values) for name, values in self.values.items()}


def items(stream: BinaryIO) -> Iterator[FeedItem]:
    """Every item or entry of a feed, in order.

    Raises BeyondLimits (a tag is too long, elements are nested too deeply, or there are too many names),
    xml.etree.ElementTree.ParseError (not well-formed) or defusedxml.common.DefusedXmlException (a document type or an
    entity is declared).
    """
    collector = _ItemParser()
    parser = DefusedXMLParser(target=collector, forbid_dtd=True)
    events, silent = 0, 0
    while piece := stream.read(_PIECE_BYTES):
        parser.feed(piece)
        silent = 0 if collector.events > events else silent + len(piece)
        events = collector.events
        if silent > LONGEST_TAG_BYTES:
            raise LimitExceeded(f"a tag of more than {LONGEST_TAG_BYTES:,} bytes")
        yield from collector.taken()
    parser.close()
    yield from collector.taken()


class _ItemParser:
    """What the parser reports to. It keeps the open item, and builds no tree."""

    def __init__(self) -> None:
        self.events = 0
        self._done: list[FeedItem] = []
        self._names: set[str] = set()
        self._depth = 0
        self._open_item: FeedItem | None = None
        self._item_depth = 0
        self._href = ""
        self._text: list[str] = []
        self._is_text_open = False

    def taken(self) -> list[FeedItem]:
        """The items that ended since the last call."""
        taken, self._done = self._done, []
        return taken

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """A tag begins."""
        self.events += 1
        self._depth += 1
        if self._depth > DEEPEST:
            raise LimitExceeded(f"elements nested more than {DEEPEST} deep")
        self._note_names(tag, *attributes)
        if self._open_item is None:
            if _local_name(tag) in _ITEMS:
                self._open_item, self._item_depth = FeedItem(), self._depth
            return
        is_field = self._depth == self._item_depth + 1
        is_content = self._depth == self._item_depth + 2 and _local_name(tag) == _CONTENT
        self._is_text_open = is_field or is_content
        if is_content:
            self._text = []
        if is_field:
            self._open_item.fields += 1
            self._text, self._href = [], attributes.get("href", "")

    def start_ns(self, prefix: str, uri: str) -> None:
        """A namespace is declared."""
        self._note_names(prefix, uri)

    def data(self, text: str) -> None:
        """Text; only the text of a field, before any element inside it, or of its content, is kept."""
        self.events += 1
        if self._open_item is None or not self._is_text_open:
            return
        self._open_item.length += len(text)
        if not self._open_item.is_too_long:
            self._text.append(text)

    def end(self, tag: str) -> None:
        self.events += 1
        self._depth -= 1
        self._is_text_open = False
        if self._open_item is None:
            return
        if self._depth < self._item_depth:
            self._done.append(self._open_item)
            self._open_item = None
        elif self._depth == self._item_depth and not self._open_item.is_too_long:
            self._open_item.values.setdefault(_local_name(tag), []).append(
                "".join(self._text).strip() or self._href.strip()
            )

    def comment(self, _text: str) -> None:
        self.events += 1

    def pi(self, _name: str, _text: str) -> None:
        """A processing instruction."""
        self.events += 1

    def _note_names(self, *names: str) -> None:
        self._names.update(names)
        if len(self._names) > MOST_NAMES:
            raise LimitExceeded(f"more than {MOST_NAMES:,} names of elements and attributes")


def _local_name(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]
