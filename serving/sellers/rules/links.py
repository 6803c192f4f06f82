"""Sellers linked by shared contacts, directly or through others, with the path to each.

Only links known before the moment count, as for all data from others (decision 0010). A link is a signal for people and
decides nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from features.contacts import ContactKind
from features.links import LinkedSeller, Links, LinkStep
from models.outcomes import Outcome
from serving.sellers.policy import LinkPolicy


@dataclass(frozen=True, slots=True)
class Mention:
    """A seller's contact: its keyed hash, its kind, and the time since when it is known."""

    token: str
    kind: ContactKind
    seller: str
    known_at: datetime


class Contacts:
    """An index of contacts by seller and sellers by contact; more can be added as they are read."""

    def __init__(self, mentions: Iterable[Mention] = ()) -> None:
        self._of_seller: dict[str, dict[str, Mention]] = defaultdict(dict)
        self._of_token: dict[str, dict[str, Mention]] = defaultdict(dict)
        self.add(mentions)

    def add(self, mentions: Iterable[Mention]) -> None:
        """Add contacts to the index."""
        for mention in mentions:
            self._of_seller[mention.seller][mention.token] = mention
            self._of_token[mention.token][mention.seller] = mention

    def known(self, seller: str, as_of: datetime) -> list[Mention]:
        """A seller's contacts known before a moment, in a fixed order."""
        mine = self._of_seller.get(seller, {}).values()
        return sorted(
            (mention for mention in mine if mention.known_at < as_of), key=lambda mention: (mention.kind, mention.token)
        )

    def sharers(self, token: str, as_of: datetime) -> list[Mention]:
        """The sellers known to have a contact before a moment, in a fixed order."""
        theirs = self._of_token.get(token, {}).values()
        return sorted((mention for mention in theirs if mention.known_at < as_of), key=lambda mention: mention.seller)


class ContactSearch(Protocol):
    """A search that is extended step by step with the contacts of the sellers in its `frontier`."""

    as_of: datetime
    frontier: tuple[str, ...]

    def step(self, contacts: Contacts) -> None:
        """Extend the search by one step; an empty frontier ends it."""


class LinkSearch:
    """A breadth-first search from one seller at one moment to all linked sellers.

    Each step needs the contacts of the sellers in the `frontier`, and for each contact its
    `most_sellers_of_a_contact` + 1 earliest sharers; more sharers cannot change the result.
    """

    def __init__(self, seller: str, as_of: datetime, policy: LinkPolicy) -> None:
        self.seller, self.as_of, self._policy = seller, as_of, policy
        self._paths: dict[str, tuple[LinkStep, ...]] = {seller: ()}
        self._steps = self._contacts = self._common = 0
        self.frontier: tuple[str, ...] = (seller,)

    @property
    def linked(self) -> tuple[str, ...]:
        """The linked sellers found so far, nearest first, at most `most_linked`."""
        return tuple(self._paths)[1 : self._policy.most_linked + 1]

    def step(self, contacts: Contacts) -> None:
        """Extend the search by one step. Among paths of equal length the first by kind of contact is kept."""
        paths: dict[str, tuple[LinkStep, ...]] = {}
        for at in self.frontier:
            for own in contacts.known(at, self.as_of):
                sharers = contacts.sharers(own.token, self.as_of)
                is_common = len(sharers) > self._policy.most_sellers_of_a_contact
                if at == self.seller:
                    self._contacts += 1
                    self._common += is_common
                for other in () if is_common else sharers:
                    if other.seller not in self._paths and other.seller not in paths:
                        paths[other.seller] = (*self._paths[at], LinkStep(kind=own.kind, seller=other.seller))
        self._paths |= paths
        self._steps += 1
        ended = self._steps == self._policy.most_steps or len(self._paths) > self._policy.most_linked + 1
        self.frontier = () if ended else tuple(paths)

    def links(self, outcomes: Mapping[str, Iterable[Outcome]]) -> Links:
        """The linked sellers, with the outcomes of their listings as known at the moment."""
        sellers = []
        for name in self.linked:
            judgements = [outcome.counterfeit for outcome in outcomes.get(name, ())]
            counterfeit = sum(judgements)
            sellers.append(
                LinkedSeller(path=self._paths[name], counterfeit=counterfeit, genuine=len(judgements) - counterfeit)
            )
        return Links(
            contacts=self._contacts,
            common=self._common,
            more=len(self._paths) > self._policy.most_linked + 1,
            sellers=tuple(sellers),
        )


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
        new_sellers: list[str] = []
        for at in self.frontier:
            for own in contacts.known(at, self.as_of):
                sharers = [mention.seller for mention in contacts.sharers(own.token, self.as_of)]
                if len(sharers) <= self._policy.most_sellers_of_a_contact:
                    new_sellers += [seller for seller in dict.fromkeys(sharers) if seller not in self._parents]
                    self._join(at, sharers)
        self.frontier = tuple(sorted(new_sellers))

    def _join(self, seller: str, others: Iterable[str]) -> None:
        for other in others:
            roots = self._root(seller), self._root(self._parents.setdefault(other, other))
            self._parents[max(roots)] = min(roots)

    def _root(self, seller: str) -> str:
        while (parent := self._parents[seller]) != seller:
            self._parents[seller] = self._parents[parent]
            seller = parent
        return seller
