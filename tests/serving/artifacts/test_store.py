"""Shared files in the database: whole, in order, and never changed."""

import threading

import pytest

from serving.artifacts.rules import Kind
from serving.artifacts.service import InDatabase
from tests.fixtures.runtimes import Site

DIGEST = "a" * 64


@pytest.fixture
def shared(any_site: Site) -> InDatabase:
    """The store of a site."""
    return InDatabase(any_site.runtime.store, any_site.clock)


@pytest.mark.both_engines
@pytest.mark.parametrize("size", [0, 1, 999_999, 1_000_000, 1_000_001, 2_500_000])
def test_a_file_is_read_as_it_was_stored_however_many_parts_it_has(shared: InDatabase, size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    shared.put(Kind.BUNDLE, DIGEST, content)
    assert shared.has(Kind.BUNDLE, DIGEST)
    assert shared.get(Kind.BUNDLE, DIGEST) == content


def test_a_file_that_is_there_stays_as_it_is(shared: InDatabase) -> None:
    shared.put(Kind.BUNDLE, DIGEST, b"first")
    shared.put(Kind.BUNDLE, DIGEST, b"second")
    assert shared.get(Kind.BUNDLE, DIGEST) == b"first"


def test_equal_digests_of_two_kinds_are_two_files(shared: InDatabase) -> None:
    shared.put(Kind.BUNDLE, DIGEST, b"a bundle")
    assert not shared.has(Kind.SNAPSHOT, DIGEST)
    assert shared.get(Kind.SNAPSHOT, DIGEST) is None


@pytest.mark.both_engines
def test_of_simultaneous_writers_one_stores_the_file_and_none_fails(shared: InDatabase) -> None:
    content, start, failed = b"x" * 2_500_000, threading.Barrier(4), list[Exception]()

    def put() -> None:
        start.wait()
        try:
            shared.put(Kind.BUNDLE, DIGEST, content)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=put) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert shared.get(Kind.BUNDLE, DIGEST) == content
