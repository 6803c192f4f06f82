"""Notebooks with their outputs: `make notebooks` executes each .py and writes the .ipynb beside it.

The same source gives the same file: outputs carry no times, no paths of the machine and no random ids.
"""

import asyncio
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import jupytext
import nbclient
import nbformat
import typer

ROOT: Final = Path(__file__).parents[2]
NOTEBOOKS: Final = sorted((ROOT / "notebooks").glob("*.py"))
# Its figures are those of the real data, so it keeps them where the data are not at hand.
REAL: Final = "05_real_benchmark"
DATASETS: Final = Path(os.environ.get("TOUCHSTONE_DATASETS", ROOT.parent / "shared" / "datasets"))
_METADATA: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
# The libraries of linear algebra wait busily for each other on a machine with other work.
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# A number with its sign and the spaces around it, which depend on its length in a table.
_NUMBER: Final = re.compile(r"\s*[+-]?\d[\d,]*\.?\d*\s*")


def source_of(path: Path) -> Any:
    """The notebook of a percent-format file, without outputs; a cell's id is its place and content."""
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = nbformat.from_dict(_METADATA)
    for number, cell in enumerate(notebook.cells):
        cell.metadata = nbformat.from_dict({})
        cell.id = f"{number:02}-{hashlib.sha256(cell.source.encode()).hexdigest()[:8]}"
    return notebook


def executed_notebook(notebook: Any) -> Any:
    """The notebook with its outputs, run from the root of the repository.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell failed.
    """
    client = nbclient.NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(ROOT)}},
        extra_arguments=["--log-level=ERROR"],
    )
    asyncio.run(client.async_execute(env=os.environ | _ONE_THREAD))
    notebook.metadata = nbformat.from_dict(_METADATA)
    return notebook


def outputs(notebook: Any) -> Iterator[Any]:
    """The outputs of all cells."""
    for cell in notebook.cells:
        yield from cell.get("outputs", ())


def printed_text(notebook: Any) -> str:
    """All text of the outputs, with 0 in place of each number: processors differ in the last digits."""
    texts = (output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs(notebook))
    return _NUMBER.sub("0", "\n".join(texts))


def write(path: Path) -> Path:
    """Execute a notebook and write it with its outputs."""
    target = path.with_suffix(".ipynb")
    text = nbformat.writes(executed_notebook(source_of(path)), indent=1, sort_keys=True)
    target.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    return target


def main(prefixes: Sequence[str]) -> None:
    """Write the notebooks whose names begin so, or all."""
    for path in NOTEBOOKS:
        if prefixes and not path.stem.startswith(tuple(prefixes)):
            continue
        if path.stem == REAL and not DATASETS.is_dir():
            typer.echo(f"{path.stem}: not executed, because its figures need the real data (TOUCHSTONE_DATASETS)")
            continue
        target = write(path)
        typer.echo(f"{target.relative_to(ROOT)}  {target.stat().st_size / 1000:,.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
