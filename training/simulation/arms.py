"""The arms: ways of running the same year, for comparison; some with answers that an attacker plants."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.verdict import Judgement, Side
from training.simulation.market import Market, OfferedListing

# Shares of all answers: from one in two thousand, which is hard to notice, to one in twenty-five.
POISONED_SHARES: Final = (0.0005, 0.0025, 0.01, 0.04)


class Attack(StrEnum):
    """An attack with a brand's account."""

    CLEARED = "cleared"  # The brand's counterfeits get the verdict genuine.
    ACCUSED = "accused"  # Honest sellers of its goods are reported, and the report is confirmed.
    # The same by reports of the brand itself, which answer the open cases of the random sample too.
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Poison:
    """An attack, and the maximum share of planted answers at any time."""

    attack: Attack
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way of running the year after the first model; `twin` names the same arm without the attack."""

    name: str
    meaning: str
    retrains: bool
    explores: bool
    adapting: bool = False
    poison: Poison | None = None
    twin: str | None = None


def _poisoned_arm(attack: Attack, share: float, what: str) -> Arm:
    return Arm(
        name=f"{attack}-{100 * share:g}",
        meaning=f"Exploration, and {what} in {100 * share:g} % of all answers.",
        retrains=True,
        explores=True,
        poison=Poison(attack, share),
        twin="exploration",
    )


ARMS: Final[Mapping[str, Arm]] = {
    arm.name: arm
    for arm in (
        Arm(name="no-retraining", meaning="The first model stays in force.", retrains=False, explores=False),
        Arm(
            name="flagged-only",
            meaning="Retrained every month on flagged listings only, without sampling and weights.",
            retrains=True,
            explores=False,
        ),
        Arm(
            name="exploration",
            meaning="Retrained every month; part of the reviews is a random sample, weighted by its probability.",
            retrains=True,
            explores=True,
        ),
        Arm(
            name="no-retraining-adapting",
            meaning="The first model stays in force, and sellers adapt to each removal.",
            retrains=False,
            explores=False,
            adapting=True,
        ),
        Arm(
            name="flagged-only-adapting",
            meaning="Flagged only, and sellers adapt to each removal.",
            retrains=True,
            explores=False,
            adapting=True,
        ),
        Arm(
            name="exploration-adapting",
            meaning="Exploration, and sellers adapt to each removal.",
            retrains=True,
            explores=True,
            adapting=True,
        ),
        *(_poisoned_arm(Attack.CLEARED, share, "a brand clears its own counterfeits") for share in POISONED_SHARES),
        *(_poisoned_arm(Attack.ACCUSED, share, "honest sellers are falsely confirmed") for share in POISONED_SHARES),
        *(
            _poisoned_arm(Attack.REPORTED, share, "honest sellers are reported by the brand")
            for share in POISONED_SHARES
        ),
    )
}


@dataclass(slots=True)
class Poisoner:
    """The attacker with the account of the brand `brand_id`. `answers` counts all answers, `planted` those of the
    attacker."""

    poison: Poison
    brand_id: str
    answers: int
    planted: int = 0

    def instead(self, offered: OfferedListing, side: Side) -> Judgement | None:
        """The planted answer about a counterfeit; None leaves the honest answer."""
        clears = self.poison.attack is Attack.CLEARED and side is Side.BRAND and offered.truth.counterfeit
        return self._plant(offered, Judgement.GENUINE) if clears else None

    def accused(self, listings: Iterable[OfferedListing]) -> list[OfferedListing]:
        """The honest listings of the brand's goods that the attacker now reports and confirms."""
        if self.poison.attack not in {Attack.ACCUSED, Attack.REPORTED}:
            return []
        honest = (offered for offered in listings if not offered.truth.counterfeit)
        return [offered for offered in honest if self._plant(offered, Judgement.COUNTERFEIT) is not None]

    def _plant(self, offered: OfferedListing, judgement: Judgement) -> Judgement | None:
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
