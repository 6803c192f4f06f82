"""What the seller and the marketplace are told of a decision: grounds and facts, never scores or reporters."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.verdict import ReasonCode, Side
from serving.takedowns.rules.public_statement import Source, legal_ground_of

_GROUNDS = {
    ReasonCode.TRADEMARK_COUNTERFEIT: "The goods bear a trade mark without being goods of its owner.",
    ReasonCode.MARK_MISUSE: "The offer uses a trade mark in a way that its owner has not allowed.",
    ReasonCode.DESIGN: "The goods copy a protected design.",
    ReasonCode.COPYRIGHT: "The offer uses protected pictures or texts.",
    ReasonCode.NOT_AS_DESCRIBED: "The goods are not what the offer says they are.",
}
REDRESS = (
    "You can appeal within six months, free of charge; a person who did not take this decision will look at it. "
    "You can also turn to an out-of-court dispute settlement body or to a court."
)


_DURATION: Final = (
    "It has no end date. It ends if it is undone on a counter-notice or an appeal, or by a court or settlement body."
)
_CAME_UP: Final = {
    Source.VOLUNTARY: "The marketplace looked at the offer on its own initiative, and not because of a notice.",
    Source.NOTICE: "The offer was notified to the marketplace.",
    Source.TRUSTED_FLAGGER: "The offer was notified to the marketplace by a trusted flagger.",
    Source.OTHER_NOTIFICATION: "The offer was notified to the marketplace.",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of reasons in plain words, by the letters of Article 17(3) of Regulation (EU) 2022/2065.

    (a) `decision`, `territory` and `duration`; (b) `facts` and `source`; (c) `automated_means`; (d) and (e)
    `legal_ground`, which says that it is the law and not the terms, and `ground`, why; (f) `redress`. What a decision
    restricts nothing by is None: a reinstatement has no territory and no duration.
    """

    decision: str
    ground: str
    facts: str
    automated_means: str
    redress: str
    territory: str | None = None
    duration: str | None = None
    source: str | None = None
    legal_ground: str | None = None


def removal_statement(
    *,
    brand_name: str | None,
    reason_code: ReasonCode,
    side: Side,
    was_flagged: bool,
    source: Source,
    sold_in: Sequence[str],
) -> Statement:
    """The statement of a removal. It names the brand, because the ground is the brand's right; no person, no score.

    `sold_in` are the codes of the countries in which the marketplace sells, as it has said; empty where it has not.
    Whoever notified an offer is not named: for a right the rights holder is, and more is not strictly necessary.
    """
    who = f"The rights holder {brand_name}" if side is Side.BRAND and brand_name else "A trained analyst"
    detected = "an automated classifier and looked at by a person" if was_flagged else "a person"
    countries = f": {', '.join(sold_in)}" if sold_in else ""
    return Statement(
        decision="The offer is removed.",
        ground=_GROUNDS[reason_code],
        facts=f"{who} examined the offer and found that the goods are not genuine.",
        automated_means=(
            "The offer was notified to the marketplace; the decision was taken by a person."
            if source is not Source.VOLUNTARY
            else f"The offer was found by {detected}; the decision was taken by a person."
        ),
        redress=REDRESS,
        territory=f"The removal holds wherever the marketplace sells{countries}.",
        duration=_DURATION,
        source=_CAME_UP[source],
        legal_ground=f"The law, and not the terms of the marketplace: {legal_ground_of(reason_code)}.",
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
