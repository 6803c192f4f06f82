import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given

from features.message import message
from serving.audit.rules.chain import (
    ERASURE,
    GENESIS,
    AuditEntry,
    ChainBreak,
    Head,
    Payload,
    canonical_json,
    follows,
    next_entry,
    next_head,
    signed_bytes,
    verify,
)
from tests.fixtures.clocks import NOW
from tests.fixtures.strategies import PROPERTY

Log = list[tuple[AuditEntry, Payload | None]]


def a_log(length: int = 6) -> Log:
    log: Log = []
    previous = (0, GENESIS)
    for number in range(length):
        payload = Payload(canonical_json({"listing": f"lst_{number}", "note": "ü\n"}), bytes([number]) * 16)
        audit_entry = next_entry(
            previous=previous,
            occurred_at=NOW + timedelta(minutes=number),
            marketplace_id="mkt_a",
            actor=f"usr_{number % 2}",
            act="test_buy.received",
            subject=f"cas_{number}",
            payload=payload,
        )
        log.append((audit_entry, payload))
        previous = (audit_entry.sequence, audit_entry.entry_hash)
    return log


def head(log: Log) -> tuple[int, str]:
    return (log[-1][0].sequence, log[-1][0].entry_hash) if log else (0, GENESIS)


HEAD = head(a_log())


def test_a_whole_log_is_whole() -> None:
    assert verify(a_log(), head=HEAD) is None


def test_an_empty_log_is_whole() -> None:
    assert verify([], head=(0, GENESIS)) is None


def with_an_erasure(log: Log, act: str = ERASURE, **sentence: object) -> Log:
    """The log with one more entry of this content, and without the payloads of its second and fourth entry."""
    payload = Payload(canonical_json(sentence), b"s" * 16)
    audit_entry = next_entry(
        previous=head(log),
        occurred_at=NOW,
        marketplace_id="mkt_a",
        actor="usr_0",
        act=act,
        subject="era_1",
        payload=payload,
    )
    return [(old_entry, None if old_entry.sequence in {2, 4} else old_payload) for old_entry, old_payload in log] + [
        (audit_entry, payload)
    ]


def test_a_log_with_erased_payloads_is_whole() -> None:
    log = with_an_erasure(a_log(), entries=[2, 4])
    assert verify(log, head=head(log)) is None


UNNAMED: list[tuple[str, dict[str, object], int, str]] = [
    (ERASURE, {"entries": [4]}, 2, "the first is not named"),
    (ERASURE, {"entries": [2]}, 4, "the second is not named"),
    (ERASURE, {}, 2, "an erasure that names nothing"),
    ("verdict.recorded", {"entries": [2, 4]}, 2, "another act names them"),
]


@pytest.mark.parametrize(("act", "expected", "first", "_why"), UNNAMED)
def test_a_payload_that_is_gone_without_an_erasure_is_found(
    act: str, expected: dict[str, object], first: int, _why: str
) -> None:
    log = with_an_erasure(a_log(), act, **expected)
    assert verify(log, head=head(log)) == ChainBreak(first, message("audit.payload_gone"))


def test_an_erasure_that_names_what_is_still_there_is_found() -> None:
    log = with_an_erasure(a_log(), entries=[2, 3, 4])
    assert verify(log, head=head(log)) == ChainBreak(7, message("audit.erased_nothing", sequence=3))


@pytest.mark.parametrize(
    "act", ["verdict.recorded", "approval_vote.approve", "model.promote", "person.granted", "remove.pending_approval"]
)
def test_no_erasure_blanks_the_payload_of_a_decision(act: str) -> None:
    """Else a forged erasure would hide what the row of the decision is compared with."""
    audit_entry = next_entry(
        previous=(0, GENESIS),
        occurred_at=NOW,
        marketplace_id="mkt_a",
        actor="usr_0",
        act=act,
        subject="x",
        payload=Payload(canonical_json({})),
    )
    log = with_an_erasure([(audit_entry, None)], entries=[1])
    assert verify(log, head=head(log)) == ChainBreak(1, message("audit.payload_kept"))


def test_a_short_payload_cannot_be_found_by_its_hash_once_its_salt_is_gone() -> None:
    payload = Payload(canonical_json({"seller": "s-1"}), b"0123456789abcdef")
    assert payload.digest != Payload(payload.body).digest
    assert payload.digest != Payload(payload.body, b"0123456789abcdeg").digest
    published = hashlib.sha256(b"touchstone.audit.payload.v2\0" + payload.salt + payload.body).hexdigest()
    assert payload.digest == published


def test_an_entry_from_before_there_were_salts_still_fits() -> None:
    unsalted = Payload(canonical_json({"seller": "s-1"}))
    assert unsalted.digest == hashlib.sha256(b"touchstone.audit.payload.v1\0" + unsalted.body).hexdigest()
    audit_entry = next_entry(
        previous=(0, GENESIS),
        occurred_at=NOW,
        marketplace_id="mkt_a",
        actor="usr_0",
        act="contacts.erased",
        subject="x",
        payload=unsalted,
    )
    assert verify([(audit_entry, unsalted)], head=(1, audit_entry.entry_hash)) is None
    assert verify([(audit_entry, replace(unsalted, salt=b"x"))], head=(1, audit_entry.entry_hash)) is not None


def swap(log: Log, at: int) -> None:
    log[at], log[at + 1] = log[at + 1], log[at]


MUTATIONS: list[tuple[Callable[[Log, int], object], int, str]] = [
    (lambda log, at: log.pop(at), 0, "deleted"),
    (lambda log, at: log.insert(at, log[at]), 1, "repeated"),
    (swap, 0, "exchanged with the next"),
    (lambda log, at: log.insert(at, (replace(log[at][0], actor="usr_x"), None)), 0, "forged and inserted"),
]


@pytest.mark.parametrize(("mutate", "after", "_why"), MUTATIONS)
@pytest.mark.parametrize("at", range(5))
def test_a_log_with_an_entry_moved_names_the_first_bad_one(
    mutate: Callable[[Log, int], object], after: int, _why: str, at: int
) -> None:
    log = a_log()
    mutate(log, at)
    fault = verify(log, head=HEAD)
    assert fault is not None
    assert fault.sequence == at + 1 + after


ALTERED = {
    "occurred_at": NOW + timedelta(days=9),
    "marketplace_id": "mkt_b",
    "actor": "usr_x",
    "act": "verdict.undone",
    "subject": "cas_x",
    "payload_hash": Payload(canonical_json({"listing": "lst_x"})).digest,
    "previous_hash": "1" * 64,
    "entry_hash": "1" * 64,
    "sequence": 77,
}


def test_every_field_of_an_entry_is_tried() -> None:
    assert set(ALTERED) == {field.name for field in fields(AuditEntry)}


@pytest.mark.parametrize("name", ALTERED)
@pytest.mark.parametrize("at", range(6))
def test_an_altered_field_is_found_where_it_is(name: str, at: int) -> None:
    log = a_log()
    log[at] = (replace(log[at][0], **{name: ALTERED[name]}), log[at][1])  # type: ignore[arg-type]  # a value for each name
    fault = verify(log, head=HEAD)
    assert fault is not None
    assert fault.sequence == at + 1


@pytest.mark.parametrize("at", range(6))
def test_an_altered_payload_is_found_where_it_is(at: int) -> None:
    log = a_log()
    log[at] = (log[at][0], Payload(canonical_json({"listing": "lst_x", "note": "ü\n"})))
    assert verify(log, head=HEAD) == ChainBreak(at + 1, message("audit.payload_altered"))


@pytest.mark.parametrize("length", range(6))
def test_a_truncated_log_is_found_by_its_head(length: int) -> None:
    assert verify(a_log()[:length], head=HEAD) == ChainBreak(length + 1, message("audit.other_end", end=length, head=6))


def test_a_log_that_goes_on_after_its_head_is_found() -> None:
    assert verify(a_log(7), head=HEAD) is not None


def test_a_log_written_anew_from_an_entry_on_is_found_by_its_head() -> None:
    assert verify(a_log(5) + a_log(7)[5:6], head=(6, "2" * 64)) is not None


def test_a_rewritten_chain_with_correct_hashes_does_not_end_at_the_recorded_head() -> None:
    first, payload = a_log()[0]
    forged = next_entry(
        previous=(0, GENESIS),
        occurred_at=first.occurred_at,
        marketplace_id=first.marketplace_id,
        actor="usr_x",
        act=first.act,
        subject=first.subject,
        payload=payload or Payload(b""),
    )
    assert verify([(forged, payload)], head=(1, first.entry_hash)) == ChainBreak(
        2, message("audit.other_end", end=1, head=1)
    )


@PROPERTY
@given(st.data())
def test_any_flipped_byte_of_any_payload_is_found(source: st.DataObject) -> None:
    log = a_log()
    at = source.draw(st.integers(0, 5))
    payload = log[at][1]
    assert payload is not None
    content = bytearray(payload.salt + payload.body)
    content[source.draw(st.integers(0, len(content) - 1))] ^= source.draw(st.integers(1, 255))
    log[at] = (log[at][0], Payload(bytes(content[16:]), bytes(content[:16])))
    assert verify(log, head=HEAD) == ChainBreak(at + 1, message("audit.payload_altered"))


def test_an_entry_and_a_payload_are_hashed_in_domains_of_their_own() -> None:
    """With a shared hash domain a stored payload could pass for an entry, and its hash for a link of the chain."""
    audit_entry, payload = a_log(1)[0]
    assert payload is not None
    named = '"mkt_a","usr_0","test_buy.received","cas_0"'
    text = f'[1,"{NOW.isoformat()}",{named},"{audit_entry.payload_hash}","{GENESIS}"]'
    as_entry = hashlib.sha256(b"touchstone.audit.entry.v1\0" + text.encode()).hexdigest()
    as_payload = hashlib.sha256(b"touchstone.audit.payload.v2\0" + payload.salt + payload.body).hexdigest()
    assert (audit_entry.entry_hash, audit_entry.payload_hash) == (as_entry, as_payload)


def test_a_separator_inside_a_name_does_not_move_it_into_the_next_field() -> None:
    def hashed(actor: str, act: str) -> str:
        audit_entry = next_entry(
            previous=(0, GENESIS),
            occurred_at=NOW,
            marketplace_id="mkt_a",
            actor=actor,
            act=act,
            subject="cas_1",
            payload=Payload(b"{}"),
        )
        return audit_entry.entry_hash

    assert hashed('a","b', "c") != hashed("a", 'b","c')


def test_the_order_of_keys_does_not_change_a_payload() -> None:
    assert canonical_json({"a": 1, "b": 2}) == canonical_json({"b": 2, "a": 1})


def test_a_payload_with_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"score": float("nan")})


def a_log_written_anew(start: int, length: int = 6) -> Log:
    """The log with a changed actor of the entry at `start`, and every later hash recomputed."""
    log = a_log(length)
    previous = (start, log[start - 1][0].entry_hash if start else GENESIS)
    for at in range(start, length):
        audit_entry, payload = log[at]
        forged = next_entry(
            previous=previous,
            occurred_at=audit_entry.occurred_at,
            marketplace_id=audit_entry.marketplace_id,
            actor="usr_x" if at == start else audit_entry.actor,
            act=audit_entry.act,
            subject=audit_entry.subject,
            payload=payload or Payload(b"{}"),
        )
        log[at], previous = (forged, payload), (forged.sequence, forged.entry_hash)
    return log


def some_heads(*ends: int) -> list[Head]:
    """Heads that were signed after these entries."""
    hashes = [audit_entry.entry_hash for audit_entry, _ in a_log()]
    heads: list[Head] = []
    start = 0
    for end in ends:
        heads.append(next_head(heads[-1] if heads else None, hashes[start:end], NOW + timedelta(hours=end)))
        start = end
    return heads


HEADS = some_heads(2, 4, 6)


def test_a_whole_log_is_the_one_that_was_signed() -> None:
    assert verify(a_log(), head=HEAD, heads=HEADS) is None
    assert verify(a_log(), head=HEAD, heads=HEADS[:1]) is None


@pytest.mark.parametrize("start", range(6))
def test_a_log_written_anew_with_its_head_is_found_at_the_first_entry_that_is_another(start: int) -> None:
    forged = a_log_written_anew(start)
    assert verify(forged, head=head(forged)) is None  # The chain and the head in the database agree.
    assert verify(forged, head=head(forged), heads=HEADS) == ChainBreak(start + 1, message("audit.not_as_signed"))


@pytest.mark.parametrize("length", range(6))
def test_a_log_cut_off_with_its_head_is_found_by_the_signed_head(length: int) -> None:
    cut = a_log()[:length]
    assert verify(cut, head=head(cut)) is None
    fault = verify(cut, head=head(cut), heads=HEADS)
    assert fault == ChainBreak(length + 1, message("audit.before_signed", end=length, head=6))


def test_entries_after_the_last_signed_head_are_protected_by_the_chain_alone() -> None:
    assert verify(a_log_written_anew(5), head=head(a_log_written_anew(5)), heads=HEADS[:2]) is None


def test_a_mark_that_is_equal_by_chance_hides_nothing_from_the_head() -> None:
    forged = a_log_written_anew(5)
    marked = replace(HEADS[2], marks=HEADS[2].marks[:8] + forged[5][0].entry_hash[:8])
    assert verify(forged, head=head(forged), heads=[*HEADS[:2], marked]) is not None


BAD_HEADS: list[tuple[list[Head], int, str]] = [
    ([HEADS[0], HEADS[2]], 1, "the one between was left out"),
    (HEADS[1:], 0, "the first was left out"),
    ([HEADS[1], HEADS[0]], 0, "two are exchanged"),
    ([HEADS[0], HEADS[0]], 1, "one stands twice"),
    ([HEADS[0], replace(HEADS[1], marks=HEADS[1].marks[:8])], 1, "a mark is missing"),
    ([HEADS[0], replace(HEADS[1], entry_hash="0" * 64)], 1, "its hash is not what it marks"),
    ([HEADS[0], replace(HEADS[1], signed_at=NOW), HEADS[2]], 2, "the one before was altered"),
]


@pytest.mark.parametrize(("heads", "place", "what"), BAD_HEADS, ids=[row[-1] for row in BAD_HEADS])
def test_heads_that_do_not_follow_each_other_are_found(heads: list[Head], place: int, what: str) -> None:
    fits = [follows(head, before) for before, head in pairwise([None, *heads]) if head]
    assert fits.index(False) == place, what


def test_heads_that_follow_each_other_are_whole() -> None:
    assert all(follows(head, before) for before, head in pairwise([None, *HEADS]) if head)


def test_a_head_is_signed_in_a_domain_of_its_own() -> None:
    assert signed_bytes(HEADS[0]).startswith(b"touchstone.audit.head.v1\0[2,")
