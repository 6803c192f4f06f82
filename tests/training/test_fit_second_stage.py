"""The reading of an encoder's numbers, and its weight beside the classifier's value."""

from typing import Any

import numpy as np
import pytest

from models.second_stage import SecondStage
from tests.fixtures.fitting import FittedOnce
from tests.fixtures.labelled import a_market, market_facts
from tests.fixtures.tiny_encoder import tiny_encoder
from training.encoders import Encoder, EncoderRefused
from training.fit import inner_folds
from training.fit_second_stage import FittedStage, fit_second_stage, second_stage_of
from training.metrics import average_precision

__all__ = ["tiny_encoder"]  # A fixture.

DATA = a_market(160)
FACTS = market_facts(DATA)
Floats = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def model() -> FittedOnce:
    return FittedOnce().fit(FACTS, DATA.labels, groups=DATA.groups)


def telling(strength: float) -> Floats:
    """Numbers of an encoder that knows the label to some degree, and noise."""
    found = np.random.default_rng(4).standard_normal((len(DATA.labels), 6)) / 5
    found[:, 0] += strength * (DATA.labels - DATA.labels.mean())
    return found


def fitted(model: FittedOnce, encoded: Floats) -> tuple[SecondStage, Floats]:
    return fit_second_stage(model, "tiny 1 0", encoded, DATA.labels, groups=DATA.groups)


def test_an_encoder_that_knows_more_gets_more_weight_and_sorts_better(model: FittedOnce) -> None:
    knowing, values = fitted(model, telling(2.0))
    guessing, others = fitted(model, telling(0.0))
    assert knowing.title_weight > guessing.title_weight
    first = average_precision(DATA.labels, model.out_of_fold_)
    assert average_precision(DATA.labels, values) > first
    assert average_precision(DATA.labels, others) >= first - 0.05


def test_each_value_is_of_folds_that_did_not_see_the_seller(model: FittedOnce) -> None:
    """Labels of one fold that are turned around change no out-of-fold reading of that fold's own titles."""
    fit, judged = inner_folds(DATA.labels, DATA.groups, seed=0)[0]
    assert not set(DATA.groups[fit]) & set(DATA.groups[judged])
    moved = telling(2.0)
    moved[judged] *= -1
    before, after = fitted(model, telling(2.0))[0], fitted(model, moved)[0]
    assert before.title_weight > after.title_weight


def test_equal_rows_give_equal_stages(model: FittedOnce) -> None:
    one, other = fitted(model, telling(1.0)), fitted(model, telling(1.0))
    assert one[0].to_dict() == other[0].to_dict()
    np.testing.assert_array_equal(one[1], other[1])


def test_it_scores_rows_as_it_was_fitted(model: FittedOnce) -> None:
    encoded = telling(2.0)
    stage, _ = fitted(model, encoded)
    listings = [one.listing for one in FACTS]
    first = model.model_.values(model._numbers(FACTS), listings)
    assert average_precision(DATA.labels, stage.log_odds(first, encoded)) > 0.9


def reported(name: str, model: FittedOnce) -> FittedStage:
    weights = np.ones(len(DATA.labels))
    return second_stage_of(name, model, FACTS, DATA.labels, groups=DATA.groups, sample_weight=weights)


def test_a_training_reports_what_the_encoder_gains(model: FittedOnce, tiny_encoder: Encoder) -> None:
    stage, report = reported("tiny_encoder", model)
    assert stage is not None
    assert report is not None
    assert stage.encoder == report["encoder"] == tiny_encoder.identity
    assert (report["package"], report["titles"], report["failed"]) == ("tiny_encoder", len(FACTS), 0)
    first = average_precision(DATA.labels, model.out_of_fold_)
    assert report["gain"]["ap"] == pytest.approx(report["out_of_fold"]["ap"] - first)
    low, high = report["gain"]["ap_interval"]
    assert low <= report["gain"]["ap"] <= high


def test_without_an_encoder_there_is_none(model: FittedOnce) -> None:
    assert reported("", model) == FittedStage(None, None)


def test_an_encoder_that_is_not_there_stops_a_training(model: FittedOnce) -> None:
    with pytest.raises(EncoderRefused, match="no encoder bert"):
        reported("bert", model)
