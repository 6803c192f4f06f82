import hashlib
import json
from typing import Any

import pytest

from features.listing import Rejection
from serving.listings.service.intake import receive_rows
from serving.listings.service.refused_rows import external_id_of, refused_row_columns
from serving.listings.store import listings
from tests.fixtures.runtimes import Site, a_row

REASON = Rejection("bad_json", "price", "The row is not JSON.")


def stored_row(site: Site, row: object, reason: Rejection = REASON) -> dict[str, Any]:
    """The row as the database returns it."""
    site.clock.forward(seconds=1)
    refusal = refused_row_columns(
        site.runtime, site.marketplace_id, row, reason, source="test", number=1, at=site.clock.now()
    )
    site.write(listings.add_quarantine, [refusal])
    return site.read(listings.quarantined_rows, site.marketplace_id, 1)[0]


ROWS: list[tuple[object, str, str]] = [
    ('{"a": ', '{"a": ', "text that could not be read"),
    ({"a": 1}, '{"a": 1}', "an object"),
    ([1, None], "[1, null]", "a list"),
    (None, "null", "nothing"),
    ({"a": float("nan")}, '{"a": NaN}', "no number"),
    ("奥\0\ud800\x7f", "\\u5965\\x00\\ud800\x7f", "characters that a database cannot hold"),
    ({"a": "奥\0\ud800"}, '{"a": "\\u5965\\u0000\\ud800"}', "the same inside"),
    ({"a": {1}}, '{"a": "{1}"}', "what JSON does not know"),
]


def test_a_row_is_kept_whatever_it_is(any_site: Site) -> None:
    for row, head, why in ROWS:
        refusal = stored_row(any_site, row)
        assert refusal["row_head"] == head, why
        assert refusal["row_length"] == len(head), why
        assert refusal["row_hash"] == hashlib.sha256(head.encode()).hexdigest(), why
        assert (refusal["code"], refusal["field"], refusal["sentence"]) == (
            "bad_json",
            "price",
            "The row is not JSON.",
        ), why
        assert (refusal["source"], refusal["known_at"]) == ("test", any_site.clock.now()), why


def test_of_a_long_row_the_beginning_is_kept_with_length_and_hash_of_the_whole(any_site: Site) -> None:
    text = "x" * 16_384 + "y" * 100_000
    refusal = stored_row(any_site, text)
    assert refusal["row_head"] == "x" * 16_384
    assert refusal["row_length"] == 116_384
    assert refusal["row_hash"] == hashlib.sha256(text.encode()).hexdigest()


def test_a_reason_fits_its_columns_however_long_the_field_was(any_site: Site) -> None:
    refusal = stored_row(any_site, "x", Rejection("unknown_field", "f" * 1_000, "s" * 1_000))
    assert (len(refusal["field"]), len(refusal["sentence"])) == (200, 500)


def test_a_reason_that_repeats_what_cannot_be_stored_escapes_it(any_site: Site) -> None:
    refusal = stored_row(any_site, "x", Rejection("unknown_field", "a\0\ud800", "The field a\0\ud800 – is not known."))
    assert (refusal["field"], refusal["sentence"]) == ("a\\x00\\ud800", "The field a\\x00\\ud800 – is not known.")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"external_id": "MP-1"}, "MP-1"),
        ({"external_id": "奥\ud800"}, "\\u5965\\ud800"),  # Safe to send back.
        ({"external_id": "x" * 300}, "x" * 200),
        ({"external_id": 7}, None),
        ({}, None),
        ("MP-1", None),
        (None, None),
    ],
)
def test_a_refused_row_is_named_by_its_own_id_if_it_has_one(row: object, expected: str | None) -> None:
    assert external_id_of(row) == expected


def test_a_refused_row_is_found_again_by_what_was_sent(any_site: Site) -> None:
    row = a_row(price="-1")
    receive_rows(any_site.runtime, any_site.marketplace, [row], source="api")
    (refusal,) = any_site.read(listings.quarantined_rows, any_site.marketplace_id, 10)
    assert json.loads(refusal["row_head"]) == row
    assert (refusal["code"], refusal["field"]) == ("negative", "price")
