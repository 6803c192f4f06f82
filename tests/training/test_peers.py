from functools import cache

import numpy as np
import pytest

from features.compute import matrix
from models.arrays import Floats
from tests.fixtures.labelled import a_market, market_facts
from training import baselines, metrics, peers
from training.fit import CounterfeitClassifier
from training.fit_forest import forest_alone
from training.peers import FAIR_PEER, NAMES, fitted_rows, peer_scores
from training.splits import LaterSplit, TimeFold, split_later_unseen

DATA = a_market(160)
FACTS = market_facts(DATA)
COLUMNS = matrix(FACTS)
WEIGHTS = np.where(np.arange(160) % 3 == 0, 2.0, 1.0)


@cache
def split() -> LaterSplit:
    return split_later_unseen([one.listing.occurred_at or one.as_of for one in FACTS], DATA.groups, share=0.25)


@cache
def models() -> tuple[CounterfeitClassifier, ...]:
    found = []
    for one in split().time_folds:
        facts, labels = [FACTS[i] for i in one.fit], DATA.labels[one.fit]
        found.append(CounterfeitClassifier().fit(facts, labels, groups=DATA.groups[one.fit]))
    return tuple(found)


@cache
def scores(changed: str = "") -> dict[str, Floats]:
    labels, weights = DATA.labels.copy(), np.ones(160) if changed == "weights" else WEIGHTS
    labels[split().time_folds[-1].judge] ^= changed == "last labels"
    return dict(peer_scores(FACTS, COLUMNS, labels, weights, split(), models(), seed=0, threads=1))


def test_each_baseline_scores_every_judged_row() -> None:
    found = scores()
    assert tuple(found) == NAMES
    assert {len(one) for one in found.values()} == {len(split().judge)}
    assert not any(np.isnan(one).any() for one in found.values())


def test_each_time_fold_is_scored_by_a_fit_on_the_rows_before_it() -> None:
    found, raw = scores(), baselines.raw_numbers([one.listing for one in FACTS])
    expected = [
        baselines.fit_predict_numbers(raw[one.fit], DATA.labels[one.fit], raw[one.judge], weights=WEIGHTS[one.fit])
        for one in split().time_folds
    ]
    assert np.array_equal(found["numbers"], np.concatenate(expected))


def test_the_labels_of_the_last_judged_rows_reach_no_baseline() -> None:
    here, there = scores(), scores("last labels")
    assert all(np.array_equal(here[name], there[name]) for name in NAMES)


def test_the_fair_peer_is_one_part_numbers_and_two_parts_text() -> None:
    found = scores()
    assert np.array_equal(found[FAIR_PEER], baselines.rank_average(found["numbers"], found["field_text"]))


@pytest.mark.parametrize("name", ["numbers", "field_text"])
def test_a_baseline_learns_with_the_candidates_weights(name: str) -> None:
    assert not np.array_equal(scores()[name], scores("weights")[name])


def test_the_forest_alone_learns_the_rows_before_each_fold_without_their_text() -> None:
    expected = [
        forest_alone(COLUMNS[one.fit], DATA.labels[one.fit], WEIGHTS[one.fit]).raw(COLUMNS[one.judge])
        for one in split().time_folds
    ]
    assert np.array_equal(scores()["forest_alone"], np.concatenate(expected))


def test_more_rows_than_the_bound_are_sampled_and_the_sample_is_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "MOST_FITTED", 30)
    one, two = (fitted_rows(np.arange(50, dtype=np.intp), seed=3) for _ in range(2))
    assert len(one) == 30
    assert np.array_equal(one, two)
    assert np.array_equal(one, np.unique(one))
    assert np.array_equal(fitted_rows(np.arange(30, dtype=np.intp), seed=3), np.arange(30))


def test_the_quick_solver_finds_nearly_the_same_order() -> None:
    """Its only difference is the regularised intercept, which moves all rows alike."""
    listings, fit, judge = [one.listing for one in FACTS], np.arange(100), np.arange(100, 160)
    arguments = ([listings[i] for i in fit], DATA.labels[fit], [listings[i] for i in judge])
    slow, quick = (baselines.fit_predict_field_text(*arguments, quickly=one) for one in (False, True))
    found = [metrics.average_precision(DATA.labels[judge], one) for one in (slow, quick)]
    assert found[1] == pytest.approx(found[0], abs=0.005)
    assert float(np.corrcoef(slow, quick)[0, 1]) > 0.999


def test_a_single_time_fold_is_enough() -> None:
    first = split().time_folds[0]
    one = LaterSplit((TimeFold(first.fit, first.judge, first.cut),))
    found = peer_scores(FACTS, COLUMNS, DATA.labels, WEIGHTS, one, models()[:1], seed=0, threads=1)
    assert {len(scores) for scores in found.values()} == {len(first.judge)}
