import hashlib
import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import a_market, snapshot_rows
from training.gates.golden import (
    GoldenItem,
    GoldenSet,
    freeze,
    parse_golden,
    read_golden,
    refuse_golden_rows,
    rows_apart_from,
)
from training.snapshots.snapshot import SnapshotRefused, SnapshotRow

DATA = a_market(60)
ROWS = snapshot_rows(DATA)


def golden_item(row: SnapshotRow) -> GoldenItem:
    return GoldenItem(row.version_id, row.listing_id, row.seller, row.label, ("vdt_1", "vdt_2"), row.facts)


ITEMS = [golden_item(row) for row in ROWS[:20]]
CONTENT, DIGEST = freeze(ITEMS, NOW)


def test_a_set_comes_back_as_it_was_frozen() -> None:
    golden_set = parse_golden(CONTENT, DIGEST)
    assert (golden_set.items, golden_set.as_of, golden_set.digest) == (tuple(ITEMS), NOW, DIGEST)
    assert golden_set.labels.tolist() == [row.label for row in ROWS[:20]]


def test_what_awaits_a_second_review_is_not_among_what_was_judged_twice() -> None:
    waiting = replace(ITEMS[0], verdicts=())
    golden_set = parse_golden(*freeze([waiting, *ITEMS[1:]], NOW))
    assert (golden_set.items[0], golden_set.judged_twice().items) == (waiting, tuple(ITEMS[1:]))


def test_equal_sets_have_equal_digests_in_any_order() -> None:
    assert freeze(ITEMS[::-1], NOW) == (CONTENT, DIGEST)
    assert freeze(ITEMS, NOW + timedelta(seconds=1))[1] != DIGEST
    assert freeze([replace(ITEMS[0], label=1 - ITEMS[0].label), *ITEMS[1:]], NOW)[1] != DIGEST


@pytest.mark.parametrize("at", [0, len(CONTENT) // 2, len(CONTENT) - 2])
def test_a_changed_byte_is_refused_and_nothing_is_trained(tmp_path: Path, at: int) -> None:
    changed = bytearray(CONTENT)
    changed[at] ^= 1
    (tmp_path / "golden.jsonl").write_bytes(bytes(changed))
    with pytest.raises(SnapshotRefused, match=f"not {DIGEST[:12]} as frozen; nothing is trained"):
        read_golden(tmp_path / "golden.jsonl", expected=DIGEST)


def json_lines(lines: list[object]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


HEAD, FIRST = (json.loads(line) for line in CONTENT.splitlines()[:2])
NO_SETS: list[tuple[bytes, str, str]] = [
    (b"", "cannot be read: ValueError", "nothing"),
    (b"[" * 100_000, "cannot be read: RecursionError", "nested deeper than is read"),
    (b"\xff\n", "cannot be read: UnicodeDecodeError", "no text"),
    (json_lines([HEAD]), "not one that this version reads", "items that are not there"),
    (json_lines([{**HEAD, "items": 1, "schema": 9}, FIRST]), "not one that this version reads", "another schema"),
    (json_lines([{**HEAD, "items": 1}, {**FIRST, "label": 2}]), "not one that this version reads", "a third class"),
    (
        json_lines([{**HEAD, "items": 1}, {**FIRST, "facts": "{}"}]),
        "cannot be read: ValidationError",
        "facts of nothing",
    ),
    (json_lines([{**HEAD, "items": 1}, {**FIRST, "more": 1}]), "cannot be read: TypeError", "a field too many"),
]


@pytest.mark.parametrize(("content", "sentence", "_why"), NO_SETS)
def test_frozen_content_that_is_no_set_is_refused(content: bytes, sentence: str, _why: str) -> None:

    with pytest.raises(SnapshotRefused, match=sentence):
        parse_golden(content, hashlib.sha256(content).hexdigest())


def a_set(*rows: SnapshotRow) -> GoldenSet:
    return parse_golden(*freeze([golden_item(row) for row in rows], NOW))


LONG = (
    "Grained leather with a strap of canvas, two pockets inside, a card that names the atelier and a dust bag of cotton"
)


CHANGED = (
    "other3 leather with other4 strap of canvas, two pockets inside, a card that other0 the atelier other1 a dust "
    "other2 of cotton"
)


def in_words(row: SnapshotRow, description: str, **changes: object) -> SnapshotRow:
    facts = json.loads(row.facts)
    facts["listing"]["description"] = description
    return replace(row, facts=json.dumps(facts), **changes)  # type: ignore[arg-type]  # fields by name


GOLDEN = in_words(ROWS[0], LONG)
OTHERS: list[tuple[SnapshotRow, bool, str]] = [
    (ROWS[10], True, "another listing of another seller in other words"),
    (replace(ROWS[10], listing_id=GOLDEN.listing_id), False, "another version of the listing"),
    (replace(ROWS[10], seller=GOLDEN.seller), False, "another listing of the seller"),
    (replace(ROWS[10], seller_cluster=GOLDEN.seller), False, "an account that is known to be the seller's"),
    (replace(ROWS[10], seller=None, seller_cluster=None), True, "a listing of nobody known"),
    (
        in_words(GOLDEN, f"{LONG}!", listing_id="lst_x", seller="x", seller_cluster="x"),
        False,
        "a copy by another seller",
    ),
    (
        # One of sixteen keys is equal by chance, but less than half of the runs are.
        in_words(GOLDEN, CHANGED, listing_id="lst_x", seller="x", seller_cluster="x"),
        True,
        "five words of twenty-two are other ones",
    ),
    (in_words(GOLDEN, "Short.", listing_id="lst_x", seller="x", seller_cluster="x"), True, "too short to be a copy"),
]


@pytest.mark.parametrize(("row", "is_kept", "_why"), OTHERS)
def test_training_excludes_a_golden_set(row: SnapshotRow, is_kept: bool, _why: str) -> None:
    assert rows_apart_from([row], a_set(GOLDEN), {}) == ([row] if is_kept else [])


def test_training_excludes_accounts_linked_with_a_seller_of_the_golden_set() -> None:
    linked = replace(ROWS[10], seller_cluster="first")
    assert rows_apart_from([linked], a_set(GOLDEN), {str(GOLDEN.seller): "other"}) == [linked]
    assert rows_apart_from([linked], a_set(GOLDEN), {str(GOLDEN.seller): "first"}) == []


def test_unknown_sellers_are_not_one_seller() -> None:
    nobody = replace(GOLDEN, seller=None)
    assert rows_apart_from([replace(ROWS[10], seller=None, seller_cluster=None)], a_set(nobody), {})


def test_a_snapshot_that_holds_golden_listings_is_refused() -> None:
    golden = a_set(*ROWS[:2])
    refuse_golden_rows(ROWS[2:], golden)
    with pytest.raises(SnapshotRefused, match="2 rows of the snapshot are of the golden set or its sellers"):
        refuse_golden_rows(ROWS, golden)
    with pytest.raises(SnapshotRefused, match="1 rows"):
        refuse_golden_rows(ROWS, a_set(replace(ROWS[0], seller=None)))
    with pytest.raises(SnapshotRefused, match="1 rows"):
        refuse_golden_rows([replace(ROWS[10], seller=ROWS[0].seller)], golden)


def test_a_file_larger_than_any_set_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "golden.jsonl"
    path.touch()
    os.truncate(path, 500_000_001)  # Sparse: it uses no disk.
    with pytest.raises(SnapshotRefused, match="too large"):
        read_golden(path, expected="")
