import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.compute import compute
from models.bundle import MANIFEST, Bundle, from_files
from models.classifier import Join
from models.errors import BundleRefused
from models.score import TITLE
from models.second_scores import second_scores
from models.second_stage import FILE
from tests.fixtures.facts import bare_facts, full_facts, some_facts, suspect_facts
from tests.fixtures.scorers import a_bundle, a_second_stage, bundle_files

ROWS = [compute(facts) for facts in (some_facts(), full_facts(), bare_facts(), suspect_facts())]
TINY = a_second_stage().encoder
ENCODED = np.random.default_rng(3).standard_normal((len(ROWS), 8))


def with_stage(join: Join = Join.SUM) -> Bundle:
    return from_files(bundle_files(join, encoder=TINY))


def parts_of(bundle: Bundle, encoded: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The log-odds, and the sums of their parts."""
    assert bundle.second_stage is not None
    matrix, listings = np.stack([row.vector for row in ROWS]), [row.facts.listing for row in ROWS]
    first = bundle.classifier.values(matrix, listings)
    parts, titles = bundle.second_stage.contributions(bundle.classifier.parts(matrix, listings), encoded)
    sums = parts.features.sum(axis=1) + parts.text + parts.base + titles
    return bundle.second_stage.log_odds(first, encoded), sums


@pytest.mark.parametrize("join", Join)
def test_its_parts_sum_to_its_log_odds(join: Join) -> None:
    log_odds, sums = parts_of(with_stage(join), ENCODED)
    np.testing.assert_allclose(sums, log_odds, atol=1e-9)


@given(st.lists(st.floats(-5, 5), min_size=32, max_size=32))
def test_its_parts_sum_whatever_the_encoder_says(numbers: list[float]) -> None:
    log_odds, sums = parts_of(with_stage(), np.array(numbers).reshape(4, 8))
    np.testing.assert_allclose(sums, log_odds, atol=1e-9)


def test_its_reasons_add_up_and_name_the_title() -> None:
    for score in second_scores(with_stage(), ROWS, ENCODED):
        assert sum(reason.weight for reason in score.reasons) == pytest.approx(score.value, abs=1e-9)
        assert [reason.message.code for reason in score.reasons if reason.code == TITLE] == ["score.title"]
        assert score.encoder == a_second_stage().encoder


def test_a_first_answer_is_the_same_with_and_without_it() -> None:
    with_it, without_it = with_stage(), a_bundle()
    assert [replace(score, scorer="") for score in with_it.score_many(ROWS)] == [
        replace(score, scorer="") for score in without_it.score_many(ROWS)
    ]
    assert with_it.digest != without_it.digest


def test_a_title_that_the_encoder_failed_on_says_nothing() -> None:
    stage = a_second_stage()
    assert stage.of_titles(np.full((1, 8), np.nan)).tolist() == [0.0]
    silent = replace(stage, weights=np.zeros(8), intercept=stage.title.mean)
    first = np.array([0.3])
    assert stage.values(first, np.full((1, 8), np.nan)) == silent.values(first, np.ones((1, 8)))


def test_more_of_what_counterfeits_have_never_lowers_it() -> None:
    stage, first = a_second_stage(), np.zeros(50)
    along = np.linspace(-3, 3, 50)[:, None] * stage.weights / np.linalg.norm(stage.weights)
    assert (np.diff(stage.log_odds(first, along)) >= 0).all()


def test_it_comes_back_whole() -> None:
    stage = with_stage().second_stage
    assert stage is not None
    assert stage.to_dict() == a_second_stage().to_dict()
    assert a_bundle().second_stage is None


def test_other_numbers_than_its_encoders_are_no_second_stage() -> None:
    for bundle, encoded in ((a_bundle(), ENCODED), (with_stage(), ENCODED[:, :7]), (with_stage(), ENCODED[:2])):
        with pytest.raises(ValueError, match="weighs no such numbers"):
            second_scores(bundle, ROWS, encoded)
    assert second_scores(with_stage(), [], np.zeros((0, 8))) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.pop("intercept"),
        lambda fields: fields.update(more=1),
        lambda fields: fields.update(encoder=""),
        lambda fields: fields.update(encoder="x" * 201),
        lambda fields: fields.update(encoder=7),
        lambda fields: fields.update(weights=[]),
        lambda fields: fields.update(weights=[1.0, True]),
        lambda fields: fields.update(weights=[0.0] * 4_097),
        lambda fields: fields.update(title_weight=1.5),
        lambda fields: fields["title"].update(spread=0.0),
        lambda fields: fields["calibration"]["curve"].update(slope=-1.0),
    ],
)
def test_a_damaged_one_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    files = bundle_files(encoder=TINY)
    document = json.loads(files[FILE])
    change(document)
    files[FILE] = json.dumps(document).encode()
    manifest = json.loads(files[MANIFEST])
    manifest["files"][FILE] = hashlib.sha256(files[FILE]).hexdigest()
    files[MANIFEST] = json.dumps(manifest).encode()
    with pytest.raises(BundleRefused):
        from_files(files)


def test_one_that_the_manifest_does_not_name_is_not_read() -> None:
    files = {**bundle_files(), FILE: b"not read"}
    assert from_files(files).second_stage is None


def test_a_changed_one_is_not_the_approved_one() -> None:
    files = bundle_files(encoder=TINY)
    with pytest.raises(BundleRefused, match="is not the file that the manifest names"):
        from_files({**files, FILE: files[FILE].replace(b"tiny", b"tidy")})
