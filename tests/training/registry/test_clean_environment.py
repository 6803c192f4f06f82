"""The registered model in a new environment that has what the model asks for, and nothing of this repository."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from features.listing import Listing, check
from models.bundle import from_files
from models.offline import answer_offline
from tests.benchmarks.work import NOW
from tests.fixtures.registered import a_free_port, an_mlflow_server, process
from tests.fixtures.trained import a_trained_bundle
from tests.serving.web.reports import a_report
from tests.training.test_job import lines_of
from training.bundle_folder import write_bundle_folder

# The installation takes some minutes.
pytestmark = [pytest.mark.soak, pytest.mark.alone, pytest.mark.timeout(1_800)]
FETCH: Final = """
import sys
from mlflow.artifacts import download_artifacts
print(__import__("json").dumps({"at": download_artifacts("models:/m/1", dst_path=sys.argv[1])}))
"""


def test_the_model_of_a_server_is_served_from_a_clean_environment(tmp_path: Path) -> None:
    files = a_trained_bundle()
    write_bundle_folder(tmp_path / "bundle", files, {"report": a_report(judged=False)})
    port, at = a_free_port(), a_free_port()
    uri = f"http://127.0.0.1:{port}"
    register = ["register", "--bundle", str(tmp_path / "bundle"), "--model-name", "m", "--tracking-uri", uri]
    clean = {name: setting for name, setting in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    clean |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_TRACKING_URI": uri}
    with an_mlflow_server(tmp_path, port):
        code, _ = lines_of(["-m", "training.runs.job", *register])
        assert code == 0
        fetched = subprocess.run(
            [sys.executable, "-P", "-c", FETCH, str(tmp_path / "fetched")],
            env=clean,
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
        model = Path(json.loads(fetched.stdout.splitlines()[-1])["at"])
        scripts = install_model(tmp_path / "clean", model / "requirements.txt", clean)
        serve = [str(scripts / "mlflow"), "models", "serve", "--model-uri", "models:/m/1", "--env-manager", "local"]
        with process(
            [*serve, "--host", "127.0.0.1", "--port", str(at)],
            f"http://127.0.0.1:{at}/ping",
            tmp_path / "serve.log",
            {**clean, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
        ) as served:
            assert served.poll() is None, (tmp_path / "serve.log").read_text()[-2_000:]
            example = json.loads((model / "serving_input_example.json").read_text())
            answer = httpx.post(f"http://127.0.0.1:{at}/invocations", json=example, trust_env=False)
            bare = {**example, "params": {"reasons": False}}
            without = httpx.post(f"http://127.0.0.1:{at}/invocations", json=bare, trust_env=False)
    assert answer.status_code == without.status_code == 200, answer.text
    (row,) = answer.json()["predictions"]
    (bare_row,) = without.json()["predictions"]
    assert row["reasons"]
    assert bare_row == {**row, "reasons": []}
    assert row["probability"] == pytest.approx(probability_here(files, example), rel=1e-9)


def install_model(folder: Path, requirements: Path, environment: dict[str, str]) -> Path:
    """The scripts of a new environment with the packages that the model names, and no package of ours."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "-r", str(requirements)], check=True, env=environment)
    names = subprocess.run([*pip, "list", "--format", "freeze"], check=True, env=environment, capture_output=True)
    assert b"touchstone" not in names.stdout.lower()
    return folder / "bin"


def probability_here(files: dict[str, bytes], example: dict[str, Any]) -> float | None:
    """The probability of the example in this process."""
    split = example["dataframe_split"]
    row = dict(zip(split["columns"], split["data"][0], strict=True))
    nested: dict[str, object] = {name: cell for name, cell in row.items() if "." not in str(name)}
    nested["seller"] = {"external_id": row["seller.external_id"], "age_days": 12}
    nested["sales"] = {"d7": 3}
    listing = check(nested, received_at=NOW)
    assert isinstance(listing, Listing), listing
    (answer,) = answer_offline(from_files(files), [listing], marketplace="mlflow", as_of=NOW)
    return answer.probability
