"""Clusters of open cases: listings with nearly the same text, of one seller or of linked ones, or of one report.
Standard library only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Two listings are soon found one by one; from three on a reader saves time by seeing them side by side.
FEWEST: Final = 3


@dataclass(frozen=True, slots=True)
class Member:
    """The properties that an open case can share with others: the marketplace, the listing, the seller.

    `near` are near-duplicate listings and `linked` sellers who share contacts with its own, both as known when it was
    scored. `report` is the brand's report that opened the case.
    """

    marketplace_id: str
    listing: str
    seller: str | None
    near: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()
    report: str | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """Members by their numbers, in order. The other fields are how many of them share this with another member."""

    members: tuple[int, ...]
    words: int
    seller: int
    links: int
    report: int = 0


def clusters(members: Sequence[Member]) -> list[Cluster]:
    """The connected groups of at least `FEWEST`, in the order of their first members.

    A link counts in both directions, because the first scored listing has no record of the later one. No link crosses
    marketplaces.
    """
    ties = {
        (place, other): tie
        for place in range(len(members))
        for other in range(place + 1, len(members))
        if any(tie := _shared_traits(members[place], members[other]))
    }
    leader = list(range(len(members)))

    def lead(number: int) -> int:
        while leader[number] != number:
            number = leader[number]
        return number

    for place, other in ties:
        low, high = sorted((lead(place), lead(other)))
        leader[high] = low
    groups: dict[int, list[int]] = {}
    for number in range(len(members)):
        groups.setdefault(lead(number), []).append(number)
    return [
        Cluster(
            tuple(group),
            *(
                len({number for pair, tie in ties.items() if tie[kind] and pair[0] in group for number in pair})
                for kind in range(4)
            ),
        )
        for group in groups.values()
        if len(group) >= FEWEST
    ]


def _shared_traits(member: Member, other: Member) -> tuple[bool, bool, bool, bool]:
    """Whether two cases share words, a seller, linked sellers, and a report."""
    if member.marketplace_id != other.marketplace_id:
        return False, False, False, False
    named = member.seller is not None and other.seller is not None
    return (
        member.listing in other.near or other.listing in member.near,
        named and member.seller == other.seller,
        named and (member.seller in other.linked or other.seller in member.linked),
        member.report is not None and member.report == other.report,
    )
