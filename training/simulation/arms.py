"""The ways of running the same year that stand side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Shares of all answers: from one in two thousand, which nobody would notice, to one in twenty-five.
POISONED_SHARES: Final = (0.0005, 0.0025, 0.01, 0.04)


class Attack(StrEnum):
    """The effect of an attacker with a brand's account on the answers."""

    CLEARED = "cleared"  # Its counterfeits are called genuine.
    ACCUSED = "accused"  # Honest sellers of its goods are reported, and the report is called true.


@dataclass(frozen=True, slots=True)
class Poison:
    """An attack, and which share of all answers up to any moment is planted."""

    attack: Attack
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way of running the year after the first model; `twin` names the arm that differs in nothing but the harm."""

    name: str
    meaning: str
    retrains: bool
    explores: bool
    adapting: bool = False
    poison: Poison | None = None
    twin: str | None = None


def _poisoned(attack: Attack, share: float, what: str) -> Arm:
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
        Arm(name="no-retraining", meaning="The first model for ever.", retrains=False, explores=False),
        Arm(
            name="flagged-only",
            meaning="Retrained every month on what the model flagged; nothing is drawn, nothing weighted.",
            retrains=True,
            explores=False,
        ),
        Arm(
            name="exploration",
            meaning="Retrained every month; a part of the reviews is drawn by chance and weighted by it.",
            retrains=True,
            explores=True,
        ),
        Arm(
            name="no-retraining-adapting",
            meaning="The first model for ever, and sellers who learn from each removal.",
            retrains=False,
            explores=False,
            adapting=True,
        ),
        Arm(
            name="flagged-only-adapting",
            meaning="Flagged only, and sellers who learn from each removal.",
            retrains=True,
            explores=False,
            adapting=True,
        ),
        Arm(
            name="exploration-adapting",
            meaning="Exploration, and sellers who learn from each removal.",
            retrains=True,
            explores=True,
            adapting=True,
        ),
        *(_poisoned(Attack.CLEARED, share, "a brand clears its own counterfeits") for share in POISONED_SHARES),
        *(_poisoned(Attack.ACCUSED, share, "honest sellers are falsely confirmed") for share in POISONED_SHARES),
    )
}
