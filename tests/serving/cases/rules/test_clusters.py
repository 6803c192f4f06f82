import pytest

from serving.cases.rules.clusters import Cluster, Member, clusters


def a_member(listing: str, seller: str | None = None, near: str = "", linked: str = "", place: str = "mkt") -> Member:
    return Member(place, listing, seller, frozenset(near.split()), frozenset(linked.split()))


@pytest.mark.parametrize(
    ("members", "found", "why"),
    [
        ([], [], "nothing"),
        ([a_member("a", "s"), a_member("b", "s")], [], "two are no cluster"),
        (
            [a_member("a", "s"), a_member("x", "t"), a_member("b", "s"), a_member("c", "s")],
            [Cluster((0, 2, 3), words=False, seller=True, links=False)],
            "one seller",
        ),
        (
            [a_member("a"), a_member("b", near="a"), a_member("c", near="b")],
            [Cluster((0, 1, 2), words=True, seller=False, links=False)],
            "by way of each other, in any order of scoring",
        ),
        (
            [a_member("a", "s", linked="t"), a_member("b", "t"), a_member("c", "u", near="a")],
            [Cluster((0, 1, 2), words=True, seller=False, links=True)],
            "several ties",
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
            [
                Cluster((0, 2, 3, 4), words=False, seller=True, links=False),
                Cluster((1, 5, 6), words=False, seller=True, links=False),
            ],
            "two clusters, by their first members",
        ),
    ],
)
def test_cases_belong_together(members: list[Member], found: list[Cluster], why: str) -> None:
    assert clusters(members) == found, why
