import json

import numpy as np
import pytest

from models.bundle import MANIFEST
from models.bundle_files import as_array
from training.differing import first_difference

FILES = {
    "forest.txt": b"tree\nleaf=1\nleaf=2\n",
    "model.json": json.dumps({"thresholds": {"analyst_from": 0.3}, "curve": [1, 2]}).encode(),
    "text_weights.npy": as_array(np.zeros(4, dtype=np.float32)),
    MANIFEST: b'{"files":{}}',
}
LONGER = as_array(np.zeros(5, dtype=np.float32))
ONE_MOVED = as_array(np.array([0, 0.25, 0, 0], dtype=np.float32))
CHANGES: list[tuple[dict[str, bytes], str]] = [
    (
        {"forest.txt": b"tree\nleaf=1\nleaf=3\n"},
        "forest.txt differs: 1 of 3 lines, the first at line 3: leaf=2 then, leaf=3 now",
    ),
    (
        {"forest.txt": b"tree\nleaf=1\n"},
        "forest.txt differs: 1 of 3 lines, the first at line 3: leaf=2 then, absent now",
    ),
    (
        {"model.json": json.dumps({"thresholds": {"analyst_from": 0.4}, "curve": [1, 3]}).encode()},
        "model.json differs: 2 of 3 values, the first at thresholds.analyst_from: 0.3 then, 0.4 now",
    ),
    ({"text_weights.npy": ONE_MOVED}, "text_weights.npy differs: 1 of 4 numbers, by at most 0.25"),
    ({"text_weights.npy": LONGER}, "text_weights.npy differs: 4 numbers then, 5 now"),
    ({"phrases.json": b"{}"}, "phrases.json is in one of the two bundles alone"),
    (
        {MANIFEST: b'{"files":{},"schema":3}', "text_weights.npy": ONE_MOVED},
        "text_weights.npy differs: 1 of 4 numbers, by at most 0.25",
    ),
    ({MANIFEST: b'{"schema":3}'}, "manifest.json differs: 1 of 1 values, the first at schema: absent then, 3 now"),
]


@pytest.mark.parametrize(("change", "sentence"), CHANGES)
def test_the_first_file_that_differs_is_named_with_its_first_difference(
    change: dict[str, bytes], sentence: str
) -> None:
    assert first_difference(FILES, {**FILES, **change}) == sentence


def test_equal_bundles_do_not_differ() -> None:
    assert first_difference(FILES, dict(FILES)) is None
