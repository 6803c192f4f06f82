"""A file that is scored on a Dask cluster: the bytes of one machine, kept parts, and errors that say what to do."""

import pickle
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import dask
import pyarrow as pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from distributed import Client, LocalCluster

from models.bundle import verify
from tests.fixtures.clocks import NOW
from tests.fixtures.clusters import a_cluster
from tests.fixtures.labelled import write_ndjson
from tests.fixtures.scorers import bundle_files
from tests.training.test_score_parts import (
    RememberingHistory,
    RunStopped,
    rows_of,
    score_bytes,
    stopping_after,
    write_parquet,
)
from training import cluster, cluster_worker
from training.cluster import Cluster, ClusterFailed, refuse_other_versions, refuse_unencrypted
from training.cluster_worker import PartOutcome, compute_part, process_versions, release_run
from training.score import source
from training.score.on_cluster import OpenScoreWork, ScoreWork
from training.score.parts import Job


@pytest.fixture(scope="module")
def running_cluster() -> Iterator[LocalCluster]:
    with a_cluster() as local_cluster:
        yield local_cluster


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PART_ROWS", 500)


@pytest.mark.parametrize("place", ["tcp://127.0.0.1:8786", "localhost:8786", "tcp://[::1]:8786", "tls://10.0.0.1:8786"])
def test_a_cluster_of_this_machine_or_with_tls_is_accepted(place: str) -> None:
    refuse_unencrypted(place)


@pytest.mark.parametrize(
    "place", ["tcp://localhost.example:1", "tcp://[::1", "tcp://127.0.0.1@10.0.0.1:1", "ucx://10.0.0.1"]
)
def test_no_other_cluster_is(place: str) -> None:
    with pytest.raises(ClusterFailed, match="TLS"):
        refuse_unencrypted(place)


@pytest.mark.parametrize("ending", ["parquet", "ndjson"])
def test_a_cluster_gives_the_bytes_of_this_machine(tmp_path: Path, running_cluster: LocalCluster, ending: str) -> None:
    rows = rows_of(1_000)
    if ending == "parquet":
        path = write_parquet(tmp_path / "a.parquet", rows, group=700)
    else:
        path = write_ndjson(tmp_path / "a.ndjson", rows)
    local_scores = score_bytes(path, tmp_path / "here.parquet")
    assert score_bytes(path, tmp_path / "there.parquet", dask=running_cluster.scheduler_address) == local_scores


def test_a_run_goes_on_where_another_was_cut_off_here_or_on_the_cluster(
    tmp_path: Path, running_cluster: LocalCluster
) -> None:
    path = write_parquet(tmp_path / "a.parquet", rows_of(1_500), group=1_500)
    out, whole, before = tmp_path / "out.parquet", score_bytes(path, tmp_path / "whole.parquet"), list[int]()
    with pytest.raises(RunStopped):
        score_bytes(path, out, advanced=stopping_after(1))
    with pytest.raises(RunStopped):
        score_bytes(
            path, out, dask=running_cluster.scheduler_address, resumed=before.append, advanced=stopping_after(2)
        )
    assert score_bytes(path, out, resumed=before.append) == whole
    assert before[0] == 500
    assert before[1] >= 1_000


class FailingHistory:
    """A history that no worker can read."""

    name = "failing"

    def fixed(self, _now: datetime) -> "FailingHistory":
        return self

    def open(self) -> Any:
        raise OSError("no such database")


def test_a_worker_that_fails_ends_the_run_with_its_reason(tmp_path: Path, running_cluster: LocalCluster) -> None:
    path = write_parquet(tmp_path / "a.parquet", rows_of(100), group=100)
    with pytest.raises(ClusterFailed, match=r"A worker of .* failed \(OSError: no such database\)\. What is finished"):
        score_bytes(path, tmp_path / "out.parquet", dask=running_cluster.scheduler_address, history=FailingHistory())


def test_rows_with_a_history_travel_by_seller_and_come_back_in_order(
    tmp_path: Path, running_cluster: LocalCluster
) -> None:
    path = write_parquet(tmp_path / "a.parquet", rows_of(1_000), group=700)
    local_scores = score_bytes(path, tmp_path / "here.parquet", history=RememberingHistory())
    assert (
        score_bytes(
            path, tmp_path / "there.parquet", history=RememberingHistory(), dask=running_cluster.scheduler_address
        )
        == local_scores
    )


def test_a_lost_cluster_ends_the_run_and_finished_parts_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_WAIT_SECONDS", 0.05)
    path, out = write_parquet(tmp_path / "a.parquet", rows_of(2_500), group=2_500), tmp_path / "out.parquet"
    before = list[int]()
    with a_cluster() as local_cluster:

        def lose_the_worker(_bytes: int) -> None:
            local_cluster.scale(0)

        with pytest.raises(ClusterFailed, match=r"has no worker left\. What is finished is kept"):
            score_bytes(path, out, dask=local_cluster.scheduler_address, advanced=lose_the_worker)
    score_bytes(path, out, resumed=before.append)
    assert 500 <= before[0] < 2_500


def test_a_result_that_is_lost_with_the_last_worker_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part may be done, and its worker gone before its scores are fetched: nobody would compute them again."""
    monkeypatch.setattr(cluster, "_WAIT_SECONDS", 0.01)
    with a_cluster(workers=0) as empty, Client(empty.scheduler_address, set_as_default=False) as client:
        lost = client.submit(bytes, b"work")
        dead_cluster = Cluster(empty.scheduler_address, "Go on.", client, lost)
        with pytest.raises(ClusterFailed, match=r"has no worker left\. Go on\."):
            dead_cluster._result_of(lost)


def test_an_address_without_a_scheduler_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 0.2)
    path = write_parquet(tmp_path / "a.parquet", rows_of(10), group=10)
    for address in ("tcp://127.0.0.1:1", "localhost:1", "tls://127.0.0.1:1"):
        with pytest.raises(ClusterFailed, match=f"There is no Dask scheduler at {address}"):
            score_bytes(path, tmp_path / "out.parquet", dask=address)
    assert [file.name for file in tmp_path.iterdir()] == ["a.parquet"]


def test_a_cluster_without_workers_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", rows_of(10), group=10)
    with a_cluster(workers=0) as empty, pytest.raises(ClusterFailed, match=r"has no workers\. Start some: dask worker"):
        score_bytes(path, tmp_path / "out.parquet", dask=empty.scheduler_address)


def test_workers_of_another_version_are_refused_by_name(running_cluster: LocalCluster) -> None:
    sentence = r"1 of 1 workers cannot take part: tcp://\S+ has numpy 2\.\S+ instead of 1\.0\. Run pip install \S+\.whl"
    with Client(running_cluster.scheduler_address, set_as_default=False) as client:
        refuse_other_versions(client, running_cluster.scheduler_address, process_versions())
        with pytest.raises(ClusterFailed, match=sentence):
            refuse_other_versions(client, running_cluster.scheduler_address, {**process_versions(), "numpy": "1.0"})


def test_a_machine_without_dask_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_parquet(tmp_path / "a.parquet", rows_of(10), group=10)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterFailed, match=r"pip install \S+\.whl\[dask\]"):
        score_bytes(path, tmp_path / "out.parquet", dask="tcp://127.0.0.1:8786")


def write_certificate(folder: Path) -> dict[str, str]:
    """Dask's configuration with a certificate that is its own authority, for scheduler, workers and clients."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2120, 1, 1))  # noqa: DTZ001  # as it is written there
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "cert.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files = {
        f"{role}.{kind}": str(folder / f"{kind}.pem")
        for role in ("scheduler", "worker", "client")
        for kind in ("cert", "key")
    }
    return {
        f"distributed.comm.tls.{name}": file for name, file in {"ca-file": str(folder / "cert.pem"), **files}.items()
    }


def test_a_cluster_with_tls_takes_the_certificates_of_dask_s_configuration(tmp_path: Path) -> None:
    path, out = write_parquet(tmp_path / "a.parquet", rows_of(10), group=10), tmp_path / "out.parquet"
    with dask.config.set(write_certificate(tmp_path)), a_cluster(protocol="tls") as secure:
        address = secure.scheduler_address
        assert address.startswith("tls://")
        scores = score_bytes(path, out, dask=address)
        with (
            dask.config.set({"distributed.comm.tls.client.cert": None, "distributed.comm.tls.ca-file": None}),
            pytest.raises(ClusterFailed, match=f"There is no Dask scheduler at {address} "),
        ):
            score_bytes(path, out, dask=address)
    assert scores == score_bytes(path, tmp_path / "here.parquet")


# What a worker does.


def a_job(path: Path) -> Job:
    return Job(path, "native", ("external_id", "title"), "0" * 64, NOW)


def sent_work(work: object, package_versions: object = None) -> bytes:
    return pickle.dumps((process_versions() if package_versions is None else package_versions, pickle.dumps(work)))


def test_a_worker_that_joins_later_compares_its_version_too() -> None:
    ended = compute_part("run", sent_work(None, {**process_versions(), "code": "another"}), b"")
    assert ended == PartOutcome(None, "ValueError: It has another version of Touchstone, or of a library.")


def test_a_worker_refuses_a_bundle_of_another_digest(tmp_path: Path) -> None:
    files = dict(bundle_files())
    work = ScoreWork(a_job(tmp_path), {**files, "model.json": files["model.json"] + b" "}, verify(files))
    assert "BundleRefused" in compute_part("run", sent_work(work), b"").problem
    assert (
        "not 000000000000 as approved"
        in compute_part("run", sent_work(ScoreWork(a_job(tmp_path), files, "0" * 64)), b"").problem
    )


class CountedWork:
    """A work that counts how often it is opened and closed."""

    opened = closed = 0

    def open(self) -> "CountedWork":
        CountedWork.opened += 1
        return self

    def compute(self, part: bytes) -> bytes:
        return part * 2

    def close(self) -> None:
        CountedWork.closed += 1


def test_a_worker_opens_a_run_once_and_keeps_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_worker, "_OPEN", {})
    monkeypatch.setattr(CountedWork, "opened", 0)
    monkeypatch.setattr(CountedWork, "closed", 0)
    work, part = sent_work(CountedWork()), pickle.dumps(b"ab")
    assert [compute_part(run, work, part).content for run in ("one", "one", "two", "three")] == [b"abab"] * 4
    assert (CountedWork.opened, CountedWork.closed) == (3, 1)
    release_run("two")
    release_run("two")
    assert CountedWork.closed == 2


def test_an_answer_that_is_no_scores_of_its_rows_is_refused(
    tmp_path: Path, running_cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = write_parquet(tmp_path / "a.parquet", rows_of(600), group=600), tmp_path / "out.parquet"
    with pytest.raises(RunStopped):
        score_bytes(path, out, advanced=stopping_after(1))
    (part_file,) = (tmp_path / ".out.parquet.parts").glob("*.arrow")
    answers = [b"nothing", part_file.read_bytes()[:-20], without_last_row(part_file)]
    for answer in answers:
        monkeypatch.setattr(OpenScoreWork, "compute", lambda _self, _part, scores=answer: scores)
        with pytest.raises(ClusterFailed, match="something else than the scores of its rows"):
            score_bytes(path, out, dask=running_cluster.scheduler_address)


def without_last_row(file: Path) -> bytes:
    """The file without its last row."""
    table = pa.ipc.open_file(file).read_all()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.slice(0, table.num_rows - 1))
    return bytes(sink.getvalue())
