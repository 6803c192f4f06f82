"""Answers that an attacker plants with a brand's account, at most a given share of all answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.verdict import Judgement, Side
from training.simulation.arms import Attack, Poison
from training.simulation.market import Market, Offered


@dataclass(slots=True)
class Poisoner:
    """The attacker with the account of the brand `brand_id`. `answers` counts all answers, `planted` those of the
    attacker."""

    poison: Poison
    brand_id: str
    answers: int
    planted: int = 0

    def instead(self, offered: Offered, side: Side) -> Judgement | None:
        """The planted answer about a counterfeit; None leaves the honest answer."""
        clears = self.poison.attack is Attack.CLEARED and side is Side.BRAND and offered.truth.counterfeit
        return self._plant(offered, Judgement.GENUINE) if clears else None

    def accused(self, listings: Iterable[Offered]) -> list[Offered]:
        """The honest listings of the brand's goods that the attacker now reports and confirms."""
        if self.poison.attack not in {Attack.ACCUSED, Attack.REPORTED}:
            return []
        honest = (offered for offered in listings if not offered.truth.counterfeit)
        return [offered for offered in honest if self._plant(offered, Judgement.COUNTERFEIT) is not None]

    def _plant(self, offered: Offered, judgement: Judgement) -> Judgement | None:
        if offered.truth.brand_id != self.brand_id or self.planted >= self.poison.share * (self.answers + 1):
            return None
        self.planted += 1
        return judgement


def most_copied_brand(market: Market) -> str:
    """The participating brand with the most counterfeits, where an attack does the most harm."""
    counts = dict.fromkeys(sorted(market.taking_part), 0)
    for offered in market.listings:
        if offered.truth.counterfeit and offered.truth.brand_id in counts:
            counts[offered.truth.brand_id] += 1
    return max(counts, key=lambda brand_id: (counts[brand_id], brand_id))
