"""What a notifier is told: that the notice came in, and what was decided, by whom, and what can be done about it.

Article 16(4) to (6) of Regulation (EU) 2022/2065. Never a score, a name, or a word of the seller.
Standard library only.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models.verdict import Judgement, Side
from serving.notices.rules.notices import ItemState, NoticeOutcome

RECEIPT: Final = (
    "Your notice has come in and is kept with the offer as it was at that moment. This page is your receipt, and the "
    "decision will stand here."
)
_SORTED: Final = "A rule gave your notice its place in the queue."


@dataclass(frozen=True, slots=True)
class DecisionNotice:
    """What is said of one notified offer."""

    decision: str
    facts: str
    automated_means: str
    redress: str


@dataclass(frozen=True, slots=True)
class Decided:
    """How a notified offer was decided. `blind`: the person was shown no score. `reversed_`: undone since."""

    outcome: NoticeOutcome
    judgement: Judgement | None
    side: Side | None
    blind: bool
    reversed_: bool
    on_complaint: bool
    complain_until: datetime | None


_STAYS: Final = {
    Judgement.GENUINE: "found that the goods are genuine",
    Judgement.LICENSED: "found that the goods are made or sold with the rights holder's leave",
    Judgement.GREY_MARKET: "found that the goods are genuine, though sold outside the rights holder's own channel",
    Judgement.CANNOT_TELL: "could not tell from the offer that the goods are not genuine",
    Judgement.NEEDS_TEST_BUY: "could not tell from the offer that the goods are not genuine",
}
_BODIES: Final = "turn to a certified out-of-court dispute settlement body or to a court."
_ELSEWHERE: Final = f"You can {_BODIES}"
_BY_MACHINE: Final = "This was found by automated means; no person has looked at it."


def decision_notice(found: Decided) -> DecisionNotice:
    """The decision on a notified offer, with the use of automated means (6) and the redress (5)."""
    if found.outcome is NoticeOutcome.ALREADY_REMOVED:
        facts = "The offer had been removed before your notice came in."
        return DecisionNotice("Nothing more is done.", facts, _BY_MACHINE, _ELSEWHERE)
    who = "The rights holder" if found.side is Side.BRAND else "A trained person"
    saw = "was shown no automated score" if found.blind else "also saw what an automated classifier makes of the offer"
    means = f"{_SORTED} The decision was taken by a person, who {saw}."
    if found.outcome is NoticeOutcome.REMOVED:
        facts = f"{who} examined the offer and found that the goods are not genuine or infringe the right."
        if found.reversed_:
            later = "On the seller's complaint the removal was undone, and the offer is shown again."
            return DecisionNotice("The offer was removed, and is shown again.", f"{facts} {later}", means, _ELSEWHERE)
        return DecisionNotice("The offer is removed.", facts, means, _ELSEWHERE)
    facts = f"{who} examined the offer and {_STAYS.get(found.judgement or Judgement.CANNOT_TELL, 'let it stay')}."
    if found.on_complaint:
        again = "After your complaint a person who had not decided before looked at it."
        return DecisionNotice("The offer stays.", f"{again} {facts}", means, _ELSEWHERE)
    return DecisionNotice("The offer stays.", facts, means, _redress(found.complain_until))


def _redress(until: datetime | None) -> str:
    if until is None:
        return _ELSEWHERE
    return (
        f"Until {until.day} {until:%B %Y} you can complain on this page, free of charge; a person who did not take "
        f"this decision will look at it. You can also {_BODIES}"
    )


_SETTLED: Final = {
    ItemState.UNKNOWN_LISTING: DecisionNotice(
        "No offer is known here under what you named.",
        "Your notice is kept, and nothing follows from it. Send it again with the offer's exact address or id.",
        _BY_MACHINE,
        _ELSEWHERE,
    ),
    ItemState.REPEATED: DecisionNotice(
        "You have notified this offer already.",
        "Your earlier notice is still being looked at, and this one opens no second case.",
        _BY_MACHINE,
        _ELSEWHERE,
    ),
    ItemState.MUTED: DecisionNotice(
        "Your notice is kept, and no case is opened for it.",
        "After a warning you went on to send notices that were unfounded, so that for a time new ones open no case.",
        f"A person decided that. That this notice falls under it was found by automated means. {_SORTED}",
        _ELSEWHERE,
    ),
}


def settled_notice(state: ItemState) -> DecisionNotice | None:
    """What is said of an offer that was settled when the notice came in; None where a case was opened."""
    return _SETTLED.get(state)
