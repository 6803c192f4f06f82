"""The approvals that a removal pending approval needs before it is sent or withdrawn."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Final

from features.message import Message, message
from features.phrase import Phrase
from models.errors import Conflict, Forbidden, Invalid
from serving.accounts.rules.access import Permission, Person
from serving.accounts.rules.second_person import Roots, are_independent, is_independent_of_all
from serving.takedowns.rules.bursts import BURSTS, BY_SECOND_PERSON, PendingCause

# Organisations that vote: a marketplace's review team, its account management, its administration on what analysts
# confirm and above the day of the marketplace, and each brand by its id.
REVIEW_TEAM: Final = "review_team"
PROGRAMME: Final = "programme"
ADMINISTRATION: Final = "administration"
_CONFIRMED: Final = Phrase("You confirmed this removal. Somebody else must approve or withdraw it.")
_SAME_PERSON: Final = Phrase(
    "Your account and one that confirmed this removal count as one person, because one created the other or reset its "
    "password, or one person did so for both. You can withdraw the removal, but somebody else must approve it."
)

_ONLOOKER: Final = Phrase("Administrators see this removal and have no vote on it.")


class Decision(StrEnum):
    """The decision on a removal pending approval."""

    APPROVE = "approve"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's vote on a removal pending approval, with organisation and reason. Only the latest vote counts."""

    user_id: str
    organisation: str
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True)
class ApprovalParties:
    """The parties of a removal pending approval: marketplace, brand, account manager, confirmers and their side."""

    marketplace_id: str
    brand_id: str | None
    account_manager_id: str | None
    confirmed_by: frozenset[str]
    confirmer: str
    causes: frozenset[PendingCause]


def organisation_of(person: Person, bearing: ApprovalParties) -> str | None:
    """The organisation that somebody votes for on a removal pending approval; None where they have no role in it.

    A person with several roles votes for the marketplace's analysts first, then for account management, for the brand,
    and for the administrators: one person has one vote. Once the marketplace has removed more than its day,
    administrators are asked, and an administrator votes as one.
    """
    marketplace_id, brand = bearing.marketplace_id, bearing.brand_id
    if PendingCause.MARKETPLACE_DAY in bearing.causes and marketplace_id in person.marketplaces(Permission.ADMINISTER):
        return ADMINISTRATION
    if marketplace_id in person.marketplaces(Permission.REVIEW_CASES):
        return REVIEW_TEAM
    looks_after = marketplace_id in person.marketplaces(Permission.MANAGE_BRANDS)
    if looks_after and bearing.account_manager_id in {None, person.user_id}:
        return PROGRAMME
    if brand is not None and (marketplace_id, brand) in person.brands(Permission.ANSWER_QUESTIONS):
        return brand
    if bearing.confirmer == REVIEW_TEAM and marketplace_id in person.marketplaces(Permission.ADMINISTER):
        return ADMINISTRATION
    return None


def why_no_vote(person: Person, bearing: ApprovalParties) -> Phrase | None:
    """Why a person cannot vote on a removal pending approval; None where they can."""
    if person.user_id in bearing.confirmed_by:
        return _CONFIRMED
    return _ONLOOKER if organisation_of(person, bearing) is None else None


def why_no_approval(user_id: str, bearing: ApprovalParties, roots: Roots) -> Phrase | None:
    """Why a person can withdraw a removal pending approval but not approve it; None where they can do both.

    An account with a root in common with a confirmer's may be the confirmer's, who would then be their own second
    person. Its vote to withdraw counts, because an analyst then decides again.
    """
    return None if is_independent_of_all(roots, user_id, bearing.confirmed_by) else _SAME_PERSON


def check_vote(person: Person, bearing: ApprovalParties, votes: Sequence[Vote], vote: Vote, roots: Roots) -> None:
    """Refuse a vote that cannot count.

    Raises Forbidden (the person confirmed the removal, has no role in it, or approves it and counts as one person with
    a confirmer), Invalid (the reason is missing) or Conflict (the person has already voted so).
    """
    refused = why_no_vote(person, bearing)
    if refused is None and vote.decision is Decision.APPROVE:
        refused = why_no_approval(person.user_id, bearing, roots)
    if refused is not None:
        raise Forbidden(refused)
    if not vote.reason.strip():
        raise Invalid("Give a reason.")
    answer = _latest_votes(votes).get(person.user_id)
    if answer is not None and answer.decision is vote.decision:
        raise Conflict("You have already voted this way. Somebody of another organisation must agree.")


def agreed_decision(votes: Sequence[Vote], bearing: ApprovalParties, roots: Roots) -> Decision | None:
    """The agreed decision; None while a vote is missing.

    After a burst the confirmation itself is in doubt, so it does not count: an analyst and somebody of another
    organisation must approve. A removal that is pending because of the shop's sales or a kill switch already has the
    confirmer's approval. One person of another organisation is the second; for what an analyst chose, or confirmed on
    the first day, one other person of any organisation. A withdrawal needs as many votes as an
    approval, so that an unwanted removal does not stay pending forever. A score is not a vote.

    Approvals count as those of two people only where the accounts have no root in common
    (`serving.accounts.rules.second_person`), and none counts that has one in common with a confirmer. For a withdrawal
    every vote counts.

    Above the day of the marketplace an administrator must be among them; for that cause alone one is enough.
    """
    for decision in Decision:
        agreeing = _agreeing_votes(votes, bearing, decision)
        if decision is Decision.APPROVE:
            agreeing = _independent_votes(agreeing, bearing, roots)
        if _are_enough(agreeing, bearing, roots if decision is Decision.APPROVE else None):
            return decision
    return None


def excluded_approvers(votes: Sequence[Vote], bearing: ApprovalParties, roots: Roots) -> dict[str, Message]:
    """The people whose approval does not count beside a confirmation or an earlier approval, with the reason."""
    reasons: dict[str, Message] = {}
    counted = list(bearing.confirmed_by)
    for vote in _agreeing_votes(votes, bearing, Decision.APPROVE):
        if is_independent_of_all(roots, vote.user_id, counted):
            counted.append(vote.user_id)
        else:
            reasons[vote.user_id] = message("approval.same_person")
    return reasons


def useful_approvers(
    votes: Sequence[Vote], bearing: ApprovalParties, organisations: Mapping[str, str], roots: Roots
) -> frozenset[str]:
    """Those of these people whose approval now brings a release nearer; `organisations` has that of each."""
    agreeing = _agreeing_votes(votes, bearing, Decision.APPROVE)
    others = [Vote(user_id, theirs, Decision.APPROVE, "") for user_id, theirs in organisations.items()]
    approved, free = _independent_votes(agreeing, bearing, roots), _independent_votes(others, bearing, roots)
    with_one = frozenset(vote.user_id for vote in free if _are_enough([*approved, vote], bearing, roots))
    if with_one:
        return with_one
    pairs = (pair for pair in combinations(free, 2) if _are_enough(pair, bearing, roots))
    return frozenset(vote.user_id for pair in pairs for vote in pair)


def _agreeing_votes(votes: Sequence[Vote], bearing: ApprovalParties, decision: Decision) -> list[Vote]:
    """The latest votes for a decision, without those of people who have confirmed the removal since."""
    latest = _latest_votes(votes)
    return [vote for vote in latest.values() if vote.decision is decision and vote.user_id not in bearing.confirmed_by]


def _independent_votes(votes: Collection[Vote], bearing: ApprovalParties, roots: Roots) -> list[Vote]:
    return [vote for vote in votes if is_independent_of_all(roots, vote.user_id, bearing.confirmed_by)]


def _are_enough(agreeing: Collection[Vote], bearing: ApprovalParties, roots: Roots | None) -> bool:
    """Whether these votes are enough; without `roots` every account counts as a person."""
    if PendingCause.MARKETPLACE_DAY in bearing.causes:
        rest = replace(bearing, causes=bearing.causes - {PendingCause.MARKETPLACE_DAY})
        return any(vote.organisation == ADMINISTRATION for vote in agreeing) and _are_enough(agreeing, rest, roots)
    by_second = bearing.confirmer == REVIEW_TEAM and bool(bearing.confirmed_by)
    if by_second and bearing.causes and bearing.causes <= BY_SECOND_PERSON:
        return bool(agreeing)
    after_burst = bool(bearing.causes & BURSTS)
    others = [vote for vote in agreeing if vote.organisation != bearing.confirmer]
    if bearing.confirmed_by and others and not after_burst:
        return True
    first = [vote for vote in agreeing if vote.organisation == REVIEW_TEAM] if after_burst else others
    return any(
        vote.organisation != other.organisation
        and (roots is None or are_independent(roots, vote.user_id, other.user_id))
        for vote in first
        for other in agreeing
    )


def _latest_votes(votes: Sequence[Vote]) -> dict[str, Vote]:
    return {vote.user_id: vote for vote in votes}
