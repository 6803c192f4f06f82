"""A file's rows through the one door: each becomes a listing or a rejection, and none is lost."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.fields import Rejected
from features.listing import Listing, Rejection, check
from training.adapters.cells import present
from training.adapters.files import RawRow, file_digest, read_rows
from training.adapters.formats import FORMATS, Format, Layout


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One row of a file: its values, the result of validation, and its label where the format has one."""

    number: int
    cells: Mapping[str, object]
    mapping: Mapping[str, object]
    listing: Listing | Rejection
    label: int | None

    @property
    def external_id(self) -> str | None:
        """The row's own id as text that can be written, also of a refused row; None where it could not be read."""
        found = self.mapping.get("external_id")
        return found.encode("utf-8", "backslashreplace").decode() if isinstance(found, str) else None


def read_listings(
    path: Path, format_name: str, *, received_at: datetime, advanced: Callable[[int], None] = lambda _: None
) -> Iterator[CheckedRow]:
    """The rows of a file, in order. A row without an id gets one derived from the file and its place.

    Raises
    ------
    Unreadable, UnknownLayout
        The file as a whole cannot be read as this format.
    """
    layout: Layout | None = None
    digest = ""
    for row in read_rows(path, advanced):
        if layout is None and row.problem is None:
            layout, digest = _layout(FORMATS[format_name], row), file_digest(path)
        yield _checked(row, layout, digest, received_at)


def _layout(found: Format, row: RawRow) -> Layout:
    return found.layout_of(row.cells)


def _checked(row: RawRow, layout: Layout | None, digest: str, received_at: datetime) -> CheckedRow:
    if row.problem is not None or layout is None:
        problem = row.problem or Rejected("unreadable_row", "", "The row cannot be read.")
        return CheckedRow(row.number, row.cells, {}, _rejection(problem), None)
    mapping: dict[str, object] = {}
    try:
        mapping = dict(layout.to_listing(row.cells))
        mapping.setdefault("external_id", derived_id(digest, row.number))
        label = _label(row, layout.label_column)
    except Rejected as refused:
        return CheckedRow(row.number, row.cells, mapping, _rejection(refused), None)
    return CheckedRow(row.number, row.cells, mapping, check(mapping, received_at=received_at), label)


def _rejection(refused: Rejected) -> Rejection:
    return Rejection(refused.code, refused.field, refused.sentence)


def derived_id(digest: str, number: int) -> str:
    """The id of a row that has none, marked as derived by its prefix."""
    return f"row-{digest[:16]}-{number}"


def _label(row: RawRow, column: str | None) -> int | None:
    value = None if column is None else present(row.cells, column)
    if value is None:
        return None
    if str(value) not in {"0", "1", "0.0", "1.0"}:
        raise Rejected("bad_label", column or "", f"{column} must be 0 or 1.")
    return int(float(str(value)))
