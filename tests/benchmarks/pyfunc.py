"""Rows per second of the registered model, as `mlflow.pyfunc.load_model(…).predict(frame)` answers them.

CPU time of one process, because the program that loads the model decides how many processes use it.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

import pandas as pd

from tests.benchmarks.work import bundle_files, rows_to_score
from tests.fixtures.registered import registered_model

COLUMNS: Final = (
    "external_id", "title", "description", "brand", "product_type", "price", "currency", "language", "age_days",
)  # fmt: skip
WITHOUT, WITH = "without reasons", "with reasons"
_ROWS: Final = 5_000
_INTRODUCTION: Final = """\
A frame of simulated listings goes through `mlflow.pyfunc.load_model(…).predict(frame)`, MLflow's own checks included.
The figures are rows per second of CPU time in one process, medians over {rounds} rounds after a first one to warm up.
"""
# MLflow is imported by processes of its own alone.
_LOADED: Final = """
import json, sys, time
import mlflow
import pandas as pd
loaded, rows, rounds = mlflow.pyfunc.load_model(sys.argv[1]), pd.read_parquet(sys.argv[2]), int(sys.argv[3])
found = {"without reasons": [], "with reasons": []}
for number in range(rounds + 1):
    for name, params in (("without reasons", {"reasons": False}), ("with reasons", None)):
        begun = time.process_time()
        loaded.predict(rows, params=params)
        if number:
            found[name].append(len(rows) / (time.process_time() - begun))
print(json.dumps(found))
"""


def rows_per_second(rounds: int) -> dict[str, list[float]]:
    """Rows per second of CPU time with and without reasons, by round."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        rows = pd.DataFrame([{name: row.get(name) for name in COLUMNS} for row in rows_to_score(_ROWS)])
        rows.to_parquet(home / "rows.parquet")
        model = registered_model(home, bundle_files())
        done = subprocess.run(
            [sys.executable, "-P", "-c", _LOADED, str(model), str(home / "rows.parquet"), str(rounds)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        )
        rates: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
        return rates


def section(rounds: int) -> str:
    """The part of the page."""
    rates = rows_per_second(rounds)
    lines = [f"| {name} | {median(rates[name]):,.0f} |" for name in (WITHOUT, WITH)]
    return "\n".join([_INTRODUCTION.format(rounds=rounds), "| rows | a second |", "| --- | ---: |", *lines])
