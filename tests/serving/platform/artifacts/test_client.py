"""Shared files in a bucket, against a local server that speaks the protocol of S3."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from models.errors import Invalid
from serving.composition import open_runtime
from serving.learning.service.champions import fetch_newest_models, follow_champions
from serving.learning.service.labelling import export_snapshot
from serving.learning.service.publish import SnapshotFiles
from serving.platform.artifacts.client import BucketFiles, BucketUnreachable, bucket_of
from serving.platform.artifacts.rules import Kind
from serving.platform.artifacts.service import DatabaseFiles
from serving.platform.artifacts.tables import artifact
from serving.platform.settings import Settings
from serving.scoring.service.bundles import BundleStore, LiveModels
from tests.fixtures.clocks import TestClock
from tests.fixtures.runtimes import PopulatedDatabase, Site
from tests.fixtures.two_processes import TwoSites, a_home
from tests.serving.jobs.test_shared_models import digest_in, label_a_case
from tests.serving.web.reports import admit_model, put_champion_in_force

DIGEST = "a" * 64
BUCKET = "touchstone-models"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of a server with an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
            patch.setenv(f"AWS_{name}", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        address = f"http://{host}:{port}"
        bucket(address)._client.create_bucket(Bucket=BUCKET)
        yield address
    server.stop()


def bucket(endpoint: str, name: str = f"s3://{BUCKET}/one/place") -> BucketFiles:
    """The bucket as settings name it."""
    shared_bucket = bucket_of(Settings(artifacts_bucket=name, artifacts_endpoint=endpoint))
    assert shared_bucket is not None
    return shared_bucket


@pytest.mark.parametrize("size", [0, 1, 9_000_000])
def test_a_file_is_read_as_it_was_stored(endpoint: str, size: int) -> None:
    content, shared = b"x" * size, bucket(endpoint)
    digest = f"{size:064}"
    assert not shared.has(Kind.BUNDLE, digest)
    assert shared.get(Kind.BUNDLE, digest) is None
    shared.save(Kind.BUNDLE, digest, content)
    assert shared.has(Kind.BUNDLE, digest)
    assert shared.get(Kind.BUNDLE, digest) == content


def test_kinds_and_prefixes_are_kept_apart(endpoint: str) -> None:
    bucket(endpoint).save(Kind.BUNDLE, DIGEST, b"a bundle")
    assert bucket(endpoint).get(Kind.SNAPSHOT, DIGEST) is None
    assert bucket(endpoint, f"s3://{BUCKET}").get(Kind.BUNDLE, DIGEST) is None
    assert bucket(endpoint, f"s3://{BUCKET}/one/place/").get(Kind.BUNDLE, DIGEST) == b"a bundle"


def test_a_bucket_that_is_missing_or_does_not_answer_is_unavailable(endpoint: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(BucketUnreachable, match="EndpointConnectionError"):
            bucket(nobody).get(Kind.BUNDLE, DIGEST)
    with pytest.raises(BucketUnreachable, match="NoSuchBucket"):
        bucket(endpoint, "s3://another-bucket").save(Kind.BUNDLE, DIGEST, b"")
    with pytest.raises(BucketUnreachable, match="NoSuchBucket"):
        bucket(endpoint, "s3://another-bucket").get(Kind.BUNDLE, DIGEST)


@pytest.mark.parametrize("name", ["touchstone-models", "https://touchstone-models", "s3://", "s3:///prefix"])
def test_an_address_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="s3://BUCKET"):
        bucket_of(Settings(artifacts_bucket=name))


def test_production_reaches_the_bucket_by_tls_alone(endpoint: str) -> None:
    settings = Settings(artifacts_bucket=f"s3://{BUCKET}", artifacts_endpoint=endpoint, production=True)
    with pytest.raises(Invalid, match="TLS"):
        bucket_of(settings)
    assert bucket_of(settings.model_copy(update={"artifacts_endpoint": "https://objects.example"})) is not None


@pytest.fixture
def in_bucket(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase, endpoint: str
) -> Iterator[TwoSites]:
    """Two processes that share by a bucket of their own."""
    sites, named = [], f"s3://{BUCKET}/{tmp_path.name}"
    for name in ("one", "two"):
        settings = Settings(
            home=a_home(tmp_path / name, populated_postgres),
            database_url=database,
            artifacts_bucket=named,
            artifacts_endpoint=endpoint,
        )
        runtime = open_runtime(settings, clock=TestClock(), migrated=True)
        sites.append(populated_postgres.on(runtime, TestClock()))
    yield sites[0], sites[1]
    for site in sites:
        site.runtime.close()


def test_two_processes_share_models_and_snapshots_by_the_bucket_and_not_the_database(in_bucket: TwoSites) -> None:
    first, second = in_bucket
    champion = put_champion_in_force(first)
    label_a_case(first)
    _, path, digest = export_snapshot(first.runtime, first.marketplace_id)
    follow_champions(second.runtime)
    assert digest_in(second) == champion
    assert second.runtime.services[SnapshotFiles].path(digest).read_bytes() == path.read_bytes()
    assert first.count(artifact) == 0


def test_a_bucket_out_of_reach_stops_no_model_that_is_here_and_gets_a_new_one_later(
    in_bucket: TwoSites, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = in_bucket
    with monkeypatch.context() as patch:
        patch.setattr(BucketFiles, "_call", unreachable)
        champion = put_champion_in_force(first)
        admitted = admit_again(first)
        follow_champions(second.runtime)
        assert "cannot be used" in second.runtime.services[LiveModels].missing()[second.marketplace_id].why
    assert digest_in(first) == champion
    fetch_newest_models(first.runtime)
    assert second.runtime.services[BundleStore].fetched(admitted).is_dir()


def admit_again(site: Site) -> str:
    """A newer model, admitted as a training does."""
    site.clock.forward(minutes=1)
    digest = admit_model(site, analyst_from=0.002)
    store = site.runtime.services[BundleStore]
    assert store.admit(store.folder(digest)) == digest
    return digest


def unreachable(*_arguments: object, **_more: object) -> bytes:
    raise BucketUnreachable("The bucket cannot be used.")


# Shared files in the database: whole, in order, and never changed.


@pytest.fixture
def shared_files(any_site: Site) -> DatabaseFiles:
    """The store of a site."""
    return DatabaseFiles(any_site.runtime.store, any_site.clock)


@pytest.mark.both_engines
@pytest.mark.parametrize("size", [0, 1, 999_999, 1_000_000, 1_000_001, 2_500_000])
def test_a_file_is_read_as_it_was_stored_however_many_parts_it_has(shared_files: DatabaseFiles, size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    shared_files.save(Kind.BUNDLE, DIGEST, content)
    assert shared_files.has(Kind.BUNDLE, DIGEST)
    assert shared_files.get(Kind.BUNDLE, DIGEST) == content


def test_a_file_that_is_there_stays_as_it_is(shared_files: DatabaseFiles) -> None:
    shared_files.save(Kind.BUNDLE, DIGEST, b"first")
    shared_files.save(Kind.BUNDLE, DIGEST, b"second")
    assert shared_files.get(Kind.BUNDLE, DIGEST) == b"first"


def test_equal_digests_of_two_kinds_are_two_files(shared_files: DatabaseFiles) -> None:
    shared_files.save(Kind.BUNDLE, DIGEST, b"a bundle")
    assert not shared_files.has(Kind.SNAPSHOT, DIGEST)
    assert shared_files.get(Kind.SNAPSHOT, DIGEST) is None


@pytest.mark.both_engines
def test_of_simultaneous_writers_one_stores_the_file_and_none_fails(shared_files: DatabaseFiles) -> None:
    content, start, failed = b"x" * 2_500_000, threading.Barrier(4), list[Exception]()

    def save_file() -> None:
        start.wait()
        try:
            shared_files.save(Kind.BUNDLE, DIGEST, content)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=save_file) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert shared_files.get(Kind.BUNDLE, DIGEST) == content
