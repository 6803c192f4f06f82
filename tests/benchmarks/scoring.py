"""Complete scores beside the naive and the competent peer: in process, over HTTP, and of a file.

The competent peer's ratio is the fair one; the naive peer's time is mostly pandas.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.compute import compute
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Listing, check
from models.bundle import from_files
from models.policies.deciding import DEFAULT_ROUTING, DEFAULT_SCORECARD
from models.routing import Lane
from serving.demo.children import free_port, touchstone_command
from serving.scoring.service.bundles import BundleStore
from serving.scoring.service.scoring import QuestionBudget, ScoringInput, score_and_route
from tests.benchmarks.bulk import family
from tests.benchmarks.load import run_load
from tests.benchmarks.peer_server import NO_OP
from tests.benchmarks.peers import CompetentPeer, FullWorkPeer, NaivePeer
from tests.benchmarks.pyfunc import COLUMNS
from tests.benchmarks.work import (
    NOW,
    SETTINGS,
    bundle_files,
    forget_folds,
    labelled_listings,
    mean_length,
    rows_to_score,
)
from tests.fixtures.registered import registered_model
from training.bundle_folder import write_bundle_folder
from training.dataset import read_listings
from training.score.file import score_file
from training.simulation.synthetic import Settings, build_world

INTRODUCTION: Final = """\
A ratio is of medians over {rounds} rounds, the first round of each side left out. Listings are simulated, with
{characters:.0f} characters of text on average. The peers score what the same check let through: they resolve no brands,
read no lexicon and give no route. The competent peer hashes the same kinds of n-grams and calls the raw booster; the
naive one is a pandas frame in a scikit-learn pipeline with a weaker word model, so its bulk figure is of other work.
The peer of full work is the competent one with wording and brand names by one RE2 set, a route by threshold, and
LightGBM's contributions for what it routes.
"""
_CONNECTIONS: Final = 16
_SECONDS: Final = 2.0

Figures = dict[str, list[float]]


def one_in_process(rounds: int) -> tuple[str, Figures]:
    """Microseconds of processor time per listing, from row to score, one at a time; each side has one thread."""
    listings, labels = labelled_listings()
    bundle, naive, competent = (
        from_files(bundle_files()),
        NaivePeer.fit(listings, labels),
        CompetentPeer.fit(listings, labels),
    )
    rows = rows_to_score(200)

    def ours(row: dict[str, Any]) -> None:
        listing = check(row, received_at=NOW)
        assert isinstance(listing, Listing)
        facts = assemble_facts(listing, bundle.references, NOTHING_RECORDED, marketplace="bench", as_of=NOW)
        bundle.score_many([compute(facts)], with_reasons=False)

    def peer(score: Callable[[list[Listing]], Any]) -> Callable[[dict[str, Any]], None]:
        def run(row: dict[str, Any]) -> None:
            listing = check(row, received_at=NOW)
            assert isinstance(listing, Listing)
            score([listing])

        return run

    sides = {"ours": ours, "competent": peer(competent.score), "naive": peer(naive.score)}
    figures: Figures = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            forget_folds()
            begun = time.process_time()
            for row in rows:
                side(row)
            if number:  # The first round compiles and warms up.
                figures[name].append((time.process_time() - begun) / len(rows) * 1e6)
    return f"one listing in process, rotating over {len(rows)} rows, processor microseconds", figures


def full_work(rounds: int) -> tuple[str, Figures]:
    """Microseconds of processor time per listing, from row to route, with reasons for those that go to a person."""
    listings, labels = labelled_listings()
    bundle, brands = from_files(bundle_files()), [brand.brand for brand in build_world(SETTINGS).brands]
    peer = FullWorkPeer.fit(listings, labels, [brand.name for brand in brands])
    questions = QuestionBudget(frozenset(brand.brand_id for brand in brands))
    rows = rows_to_score(200)

    def ours(listing: Listing) -> bool:
        facts = assemble_facts(listing, bundle.references, NOTHING_RECORDED, marketplace="bench", as_of=NOW)
        row = ScoringInput(facts, draw=1.0, already_open=False)
        (scored,) = score_and_route(
            [row], model=bundle, questions=questions, routing=DEFAULT_ROUTING, scorecard=DEFAULT_SCORECARD
        )
        return scored.route.lane is not Lane.NO_ACTION

    def theirs(listing: Listing) -> bool:
        ((_, reasons),) = peer.answer([listing], bundle.thresholds.analyst_from)
        return bool(reasons)

    sides: dict[str, Callable[[Listing], bool]] = {"ours": ours, "full work": theirs}
    figures: Figures = {name: [] for name in sides}
    routed: dict[str, int] = {}
    for number in range(rounds + 1):
        for name, side in sides.items():
            forget_folds()
            begun = time.process_time()
            routed[name] = sum(map(side, _checked_listings(rows)))
            if number:
                figures[name].append((time.process_time() - begun) / len(rows) * 1e6)
    shares = " and ".join(f"{many / len(rows):.0%}" for many in routed.values())
    return f"one listing with its route, and reasons for those routed ({shares}), processor microseconds", figures


def _checked_listings(rows: list[dict[str, Any]]) -> Iterator[Listing]:
    for row in rows:
        listing = check(row, received_at=NOW)
        assert isinstance(listing, Listing)
        yield listing


def over_http(rounds: int, stored: int) -> list[tuple[str, Figures]]:
    """Microseconds of each server's processor time per request, in turn, with sixteen connections.

    Ours compares each text with those of the stored listings. Peers store nothing.
    """
    rows = rows_to_score(200)
    of_sellers = [{**row, "external_id": f"new-{i}"} for i, row in enumerate(islice(_simulated_rows(stored), 200))]
    records = [
        json.dumps({"dataframe_records": [_columns_of(row)], "params": {"reasons": False}}).encode() for row in rows
    ]
    with (
        _our_service(stored) as ours,
        _peer("competent") as competent,
        _peer("naive") as naive,
        _peer(NO_OP) as nothing,
        _mlflow() as registered,
    ):
        sides = {"ours": ours, "competent": competent, "naive": naive, "FastAPI alone": nothing}
        what = f"HTTP at {_CONNECTIONS} connections, {stored:,} listings stored"
        unit = "a request in the server, processor microseconds"
        sent = {name: [json.dumps(row).encode() for row in rows] for name in sides}
        by_mlflow = "ours by `mlflow models serve`"
        alone = _in_turns(rounds, {**sides, by_mlflow: registered}, {**sent, by_mlflow: records})
        sides.pop("naive")
        known = _in_turns(rounds, sides, {name: [json.dumps(row).encode() for row in of_sellers] for name in sides})
    return [(f"{what}, {unit}", alone), (f"{what}, with sellers' histories, {unit}", known)]


def over_http_beside(rounds: int, checkouts: Mapping[str, Path], connections: int) -> Figures:
    """Microseconds of processor time per request of the service of each checkout, in turn."""
    bodies = [json.dumps(row).encode() for row in rows_to_score(200)]
    with ExitStack() as stack:
        sides = {name: stack.enter_context(_our_service(0, checkout)) for name, checkout in checkouts.items()}
        return _in_turns(rounds, sides, dict.fromkeys(sides, bodies), connections)


def _in_turns(
    rounds: int, sides: Mapping[str, "_Server"], sent: Mapping[str, list[bytes]], connections: int = _CONNECTIONS
) -> Figures:
    figures: Figures = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            before = side.processor_seconds()
            load = run_load(side.port, side.path, sent[name], side.headers, connections=connections, seconds=_SECONDS)
            if number:
                figures[name].append((side.processor_seconds() - before) / load.answers * 1e6)
    return figures


def _simulated_rows(many: int) -> Iterator[dict[str, Any]]:
    """Rows of so many listings with the ids of their sellers; of changed listings there are several."""
    world = build_world(Settings(listings=max(many, 1_000), seed=5, start=SETTINGS.start))
    return (dict(sent.row) for sent in world.sent if str(sent.row["external_id"]) in world.truth)


@dataclass(frozen=True, slots=True)
class _Server:
    pid: int
    port: int
    path: str
    headers: dict[str, str]

    def processor_seconds(self) -> float:
        """Of all threads of the server and of its processes, by Linux's /proc."""
        stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in family(self.pid))
        return sum(int(fields[11]) + int(fields[12]) for fields in stats) / os.sysconf("SC_CLK_TCK")


def _columns_of(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the registered model's signature has it: no nested values."""
    return {name: row.get(name) for name in COLUMNS}


def in_bulk(rounds: int, many: int) -> tuple[str, Figures]:
    """Listings per second from a Parquet file to a file of scores, on all cores."""
    listings, labels = labelled_listings()
    naive, competent, files = NaivePeer.fit(listings, labels), CompetentPeer.fit(listings, labels), bundle_files()
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "listings.parquet", Path(folder) / "scores.parquet"
        _write_listings(source, many)

        def peer(side: NaivePeer | CompetentPeer) -> None:
            """The peers also use our reader, in batches; scikit-learn and LightGBM use as many cores as they can."""
            batch: list[Listing] = []
            for row in read_listings(source, "native", received_at=NOW):
                if isinstance(row.listing, Listing):
                    batch.append(row.listing)
                if len(batch) == 10_000:
                    side.score(batch)
                    batch = []
            if batch:
                side.score(batch)

        sides: dict[str, Callable[[], Any]] = {
            "ours": lambda: score_file(source, "native", files, out, received_at=NOW, processes=cores),
            "competent": lambda: peer(competent),
            "naive": lambda: peer(naive),
        }
        figures: Figures = {name: [] for name in sides}
        for number in range(rounds + 1):
            for name, side in sides.items():
                begun = time.perf_counter()
                side()
                if number:
                    figures[name].append(many / (time.perf_counter() - begun))
    return f"{many:,} listings in bulk, {cores} cores, listings per second", figures


def _write_listings(path: Path, many: int) -> None:
    rows = rows_to_score(min(many, 10_000))
    names = (
        "external_id",
        "title",
        "description",
        "brand",
        "product_type",
        "price",
        "currency",
        "language",
        "age_days",
    )
    columns = {name: [rows[i % len(rows)].get(name) for i in range(many)] for name in names}
    columns["external_id"] = [str(i) for i in range(many)]
    pq.write_table(pa.table(columns), path, compression="zstd")


@contextmanager
def _our_service(stored: int, checkout: Path | None = None) -> Iterator[_Server]:
    """A service with a promoted model, so many stored listings, and a key with the right to scores."""
    with tempfile.TemporaryDirectory() as folder:
        home, port = Path(folder) / "home", free_port(18391)
        environment = {**os.environ, "TOUCHSTONE_HOME": str(home)}
        if checkout is not None:
            environment |= {"PYTHONPATH": str(checkout), "OMP_WAIT_POLICY": "passive"}

        def command(*arguments: str) -> str:
            done = subprocess.run(
                [*touchstone_command(), *arguments], env=environment, capture_output=True, text=True, check=True
            )
            return done.stdout.strip()

        command("marketplace", "add", "Bench")
        key = command("key", "add", "bench", "--scope", "score")
        # By the checkout's own code, whose tables may differ.
        install = "import sys, pathlib, tests.benchmarks.scoring as s; s._install_champion(pathlib.Path(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", install, str(home)], env=environment, cwd=checkout, check=True)
        if stored:
            listings = Path(folder) / "listings.ndjson"
            with listings.open("w", encoding="utf-8") as file:
                file.writelines(f"{json.dumps(row)}\n" for row in _simulated_rows(stored))
            command("import", str(listings), "--format", "native")
        with _process([*touchstone_command(), "serve", "--port", str(port)], environment, port, "/healthz") as pid:
            yield _Server(pid, port, "/api/v1/score", {"authorization": f"Bearer {key}"})


def _install_champion(home: Path) -> None:
    """Put a bundle in force without training, because the benchmark measures serving only."""
    from serving.composition import open_runtime  # noqa: PLC0415  # as above
    from serving.learning.store import learning  # noqa: PLC0415  # once the home exists
    from serving.learning.tables import training_job  # noqa: PLC0415  # as above
    from serving.marketplaces.store import marketplaces  # noqa: PLC0415  # once the home exists
    from serving.platform.settings import Settings  # noqa: PLC0415  # as above

    runtime = open_runtime(Settings(home=home))
    write_bundle_folder(home / "incoming", bundle_files(), {})
    digest = BundleStore(home / "bundles").admit(home / "incoming")
    now = datetime.now(UTC)
    with runtime.store.write() as connection:
        marketplace_id = marketplaces.all_marketplaces(connection)[0].marketplace_id
        job = {"job_id": "job_bench", "state": "done", "progress": {}, "requested_by": "bench", "created_at": now}
        connection.execute(training_job.insert().values(marketplace_id=marketplace_id, **job))
        row = {"digest": digest, "fingerprint": "bench", "job_id": "job_bench", "report": {}, "created_at": now}
        learning.add_model(connection, {"marketplace_id": marketplace_id, **row})
        promotion = {"promotion_id": "pro_bench", "digest": digest, "kind": "promote", "promoted_by": "bench"}
        learning.add_promotion(
            connection, {"marketplace_id": marketplace_id, "note": "", "promoted_at": now, **promotion}
        )
    runtime.close()


@contextmanager
def _peer(name: str) -> Iterator[_Server]:
    port = free_port(18392)
    with _process(
        [sys.executable, "-m", "tests.benchmarks.peer_server", name, str(port)], dict(os.environ), port, "/docs"
    ) as pid:
        yield _Server(pid, port, "/score", {})


@contextmanager
def _mlflow() -> Iterator[_Server]:
    """The registered model, as MLflow serves it."""
    with tempfile.TemporaryDirectory() as folder:
        model, port = registered_model(Path(folder), bundle_files()), free_port(18393)
        command = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "--model-uri", str(model)]
        place = ["--env-manager", "local", "--port", str(port)]
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        with _process([*command, *place], environment, port, "/ping") as pid:
            yield _Server(pid, port, "/invocations", {})


@contextmanager
def _process(command: list[str], environment: dict[str, str], port: int, path: str) -> Iterator[int]:
    """A server that answers, by its id."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def section(rounds: int, bulk: int, stored: int) -> str:
    """The part of the page; `bulk` is the number of listings in the file, `stored` of those in the service."""
    results = [one_in_process(rounds), full_work(rounds), *over_http(rounds, stored), in_bulk(rounds, bulk)]
    listings, _ = labelled_listings()
    lines = [
        INTRODUCTION.format(rounds=rounds, characters=mean_length(listings)),
        "| what | ours | peer | the peer | ours over it |",
        "| --- | ---: | --- | ---: | ---: |",
    ]
    for title, figures in results:
        medians = {name: float(np.median(values)) for name, values in figures.items()}
        ours = medians.pop("ours")
        for peer, theirs in medians.items():
            ratio = theirs / ours if title.endswith("microseconds") else ours / theirs
            lines.append(f"| {title} | {ours:,.0f} | {peer} | {theirs:,.0f} | {ratio:.1f}x |")
    return "\n".join(lines)
