"""The registered model as a stranger loads it: in a process that knows nothing of this repository."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.fixtures.once import one_process_at_a_time
from tests.fixtures.registered import registered_model
from tests.fixtures.trained import a_trained_bundle

NESTED: Final = {
    "external_id": "offer-1",
    "title": "Aurelle Colline tote 1:1 mirror quality",
    "description": "With dust bag and box, ships in plain packaging.",
    "brand": "Aurelle",
    "product_type": "Bags",
    "price": 31.0,
    "currency": "EUR",
    "gtin": 3760121000012,
    "image_link": ["https://cdn.example/1.jpg", "https://cdn.example/2.jpg"],
    "sales": {"d7": 40, "d30": 90, "d90": None},
    "rating_counts": [3, 0, 1, 0, 9],
    "seller": {"external_id": "s-1", "age_days": 9, "country": "CN", "gmv": {"d7": 1200.5}},
}
DOTTED: Final = {
    **{name: cell for name, cell in NESTED.items() if not isinstance(cell, dict | list)},
    "image_link": "https://cdn.example/1.jpg https://cdn.example/2.jpg",
    "sales.d7": 40.0,
    "sales.d30": 90.0,
    **{f"rating_counts.{number}": float(n) for number, n in enumerate([3, 0, 1, 0, 9], 1)},
    "seller.external_id": "s-1",
    "seller.age_days": 9.0,
    "seller.country": "CN",
    "seller.gmv.d7": 1200.5,
}
UNDERSCORED: Final = {name.replace(".", "_"): cell for name, cell in DOTTED.items()}
OTHER: Final = {"external_id": "offer-2", "title": "Leather tote, grey", "price": 129.0, "currency": "EUR"}
REFUSED: Final = {"external_id": "offer-3", "title": "A price without a currency", "price": 5.0}
# What `mlflow models serve` does with its input and its output.
STRANGER: Final = """
import io, json, sys
from pathlib import Path
model = sys.argv[1]
sys.path[:] = [one for one in sys.path if one and not (Path(one) / "serving").is_dir()]
import mlflow
import pandas as pd
from mlflow.pyfunc.scoring_server import predictions_to_json
loaded = mlflow.pyfunc.load_model(model)
found = []
for rows, params in json.load(sys.stdin):
    out = io.StringIO()
    predictions_to_json(loaded.predict(pd.DataFrame(rows), params=params), out)
    found.append(out.getvalue())
out = io.StringIO()
predictions_to_json(loaded.predict(loaded.input_example), out)
homes = {name: sys.modules[name].__file__ for name in ("features", "models", "training")}
extra = [one for one in sys.modules if one.split(".")[0] in {"serving", "tests"}]
print(json.dumps({"found": found, "example": out.getvalue(), "homes": homes, "extra": extra}))
"""


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A registered model: its folder, the copy that a process loaded, and its answers."""

    folder: Path
    loaded: Path
    answer: dict[str, Any]

    def rows(self, number: int) -> list[dict[str, Any]]:
        """The predictions for the rows asked for as that number, read as strictly as JSON is."""

        def refused(constant: str) -> None:
            raise ValueError(constant)

        rows: list[dict[str, Any]] = json.loads(self.answer["found"][number], parse_constant=refused)["predictions"]
        return rows


@pytest.fixture(scope="module")
def logged_model(tmp_path_factory: pytest.TempPathFactory) -> LoggedModel:
    """A bundle logged by the child process, and loaded by a process without this repository."""
    folder = tmp_path_factory.mktemp("registry")
    model = registered_model(folder, a_trained_bundle())
    requests: list[list[Any]] = [[[first, OTHER, REFUSED], None] for first in (NESTED, DOTTED, UNDERSCORED)]
    requests += [[[NESTED, OTHER, REFUSED] * 400, {"reasons": reasons}] for reasons in (True, False)]
    environment = {name: setting for name, setting in os.environ.items() if name != "PYTHONPATH"}
    # Compiled kernels are found again by the path of their code.
    compiled = Path(os.environ["NUMBA_CACHE_DIR"])
    loaded = compiled / "registered"
    with one_process_at_a_time(compiled / "registered.lock"):
        shutil.rmtree(loaded, ignore_errors=True)
        shutil.copytree(model, loaded)
        done = subprocess.run(
            [sys.executable, "-P", "-c", STRANGER, str(loaded)],
            input=json.dumps(requests),
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env={**environment, "MLFLOW_DISABLE_TELEMETRY": "true"},
        )
    assert done.returncode == 0, done.stderr[-2_000:]
    return LoggedModel(model, loaded, json.loads(done.stdout.splitlines()[-1]))


def test_no_package_of_ours_is_required_by_name_and_each_of_others_is_pinned(logged_model: LoggedModel) -> None:
    named = (logged_model.folder / "requirements.txt").read_text().split()
    assert {requirement.partition("==")[0].lower() for requirement in named} >= {
        "numpy",
        "pandas",
        "mlflow",
        "numba",
        "rapidfuzz",
    }
    assert [requirement for requirement in named if "==" not in requirement] == []
    for path in ("requirements.txt", "conda.yaml", "python_env.yaml"):
        assert "touchstone" not in (logged_model.folder / path).read_text(), (
            f"{path}: the index has another project so named"
        )


def test_the_code_travels_with_the_model_and_holds_no_pickle(logged_model: LoggedModel) -> None:
    assert {Path(home).parents[1] for home in logged_model.answer["homes"].values()} == {logged_model.loaded / "code"}
    assert logged_model.answer["extra"] == []
    files = [path for path in logged_model.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert [path.name for path in files if path.suffix in {".pkl", ".pickle", ".joblib", ".pyc", ".nbi"}] == []


def test_nested_dotted_and_underscored_columns_give_the_same_answer(logged_model: LoggedModel) -> None:
    nested, dotted, underscored = (logged_model.rows(number) for number in range(3))
    assert nested == dotted == underscored


def test_each_row_has_a_probability_a_route_and_reasons_and_a_refused_one_has_null(logged_model: LoggedModel) -> None:
    first, second, refused = logged_model.rows(0)
    assert [sorted(row) for row in (first, second, refused)] == [["probability", "reasons", "route"]] * 3
    assert 0 < first["probability"] < 1
    assert first["route"] in {"no_action", "analyst", "ask_brand"}
    assert first["reasons"]
    assert second["probability"] != first["probability"]
    assert refused == {"probability": None, "route": "quarantined", "reasons": ["A price needs its currency."]}


def test_without_reasons_only_the_reasons_are_missing_in_every_batch(logged_model: LoggedModel) -> None:
    explained, bare = logged_model.rows(3), logged_model.rows(4)
    assert explained == logged_model.rows(0) * 400
    assert bare == [{**row, "reasons": [] if row["probability"] else row["reasons"]} for row in explained]


def test_signature_and_example_are_logged_and_the_example_is_scored(logged_model: LoggedModel) -> None:
    (row,) = json.loads(logged_model.answer["example"])["predictions"]
    assert 0 < row["probability"] < 1
    text = (logged_model.folder / "MLmodel").read_text()
    for column in ('"seller"', '"seller.age_days"', '"seller_age_days"', '"probability"', '"route"', '"reasons"'):
        assert f'"name": {column}' in " ".join(text.split()), column
