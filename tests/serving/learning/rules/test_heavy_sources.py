import pytest

from serving.learning.policy import DEFAULT_LABEL_SOURCE
from serving.learning.rules.retraining import HeavySource, ShareBase, heavy_sources

ROWS = [
    ({"user:a": 40}, {"user:a": 8}, [], "at the limit"),
    (
        {"user:a": 41},
        {"user:a": 8},
        [("user:a", ShareBase.GENUINE, 33 / 80)],
        "the genuine labels are the larger share",
    ),
    ({"user:a": 45}, {"user:a": 15}, [("user:a", ShareBase.COUNTERFEIT, 15 / 20)], "the largest share of a class"),
    ({"user:a": 60}, {"user:a": 12}, [("user:a", ShareBase.ALL, 0.6)], "equal shares"),
    ({"brand:b": 90}, {"brand:b": 20}, [], "a brand answers for its own goods"),
    (
        {"user:a": 45, "user:b": 50},
        {"user:a": 9, "user:b": 10},
        [("user:b", ShareBase.ALL, 0.5), ("user:a", ShareBase.ALL, 0.45)],
        "the largest first",
    ),
]


@pytest.mark.parametrize(("labels", "fakes", "expected", "reason"), ROWS, ids=[row[-1] for row in ROWS])
def test_a_reviewer_above_the_share_is_flagged(
    labels: dict[str, int], fakes: dict[str, int], expected: list[tuple[str, ShareBase, float]], reason: str
) -> None:
    """Of a hundred labels, twenty counterfeit."""
    reviewers = heavy_sources(labels, fakes, rows=100, positives=20, policy=DEFAULT_LABEL_SOURCE)
    assert [reviewer.source for reviewer in reviewers] == [source for source, *_ in expected], reason
    assert [reviewer.among for reviewer in reviewers] == [among for _, among, _ in expected]
    assert [reviewer.share for reviewer in reviewers] == pytest.approx([share for *_, share in expected])


def test_a_class_without_labels_has_no_share() -> None:
    reviewers = heavy_sources({"user:a": 5}, {}, rows=10, positives=0, policy=DEFAULT_LABEL_SOURCE)
    assert reviewers == (HeavySource("user:a", ShareBase.ALL, 0.5),)
