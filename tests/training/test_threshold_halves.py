"""The results of promised thresholds on real scores, beside a seller bootstrap tuned on the labels."""

from pathlib import Path

import numpy as np
import pytest

from models.policies.learning import DEFAULT_PROMISE
from tests.training.threshold_halves import (
    ALL_COLUMNS,
    COLUMNS,
    CONFIDENCES,
    MOST_MISSED,
    TARGETS,
    Comparison,
    OracleShare,
    Outcome,
    Tally,
    against_the_oracle,
    compare,
    halves,
    lines,
    oracle_recall,
    outcome,
    tally,
)
from tests.training.threshold_streams import measure_promises
from training.threshold_file import ScoredListings, read_scored_listings

STREAM = ScoredListings(np.array([1, 1, 0, 1], dtype=np.int8), np.array([0.9, 0.8, 0.8, 0.1]), np.array([0, 1, 2, 3]))


@pytest.mark.parametrize(
    ("threshold", "target", "missed", "recall", "_why"),
    [
        (0.9, 0.7, False, 1 / 3, "one of one"),
        (0.8, 0.7, True, 2 / 3, "two of three, with all that share the score"),
        (0.8, 2 / 3, False, 2 / 3, "exactly the target is reached"),
        (0.95, 0.7, False, 0.0, "nothing is flagged"),
        (None, 0.7, False, 0.0, "declined"),
    ],
)
def test_a_threshold_is_checked_on_unseen_sellers(
    threshold: float | None, target: float, missed: bool, recall: float, _why: str
) -> None:
    assert outcome(threshold, STREAM, target) == Outcome(threshold, missed, recall)


def test_halves_share_no_seller_and_include_all() -> None:
    for seen, unseen in halves(STREAM, 5, seed=1):
        assert set(seen.sellers) | set(unseen.sellers) == {0, 1, 2, 3}
        assert len(seen.sellers) == len(unseen.sellers) == 2


@pytest.mark.parametrize(
    ("target", "recall", "_why"),
    [
        (0.75, 1.0, "three of four are right, with all"),
        (0.8, 1 / 3, "only the first; two of three share too low a precision"),
    ],
)
def test_the_oracle_takes_the_most_recall_that_keeps_the_target(target: float, recall: float, _why: str) -> None:
    assert oracle_recall(STREAM, target) == pytest.approx(recall)


def test_without_promises_there_is_no_share_of_the_oracle() -> None:
    share = against_the_oracle([STREAM], 0.7, 3, seed=1)
    assert share == OracleShare(0, 0, 0.0, 0.0)
    assert share.of_the_oracle == 0.0


def test_a_peer_is_raised_until_it_misses_few_enough() -> None:
    wrong, right, none = Outcome(0.5, True, 0.4), Outcome(0.6, False, 0.3), Outcome(None)
    outcomes = {("peer", 0.7, c): [right if c >= 0.99 else wrong, none] for c in CONFIDENCES}
    assert Comparison({}, outcomes).raised("peer", 0.7) == (0.99, Tally(halves=2, promises=1, missed=0, recall=0.15))
    assert Comparison({}, {key: [wrong] for key in outcomes}).raised("peer", 0.7) is None


def test_on_simulated_streams_few_promises_are_missed() -> None:
    """80 halves, with at most one promise in ten missed; `python -m tests.training.threshold_streams` runs 1,440."""
    stream_tally = measure_promises(DEFAULT_PROMISE, 0.7, streams=40, times=2, seed=700)
    assert stream_tally.promises >= 30
    assert stream_tally.missed <= 3


@pytest.fixture(scope="module")
def record(datasets: Path) -> Comparison:
    """About two minutes."""
    return compare(datasets / "ozon_ecup" / "scored_stream_dev.parquet", 200)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_at_most_one_promise_in_twenty_is_missed_on_unseen_sellers(record: Comparison) -> None:
    """Over all promises. The table of ADR 14 has the results by target, also where nearly all are declined."""
    print(*lines(record), sep="\n")  # noqa: T201 - shown by `pytest -s`
    everything = tally([outcome for outcomes in record.ours.values() for outcome in outcomes])
    assert everything.halves == 200 * len(COLUMNS) * len(TARGETS)
    assert everything.promises > 0
    assert everything.share_missed <= MOST_MISSED


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_of_eighty_promises_at_most_seven_are_missed_and_recall_is_three_quarters_of_the_oracles(
    datasets: Path,
) -> None:
    """Each column misses few; recall is pooled. ADR 14 has other seeds; in one a column misses eight."""
    file = datasets / "ozon_ecup" / "scored_stream_dev.parquet"
    streams = [read_scored_listings(file, score=name, label="resolution", group="SellerID") for name in ALL_COLUMNS]
    shares = [against_the_oracle([stream], 0.7, 80, seed=6) for stream in streams]
    assert [share.promises >= 60 for share in shares] == [True] * 4 + [False], "TabNet's are mostly declined"
    assert max(share.missed for share in shares) <= 7
    recall = sum(share.recall * share.promises for share in shares)
    assert recall >= 0.75 * sum(share.oracle * share.promises for share in shares)
