"""The files of a bundle as bytes: JSON without repeated names, and one array. Nothing in them is evaluated."""

import io
import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.text_kernel import COLUMNS
from models.errors import BundleRefused
from models.routing import Thresholds

_HEADER: Final = re.compile(
    rb"\x93NUMPY\x01\x00(..)\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d{1,9}),\), \} *\n", re.DOTALL
)
_STEEPEST: Final = 100
_BEFORE: Final = 10  # Bytes of a .npy file of version 1.0 before the part that its length counts.


def finite_numbers(by_name: Mapping[str, object]) -> dict[str, float]:
    """Finite numbers by name."""
    return {name: finite_number(raw) for name, raw in by_name.items()}


def finite_number(raw: object) -> float:
    """A finite number; otherwise the first comparison with a listing would fail."""
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise ValueError
    return float(raw)


def parse_slope(raw: object) -> float:
    """A number from 0 to 100: more log-odds in one spread of a value are none that a fit finds."""
    steepness = finite_number(raw)
    if not 0 <= steepness <= _STEEPEST:
        raise ValueError
    return steepness


def parse_share(raw: object) -> float:
    """A number from 0 to 1."""
    fraction = finite_number(raw)
    if not 0 <= fraction <= 1:
        raise ValueError
    return fraction


def thresholds_from(document: Mapping[str, object]) -> Thresholds:
    """The threshold for analysts is at most that for brands."""
    thresholds = Thresholds(**{name: parse_share(raw) for name, raw in document.items()})
    if thresholds.analyst_from > thresholds.ask_brand_from:
        raise ValueError
    return thresholds


def read_weights(files: Mapping[str, bytes], name: str) -> NDArray[np.float32]:
    """The array in a .npy file. Its header must equal what this version writes; it is never evaluated."""
    content = files[name]
    header = _HEADER.match(content)
    if header is None or int.from_bytes(header[1], "little") != header.end() - _BEFORE or int(header[2]) != COLUMNS:
        raise BundleRefused("{name} is no array of {n} numbers.", name=name, n=COLUMNS)
    weights = np.frombuffer(content[header.end() :], dtype=np.float32).copy()
    if len(weights) != COLUMNS or not np.isfinite(weights).all():
        raise BundleRefused("{name} does not hold {n} finite numbers.", name=name, n=COLUMNS)
    return weights


def read_json(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    """The object in a JSON file. Raises BundleRefused (the file is not JSON, has a name twice, or holds no object)."""
    try:
        document = json.loads(files[name].decode(), object_pairs_hook=_refuse_repeats)
    except (ValueError, RecursionError):
        raise BundleRefused("{name} is not JSON.", name=name) from None
    if not isinstance(document, dict):
        raise BundleRefused("{name} is not an object.", name=name)
    return document


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuses a repeated name, because another parser may read it differently."""
    by_name = dict(pairs)
    if len(by_name) != len(pairs):
        raise ValueError
    return by_name


def as_array(values: NDArray[np.float32]) -> bytes:
    """The .npy file of an array; `read_weights` is the inverse."""
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()


def as_json(document: object) -> bytes:
    """Canonical JSON: equal values give equal bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()
