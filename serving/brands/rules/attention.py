"""The brands that need their account manager first, and the reasons."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from features.message import Message, message
from serving.brands.policy import AttentionPolicy
from serving.standing.rules.standing import IN_GOOD_STANDING, Level


class Need(StrEnum):
    """The needs of a brand that require its account manager, the most urgent first."""

    OVERDUE = "overdue"  # An analyst gets the question now, and the brand loses its say.
    PENDING_REMOVALS = "pending_removals"  # A listing that somebody confirmed as counterfeit stays on sale.
    REPORTS_TO_RELEASE = "reports_to_release"  # As above, for all listings of a report.
    STANDING_LOST = "standing_lost"
    SILENT = "silent"
    ESCALATED = "escalated"
    STANDING_WARNED = "standing_warned"
    RIGHTS_TO_VERIFY = "rights_to_verify"  # A right that is not verified supports no removal.
    MESSAGES = "messages"
    INVITED = "invited"
    SELLERS = "sellers"
    RIGHTS_ENDING = "rights_ending"
    ALIASES = "aliases"  # A proposal loses nothing by waiting.


_ORDER: Final = tuple(Need)


@dataclass(frozen=True, slots=True)
class BrandFigures:
    """The state of a brand at a moment.

    `answered_at` is None where no brand user has ever answered. `unanswered` are the questions returned unanswered
    within the days of the policy. `certified` is set once one of its users is certified. `rights_ending` are the rights
    that end within the reminder period. `outlook` is the condition that would end good standing.
    """

    takes_part: bool
    overdue: int
    escalated: int
    unanswered: int
    answered_at: datetime | None
    level: Level
    warned: bool
    outlook: Message | None
    certified: bool
    rights_to_verify: int
    rights_ending: int
    unread: int
    removals_pending: int
    reports_to_release: int
    aliases_to_decide: int
    sellers_to_check: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One need with the message for the account manager."""

    need: Need
    message: Message


def attention_reasons(figures: BrandFigures, at: datetime, policy: AttentionPolicy) -> tuple[Reason, ...]:
    """The reasons why a brand needs its account manager, the most urgent first; empty where it does not.

    A brand that does not take part gets no questions, so neither silence nor standing counts; pending removals,
    rights, messages, authorised sellers and proposed aliases still do.
    """
    messages: dict[Need, Message] = {}
    if figures.takes_part:
        messages |= _answer_needs(figures, at, policy)
    if figures.removals_pending:
        messages[Need.PENDING_REMOVALS] = message("attention.pending_removals", n=figures.removals_pending)
    if figures.reports_to_release:
        messages[Need.REPORTS_TO_RELEASE] = message("attention.reports_to_release", n=figures.reports_to_release)
    if figures.rights_to_verify:
        messages[Need.RIGHTS_TO_VERIFY] = message("attention.rights_to_verify", n=figures.rights_to_verify)
    if figures.unread:
        messages[Need.MESSAGES] = message("attention.messages", n=figures.unread)
    if figures.rights_ending:
        messages[Need.RIGHTS_ENDING] = message("attention.rights_ending", n=figures.rights_ending)
    if figures.sellers_to_check:
        messages[Need.SELLERS] = message("attention.sellers", n=figures.sellers_to_check)
    if figures.aliases_to_decide:
        messages[Need.ALIASES] = message("attention.aliases", n=figures.aliases_to_decide)
    return tuple(Reason(need, messages[need]) for need in _ORDER if need in messages)


def _answer_needs(figures: BrandFigures, at: datetime, policy: AttentionPolicy) -> dict[Need, Message]:
    messages: dict[Need, Message] = {}
    if figures.overdue:
        messages[Need.OVERDUE] = message("attention.overdue", n=figures.overdue)
    if figures.level not in IN_GOOD_STANDING:
        messages[Need.STANDING_LOST] = message("attention.standing_lost", level=message(f"level.{figures.level.value}"))
    elif figures.warned:
        messages[Need.STANDING_WARNED] = (
            message("attention.standing_warned", outlook=figures.outlook)
            if figures.outlook
            else message("attention.standing_warned.soon")
        )
    if (silence := _silence(figures, at, policy)) is not None:
        messages[Need.SILENT] = silence
    if figures.escalated:
        messages[Need.ESCALATED] = message("attention.escalated", n=figures.escalated)
    if not figures.certified:
        messages[Need.INVITED] = message("attention.invited")
    return messages


def _silence(figures: BrandFigures, at: datetime, policy: AttentionPolicy) -> Message | None:
    """Only unanswered questions count as silence: a brand without questions has nothing to answer."""
    long = timedelta(days=policy.silent_after_days)
    if not figures.unanswered or (figures.answered_at is not None and at - figures.answered_at < long):
        return None
    expired = {"n": figures.unanswered, "days": policy.silent_after_days}
    if figures.answered_at is None:
        return message("attention.silent.never", **expired)
    return message("attention.silent", since=(at - figures.answered_at).days, **expired)


def urgency(reasons: tuple[Reason, ...]) -> tuple[int, ...]:
    """A key that sorts brands by their needs: the most urgent need first, then the number of further needs."""
    return (len(_ORDER), 0) if not reasons else (_ORDER.index(reasons[0].need), -len(reasons))
