"""What the seller and the marketplace are told of a decision: grounds and facts, never scores or reporters."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.verdict import ReasonCode, Side

_GROUNDS = {
    ReasonCode.TRADEMARK_COUNTERFEIT: "The goods bear a trade mark without being goods of its owner.",
    ReasonCode.MARK_MISUSE: "The offer uses a trade mark in a way that its owner has not allowed.",
    ReasonCode.DESIGN: "The goods copy a protected design.",
    ReasonCode.COPYRIGHT: "The offer uses protected pictures or texts.",
    ReasonCode.NOT_AS_DESCRIBED: "The goods are not what the offer says they are.",
}
_REDRESS = (
    "You can appeal within six months, free of charge; a person who did not take this decision will look at it. "
    "You can also turn to an out-of-court dispute settlement body or to a court."
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of reasons in plain words."""

    decision: str
    ground: str
    facts: str
    automated_means: str
    redress: str


def removal_statement(*, brand_name: str | None, reason_code: ReasonCode, side: Side, was_flagged: bool) -> Statement:
    """The statement of a removal. It names the brand, because the ground is the brand's right; no person, no score."""
    who = f"The rights holder {brand_name}" if side is Side.BRAND and brand_name else "A trained analyst"
    detected = "an automated classifier and looked at by a person" if was_flagged else "a person"
    return Statement(
        decision="The offer is removed.",
        ground=_GROUNDS[reason_code],
        facts=f"{who} examined the offer and found that the goods are not genuine.",
        automated_means=f"The offer was found by {detected}; the decision was taken by a person.",
        redress=_REDRESS,
    )


class Undone(StrEnum):
    """What undid a removal."""

    APPEAL = "appeal"
    CONCEDED = "conceded"
    SILENCE = "silence"  # The rights holder did not answer; nobody has judged the goods.


_UNDONE: Final = {
    Undone.APPEAL: (
        "Your appeal was upheld.",
        "A person who had not decided before examined the offer and your statement.",
        "The decision was taken by a person.",
    ),
    Undone.CONCEDED: (
        "The rights holder accepts your counter-notice.",
        "The rights holder examined your statement and maintains the notice no longer.",
        "The decision was taken by a person.",
    ),
    Undone.SILENCE: (
        "The rights holder has not answered your counter-notice in time.",
        "Nobody maintains that the goods are not genuine; they were not examined again.",
        "The removal ended because a deadline passed, which the rules of this marketplace say; no goods were judged.",
    ),
}


def reinstatement_statement(why: Undone) -> Statement:
    """The statement of a reinstatement after a removal was undone."""
    ground, facts, automated_means = _UNDONE[why]
    return Statement(
        decision="The offer is shown again.",
        ground=ground,
        facts=facts,
        automated_means=automated_means,
        redress="Nothing needs to be done; the earlier decision does not count against you.",
    )


def amended_statement(why: Undone) -> Statement:
    """What stands in the place of a published statement whose removal was undone."""
    return Statement(
        decision="The removal is undone; the offer is shown again.",
        ground=_AMENDED[why],
        facts="What the earlier statement said of the goods does not stand.",
        automated_means=_UNDONE[why][2],
        redress="The earlier decision does not count against the seller.",
    )


_AMENDED: Final = {
    Undone.APPEAL: "An appeal against the removal was upheld.",
    Undone.CONCEDED: "The rights holder gave way to the seller's counter-notice.",
    Undone.SILENCE: "The rights holder did not answer the seller's counter-notice in time.",
}
