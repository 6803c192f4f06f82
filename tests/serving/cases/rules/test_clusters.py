from dataclasses import replace

import pytest

from serving.cases.rules.clusters import Cluster, Member, clusters


def a_member(listing: str, seller: str | None = None, near: str = "", linked: str = "", place: str = "mkt") -> Member:
    return Member(place, listing, seller, frozenset(near.split()), frozenset(linked.split()))


@pytest.mark.parametrize(
    ("members", "expected", "why"),
    [
        ([], [], "nothing"),
        ([a_member("a", "s"), a_member("b", "s")], [], "two are no cluster"),
        (
            [a_member("a", "s"), a_member("x", "t"), a_member("b", "s"), a_member("c", "s")],
            [Cluster((0, 2, 3), words=0, seller=3, links=0)],
            "one seller",
        ),
        (
            [a_member("a"), a_member("b", near="a"), a_member("c", near="b")],
            [Cluster((0, 1, 2), words=3, seller=0, links=0)],
            "by way of each other, in any order of scoring",
        ),
        (
            [a_member("a", "s", linked="t"), a_member("b", "t"), a_member("c", "u", near="a")],
            [Cluster((0, 1, 2), words=2, seller=0, links=2)],
            "several ties",
        ),
        (
            [replace(a_member(name), report="rpt") for name in "abc"] + [a_member("d")],
            [Cluster((0, 1, 2), words=0, seller=0, links=0, report=3)],
            "one report of a brand, and no report is none",
        ),
        ([a_member("a"), a_member("b"), a_member("c")], [], "nobody named is not one seller"),
        (
            [a_member("a", "s"), a_member("b", "s"), a_member("c", "s", place="other")],
            [],
            "a seller of another marketplace is somebody else",
        ),
        (
            [a_member(name, seller) for name, seller in zip("abcdef", "stssst", strict=True)]
            + [a_member("g", "t", near="z")],
            [Cluster((0, 2, 3, 4), words=0, seller=4, links=0), Cluster((1, 5, 6), words=0, seller=3, links=0)],
            "two clusters, by their first members",
        ),
    ],
)
def test_cases_belong_together(members: list[Member], expected: list[Cluster], why: str) -> None:
    assert clusters(members) == expected, why
