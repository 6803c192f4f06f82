"""The sellers that share contacts with a listing's seller, and the outcomes of their listings, at a moment."""

from dataclasses import dataclass

from features.contacts import ContactKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStep:
    """A step to `seller`, who shares a contact of this kind with the seller before."""

    kind: ContactKind
    seller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedSeller:
    """A linked seller, the last of `path`, with the numbers of its listings found counterfeit and genuine."""

    path: tuple[LinkStep, ...]
    counterfeit: int
    genuine: int

    @property
    def reviewed(self) -> int:
        """The number of the seller's listings with an outcome."""
        return self.counterfeit + self.genuine


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The sellers linked by exact contacts, transitively, as known before the moment; the nearest come first.

    `contacts` counts the seller's own contacts; where it is 0, links are unknown. `common` counts those that too many
    sellers share to link anybody. `more` is set where more sellers are linked than are followed.
    """

    contacts: int
    common: int = 0
    more: bool = False
    sellers: tuple[LinkedSeller, ...] = ()

    @property
    def counterfeiters(self) -> tuple[LinkedSeller, ...]:
        return tuple(seller for seller in self.sellers if seller.counterfeit)
