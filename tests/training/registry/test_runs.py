"""The run of a training in a real tracking store: there from the start, and with its end, whatever that is."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from models.bundle import digest_of
from models.policies.learning import DEFAULT_GATES, DEFAULT_LABELS
from models.policies.version import policy_version
from serving.platform import children
from tests.fixtures.registered import a_free_port, an_mlflow_server
from tests.fixtures.trained import a_trained_bundle
from tests.serving.web.reports import a_report
from tests.training.test_job import ROWS, arguments, lines_of
from training.bundle_folder import write_bundle_folder
from training.fit.text import TEXT_COST
from training.registry.relocating import relocate
from training.runs.hyper_parameters import fixed_parameters, forest_parameters

# MLflow is imported by child processes alone. The lines are JSON, as a child of the service says them.
READ: Final = """
import json, sys
import mlflow.data
from mlflow import MlflowClient
def opened(dataset):
    try:
        return open(mlflow.data.get_source(dataset).load(), "rb").read(4).decode()
    except mlflow.MlflowException:
        return ""
client = MlflowClient(sys.argv[1])
here = [one.experiment_id for one in client.search_experiments()]
for query in sys.argv[2:] or [""]:
    for run in client.search_runs(here, query):
        print(json.dumps({
            "query": query, "name": run.info.run_name, "status": run.info.status, "tags": run.data.tags,
            "params": run.data.params, "metrics": run.data.metrics,
            "data": [[one.dataset.name, one.dataset.digest] for one in run.inputs.dataset_inputs],
            "opened": [opened(logged.dataset) for logged in run.inputs.dataset_inputs],
            "schema": [logged.dataset.schema for logged in run.inputs.dataset_inputs],
        }))
"""
READ_MODEL: Final = """
import json, sys
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("counterfeit")
info = mlflow.models.get_model_info("models:/m/1")
print(json.dumps({
    "inputs": info.signature.inputs.input_names(),
    "outputs": info.signature.outputs.input_names(),
    "params": {one.name: one.default for one in info.signature.params},
    "aliases": mlflow.MlflowClient().get_registered_model("m").aliases,
    "tags": mlflow.MlflowClient().get_model_version("m", "1").tags,
    "evaluation": mlflow.load_table("evaluation.json").to_dict("list"),
    "example": mlflow.pyfunc.load_model("models:/m/1").input_example.to_dict("records")[0],
}))
"""
# The child with a fit that says what the store has meanwhile, and then ends as it is told.
MEANWHILE: Final = """
import subprocess, sys
from training.runs import job
from training.child import exit_now
from training.snapshots.snapshot import SnapshotRefused
python, read, uri, how, *arguments = sys.argv[1:]
def fit(*_positional, **_named):
    subprocess.run([python, "-P", "-c", read, uri], check=True)
    raise {"refused": SnapshotRefused, "failed": RuntimeError}[how]("No two classes.")
job.train = fit
try:
    exit_now(job.main(arguments))
except RuntimeError:
    exit_now(1)
"""
NAMED: Final = [
    "--run-name",
    "Bazaar 2026-03-02 labels",
    "--cause",
    "labels",
    "--policy",
    policy_version(DEFAULT_LABELS),
]


# A server takes half a minute to start, so the database under it stands for it in `make test`.
SERVED: Final = (pytest.mark.soak, pytest.mark.timeout(600))


@dataclass(frozen=True, slots=True)
class StoredRuns:
    """The runs of a store after a training, its messages, and what it saw of its run while it ran."""

    runs: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    meanwhile: list[dict[str, Any]]


@contextmanager
def a_store(folder: Path, *, served: bool) -> Iterator[list[str]]:
    """The options for a tracking store: a database in this folder, or a real server."""
    if not served:
        yield ["--tracking-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts", str(folder / "artifacts")]
        return
    port = a_free_port()
    with an_mlflow_server(folder, port):
        yield ["--tracking-uri", f"http://127.0.0.1:{port}"]


def runs_of(uri: str, *queries: str) -> list[dict[str, Any]]:
    """The runs of a store that each query of MLflow finds; all of them without one."""
    code, runs = lines_of(["-c", READ, uri, *queries])
    assert code == 0
    return runs


def a_training(folder: Path, how: str, store: list[str]) -> StoredRuns:
    """A training that ends without a bundle after its run has begun."""
    command = [*arguments(folder, ROWS), *NAMED, *store]
    uri = store[1]
    code, lines = lines_of(["-c", MEANWHILE, children.interpreter_command()[0], READ, uri, how, *command])
    assert code == {"refused": 3, "failed": 1}[how]
    messages = [line for line in lines if "event" in line]
    return StoredRuns(runs_of(uri), messages, [line for line in lines if "status" in line])


@pytest.mark.parametrize(
    ("how", "served"),
    [
        pytest.param("refused", False, marks=pytest.mark.soak),
        ("failed", False),
        pytest.param("failed", True, marks=SERVED, id="failed-at a server"),
    ],
)
def test_a_training_without_a_bundle_is_a_run_with_its_reason(tmp_path: Path, how: str, served: bool) -> None:
    with a_store(tmp_path, served=served) as store:
        training = a_training(tmp_path, how, store)
    (run,) = training.runs
    assert (run["status"], run["tags"]["touchstone.state"]) == ("FAILED", how)
    assert run["tags"]["touchstone.reason"] == "No two classes."
    (begun,) = training.meanwhile
    assert (begun["status"], begun["tags"]["touchstone.state"]) == ("RUNNING", "running"), "it ran while the fit did"
    assert begun["name"] == run["name"] == "Bazaar 2026-03-02 labels"
    assert begun["tags"]["touchstone.cause"] == "labels"
    digest = begun["tags"]["touchstone.snapshot"]
    assert begun["data"] == [["snapshot", digest[:36]]]
    assert begun["opened"] == ["PAR1"], "the source is the file of the snapshot"
    columns = {column["name"]: column["type"] for column in json.loads(begun["schema"][0])["mlflow_colspec"]}
    kinds = {name: columns[name] for name in ("facts", "label", "weight", "reported", "known_at", "sources")}
    assert list(kinds.values()) == ["string", "long", "double", "boolean", "datetime", "array"]
    assert begun["params"]["seed"] == "0"
    assert begun["params"]["text.cost"] == str(TEXT_COST)
    for policy in (DEFAULT_GATES, DEFAULT_LABELS):
        name, _, version = policy_version(policy).partition(":")
        assert begun["params"][f"policy.{name}"] == version
    assert [line["event"] for line in training.messages] == ["progress", *(["refused"] if how == "refused" else [])]


@pytest.fixture(scope="module", params=[False, pytest.param(True, marks=SERVED)], ids=["database", "server"])
def registered_store(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """A store with the run of a bundle that was published after its training; its address."""
    folder = tmp_path_factory.mktemp("runs")
    parameters = {**fixed_parameters(7), **forest_parameters(190)}
    report = a_report(judged=False)
    report["out_of_fold"] = {**report["out_of_fold"], "ap_interval": [0.848, 0.893]}
    report["judged"]["slices"] = [{"slice": "brand Aurelle", "rows": 60, "positives": 20, "candidate_ap": 0.884}]
    report |= {"seed": 7, "run": {"name": "Bazaar 2026-03-02 drift", "parameters": parameters}}
    write_bundle_folder(folder / "bundle", a_trained_bundle(), {"report": report})
    with a_store(folder, served=request.param) as store:
        register = [
            "-m",
            "training.runs.job",
            "register",
            "--bundle",
            str(folder / "bundle"),
            "--model-name",
            "m",
            *store,
        ]
        digest = digest_of(a_trained_bundle())
        publication = [
            "-m",
            "training.runs.publication",
            *register[3:],
            "--digest",
            digest,
            "--job-id",
            "file:" + digest,
        ]
        promotion = ["--champion", "--promoted", "user:usr_wei", "All gates pass.", "2026-03-02T09:00:00+00:00"]
        for command in (register, *([register] if request.param else []), [*publication, *promotion]):
            code, lines = lines_of(command)
            assert (code, lines[-1]["event"]) == (0, "done"), lines
        yield store[1]


def test_a_run_records_every_setting_of_its_fit(registered_store: str) -> None:
    (run,) = runs_of(registered_store)
    assert (run["name"], run["status"], run["tags"]["touchstone.state"]) == (
        "Bazaar 2026-03-02 drift",
        "FINISHED",
        "finished",
    )
    expected = {**fixed_parameters(7), **forest_parameters(190), "join": "sum", "text_weight": 0.6, "rows": 600}
    assert {name: str(setting) for name, setting in expected.items()}.items() <= run["params"].items()
    assert {"forest.rounds", "forest.leaves", "masking.share", "text.cost", "join.text_weight_prior"} <= expected.keys()
    assert run["data"] == [["snapshot", ("a83f" * 16)[:36]]]


QUERIES: Final = {
    "tags.`touchstone.gate.calibration` = 'passed'": True,
    "tags.`touchstone.gate.calibration` = 'failed'": False,
    "tags.`touchstone.gate.slices.language de` = 'not_judged'": True,
    "metrics.`out_of_fold.ap_low` = 0.848 and metrics.`out_of_fold.ap_high` = 0.893": True,
    "metrics.`slice.brand Aurelle.candidate_ap` > 0.88": True,
    "metrics.`slice.brand Aurelle.candidate_ap` > 0.89": False,
    "metrics.`gate.incumbents.figure` > 0.02 and params.`forest.leaves` = '7'": True,
    "tags.`touchstone.state` = 'refused'": False,
}


def test_runs_are_found_by_gates_and_slices(registered_store: str) -> None:
    queries = {run["query"] for run in runs_of(registered_store, *QUERIES)}
    assert {query: query in queries for query in QUERIES} == QUERIES


def test_the_registered_version_has_a_signature_and_an_example(registered_store: str) -> None:
    code, (model,) = lines_of(["-c", READ_MODEL, registered_store])
    assert code == 0
    assert {"external_id", "seller.age_days", "seller_age_days", "seller"} <= {*model["inputs"]}
    assert model["outputs"] == ["probability", "route", "reasons"]
    assert model["params"] == {"reasons": True}
    assert model["example"]["title"] == "Leather tote, grey"
    assert {name: str(version) for name, version in model["aliases"].items()} == {"champion": "1"}, "no challenger"
    tags = {name.removeprefix("touchstone.promoted."): text for name, text in model["tags"].items()}
    assert (tags["by"], tags["reason"], tags["at"][:10]) == ("user:usr_wei", "All gates pass.", "2026-03-02")
    evaluation = dict(zip(model["evaluation"]["part"], model["evaluation"]["ap_low"], strict=True))
    assert evaluation["out_of_fold"] == 0.848


def test_the_service_closes_the_run_of_a_training_that_could_not_itself(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    command = ["close", "--job-id", "job_1", "--run-name", "Bazaar", "--model-name", "m", "--tracking-uri", uri]
    for state, reason in (("failed", "killed"), ("refused", "No label is mature yet.")):
        code, _ = lines_of(["-m", "training.runs.job", *command, "--state", state, "--reason", reason])
        assert code == 0
    (run,) = runs_of(uri)
    assert (run["name"], run["status"], run["tags"]["touchstone.state"]) == ("Bazaar", "FAILED", "refused")
    assert run["tags"]["touchstone.reason"] == "No label is mature yet."


# A moved or copied registry names its own folder, and a copy writes nothing into the original.

_TABLES = """
CREATE TABLE datasets (dataset_source TEXT);
CREATE TABLE experiments (name TEXT, artifact_location TEXT);
CREATE TABLE runs (artifact_uri TEXT);
CREATE TABLE model_versions (source TEXT, storage_location TEXT);
CREATE TABLE logged_models (artifact_location TEXT);
"""


def a_registry(home: Path, artifacts: str, *others: str) -> str:
    """The URI of a database with MLflow's columns of addresses."""
    (home / "mlflow").mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(home / "mlflow" / "mlflow.db")) as database, database:
        database.executescript(_TABLES)
        places = [("Default", "/somewhere/mlruns/0"), ("counterfeit", artifacts), *(("own", place) for place in others)]
        database.executemany("INSERT INTO experiments VALUES (?, ?)", places)
        database.execute("INSERT INTO runs VALUES (?)", (f"{artifacts}/1/artifacts",))
        database.execute("INSERT INTO runs VALUES (?)", (f"{artifacts}-of-another/1",))
        database.execute("INSERT INTO model_versions VALUES (?, ?)", ("models:/m-1", f"{artifacts}/models/m-1"))
        database.execute("INSERT INTO logged_models VALUES (?)", (f"{artifacts}/models/m-1",))
        source = json.dumps({"uri": f"{artifacts.removesuffix('/mlflow/artifacts')}/snapshots/a.parquet"})
        database.execute("INSERT INTO datasets VALUES (?)", (source,))
    return f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"


def addresses(uri: str) -> list[str]:
    """Every address in the database."""
    columns = ["artifact_location FROM experiments", "artifact_uri FROM runs", "source FROM model_versions"]
    columns += ["storage_location FROM model_versions", "artifact_location FROM logged_models"]
    columns += ["dataset_source ->> 'uri' FROM datasets"]
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as database:
        return [place for column in columns for (place,) in database.execute(f"SELECT {column}")]


def test_every_address_follows_the_folder_and_no_other_address_does(tmp_path: Path) -> None:
    old, bucket = "file:///old/mlflow/artifacts", "s3://bucket/mlflow/artifacts"
    uri, artifacts = a_registry(tmp_path, old, bucket, "file:///data/artifacts"), tmp_path / "mlflow" / "artifacts"
    assert relocate(uri, artifacts) == [old]
    own = artifacts.as_uri()
    expected = ["/somewhere/mlruns/0", own, bucket, "file:///data/artifacts", f"{own}/1/artifacts"]
    models = ["models:/m-1", f"{own}/models/m-1", f"{own}/models/m-1"]
    snapshot = (tmp_path / "snapshots" / "a.parquet").as_uri()
    assert addresses(uri) == [*expected, f"{old}-of-another/1", *models, snapshot]
    assert relocate(uri, artifacts) == []


def test_addresses_follow_in_one_transaction(tmp_path: Path) -> None:
    old = "file:///old/mlflow/artifacts"
    uri, artifacts = a_registry(tmp_path, old), tmp_path / "mlflow" / "artifacts"
    with closing(sqlite3.connect(tmp_path / "mlflow" / "mlflow.db")) as database:
        database.execute("CREATE TRIGGER refuse BEFORE UPDATE ON logged_models BEGIN SELECT RAISE(ABORT, 'full'); END")
    before = addresses(uri)
    with pytest.raises(sqlite3.IntegrityError):
        relocate(uri, artifacts)
    assert addresses(uri) == before


def test_the_child_moves_the_addresses_and_leaves_a_server_alone(tmp_path: Path) -> None:
    uri = a_registry(tmp_path, "file:///old/mlflow/artifacts")
    command = [
        "-m",
        "training.registry.relocating",
        "--model-name",
        "m",
        "--artifacts",
        str(tmp_path / "mlflow" / "artifacts"),
    ]
    code, lines = lines_of([*command, "--tracking-uri", uri])
    assert (code, lines) == (0, [{"event": "done", "earlier": ["file:///old/mlflow/artifacts"]}])
    assert relocate("http://localhost:5000", tmp_path) == relocate(f"sqlite:///{tmp_path / 'none.db'}", tmp_path) == []
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "none.db").touch()
    assert relocate(f"sqlite:///{tmp_path / 'none.db'}", tmp_path) == []
