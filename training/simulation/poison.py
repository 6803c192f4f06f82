"""Answers that somebody plants with the account of a brand, never more than a share of all that were given."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.verdict import Judgement, Side
from training.simulation.arms import Attack, Poison
from training.simulation.market import Market, Offered


@dataclass(slots=True)
class Poisoner:
    """The attacker who uses the account of the brand `brand_id`. `answers` counts all answers, `planted` the
    attacker's."""

    poison: Poison
    brand_id: str
    answers: int
    planted: int = 0

    def instead(self, offered: Offered, side: Side) -> Judgement | None:
        """The account's false answer about a counterfeit; None leaves the answer as it is."""
        clears = self.poison.attack is Attack.CLEARED and side is Side.BRAND and offered.truth.counterfeit
        return self._plant(offered, Judgement.GENUINE) if clears else None

    def accused(self, offers: Iterable[Offered]) -> list[Offered]:
        """Honest listings of the brand's goods that are reported, and their report confirmed, this time."""
        if self.poison.attack is not Attack.ACCUSED:
            return []
        honest = (offered for offered in offers if not offered.truth.counterfeit)
        return [offered for offered in honest if self._plant(offered, Judgement.COUNTERFEIT) is not None]

    def _plant(self, offered: Offered, judgement: Judgement) -> Judgement | None:
        if offered.truth.brand_id != self.brand_id or self.planted >= self.poison.share * (self.answers + 1):
            return None
        self.planted += 1
        return judgement


def most_copied_brand(market: Market) -> str:
    """The brand that answers questions and has the most counterfeits: an attack on it does most harm."""
    counts = dict.fromkeys(sorted(market.taking_part), 0)
    for offered in market.offers:
        if offered.truth.counterfeit and offered.truth.brand_id in counts:
            counts[offered.truth.brand_id] += 1
    return max(counts, key=lambda brand_id: (counts[brand_id], brand_id))
