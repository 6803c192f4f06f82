"""The sellers with whom a listing's seller shares contacts, and what became of their listings, at a moment."""

from dataclasses import dataclass

from features.contacts import ContactKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStep:
    """A step to `seller`, who shares a contact of this kind with the seller before."""

    kind: ContactKind
    seller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedSeller:
    """A linked seller, the last of the path to them, with their listings that were found counterfeit and genuine."""

    path: tuple[LinkStep, ...]
    counterfeit: int
    genuine: int

    @property
    def reviewed(self) -> int:
        """Their listings with an outcome."""
        return self.counterfeit + self.genuine


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Everybody linked by exact contacts, transitively, as known before the moment; the nearest come first.

    `contacts` counts the seller's own: without any nothing can be said. `common` of them are so many sellers' that
    they link nobody. `more` is set where there are more linked sellers than are followed.
    """

    contacts: int
    common: int = 0
    more: bool = False
    sellers: tuple[LinkedSeller, ...] = ()

    @property
    def counterfeiters(self) -> tuple[LinkedSeller, ...]:
        """Those with a confirmed counterfeit."""
        return tuple(one for one in self.sellers if one.counterfeit)
