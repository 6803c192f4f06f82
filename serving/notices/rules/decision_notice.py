"""The messages to a notifier: the receipt of the notice, then the decision, how it was made, and the remedies.

Article 16(4) to (6) of Regulation (EU) 2022/2065. They contain no score, no name, and no text of the seller.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from features.message import Message, message
from models.verdict import Judgement, Side
from serving.notices.rules.notices import InvalidReason, ItemState, NoticeOutcome

RECEIPT: Final = message("notice.receipt")


@dataclass(frozen=True, slots=True)
class DecisionNotice:
    """The message about one notified listing."""

    decision: Message
    facts: Message
    automated_means: Message
    redress: Message


@dataclass(frozen=True, slots=True)
class NoticeDecision:
    """The decision on a notified listing. `blind`: the person saw no score. `reversed_`: the decision was undone."""

    outcome: NoticeOutcome
    judgement: Judgement | None
    side: Side | None
    blind: bool
    reversed_: bool
    on_complaint: bool
    complain_until: datetime | None
    invalid_reason: InvalidReason | None = None


_STAYS: Final = {
    Judgement.GENUINE: "genuine",
    Judgement.LICENSED: "licensed",
    Judgement.GREY_MARKET: "grey_market",
    Judgement.CANNOT_TELL: "unclear",
    Judgement.NEEDS_TEST_BUY: "unclear",
}
_REDRESS: Final = message("notice.redress")
_BY_MACHINE: Final = message("notice.means.automated")


def decision_notice(decided: NoticeDecision) -> DecisionNotice:
    """The decision on a notified listing, with the use of automated means (6) and the redress (5)."""
    if decided.outcome is NoticeOutcome.ALREADY_REMOVED:
        return DecisionNotice(
            message("notice.decision.nothing"), message("notice.facts.already_removed"), _BY_MACHINE, _REDRESS
        )
    means = message("notice.means.blind" if decided.blind else "notice.means.scored")
    if decided.outcome is NoticeOutcome.INVALID:
        facts = message(f"notice.facts.invalid.{decided.invalid_reason or InvalidReason.NO_CLAIM}")
        return DecisionNotice(
            message("notice.decision.invalid"), facts, means, _redress_message(decided.complain_until, invalid=True)
        )
    if decided.outcome is NoticeOutcome.REMOVED:
        facts = _finding_message("counterfeit", decided.side)
        if decided.reversed_:
            facts = message("notice.facts.reinstated", facts=facts)
            return DecisionNotice(message("notice.decision.reinstated"), facts, means, _REDRESS)
        return DecisionNotice(message("notice.decision.removed"), facts, means, _REDRESS)
    facts = _finding_message(_STAYS.get(decided.judgement or Judgement.CANNOT_TELL, "stays"), decided.side)
    stays = message("notice.decision.stays")
    if decided.on_complaint:
        return DecisionNotice(stays, message("notice.facts.on_complaint", facts=facts), means, _REDRESS)
    return DecisionNotice(stays, facts, means, _redress_message(decided.complain_until))


def _finding_message(what: str, side: Side | None) -> Message:
    return message(f"notice.found.{what}.{'brand' if side is Side.BRAND else 'marketplace'}")


def _redress_message(until: datetime | None, *, invalid: bool = False) -> Message:
    of = ".invalid" if invalid else ""
    if until is None:
        return message(f"notice.redress{of}")
    return message(f"notice.redress.complaint{of}", date=until.date())


_SETTLED: Final = {
    ItemState.UNKNOWN_LISTING: DecisionNotice(
        message("notice.decision.unknown_listing"), message("notice.facts.unknown_listing"), _BY_MACHINE, _REDRESS
    ),
    ItemState.REPEATED: DecisionNotice(
        message("notice.decision.repeated"), message("notice.facts.repeated"), _BY_MACHINE, _REDRESS
    ),
    ItemState.MUTED: DecisionNotice(
        message("notice.decision.muted"), message("notice.facts.muted"), message("notice.means.muted"), _REDRESS
    ),
}


def settled_notice(state: ItemState) -> DecisionNotice | None:
    """The message about a listing that was settled on receipt of the notice; None where a case was opened."""
    return _SETTLED.get(state)
