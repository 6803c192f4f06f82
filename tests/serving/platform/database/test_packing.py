"""Packed bytes come back, are short, and stay readable as long as they are stored."""

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.listings.service.intake_steps import content_of, observed_of
from serving.platform.database.types import CURRENT, Kind, dictionary_bytes, pack, unpack
from tests.fixtures.facts import a_full_listing, bare_facts, full_facts, some_facts

# Stored values depend on every byte of these files: a changed one gets a new number.
DIGESTS = {
    1: "d8dcbd36082877f347cbb7937a6f9371dfff50e59b813f90d207c5a69253f5ec",
    2: "d93af15e600aa9058bbd9e0e940bfe2a48b8b904ca206e38a79cb7a4f07e8b77",
    3: "390122a6d7890b8ffa0e97f3f14717946f012dad9a0aa462dfb925dad213bee9",
}


@pytest.mark.parametrize("number", sorted(set(CURRENT.values())))
def test_a_dictionary_never_changes(number: int) -> None:
    assert sha256(dictionary_bytes(number)).hexdigest() == DIGESTS[number]


@given(st.sampled_from(Kind), st.binary(max_size=20_000))
def test_every_value_comes_back(kind: Kind, content: bytes) -> None:
    assert unpack(pack(kind, content)) == content


def test_values_longer_than_the_window_come_back() -> None:
    content = b"".join(sha256(bytes([n % 256, n // 256])).digest() for n in range(3_000)) * 2
    assert unpack(pack(Kind.FACTS, content)) == content


def test_stored_bytes_of_the_first_dictionary_stay_readable() -> None:
    assert unpack(bytes.fromhex("01c3d38c838e7ed70200")) == b'{"schema":1,"marketplace":"bazaar"}'


def test_facts_shrink_to_less_than_a_third() -> None:
    for facts in (some_facts(), full_facts(), bare_facts()):
        assert len(pack(Kind.FACTS, facts.to_json())) < len(facts.to_json()) / 3


def test_short_values_shrink_too() -> None:
    listing = a_full_listing()
    for kind, document in ((Kind.OBSERVED, observed_of(listing)), (Kind.CONTENT, content_of(listing))):
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), default=str).encode()
        assert len(pack(kind, text)) < len(text) * (0.4 if kind is Kind.OBSERVED else 0.7)
