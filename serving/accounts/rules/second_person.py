"""People who do not count as a second person: an account may be in the hands of its creator. Standard library only."""

from collections.abc import Collection, Mapping

Inviters = Mapping[str, frozenset[str]]  # The inviters of each person.


def behind_others(people: Collection[str], invited_by: Inviters) -> frozenset[str]:
    """Those of these people who invited another of them, directly or through other invitations.

    An invitation and a link for a new password both count. The person who makes either can use it themselves, so the
    two accounts may be one person. The invitee counts and the inviter does not, because an inviter may have many
    invitees. Two invitees of a person without an approval both count. One person usually invites everybody, and
    otherwise no marketplace would have a second person. If people invited one another in a circle, only the first by id
    counts: at worst they are one person.
    """
    lines = {one: _line_before(one, invited_by) for one in people}
    return frozenset(host for host in people if any(_is_host(host, guest, lines) for guest in people))


def hosts_of(people: Collection[str], invited_by: Inviters) -> frozenset[str]:
    """The inviters of these people, direct and indirect: none of them reviews a decision of these people."""
    return frozenset().union(*(_line_before(one, invited_by) for one in people))


def _is_host(host: str, guest: str, lines: Mapping[str, Collection[str]]) -> bool:
    around = guest in lines[host]
    return host != guest and host in lines[guest] and not (around and host < guest)


def _line_before(person: str, invited_by: Inviters) -> set[str]:
    """The chain of inviters of a person, up to the person who provisioned the data directory."""
    found: set[str] = set()
    waiting = [person]
    while waiting:
        new = invited_by.get(waiting.pop(), frozenset()) - found
        found |= new
        waiting += new
    return found
