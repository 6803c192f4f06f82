from dataclasses import replace

from tests.fixtures.labelled import a_market, snapshot_rows
from training.sources import largest_sources


def test_the_largest_sources_come_first_with_their_labels_of_each_class() -> None:
    rows = snapshot_rows(a_market(20))[:4]
    given = [("user:b",), ("user:a", "brand:1"), ("user:a",), ("user:a",)]
    made = [replace(row, sources=names, label=n % 2) for n, (row, names) in enumerate(zip(rows, given, strict=True))]
    assert largest_sources(made) == [
        {"source": "user:a", "labels": 3, "counterfeit": 2},
        {"source": "brand:1", "labels": 1, "counterfeit": 1},
        {"source": "user:b", "labels": 1, "counterfeit": 0},
    ]


def test_only_the_five_largest_are_reported() -> None:
    made = [replace(row, sources=(f"user:{n}",)) for n, row in enumerate(snapshot_rows(a_market(20))[:9])]
    assert [one["source"] for one in largest_sources(made)] == [f"user:{n}" for n in range(5)]
