"""Rows that a person uploads or pastes, read like files of the command line, up to a limit."""

from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any, Final

from models.errors import Invalid
from training.adapters.files import UnreadableFile, read_rows

LARGEST: Final = 1_000_000  # Bytes: some ten thousand rows, and few enough to send back with the preview.
MOST_ROWS: Final = 10_000
MOST_COLUMNS: Final = 100  # Lists that people upload have a dozen.
# Other formats are for the command line only: a megabyte of Parquet can hold gigabytes.
_ENDINGS: Final = frozenset({".csv", ".tsv", ".txt"})


def rows_of(name: str, content: bytes) -> list[dict[str, Any]]:
    """The rows of a CSV or TSV file as text, without blank cells; text without a name is CSV.

    Raises Invalid (it is too large, has too many rows or columns, is not one of these formats, or has an unreadable
    row).
    """
    if not content.strip():
        raise Invalid("Choose a file, or paste its rows with the header row.")
    if len(content) > LARGEST:
        raise Invalid("A file can have at most {most:,} bytes here. Upload it in parts.", most=LARGEST)
    ending = PurePath(name).suffix.lower() or ".csv"
    if ending not in _ENDINGS:
        raise Invalid("The file's name must end in .csv, .tsv, .txt.")
    rows = []
    with TemporaryDirectory() as folder:
        path = Path(folder, f"rows{ending}")
        path.write_bytes(content)
        try:
            for row in read_rows(path, most_columns=MOST_COLUMNS):
                if row.problem is not None:
                    raise Invalid("Row {n}: {why}", n=row.number, why=row.problem.phrase)
                if row.number > MOST_ROWS:
                    raise Invalid("A file can have at most {most:,} rows here. Upload it in parts.", most=MOST_ROWS)
                rows.append({key: str(cell) for key, cell in row.cells.items() if cell not in (None, "")})
        except UnreadableFile as problem:
            raise Invalid(problem.phrase) from None
    return rows
