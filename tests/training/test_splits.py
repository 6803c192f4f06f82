from datetime import timedelta

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.fixtures.clocks import NOW
from tests.fixtures.strategies import PROPERTY
from training.evaluate.splits import (
    LaterSplit,
    grouped_folds,
    learnt_until,
    seller_groups,
    split_for_judging,
    split_later_unseen,
)

LABELS = np.array([1, 0, 0] * 20, dtype=np.int8)
GROUPS = np.arange(60) // 2


def test_every_seller_is_a_group() -> None:
    assert seller_groups(["a", "b", "a"]).tolist() == [0, 1, 0]


def test_rows_without_a_seller_are_groups_of_their_own() -> None:
    groups = seller_groups(["a", None, None, "a"])
    assert len(set(groups.tolist())) == 3


def test_no_row_without_a_seller_shares_the_number_of_a_seller() -> None:
    sellers = [None, *(f"s{i}" for i in range(5)), None]
    assert len(set(seller_groups(sellers).tolist())) == 7


def test_no_seller_stands_on_both_sides_of_a_fold() -> None:
    for train, test in grouped_folds(LABELS, GROUPS, folds=5, seed=0):
        assert not set(GROUPS[train]) & set(GROUPS[test])


def test_every_row_is_tested_once_and_trained_on_in_the_other_folds() -> None:
    folds = list(grouped_folds(LABELS, GROUPS, folds=5, seed=0))
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(60))
    assert all(sorted([*train, *test]) == list(range(60)) for train, test in folds)


def test_folds_hold_about_the_same_share_of_counterfeits() -> None:
    shares = [LABELS[test].mean() for _, test in grouped_folds(LABELS, GROUPS, folds=5, seed=0)]
    assert max(shares) - min(shares) <= 0.2


def test_another_seed_makes_other_folds() -> None:
    folds, other = ([test.tolist() for _, test in grouped_folds(LABELS, GROUPS, folds=5, seed=seed)] for seed in (0, 1))
    assert folds != other


REFUSED = [
    (np.zeros(60, dtype=np.int8), GROUPS, "0 sellers have counterfeit rows", "genuine only"),
    (np.ones(60, dtype=np.int8), GROUPS, "0 sellers have genuine rows", "counterfeit only"),
    (LABELS, np.zeros(60, dtype=np.intp), "1 sellers have counterfeit rows", "one seller"),
    (
        LABELS,
        np.where(LABELS, GROUPS % 4, 30 + GROUPS),
        "4 sellers have counterfeit rows; 5 folds",
        "too few of a class",
    ),
]


def test_as_many_sellers_of_a_class_as_folds_are_enough() -> None:
    labels, groups = np.array([1] * 5 + [0] * 5, dtype=np.int8), np.arange(10)
    assert len(list(grouped_folds(labels, groups, folds=5, seed=0))) == 5


@pytest.mark.parametrize(("labels", "groups", "sentence", "_why"), REFUSED)
def test_labels_that_cannot_be_folded_are_refused(
    labels: np.ndarray[tuple[int], np.dtype[np.int8]],
    groups: np.ndarray[tuple[int], np.dtype[np.intp]],
    sentence: str,
    _why: str,
) -> None:
    with pytest.raises(ValueError, match=sentence):
        list(grouped_folds(labels, groups, folds=5, seed=0))


def time_folds_of(split: LaterSplit) -> list[tuple[list[int], list[int]]]:
    return [(fold.fit.tolist(), fold.judge.tolist()) for fold in split.time_folds]


def test_the_later_rows_of_unseen_sellers_are_judged() -> None:
    """A quarter of eight rows by day is later: days 6 and 7. The seller of day 7 already sold on day 0."""
    times = [NOW + timedelta(days=day) for day in range(8)]
    split = split_later_unseen(times, np.array([0, 1, 2, 3, 4, 5, 6, 0]), share=0.25)
    assert time_folds_of(split) == [([0, 1, 2, 3, 4, 5], [6])]
    assert split.cut == NOW + timedelta(days=6)


def test_rows_may_have_any_order() -> None:
    times = [NOW + timedelta(days=day) for day in (3, 2, 0, 1)]
    split = split_later_unseen(times, np.array([3, 2, 0, 1]), share=0.5)
    assert time_folds_of(split) == [([2, 3], [1]), ([1, 2, 3], [0])]


def test_rows_of_one_moment_stay_together() -> None:
    assert time_folds_of(split_later_unseen([NOW, NOW, NOW, NOW], np.arange(4), share=0.25)) == [([], [0, 1, 2, 3])]


GROWN = [
    (10, 50, "the newest quarter is enough"),
    (15, 80, "two fifths, in steps of a twentieth"),
    (99, 150, "as many as leave enough to fit"),
]


@pytest.mark.parametrize(("fewest", "rows", "_why"), GROWN)
def test_the_judged_rows_grow_until_they_have_enough_counterfeits(fewest: int, rows: int, _why: str) -> None:
    """Two hundred rows, one a day and seller, every fifth a counterfeit; a fit needs ten."""
    split = split_for_judging(
        [NOW + timedelta(days=i) for i in range(200)],
        np.arange(200),
        (np.arange(200) % 5 == 0).astype(np.int8),
        champion_learnt_until=None,
        fewest_positives=fewest,
        fewest_positive_sellers=3,
    )
    assert len(split.judge) == rows


def test_two_time_folds_are_judged_where_three_have_too_few_counterfeits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each seller comes again after 30 days: three time folds have 20 counterfeits, and two have 30."""
    monkeypatch.setattr("training.evaluate.splits.JUDGED_SHARES", (0.5,))
    split = split_for_judging(
        [NOW + timedelta(days=i) for i in range(240)],
        np.arange(240) // 60 * 30 + np.arange(240) % 30,
        (np.arange(240) % 4 == 0).astype(np.int8),
        champion_learnt_until=None,
        fewest_positives=25,
        fewest_positive_sellers=3,
    )
    assert len(split.time_folds) == 2


def judged_rows_after(
    day: int | None, *, fewest: int = 2, of_sellers: int = 1, genuine: tuple[int, ...] = ()
) -> tuple[list[int], int]:
    """Rows to judge on among eight, one per day and seller, and the number of them that a champion trained up to a day
    learnt. All but `genuine` are counterfeit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.evaluate.splits.JUDGED_SHARES", (0.5,))
        split = split_for_judging(
            [NOW + timedelta(days=i) for i in range(8)],
            np.arange(8),
            np.array([i not in genuine for i in range(8)], dtype=np.int8),
            champion_learnt_until=None if day is None else NOW + timedelta(days=day),
            fewest_positives=fewest,
            fewest_positive_sellers=of_sellers,
        )
    assert split.time_folds[0].fit.tolist() == list(range(split.judge.tolist()[0]))
    return split.judge.tolist(), split.champion_learnt


FAIR = [
    (None, ([4, 5, 6, 7], 0), "there is no champion: the last half"),
    (2, ([4, 5, 6, 7], 0), "it learnt nothing of the last half"),
    (3, ([4, 5, 6, 7], 0), "what it learnt last came in just before"),
    (4, ([5, 6, 7], 0), "only what is later than all that it learnt"),
    (5, ([6, 7], 0), "just enough is later"),
    (6, ([4, 5, 6, 7], 3), "too little is later: the last half, with three that it learnt"),
    (9, ([4, 5, 6, 7], 4), "nothing is later"),
]


@pytest.mark.parametrize(("day", "expected", "_why"), FAIR)
def test_a_champion_is_judged_on_rows_that_it_does_not_know(day: int | None, expected: object, _why: str) -> None:
    assert judged_rows_after(day) == expected


LEARNT = [
    (None, 7, "a champion of unknown age may have learnt all"),
    (13, None, "no label was ripe"),
    (14, 0, "the first label had just become ripe"),
    (20, 6, "what came in during the fortnight before was not ripe"),
    (99, 7, "it has learnt all"),
]


@pytest.mark.parametrize(("trained_on", "until", "_why"), LEARNT)
def test_a_champion_knows_mature_labels(trained_on: int | None, until: int | None, _why: str) -> None:
    """One listing a day, each with a label that is mature after a fortnight."""
    times = [NOW + timedelta(days=i) for i in range(8)]
    matured = [time + timedelta(days=14) for time in times]
    as_of = None if trained_on is None else NOW + timedelta(days=trained_on)
    assert learnt_until(times, matured, as_of) == (None if until is None else NOW + timedelta(days=until))


def test_few_late_counterfeits_do_not_mark_an_earlier_champion() -> None:
    assert [judged_rows_after(day, fewest=99) for day in (2, 3)] == [([4, 5, 6, 7], 0)] * 2


def test_later_genuine_listings_alone_are_no_comparison() -> None:
    assert judged_rows_after(4, genuine=(5,)) == ([5, 6, 7], 0)
    assert judged_rows_after(4, genuine=(5, 6)) == ([4, 5, 6, 7], 1)


def test_later_counterfeits_of_too_few_sellers_are_no_comparison() -> None:
    assert judged_rows_after(5, of_sellers=2) == ([6, 7], 0)
    assert judged_rows_after(5, of_sellers=3) == ([4, 5, 6, 7], 2)


def test_a_share_that_is_no_number_of_rows_is_rounded_up() -> None:
    split = split_later_unseen([NOW + timedelta(days=day) for day in range(7)], np.arange(7), share=0.25)
    assert time_folds_of(split) == [([0, 1, 2, 3, 4], [5]), ([0, 1, 2, 3, 4, 5], [6])]


@pytest.mark.parametrize(("day", "judged"), [(2, [6, 7]), (6, [7])])
def test_a_time_limit_only_removes_rows_to_judge(day: int, judged: list[int]) -> None:
    times = [NOW + timedelta(days=i) for i in range(8)]
    split = split_later_unseen(times, np.arange(8), share=0.25, after=NOW + timedelta(days=day))
    assert split.judge.tolist() == judged


def test_no_rows_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="no rows"):
        split_later_unseen([], np.array([], dtype=np.intp), share=0.25)


ROWS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)), min_size=1, max_size=40)


@PROPERTY
@given(ROWS, st.floats(0.05, 0.95))
def test_judged_rows_are_later_than_fitted_rows_and_of_other_sellers(rows: list[tuple[int, int]], share: float) -> None:
    times, groups = [NOW + timedelta(days=day) for day, _ in rows], np.array([group for _, group in rows])
    split = split_later_unseen(times, groups, share=share)
    ends = [fold.cut for fold in split.time_folds[1:]] + [NOW + timedelta(days=31)]
    for fold, end in zip(split.time_folds, ends, strict=True):
        assert not set(groups[fold.fit]) & set(groups[fold.judge])
        assert fold.fit.tolist() == [i for i, time in enumerate(times) if time < fold.cut]
        assert all(fold.cut <= times[i] < end for i in fold.judge)


@PROPERTY
@given(ROWS, st.floats(0.05, 0.95), st.integers(1, 5))
def test_more_time_folds_judge_only_rows_of_one_fold(
    rows: list[tuple[int, int]], share: float, time_folds: int
) -> None:
    times, groups = [NOW + timedelta(days=day) for day, _ in rows], np.array([group for _, group in rows])
    one_fold, more = (split_later_unseen(times, groups, share=share, time_folds=n) for n in (1, time_folds))
    assert set(more.judge) <= set(one_fold.judge)
    assert len(set(more.judge)) == len(more.judge)
    assert set(groups[more.judge]) == set(groups[one_fold.judge])


def test_each_time_fold_knows_all_earlier_rows() -> None:
    """Nine rows by day, the last six judged in three time folds; the seller of day 4 sells again on days 5 and 7."""
    times = [NOW + timedelta(days=day) for day in range(9)]
    split = split_later_unseen(times, np.array([0, 1, 2, 3, 4, 4, 6, 4, 8]), share=0.66, time_folds=3)
    assert time_folds_of(split) == [([0, 1, 2], [3, 4]), ([0, 1, 2, 3, 4], [6]), ([0, 1, 2, 3, 4, 5, 6], [8])]


def test_a_time_fold_without_a_new_seller_is_left_out() -> None:
    times = [NOW + timedelta(days=day) for day in range(6)]
    split = split_later_unseen(times, np.array([0, 1, 2, 3, 3, 5]), share=0.5, time_folds=3)
    assert time_folds_of(split) == [([0, 1, 2], [3]), ([0, 1, 2, 3, 4], [5])]
