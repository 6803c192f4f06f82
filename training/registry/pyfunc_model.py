"""The registered model that MLflow loads: code that returns a probability, a route and reasons for each listing.

It imports only what `training.registry.model_files` copies beside it.
"""

import gc
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from features.fields import FieldError, Windows
from features.listing import LISTING_FIELDS, SELLER_FIELDS, Listing, Rejection, check
from models.bundle import MANIFEST, from_files
from models.offline import REFUSED, OfflineAnswer, answer_offline
from training.adapters.native import to_listing

# Rows at a time, which bounds the memory of what is computed.
_BATCH: Final = 1_000
# Most cells, which need no reading.
_SCALARS: Final = frozenset({str, float, int, bool})
REASONS: Final = "reasons"  # The parameter of `predict` that leaves them out.
_LISTS: Final = {"rating_counts": 5}
NESTED: Final = tuple(
    field.name
    for field in LISTING_FIELDS
    if "properties" in field.schema or field.name in {*_LISTS, "image_link", "sells_in"}
)


def _column_names() -> Iterator[str]:
    """The names of a flat table, with dots, as in a flat file."""
    seller = [(f"seller.{field.name}", field) for field in SELLER_FIELDS]
    for name, field in [*((field.name, field) for field in LISTING_FIELDS), *seller]:
        if "properties" in field.schema:
            yield from (f"{name}.{window}" for window in Windows._fields)
        elif name in _LISTS:
            yield from (f"{name}.{number}" for number in range(1, _LISTS[name] + 1))
        else:
            yield name


COLUMNS: Final = tuple(_column_names())
_DOTTED: Final = {name: name for name in COLUMNS} | {name.replace(".", "_"): name for name in COLUMNS}


class CounterfeitModel(PythonModel):
    """Scores rows of native listing fields offline, with the references of the bundle.

    A column may be nested (`seller` with a dictionary), dotted (`seller.age_days`) or underscored (`seller_age_days`);
    the answers are the same. None, NaN and an absent column mean that a value is missing.
    """

    def load_context(self, context: Any) -> None:
        """Read the bundle that was logged with the run."""
        folder = Path(context.artifacts["bundle"])
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        self.bundle = from_files({name: content for name, content in files.items() if name != "about.json"})
        if MANIFEST not in files:
            raise FileNotFoundError(f"{folder} holds no {MANIFEST}")

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002  # MLflow's signature
        """One output row per input row, in order: probability, route and reasons.

        A row that validation rejects has the probability None and the route `quarantined`. Every value is an object,
        so that None stays null in JSON, where NaN would be invalid. With the parameter `reasons` false, no reason is
        computed: the list is empty, except that a rejected row still says why.
        """
        now, explained = datetime.now(UTC), bool((params or {}).get(REASONS, True))
        rows = model_input.rename(columns=str).to_dict(orient="records")
        answers: list[OfflineAnswer] = []
        for first in range(0, len(rows), _BATCH):
            with _without_garbage_collection():
                answers += self._answers(rows[first : first + _BATCH], now, explained=explained)
        return pd.DataFrame(
            {
                "probability": pd.Series([answer.probability for answer in answers], dtype=object),
                "route": pd.Series([answer.route for answer in answers], dtype=object),
                "reasons": pd.Series([list(answer.reasons) for answer in answers], dtype=object),
            }
        )

    def _answers(self, rows: Sequence[Mapping[Any, Any]], now: datetime, *, explained: bool) -> list[OfflineAnswer]:
        checked = [_check_row(row, now) for row in rows]
        accepted = [listing for listing in checked if isinstance(listing, Listing)]
        answers = iter(answer_offline(self.bundle, accepted, marketplace="mlflow", as_of=now, with_reasons=explained))
        return [
            OfflineAnswer(None, REFUSED, (row.sentence,)) if isinstance(row, Rejection) else next(answers)
            for row in checked
        ]


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """No search for cyclic garbage meanwhile: a batch leaves none, and each search walks all that MLflow has loaded,
    which takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _check_row(row: Mapping[str, Any], now: datetime) -> Listing | Rejection:
    try:
        return check(to_listing(flatten_row(row)), received_at=now)
    except FieldError as refused:
        return Rejection(refused.code, refused.field, refused.sentence)


def flatten_row(row: Mapping[str, Any]) -> dict[str, object]:
    """The values of a row under the names of a flat file, without the missing ones.

    Raises Rejected (a name is not a field, or two columns give different values of one field).
    """
    flat_row: dict[str, object] = {}
    for column, cell in _flat_values(row):
        name = _DOTTED.get(column)
        if name is None:
            raise FieldError("unknown_field", column[:100], "{name} is not a field of a listing.", name=column[:100])
        if name in flat_row and flat_row[name] != cell:
            raise FieldError("given_twice", name, "{name} is given twice, with different values.", name=name)
        flat_row[name] = cell
    return flat_row


def _flat_values(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, raw in values.items():
        name = f"{prefix}{key}" if prefix else key
        if type(raw) in _SCALARS:
            if raw == raw:  # NaN is not.  # noqa: PLR0124
                yield name, raw
            continue
        cell = _python_value(raw)
        if isinstance(cell, Mapping):
            yield from _flat_values(cell, f"{name}.")
        elif isinstance(cell, Sequence) and not isinstance(cell, str):
            if name in _LISTS:
                yield from _flat_values(
                    {str(number): list_cell for number, list_cell in enumerate(cell, 1)}, f"{name}."
                )
            else:
                yield name, " ".join(map(str, cell))
        elif cell is not None:
            yield name, cell


def _python_value(cell: Any) -> Any:
    """A cell as a Python value; None where it is missing."""
    if isinstance(cell, np.ndarray):
        return cell.tolist()
    if isinstance(cell, np.generic):
        cell = cell.item()
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        return None
    return cell.to_pydatetime().isoformat() if isinstance(cell, pd.Timestamp) else cell


set_model(CounterfeitModel())
