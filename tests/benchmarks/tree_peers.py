"""Other ways to compute the trees of LightGBM: onnxruntime, and timber's compiled C. Both calculate in 32 bits.

They are in requirements/bench.txt; one that is not installed is left out.
"""

import logging
import tempfile
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import lightgbm as lgb
import numpy as np

from models.arrays import Floats

Side = Callable[[Floats], Floats]
_LARGEST: Final = 3.4e38  # LightGBM separates missing values by 1e300, which timber writes as `inf` and cannot compile.


def tree_peers(booster: lgb.Booster) -> dict[str, Side]:
    """The probabilities of a booster of two classes, by each peer that is installed, on one thread."""
    peers: dict[str, Side] = {}
    if find_spec("onnxruntime") and find_spec("onnxmltools"):
        peers["onnxruntime"] = _by_onnxruntime(booster)
    if find_spec("timber"):
        peers["timber"] = _by_timber(booster)
    return peers


def _by_onnxruntime(booster: lgb.Booster) -> Side:
    onnxruntime: Any = import_module("onnxruntime")
    convert: Any = import_module("onnxmltools").convert_lightgbm
    types: Any = import_module("onnxmltools.convert.common.data_types")
    logging.getLogger("onnxmltools").setLevel(logging.ERROR)
    shape = types.FloatTensorType([None, booster.num_feature()])
    model = convert(booster, initial_types=[("rows", shape)], zipmap=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # It warns of each batch that is not of one row.
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def score(rows: Floats) -> Floats:
        return np.asarray(session.run(None, {"rows": rows.astype(np.float32)})[1][:, 1])

    return score


def _by_timber(booster: lgb.Booster) -> Side:
    predictor: Any = import_module("timber.runtime.predictor").TimberPredictor
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(map(_in_range, booster.model_to_string().split("\n"))))
        file.flush()
        loaded = predictor.from_model(Path(file.name))

    def score(rows: Floats) -> Floats:
        return np.asarray(loaded.predict(rows.astype(np.float32))).ravel()

    return score


def _in_range(line: str) -> str:
    """A line of LightGBM's text, with thresholds that 32 bits can hold."""
    name, equals, values = line.partition("=")
    if name != "threshold":
        return line
    return name + equals + " ".join(limit if float(limit) < _LARGEST else str(_LARGEST) for limit in values.split())
