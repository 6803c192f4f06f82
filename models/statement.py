"""What the seller and the marketplace are told of a decision: grounds and facts, never scores or reporters."""

from dataclasses import dataclass

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


def reinstatement_statement() -> Statement:
    """The statement of a reinstatement after an upheld appeal."""
    return Statement(
        decision="The offer is shown again.",
        ground="Your appeal was upheld.",
        facts="A person who had not decided before examined the offer and your statement.",
        automated_means="The decision was taken by a person.",
        redress="Nothing needs to be done; the earlier decision does not count against you.",
    )
