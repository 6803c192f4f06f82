"""Who is no second person: an account that somebody opened may be in their own hands. Standard library only."""

from collections.abc import Collection, Mapping

Hosts = Mapping[str, frozenset[str]]  # Who let each person in.


def behind_others(people: Collection[str], let_in_by: Hosts) -> frozenset[str]:
    """Those of these people who let another of them in, through however many hands.

    By an invitation, or by a link for a new password: whoever makes either sees it and can use it themselves, so the
    two may be one person. The guest counts and the host does not, because a host may have many guests. Two guests of
    somebody who says nothing both count: somebody asks everybody in, and a home would else have no second person. Of
    people who let one another in, all around, one counts, the first by id: they are one person at worst, and not none.
    """
    lines = {one: _line_before(one, let_in_by) for one in people}
    return frozenset(host for host in people if any(_is_host(host, guest, lines) for guest in people))


def hosts_of(people: Collection[str], let_in_by: Hosts) -> frozenset[str]:
    """Who let any of these people in, through however many hands: none of them judges anew what these have decided."""
    return frozenset().union(*(_line_before(one, let_in_by) for one in people))


def _is_host(host: str, guest: str, lines: Mapping[str, Collection[str]]) -> bool:
    around = guest in lines[host]
    return host != guest and host in lines[guest] and not (around and host < guest)


def _line_before(person: str, let_in_by: Hosts) -> set[str]:
    """Who let somebody in, who let them in, and so on to whoever founded the home."""
    found: set[str] = set()
    waiting = [person]
    while waiting:
        new = let_in_by.get(waiting.pop(), frozenset()) - found
        found |= new
        waiting += new
    return found
