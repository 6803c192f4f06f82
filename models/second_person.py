"""Who is no second person: an account that somebody made may be in their own hands. Standard library only."""

from collections.abc import Collection, Mapping


def behind_others(people: Collection[str], asked_in_by: Mapping[str, str]) -> frozenset[str]:
    """Those of these people who asked another of them in, through however many hands.

    They do not count beside the others: whoever sends an invitation sees its link and can take it up themselves, so
    the two may be one person. The guest counts and the host does not, because a host may have many guests. Two guests
    of somebody who says nothing both count: somebody asks everybody in, and a home would else have no second person.
    """
    hosts = {before for one in people for before in _line_before(one, asked_in_by)}
    return frozenset(hosts.intersection(people))


def _line_before(person: str, asked_in_by: Mapping[str, str]) -> list[str]:
    """Who asked somebody in, who asked them in, and so on to whoever founded the home."""
    found: list[str] = []
    while (before := asked_in_by.get(found[-1] if found else person)) is not None and before not in found:
        found.append(before)
    return found
