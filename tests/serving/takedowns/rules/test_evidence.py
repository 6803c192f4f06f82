"""A snapshot matches the taken one, or the differences are reported."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from features.message import Message, message
from serving.takedowns.rules.evidence import KeptPart, Part, Snapshot, canonical, differences, snapshot_of
from tests.fixtures.strategies import PROPERTY

HEADER = {"evidence_id": "evd_1", "version": 3}
BODIES = {part: f"the {part.value}".encode() for part in Part}
SALTS = {part: bytes([number]) * 16 for number, part in enumerate(Part)}


def a_snapshot() -> Snapshot:
    return snapshot_of(HEADER, BODIES, SALTS)


def with_part(snapshot: Snapshot, part: Part, **changes: object) -> Snapshot:
    parts = tuple(replace(one, **changes) if one.part is part else one for one in snapshot.parts)  # type: ignore[arg-type]  # by name
    return replace(snapshot, parts=parts)


def found(snapshot: Snapshot) -> tuple[Message, ...]:
    return differences(snapshot, vouched=a_snapshot().digest)


def test_an_unchanged_snapshot_has_no_differences() -> None:
    assert found(a_snapshot()) == ()


def test_the_digests_match_an_independent_implementation() -> None:
    taken = a_snapshot()
    digests = {}
    for one in taken.parts:
        salt = SALTS[one.part]
        text = b"touchstone.evidence.part.v1\0" + one.part.value.encode() + b"\0\x10" + salt + BODIES[one.part]
        digests[one.part.value] = hashlib.sha256(text).hexdigest()
        assert one.digest == digests[one.part.value]
    whole = b"touchstone.evidence.snapshot.v1\0" + canonical({"header": HEADER, "parts": digests})
    assert taken.digest == hashlib.sha256(whole).hexdigest()


@pytest.mark.parametrize("part", Part)
def test_an_erased_part_is_no_difference(part: Part) -> None:
    assert found(with_part(a_snapshot(), part, salt=None, body=None)) == ()


TAMPERED: list[tuple[Callable[[Snapshot], Snapshot], Message, str]] = [
    (lambda one: with_part(one, Part.PRICE, body=b"9.00"), message("evidence.altered", part="price"), "body changed"),
    (lambda one: with_part(one, Part.TEXT, salt="ff" * 16), message("evidence.altered", part="text"), "salt changed"),
    (lambda one: with_part(one, Part.PAGE, salt=None), message("evidence.altered", part="page"), "salt alone erased"),
    (lambda one: with_part(one, Part.SELLER, digest="0" * 64), message("evidence.altered", part="seller"), "digest"),
    (
        lambda one: with_part(one, Part.PAGE, digest="0" * 64, salt=None, body=None),
        message("evidence.header"),
        "digest of an erased part changed",
    ),
    (lambda one: replace(one, parts=one.parts[1:]), message("evidence.missing", part="text"), "part removed"),
    (lambda one: replace(one, header={**HEADER, "version": 2}), message("evidence.header"), "header changed"),
    (
        lambda _: snapshot_of(HEADER, {**BODIES, Part.TEXT: b"another"}, SALTS),
        message("evidence.other_digest"),
        "all hashed again",
    ),
]


@pytest.mark.parametrize(("tamper", "difference", "what"), TAMPERED, ids=[row[-1] for row in TAMPERED])
def test_an_alteration_is_reported(tamper: Callable[[Snapshot], Snapshot], difference: Message, what: str) -> None:
    assert difference in found(tamper(a_snapshot())), what


def test_a_snapshot_without_an_audit_entry_is_reported() -> None:
    assert differences(a_snapshot(), vouched=None) == (message("evidence.unrecorded"),)


def test_equal_bodies_under_other_salts_have_other_digests() -> None:
    """An erased price cannot be found by hashing every price."""
    other = snapshot_of(HEADER, BODIES, dict.fromkeys(Part, b"\xff" * 16))
    assert all(one.digest != another.digest for one, another in zip(a_snapshot().parts, other.parts, strict=True))


def test_equal_bodies_of_two_parts_have_other_digests() -> None:
    same: dict[Part, bytes] = dict.fromkeys(Part, b"null")
    assert len({one.digest for one in snapshot_of(HEADER, same, dict.fromkeys(Part, b"\0" * 16)).parts}) == len(Part)


@PROPERTY
@given(st.sampled_from(Part), st.data())
def test_any_flipped_byte_of_any_body_is_found(part: Part, data: st.DataObject) -> None:
    body = bytearray(BODIES[part])
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    assert found(with_part(a_snapshot(), part, body=bytes(body))) == (message("evidence.altered", part=part.value),)


def test_a_kept_part_knows_its_salt_as_text() -> None:
    assert a_snapshot().parts[1] == KeptPart(Part.PRICE, a_snapshot().parts[1].digest, "01" * 16, b"the price")
