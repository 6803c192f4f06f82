"""The approvals that a removal pending approval needs before it is sent or withdrawn. Standard library only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from features.message import Message, message
from features.phrase import Phrase
from models.errors import Conflict, Forbidden, Invalid
from serving.accounts.rules.access import Permission, Person
from serving.accounts.rules.second_person import Inviters, behind_others
from serving.takedowns.rules.bursts import BURSTS, HoldCause

# Organisations that vote: a marketplace's review team, its account management, and each brand by its id.
REVIEW_TEAM: Final = "desk"
PROGRAMME: Final = "programme"
_CONFIRMED: Final = Phrase("You confirmed this removal. Somebody else must approve or withdraw it.")
_INVITED: Final = Phrase(
    "You invited a person who confirmed this removal, or created their password reset link. You can withdraw the "
    "removal, but somebody else must approve it."
)


class Decision(StrEnum):
    """The decision on a removal pending approval."""

    APPROVE = "release"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's vote on a removal pending approval, with organisation and reason. Only the latest vote counts."""

    user_id: str
    organisation: str
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True)
class Bearing:
    """The parties of a removal pending approval: marketplace, brand, account manager, confirmers and their side."""

    marketplace_id: str
    brand_id: str | None
    account_manager_id: str | None
    confirmed_by: frozenset[str]
    confirmer: str
    causes: frozenset[HoldCause]


def organisation_of(person: Person, bearing: Bearing) -> str | None:
    """The organisation that somebody votes for on a removal pending approval; None where they have no role in it.

    A person with several roles votes for the marketplace's analysts first, then for account management, then for the
    brand: one person has one vote.
    """
    here, brand = bearing.marketplace_id, bearing.brand_id
    if here in person.marketplaces(Permission.REVIEW_CASES):
        return REVIEW_TEAM
    looks_after = here in person.marketplaces(Permission.LOOK_AFTER_BRANDS)
    if looks_after and bearing.account_manager_id in {None, person.user_id}:
        return PROGRAMME
    if brand is not None and (here, brand) in person.brands(Permission.ANSWER_QUESTIONS):
        return brand
    return None


def why_no_vote(user_id: str, bearing: Bearing) -> Phrase | None:
    """Why a person cannot vote on a removal pending approval; None where they can."""
    return _CONFIRMED if user_id in bearing.confirmed_by else None


def why_no_approval(user_id: str, bearing: Bearing, invited_by: Inviters) -> Phrase | None:
    """Why a person can withdraw a removal pending approval but not approve it; None where they can do both.

    The confirmer's inviter may be the confirmer, and would then be their own second person. Their vote to withdraw
    counts, because an analyst then decides again.
    """
    return _INVITED if user_id in behind_others({user_id, *bearing.confirmed_by}, invited_by) else None


def check_vote(person: Person, bearing: Bearing, given: Sequence[Vote], vote: Vote, invited_by: Inviters) -> None:
    """Refuse a vote that cannot count.

    Raises
    ------
    Forbidden
        The person confirmed the removal, or approves it and invited a confirmer.
    Invalid
        The reason is missing.
    Conflict
        The person has already voted so.
    """
    refused = why_no_vote(person.user_id, bearing)
    if refused is None and vote.decision is Decision.APPROVE:
        refused = why_no_approval(person.user_id, bearing, invited_by)
    if refused is not None:
        raise Forbidden(refused)
    if not vote.reason.strip():
        raise Invalid("Give a reason.")
    answer = _latest(given).get(person.user_id)
    if answer is not None and answer.decision is vote.decision:
        raise Conflict("You have already voted this way. Somebody of another organisation must agree.")


def settled(given: Sequence[Vote], bearing: Bearing, invited_by: Inviters) -> Decision | None:
    """The agreed decision; None while a vote is missing.

    After a burst the confirmation itself is in doubt, so it does not count: an analyst and somebody of another
    organisation must approve. A removal that is pending because of the shop's sales or a kill switch already has the
    confirmer's approval. One person of another organisation is the second. A withdrawal needs as many votes as an
    approval, so that an unwanted removal does not stay pending forever. A score is not a vote.

    If one confirmer or approver invited another, only the invitee's approval counts
    (`serving.accounts.rules.second_person`). A confirmer's approval therefore does not count where their own invitee is
    the second. For a withdrawal every vote counts.
    """
    for decision in Decision:
        agreeing = _agreeing(given, bearing, decision)
        behind = _behind(agreeing, bearing, decision, invited_by)
        organisations = {one.organisation for user_id, one in agreeing.items() if user_id not in behind}
        if _enough(organisations, bearing, confirmed=bool(bearing.confirmed_by - behind)):
            return decision
    return None


def left_out(given: Sequence[Vote], bearing: Bearing, invited_by: Inviters) -> dict[str, Message]:
    """The people whose approval does not count now, confirmers included, with the reason."""
    agreeing = _agreeing(given, bearing, Decision.APPROVE)
    behind = _behind(agreeing, bearing, Decision.APPROVE, invited_by) if agreeing else ()
    return dict.fromkeys(behind, message("approval.invited_another"))


def _behind(agreeing: Collection[str], bearing: Bearing, decision: Decision, invited_by: Inviters) -> frozenset[str]:
    if decision is Decision.WITHDRAW:
        return frozenset()
    return behind_others({*agreeing, *bearing.confirmed_by}, invited_by)


def _agreeing(given: Sequence[Vote], bearing: Bearing, decision: Decision) -> dict[str, Vote]:
    """The latest votes for a decision by person, without those of people who have confirmed the removal since."""
    return {
        user_id: one
        for user_id, one in _latest(given).items()
        if one.decision is decision and user_id not in bearing.confirmed_by
    }


def _enough(organisations: Collection[str], bearing: Bearing, *, confirmed: bool) -> bool:
    if bearing.causes & BURSTS:
        return REVIEW_TEAM in organisations and len(organisations) > 1
    second = any(one != bearing.confirmer for one in organisations)
    return second and (confirmed or len(organisations) > 1)


def _latest(given: Sequence[Vote]) -> dict[str, Vote]:
    return {one.user_id: one for one in given}
