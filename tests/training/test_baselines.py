from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from features.compute import matrix
from features.listing import Listing
from models.arrays import Floats
from tests.fixtures.facts import a_full_listing, a_listing
from tests.fixtures.labelled import a_market, market_facts
from training.evaluate import baselines, metrics, peers
from training.evaluate.peers import FAIR_PEER, NAMES, fitted_rows, peer_scores
from training.evaluate.splits import LaterSplit, TimeFold, split_later_unseen
from training.fit.classifier import CounterfeitClassifier
from training.fit.forest import forest_alone
from training.fit.listing_rows import ListingRows

DATA = a_market(160)
TRAIN, TEST = np.arange(100), np.arange(100, 160)


@cache
def scores() -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    columns = baselines.raw_numbers(DATA.listings)
    texts = [f"{text} no {17 * i % 97}" for i, text in enumerate(baselines.all_text(DATA.listings))]  # Rare n-grams.
    labels = DATA.labels[TRAIN]
    numbers = baselines.fit_predict_numbers(columns[TRAIN], labels, columns[TEST])
    text = baselines.fit_predict_char_text([texts[i] for i in TRAIN], labels, [texts[i] for i in TEST])
    field_text = baselines.fit_predict_field_text(
        [numbered_listing(int(i)) for i in TRAIN], labels, [numbered_listing(int(i)) for i in TEST]
    )
    return {
        "numbers": numbers,
        "char_text": text,
        "rank_average": baselines.rank_average(numbers, text),
        "field_text": field_text,
        "fair_peer": baselines.rank_average(numbers, field_text),
        "best_signal": baselines.best_signal(columns[TRAIN], labels, columns[TEST])[1],
    }


def numbered_listing(row: int) -> Listing:
    """A listing with an n-gram that few others have."""
    listing = DATA.listings[row]
    return replace(listing, title=f"{listing.title} no {17 * row % 97}")


# Every evaluation is compared with these, so they must not change.
PINNED = {
    "numbers": (0.735066, 0.5726),
    "char_text": (0.892833, 0.5933),
    "rank_average": (0.889898, 30.5),
    "field_text": (0.886272, 0.6142),
    "fair_peer": (0.892577, 30.5),
    "best_signal": (0.76165, -777.8167),
}


@pytest.mark.parametrize("name", PINNED)
def test_a_baseline_is_what_it_was(name: str) -> None:
    """Average precision to six digits, and mean score to four, because ranks alone do not show every setting."""
    baseline_scores = scores()[name]
    precision = metrics.average_precision(DATA.labels[TEST], baseline_scores)
    assert (round(precision, 6), round(float(baseline_scores.mean()), 4)) == PINNED[name]


def test_threads_do_not_change_the_numbers() -> None:
    columns = baselines.raw_numbers(DATA.listings)
    one_thread, two = (
        baselines.fit_predict_numbers(columns[TRAIN], DATA.labels[TRAIN], columns[TEST], threads=threads)
        for threads in (1, 2)
    )
    assert np.array_equal(one_thread, two)


def test_raw_numbers_are_the_numbers_as_sent() -> None:
    (row,) = baselines.raw_numbers([a_full_listing()]).tolist()
    assert row == [
        *(489.0, 12.0, 7.0, 4.0, 0.0, 900.0, 4.7, 310.0, 25.0, 90.0),
        *(1.0, 0.0, 2.0, 5.0, 12.0),
        *(1.0, 4.0, 9.0, 0.0, 1.0, 2.0, 0.0, 0.0, 1.0),
        *(300.0, 1500.0, 6000.0, 3.0, 12.0, 38.0, 3.0, 12.0, 40.0),
        *(0.0, 1.0, 4.0, 0.0, 90.0, 400.0),
    ]


def test_absent_values_are_missing_and_not_zero() -> None:
    (row,) = baselines.raw_numbers([a_listing(seller=None, price=None)])
    assert np.isnan(row).all()


def test_all_text_is_brand_title_description_and_category() -> None:
    assert baselines.all_text([a_listing(title="Tote", description=None)]) == ["Aurelle Tote  Bags"]


def test_a_rank_average_weighs_text_twice_and_shares_ties() -> None:
    """Ranks of the numbers 1, 2.5, 2.5; of the text 3, 2, 1."""
    averages = baselines.rank_average(np.array([0.1, 0.5, 0.5]), np.array([0.9, 0.8, 0.7]))
    assert averages.tolist() == [(1 + 6) / 3, (2.5 + 4) / 3, (2.5 + 2) / 3]


def test_the_text_of_the_fair_peer_keeps_the_vocabularies_of_fields_apart() -> None:
    """A word is suspicious in the title and ordinary in the description, so one common vocabulary could not tell."""
    listings = [
        a_listing(
            title=f"{'replica' if bad else 'genuine'} tote", description=f"{'genuine' if bad else 'replica'} leather"
        )
        for bad in (0, 1) * 20
    ]
    probabilities = baselines.fit_predict_field_text(listings, np.array([0, 1] * 20, dtype=np.int8), listings[:2])
    assert probabilities[0] < 0.1
    assert probabilities[1] > 0.9


def test_listings_without_text_have_the_share_of_counterfeits_as_their_score() -> None:
    empty = [a_listing(title=None, description=None, brand=None, product_type=None)] * 4
    probabilities = baselines.fit_predict_field_text(empty, np.array([0, 0, 0, 1], dtype=np.int8), empty[:2])
    assert probabilities.tolist() == [0.25, 0.25]


def test_the_best_signal_is_the_column_that_sorts_the_training_rows_best_either_way() -> None:
    random = np.random.default_rng(0)
    labels = (random.random(200) < 0.3).astype(np.int8)
    columns = np.column_stack([random.random(200), 5.0 - labels, random.random(200), np.full(200, np.nan)])
    columns[:3, 1] = np.nan
    column, values = baselines.best_signal(
        columns, labels, np.array([[0, 5.0, 0, 0], [0, 4.0, 0, 0], [0, np.nan, 0, 0]])
    )
    assert (column, values.tolist()) == (1, [-5.0, -4.0, -5.0]), "a missing value stands at the median"


def test_a_signal_that_few_training_rows_have_is_not_the_best_one() -> None:
    labels = np.array([1, 0] * 50, dtype=np.int8)
    rare = np.full(100, np.nan)
    rare[:19] = labels[:19]
    common = np.where(np.arange(100) < 60, labels, 1 - labels).astype(np.float64)
    assert baselines.best_signal(np.column_stack([rare, common]), labels, np.zeros((1, 2)))[0] == 1


FACTS = market_facts(DATA)
COLUMNS = matrix(FACTS)
WEIGHTS = np.where(np.arange(160) % 3 == 0, 2.0, 1.0)


@cache
def split() -> LaterSplit:
    return split_later_unseen([facts.listing.occurred_at or facts.as_of for facts in FACTS], DATA.groups, share=0.25)


@cache
def models() -> tuple[CounterfeitClassifier, ...]:
    classifiers = []
    for fold in split().time_folds:
        rows, labels = ListingRows.of(FACTS)[fold.fit], DATA.labels[fold.fit]
        classifiers.append(CounterfeitClassifier().fit(rows, labels, groups=DATA.groups[fold.fit]))
    return tuple(classifiers)


@cache
def scores_of_peers(changed: str = "") -> dict[str, Floats]:
    labels, weights = DATA.labels.copy(), np.ones(160) if changed == "weights" else WEIGHTS
    labels[split().time_folds[-1].judge] ^= changed == "last labels"
    fold_weights = [weights[fold.fit] for fold in split().time_folds]
    return dict(peer_scores(FACTS, COLUMNS, labels, split(), models(), fold_weights, seed=0, threads=1))


def test_each_baseline_scores_every_judged_row() -> None:
    scores_by_peer = scores_of_peers()
    assert tuple(scores_by_peer) == NAMES
    assert {len(scores) for scores in scores_by_peer.values()} == {len(split().judge)}
    assert not any(np.isnan(scores).any() for scores in scores_by_peer.values())


def test_each_time_fold_is_scored_by_a_fit_on_the_rows_before_it() -> None:
    scores_by_peer, raw = scores_of_peers(), baselines.raw_numbers([facts.listing for facts in FACTS])
    expected = [
        baselines.fit_predict_numbers(raw[fold.fit], DATA.labels[fold.fit], raw[fold.judge], weights=WEIGHTS[fold.fit])
        for fold in split().time_folds
    ]
    assert np.array_equal(scores_by_peer["numbers"], np.concatenate(expected))


def test_the_labels_of_the_last_judged_rows_reach_no_baseline() -> None:
    scores_by_peer, there = scores_of_peers(), scores_of_peers("last labels")
    assert all(np.array_equal(scores_by_peer[name], there[name]) for name in NAMES)


def test_the_fair_peer_is_one_part_numbers_and_two_parts_text() -> None:
    scores_by_peer = scores_of_peers()
    assert np.array_equal(
        scores_by_peer[FAIR_PEER], baselines.rank_average(scores_by_peer["numbers"], scores_by_peer["field_text"])
    )


@pytest.mark.parametrize("name", ["numbers", "field_text"])
def test_a_baseline_learns_with_the_candidates_weights(name: str) -> None:
    assert not np.array_equal(scores_of_peers()[name], scores_of_peers("weights")[name])


def test_the_forest_alone_learns_the_rows_before_each_fold_without_their_text() -> None:
    expected = [
        forest_alone(COLUMNS[fold.fit], DATA.labels[fold.fit], WEIGHTS[fold.fit]).raw(COLUMNS[fold.judge])
        for fold in split().time_folds
    ]
    assert np.array_equal(scores_of_peers()["forest_alone"], np.concatenate(expected))


def test_more_rows_than_the_bound_are_sampled_and_the_sample_is_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "MOST_FITTED", 30)
    sample, two = (fitted_rows(np.arange(50, dtype=np.intp), seed=3) for _ in range(2))
    assert len(sample) == 30
    assert np.array_equal(sample, two)
    assert np.array_equal(sample, np.unique(sample))
    assert np.array_equal(fitted_rows(np.arange(30, dtype=np.intp), seed=3), np.arange(30))


def test_the_quick_solver_finds_nearly_the_same_order() -> None:
    """Its only difference is the regularised intercept, which moves all rows alike."""
    listings, fit, judge = [facts.listing for facts in FACTS], np.arange(100), np.arange(100, 160)
    arguments = ([listings[i] for i in fit], DATA.labels[fit], [listings[i] for i in judge])
    slow, quick = (baselines.fit_predict_field_text(*arguments, quickly=is_quick) for is_quick in (False, True))
    precisions = [metrics.average_precision(DATA.labels[judge], ranking) for ranking in (slow, quick)]
    assert precisions[1] == pytest.approx(precisions[0], abs=0.005)
    assert float(np.corrcoef(slow, quick)[0, 1]) > 0.999


def test_a_single_time_fold_is_enough() -> None:
    first = split().time_folds[0]
    one_fold = LaterSplit((TimeFold(first.fit, first.judge, first.cut),))
    weights = [WEIGHTS[first.fit]]
    scores_by_peer = peer_scores(FACTS, COLUMNS, DATA.labels, one_fold, models()[:1], weights, seed=0, threads=1)
    assert {len(scores_of_peers) for scores_of_peers in scores_by_peer.values()} == {len(first.judge)}
