from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import product

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from features.brands import BrandRegister
from features.compute import FEATURES
from features.spec import Family
from models.arrays import Labels
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import BRANDS, a_market
from training.evaluate.baselines import NAMES
from training.evaluate.cross_validation import (
    FOLDS,
    MODEL,
    PARTS,
    PEERS,
    SECOND,
    WITHOUT,
    Changes,
    Repeat,
    cross_validate,
    fold_scores,
    summarise,
)
from training.evaluate.material import FileMaterial, LabelledListings
from training.evaluate.splits import grouped_folds
from training.fit.forest import forest_settings
from training.simulation.synthetic import Settings, build_world, evaluation_set

DATA = a_market(80)


def of_file(labelled_rows: LabelledListings, brands: BrandRegister = BRANDS, as_of: datetime = NOW) -> FileMaterial:
    return FileMaterial(labelled_rows, tuple(brands.brands.values()), as_of, "bazaar")


def validate(labelled_rows: LabelledListings) -> Repeat:
    (repeat,) = cross_validate(of_file(labelled_rows), repeats=1, progress=note_progress)
    return repeat


TOLD: list[tuple[int, int]] = []


def note_progress(done: int, of: int) -> None:
    TOLD.append((done, of))


@cache
def a_repeat() -> Repeat:
    return validate(DATA)


def folds(labels: Labels) -> list[list[int]]:
    return [test.tolist() for _, test in grouped_folds(labels, DATA.groups, folds=FOLDS, seed=0)]


@cache
def flipped_labels() -> tuple[Labels, list[int]]:
    """Labels with those of two sellers of one fold exchanged, such that no fold changes, and that fold's rows."""
    for test in folds(DATA.labels):
        sellers = np.unique(DATA.groups[test])
        for seller, other in product(sellers, sellers):
            labels = DATA.labels.copy()
            labels[DATA.groups == seller], labels[DATA.groups == other] = (
                DATA.labels[DATA.groups == other],
                DATA.labels[DATA.groups == seller],
            )
            if not np.array_equal(labels, DATA.labels) and folds(labels) == folds(DATA.labels):
                return labels, test
    raise AssertionError("no exchange leaves the folds as they are")


@cache
def repeat_of_flipped() -> Repeat:
    return validate(replace(DATA, labels=flipped_labels()[0]))


@pytest.mark.parametrize("name", [MODEL, *PARTS, "numbers", "char_text", "field_text"])
def test_the_labels_of_tested_rows_do_not_move_their_scores(name: str) -> None:
    test, scores, other = flipped_labels()[1], a_repeat().values[name], repeat_of_flipped().values[name]
    assert np.array_equal(other[test], scores[test])
    assert not np.array_equal(other, scores)


def test_the_prices_of_tested_rows_do_not_move_the_training_features() -> None:
    train, test = next(iter(grouped_folds(DATA.labels, DATA.groups, folds=FOLDS, seed=0)))
    dear = list(DATA.listings)
    for i in test:
        dear[i] = replace(dear[i], price=Decimal(99_999))
    facts, other = (
        of_file(LabelledListings(tuple(listings), DATA.labels)).facts((train, test))
        for listings in (DATA.listings, dear)
    )
    assert facts[0] == other[0]
    assert facts[1] != other[1]


def test_every_row_has_a_score_of_every_method() -> None:
    assert a_repeat().values.keys() == {MODEL, *PARTS, *NAMES}
    assert all(np.isfinite(values).all() for values in a_repeat().values.values())


SELLER = frozenset(feature.name for feature in FEATURES if feature.family is Family.SELLER)


def test_a_model_without_some_features_does_not_see_them_and_the_others_stay_as_they_are() -> None:
    """The sellers of one fold are changed: only what their features say can move its scores."""
    (_, test), *_ = grouped_folds(DATA.labels, DATA.groups, folds=FOLDS, seed=0)
    other = list(DATA.listings)
    for i in test:
        other[i] = replace(other[i], seller=replace(other[i].seller, age_days=9_000, rating=1.0, rating_count=1))
    scores, two = (
        fold_scores(
            of_file(LabelledListings(tuple(listings), DATA.labels)),
            next(iter(grouped_folds(DATA.labels, DATA.groups, folds=FOLDS, seed=0))),
            seed=0,
            changes=Changes(without=SELLER),
        )
        for listings in (DATA.listings, other)
    )
    assert np.array_equal(scores[WITHOUT], two[WITHOUT])
    assert not np.array_equal(scores[MODEL], two[MODEL])
    assert np.array_equal(scores[MODEL], a_repeat().values[MODEL][test])


def test_a_summary_compares_with_the_model_without_some_features() -> None:
    lacking = [Repeat({**repeat.values, WITHOUT: repeat.values["numbers"]}) for repeat in VALUES]
    figures = summarise(DATA, lacking)
    assert figures["parts"][WITHOUT]["ap"] == figures["baselines"]["numbers"]["ap"]
    assert figures[f"difference_to_{WITHOUT}"]["ap"] == pytest.approx(
        figures["model"]["ap"] - figures["baselines"]["numbers"]["ap"]
    )
    assert f"difference_to_{WITHOUT}" not in SUMMARY


@pytest.mark.soak
def test_a_second_stage_is_compared_with_the_first_answer_and_the_peers() -> None:
    knowing = np.column_stack([DATA.labels * 2.0, np.random.default_rng(2).standard_normal(len(DATA.labels))])
    repeats = cross_validate(of_file(DATA), repeats=1, changes=Changes(encoded=knowing))
    np.testing.assert_array_equal(repeats[0].values[MODEL], a_repeat().values[MODEL])
    summary = summarise(DATA, repeats)
    gain = summary[f"gain_{SECOND}"]
    assert gain["ap"] == pytest.approx(summary["parts"][SECOND]["ap"] - summary["model"]["ap"])
    assert gain["ap"] > 0
    for peer in PEERS:
        difference = summary[f"difference_of_{SECOND}_to_{peer}"]
        assert difference["ap"] == pytest.approx(summary["parts"][SECOND]["ap"] - summary["baselines"][peer]["ap"])


def test_folds_fitted_side_by_side_give_the_same_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.fit.forest.forest_settings", forest_settings)  # Other processes have those alone.
    monkeypatch.setattr("training.evaluate.cross_validation.FOLDS", 2)
    (repeat,), (two,) = (cross_validate(of_file(DATA), repeats=1, threads=threads) for threads in (1, 2))
    assert all(np.array_equal(two.values[name], values) for name, values in repeat.values.items())


def test_progress_ends_with_the_last_fold() -> None:
    a_repeat()
    assert TOLD[: FOLDS + 1] == [(n, FOLDS) for n in range(FOLDS + 1)]


def test_one_class_cannot_be_evaluated() -> None:
    with pytest.raises(ValueError, match="counterfeit"):
        validate(replace(DATA, labels=np.zeros(80, dtype=np.int8)))


def test_too_few_sellers_cannot_be_evaluated() -> None:
    few = LabelledListings(DATA.listings[:8], DATA.labels[:8])
    with pytest.raises(ValueError, match="5 folds by seller need at least 5"):
        cross_validate(of_file(few), repeats=1)


# The summary.

RANDOM = np.random.default_rng(0)
VALUES = [
    Repeat({name: RANDOM.standard_normal(80) + DATA.labels for name in (MODEL, *PARTS, *NAMES)}) for _ in range(3)
]
SUMMARY = summarise(DATA, VALUES)


def test_a_summary_counts_its_rows() -> None:
    counted = {name: SUMMARY[name] for name in ("rows", "positives", "sellers", "folds", "repeats")}
    assert counted == {"rows": 80, "positives": int(DATA.labels.sum()), "sellers": 40, "folds": 5, "repeats": 3}


def test_a_summary_has_these_figures() -> None:
    common = {"ap", "ap_standard_error", "ap_by_repeat", "ap_interval", "roc_auc", "roc_auc_interval", "precision_at"}
    assert SUMMARY["model"].keys() == common | {"brier", "calibration_error"}
    assert {name: figures.keys() for name, figures in SUMMARY["baselines"].items()} == dict.fromkeys(NAMES, common)
    difference_fields = {"ap", "ap_interval", "ap_ratio", "ap_told_from_chance", "repeats_better"}
    assert {name: figures.keys() for name, figures in SUMMARY["parts"].items()} == dict.fromkeys(PARTS, common)
    for peer in PEERS:
        assert SUMMARY[f"difference_to_{peer}"].keys() == difference_fields


def test_a_figure_is_its_mean_over_the_repeats() -> None:
    by_repeat = [average_precision_score(DATA.labels, repeat.values[MODEL]) for repeat in VALUES]
    areas = [roc_auc_score(DATA.labels, repeat.values[MODEL]) for repeat in VALUES]
    assert SUMMARY["model"]["ap_by_repeat"] == pytest.approx(by_repeat)
    assert SUMMARY["model"]["ap"] == pytest.approx(np.mean(by_repeat))
    assert SUMMARY["model"]["ap_standard_error"] == pytest.approx(np.std(by_repeat, ddof=1) / np.sqrt(3))
    assert SUMMARY["model"]["roc_auc"] == pytest.approx(np.mean(areas))


def test_an_interval_contains_its_figure() -> None:
    low, high = SUMMARY["model"]["ap_interval"]
    assert low < SUMMARY["model"]["ap"] < high


@pytest.mark.parametrize("peer", PEERS)
def test_the_difference_is_paired(peer: str) -> None:
    ours, theirs = (
        [average_precision_score(DATA.labels, repeat.values[name]) for repeat in VALUES] for name in (MODEL, peer)
    )
    difference = SUMMARY[f"difference_to_{peer}"]
    assert difference["ap"] == pytest.approx(np.mean(ours) - np.mean(theirs))
    assert difference["repeats_better"] == sum(a > b for a, b in zip(ours, theirs, strict=True))
    assert difference["ap_ratio"] == pytest.approx(np.mean(ours) / np.mean(theirs))
    assert difference["ap_told_from_chance"] == pytest.approx(difference["ap"] - difference["ap_interval"][0])


@pytest.mark.parametrize("peer", PEERS)
def test_a_model_does_not_differ_from_itself(peer: str) -> None:
    same = [Repeat({**repeat.values, peer: repeat.values[MODEL]}) for repeat in VALUES]
    assert summarise(DATA, same)[f"difference_to_{peer}"] == {
        "ap": 0.0,
        "ap_interval": (0.0, 0.0),
        "ap_ratio": 1.0,
        "ap_told_from_chance": 0.0,
        "repeats_better": 0,
    }


def test_one_repeat_has_no_standard_error() -> None:
    assert summarise(DATA, VALUES[:1])["model"]["ap_standard_error"] is None


@pytest.mark.soak
def test_with_six_hundred_counterfeits_the_difference_to_the_rank_average_is_significant() -> None:
    """Simulated: the difference's interval over resampled sellers excludes zero; with 38 counterfeits it does not."""
    settings = Settings(listings=12_000, seed=0, start=NOW)
    listings, labels = evaluation_set(settings, settings.listings)
    rows = np.flatnonzero((labels == 1) | (np.random.default_rng(0).random(len(labels)) < 0.2))
    labelled_rows = LabelledListings(tuple(listings[i] for i in rows), labels[rows])
    brands = BrandRegister([market_brand.brand for market_brand in build_world(settings).brands])
    as_of = NOW + timedelta(days=settings.days)
    figures = summarise(labelled_rows, cross_validate(of_file(labelled_rows, brands, as_of), repeats=1, threads=2))
    difference = figures["difference_to_rank_average"]
    print(figures["positives"], figures["sellers"], figures["model"]["ap"], difference)  # noqa: T201  # the figure
    assert figures["positives"] >= 500
    assert difference["ap_interval"][0] > 0
    print(figures["difference_to_fair_peer"])  # noqa: T201  # the figure
