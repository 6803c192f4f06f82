"""What the shipped code never does, read from its source, and what a serving process never loads."""

import ast
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.runtimes import DATABASE

ROOT = Path(__file__).parents[2]
PACKAGES = ("features", "models", "training", "serving")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

# Anybody who can write such a file runs code in the process that reads it.
RUNS_CODE = {"pickle", "_pickle", "cloudpickle", "dill", "marshal", "shelve", "jsonpickle", "skops"}
READERS = {"read_pickle", "to_pickle"}
EVALUATORS = {"eval", "exec", "compile", "__import__"}
# A data scientist's own file, which `touchstone evaluate --with FILE` runs on their machine as Python would.
NAMED_BY_A_PERSON = {"training/evaluate/tried.py": ["exec", "compile"]}
# The constructors of our own classes, made of the names of their fields as the module is imported.
OF_OUR_OWN_NAMES = {"features/records.py": ["exec"]}
# A Dask cluster runs what it is sent (decision 59); only a command sends it anything.
IN_A_TRUSTED_CLUSTER = {"training/cluster.py": ["pickle"], "training/cluster_worker.py": ["pickle"]}
# The index files of numba are pickles; those that the service's key did not sign are not read.
SIGNED_BY_US = {"serving/platform/kernels/signed_files.py": ["pickle"]}


def dangers(source: str) -> Iterator[str]:
    """Everything in a module that makes code or objects of data."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name.partition(".")[0] in RUNS_CODE)
                # Under its whole name everything of it could be called.
                yield from (alias.name for alias in names if alias.name.partition(".")[0] == "joblib")
            case ast.ImportFrom(module=str(module), names=names):
                if module.partition(".")[0] in RUNS_CODE:
                    yield module
                if module.partition(".")[0] == "joblib":
                    yield from (alias.name for alias in names if alias.name not in {"Parallel", "delayed"})
            case ast.keyword(arg="allow_pickle", value=value):
                if not (isinstance(value, ast.Constant) and value.value is False):
                    yield "allow_pickle"
            case ast.Attribute(attr=attribute) if attribute in READERS:
                yield attribute
            case ast.Call(func=ast.Name(id=name)) if name in EVALUATORS:
                yield name
            case ast.Call(
                func=ast.Attribute(attr="import_module" | "__import__"), args=[ast.Constant(value=str(name))]
            ):
                if name.partition(".")[0] in RUNS_CODE | {"joblib"}:
                    yield name
            case _:
                pass


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import os, pickle as p",
        "def f():\n    import cloudpickle",
        "from pickle import loads",
        "from dill.source import getsource",
        "import joblib",
        "import joblib.numpy_pickle",
        "from joblib import Parallel, load",
        "from joblib.numpy_pickle import load",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=not strict)",
        "pd.read_pickle(path)",
        "frame.to_pickle(path)",
        "eval(text)",
        "exec(text)",
        "__import__(name)",
        'importlib.import_module("pickle")',
    ],
)
def test_a_danger_would_be_found(source: str) -> None:
    assert list(dangers(source))


@pytest.mark.parametrize(
    "source",
    [
        "from joblib import Parallel, delayed",
        "np.save(path, array, allow_pickle=False)",
        "re.compile(text)",
        '"import pickle"',
    ],
)
def test_what_is_harmless_is_no_danger(source: str) -> None:
    assert list(dangers(source)) == []


def test_nothing_that_we_ship_makes_code_of_data() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == set(PACKAGES)
    names_by_path = {str(path.relative_to(ROOT)): list(dangers(path.read_text(encoding="utf-8"))) for path in SOURCES}
    allowed = NAMED_BY_A_PERSON | OF_OUR_OWN_NAMES | IN_A_TRUSTED_CLUSTER | SIGNED_BY_US
    assert {path: names for path, names in names_by_path.items() if names} == allowed


def test_only_the_command_line_sends_work_to_a_cluster() -> None:
    """A request or a job of the service names none, so nothing that somebody sent is unpickled."""
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in SOURCES}
    assert {path for path, text in texts.items() if "training.cluster" in text} == {
        "training/cluster.py",
        "training/cluster_worker.py",
        "training/fit/cluster_input.py",
        "training/score/on_cluster.py",
    }
    assert {path for path, text in texts.items() if "dask=" in text and path.startswith("serving/")} == {
        "serving/commands/data.py",
        "serving/commands/models.py",
    }


def test_only_the_command_line_reads_a_file_of_new_features() -> None:
    """A request or a job of the service names none, so no file that somebody sent is run."""
    named = {path.relative_to(ROOT).as_posix() for path in SOURCES if "TriedFile" in path.read_text(encoding="utf-8")}
    assert named == {
        "serving/commands/evaluation.py",
        "training/evaluate/cross_validation.py",
        "training/evaluate/tried.py",
    }
    served = [path for path in SOURCES if "training.evaluate.cross_validation" in path.read_text(encoding="utf-8")]
    assert {path.relative_to(ROOT).parts[:2] for path in served} <= {("serving", "commands"), ("training", "tuning")}


STARTED = """
import gc, sys
gc.disable()
from pathlib import Path
from fastapi.testclient import TestClient
import serving.service
from serving.app import create_app
from serving.composition import open_runtime
from serving.platform.settings import Settings
runtime = open_runtime(Settings(home=Path(sys.argv[1])), migrated=True)
with TestClient(create_app(runtime)) as client:
    assert client.get("/healthz").status_code == 200
    assert client.get("/sign-in").status_code == 200
runtime.close()
print(*sorted({name.partition(".")[0] for name in sys.modules}), sep="\\n")
"""


def test_a_service_without_a_model_loads_no_registry_and_no_library_for_learning_or_pictures(
    tmp_path: Path, migrated_sqlite: Path
) -> None:
    """MLflow brings a server and a cloud's clients, which a process that answers strangers has no use for.

    LightGBM and what it brings take a second, which every command and every child would wait for.
    """
    shutil.copy(migrated_sqlite, tmp_path / DATABASE)
    done = subprocess.run(
        [sys.executable, "-c", STARTED, str(tmp_path)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines())
    assert {"serving", "models", "fastapi"} <= loaded
    assert loaded & {"mlflow", "matplotlib", "lightgbm", "sklearn", "pandas"} == set()


VENDORED = ROOT / "serving" / "web" / "static" / "vendor"


def test_what_the_pages_take_from_elsewhere_is_what_its_manifest_says_and_nothing_more() -> None:
    listed: dict[str, str] = {}
    for package in json.loads((VENDORED / "manifest.json").read_text(encoding="utf-8")):
        assert package["source"]
        assert package["licence"]
        assert package["version"] in package["source"]
        listed |= package["files"]
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDORED.iterdir()
        if path.name != "manifest.json"
    }
    assert digests == listed


READ_JSON = {"json.load", "json.loads", "verify_registration_response", "parse_authentication_credential_json"}
BEYOND_RECURSION = {"RecursionError", "RuntimeError", "Exception"}


def forgets_depth(source: str) -> list[int]:
    """The lines where what is no JSON is caught, and what is nested too deeply is not."""
    line_numbers = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Try):
            continue
        called = {ast.unparse(call.func) for part in node.body
                  for call in ast.walk(part) if isinstance(call, ast.Call)}  # fmt: skip
        caught = {getattr(exception, "attr", getattr(exception, "id", "")) for handler in node.handlers if handler.type
                  for exception in ast.walk(handler.type)}  # fmt: skip
        if called & READ_JSON and "ValueError" in caught and not caught & BEYOND_RECURSION:
            line_numbers.append(node.lineno)
    return line_numbers


def test_what_refuses_other_text_than_json_refuses_json_that_is_nested_too_deeply() -> None:
    assert forgets_depth("try:\n    json.loads(x)\nexcept (KeyError, ValueError):\n    pass") == [1]
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in SOURCES}
    reading = {path: text for path, text in texts.items() if any(f"{name}(" in text for name in READ_JSON)}
    assert len(reading) > 20
    assert [path for path, text in reading.items() if forgets_depth(text)] == []
