import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from models.audit import GENESIS, Broken, Entry, canonical, chained, payload_hash, verify
from tests.fixtures.clocks import NOW
from tests.fixtures.strategies import PROPERTY

Log = list[tuple[Entry, bytes | None]]


def a_log(length: int = 6) -> Log:
    log: Log = []
    previous = (0, GENESIS)
    for number in range(length):
        payload = {"listing": f"lst_{number}", "note": "ü\n"}
        entry = chained(
            previous=previous,
            occurred_at=NOW + timedelta(minutes=number),
            marketplace_id="mkt_a",
            actor=f"usr_{number % 2}",
            act="verdict.recorded",
            subject=f"cas_{number}",
            payload=payload,
        )
        log.append((entry, canonical(payload)))
        previous = (entry.sequence, entry.entry_hash)
    return log


def head(log: Log) -> tuple[int, str]:
    return (log[-1][0].sequence, log[-1][0].entry_hash) if log else (0, GENESIS)


HEAD = head(a_log())


def test_a_whole_log_is_whole() -> None:
    assert verify(a_log(), head=HEAD) is None


def test_an_empty_log_is_whole() -> None:
    assert verify([], head=(0, GENESIS)) is None


def test_a_log_with_erased_payloads_is_whole() -> None:
    assert verify([(entry, None) for entry, _ in a_log()], head=HEAD) is None


def swap(log: Log, at: int) -> None:
    log[at], log[at + 1] = log[at + 1], log[at]


MUTATIONS: list[tuple[Callable[[Log, int], object], int, str]] = [
    (lambda log, at: log.pop(at), 0, "deleted"),
    (lambda log, at: log.insert(at, log[at]), 1, "repeated"),
    (swap, 0, "exchanged with the next"),
    (lambda log, at: log.insert(at, (replace(log[at][0], actor="usr_x"), None)), 0, "forged and inserted"),
]


@pytest.mark.parametrize(("mutate", "after", "what"), MUTATIONS, ids=[row[-1] for row in MUTATIONS])
@pytest.mark.parametrize("at", range(5))
def test_a_log_with_an_entry_moved_names_the_first_bad_one(
    mutate: Callable[[Log, int], object], after: int, what: str, at: int
) -> None:
    log = a_log()
    mutate(log, at)
    found = verify(log, head=HEAD)
    assert found is not None
    assert found.sequence == at + 1 + after


ALTERED = {
    "occurred_at": NOW + timedelta(days=9),
    "marketplace_id": "mkt_b",
    "actor": "usr_x",
    "act": "verdict.undone",
    "subject": "cas_x",
    "payload_hash": payload_hash({"listing": "lst_x"}),
    "previous_hash": "1" * 64,
    "entry_hash": "1" * 64,
    "sequence": 77,
}


def test_every_field_of_an_entry_is_tried() -> None:
    assert set(ALTERED) == {field.name for field in fields(Entry)}


@pytest.mark.parametrize("name", ALTERED)
@pytest.mark.parametrize("at", range(6))
def test_an_altered_field_is_found_where_it_is(name: str, at: int) -> None:
    log = a_log()
    log[at] = (replace(log[at][0], **{name: ALTERED[name]}), None)  # type: ignore[arg-type]  # a value for each name
    found = verify(log, head=HEAD)
    assert found is not None
    assert found.sequence == at + 1


@pytest.mark.parametrize("at", range(6))
def test_an_altered_payload_is_found_where_it_is(at: int) -> None:
    log = a_log()
    log[at] = (log[at][0], canonical({"listing": "lst_x", "note": "ü\n"}))
    assert verify(log, head=HEAD) == Broken(at + 1, "its payload was altered")


@pytest.mark.parametrize("kept", range(6))
def test_a_truncated_log_is_found_by_its_head(kept: int) -> None:
    assert verify(a_log()[:kept], head=HEAD) == Broken(kept + 1, f"the log ends at {kept}, its head says 6")


def test_a_log_that_goes_on_after_its_head_is_found() -> None:
    assert verify(a_log(7), head=HEAD) is not None


def test_a_log_written_anew_from_an_entry_on_is_found_by_its_head() -> None:
    assert verify(a_log(5) + a_log(7)[5:6], head=(6, "2" * 64)) is not None


def test_a_rewritten_chain_with_correct_hashes_does_not_end_at_the_recorded_head() -> None:
    first, payload = a_log()[0]
    forged = chained(
        previous=(0, GENESIS),
        occurred_at=first.occurred_at,
        marketplace_id=first.marketplace_id,
        actor="usr_x",
        act=first.act,
        subject=first.subject,
        payload={"listing": "lst_0", "note": "ü\n"},
    )
    assert verify([(forged, payload)], head=(1, first.entry_hash)) == Broken(2, "the log ends at 1, its head says 1")


@PROPERTY
@given(st.data())
def test_any_flipped_byte_of_any_payload_is_found(data: st.DataObject) -> None:
    log = a_log()
    at = data.draw(st.integers(0, 5))
    content = bytearray(log[at][1] or b"")
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    log[at] = (log[at][0], bytes(content))
    assert verify(log, head=HEAD) == Broken(at + 1, "its payload was altered")


def test_an_entry_and_a_payload_are_hashed_in_domains_of_their_own() -> None:
    """Were the domains one, a stored payload could pass for an entry and its hash for a link of the chain."""
    entry, payload = a_log(1)[0]
    assert payload is not None
    named = '"mkt_a","usr_0","verdict.recorded","cas_0"'
    text = f'[1,"{NOW.isoformat()}",{named},"{entry.payload_hash}","{GENESIS}"]'
    as_entry = hashlib.sha256(b"touchstone.audit.entry.v1\0" + text.encode()).hexdigest()
    as_payload = hashlib.sha256(b"touchstone.audit.payload.v1\0" + payload).hexdigest()
    assert (entry.entry_hash, entry.payload_hash) == (as_entry, as_payload)


def test_a_separator_inside_a_name_does_not_move_it_into_the_next_field() -> None:
    def hashed(actor: str, act: str) -> str:
        found = chained(
            previous=(0, GENESIS),
            occurred_at=NOW,
            marketplace_id="mkt_a",
            actor=actor,
            act=act,
            subject="cas_1",
            payload={},
        )
        return found.entry_hash

    assert hashed('a","b', "c") != hashed("a", 'b","c')


def test_the_order_of_keys_does_not_change_a_payload() -> None:
    assert payload_hash({"a": 1, "b": 2}) == payload_hash({"b": 2, "a": 1})


def test_a_payload_with_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"score": float("nan")})
