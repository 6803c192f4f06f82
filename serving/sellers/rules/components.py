"""Connected components of linked sellers, which training keeps on one side of every split.

A link is the same as in `serving.sellers.rules.links`: a contact of at most so many sellers, known before the moment.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from serving.sellers.policy import LinkPolicy
from serving.sellers.rules.links import Contacts


class ComponentSearch:
    """A breadth-first search from many sellers at one moment to the whole component of each.

    Each step needs the same contacts as a step of `LinkSearch`.
    """

    def __init__(self, sellers: Collection[str], as_of: datetime, policy: LinkPolicy) -> None:
        self.as_of, self._policy = as_of, policy
        self.frontier: tuple[str, ...] = tuple(sorted(sellers))
        self._parents = {seller: seller for seller in self.frontier}

    @property
    def components(self) -> Mapping[str, str]:
        """The component of each seller found, named by its first seller in the order of ids.

        Judgement calls: Steps and size are not limited, unlike for people's reading. Two sellers with a path of five
        steps may be one organisation, and a component that is too large only costs training some sellers to compare.
        """
        return {seller: self._root(seller) for seller in self._parents}

    def step(self, contacts: Contacts) -> None:
        """Extend the search by one step."""
        found: list[str] = []
        for at in self.frontier:
            for own in contacts.known(at, self.as_of):
                sharers = [one.seller for one in contacts.sharers(own.token, self.as_of)]
                if len(sharers) <= self._policy.most_sellers_of_a_contact:
                    found += [seller for seller in dict.fromkeys(sharers) if seller not in self._parents]
                    self._join(at, sharers)
        self.frontier = tuple(sorted(found))

    def _join(self, seller: str, others: Iterable[str]) -> None:
        for other in others:
            roots = self._root(seller), self._root(self._parents.setdefault(other, other))
            self._parents[max(roots)] = min(roots)

    def _root(self, seller: str) -> str:
        while (parent := self._parents[seller]) != seller:
            self._parents[seller] = self._parents[parent]
            seller = parent
        return seller
