"""Sanctions of sellers: the measure that strikes call for, the votes that it needs, and the requested action.

People decide. Only confirmed removals propose a sanction, and no score has a vote.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import combinations
from typing import Final

from features.message import Message, message
from features.phrase import Phrase
from models.errors import Conflict, Forbidden, Invalid
from models.policies.sellers import SanctionPolicy, StrikePolicy
from models.strikes import Hit, total_message
from serving.accounts.rules.access import Person
from serving.accounts.rules.second_person import Roots, are_independent, is_independent_of_all
from serving.takedowns.rules.approval import PROGRAMME, REVIEW_TEAM, ApprovalParties, organisation_of
from serving.takedowns.rules.statement import REDRESS, Statement


class Measure(StrEnum):
    """The measures against a seller's account; closing is the more severe."""

    RESTRICT = "restrict"
    CLOSE = "close"


class SanctionState(StrEnum):
    """The states of a sanction. Only `carried_out` affects the seller."""

    PROPOSED = "proposed"
    AGREED_BY_ONE = "agreed_by_one"
    CARRIED_OUT = "carried_out"
    REFUSED = "refused"
    LAPSED = "lapsed"
    LIFTED = "lifted"


class SanctionEvent(StrEnum):
    AGREE = "agree"
    CARRY_OUT = "carry_out"
    REFUSE = "refuse"
    LAPSE = "lapse"  # Nobody decided in time, or its strikes no longer carry it.
    LIFT = "lift"


class SanctionCause(StrEnum):
    STRIKES = "strikes"
    LINKED = "linked"  # A linked account was sanctioned.


class SellerAct(StrEnum):
    """The requested actions on a seller; each sets the account's state from now on."""

    RESTRICT = "restrict"
    SUSPEND = "suspend"
    RESTORE = "restore"


_TRANSITIONS: Final = {
    (SanctionState.PROPOSED, SanctionEvent.AGREE): SanctionState.AGREED_BY_ONE,
    (SanctionState.PROPOSED, SanctionEvent.REFUSE): SanctionState.REFUSED,
    (SanctionState.PROPOSED, SanctionEvent.LAPSE): SanctionState.LAPSED,
    (SanctionState.AGREED_BY_ONE, SanctionEvent.AGREE): SanctionState.AGREED_BY_ONE,
    (SanctionState.AGREED_BY_ONE, SanctionEvent.CARRY_OUT): SanctionState.CARRIED_OUT,
    (SanctionState.AGREED_BY_ONE, SanctionEvent.REFUSE): SanctionState.REFUSED,
    (SanctionState.AGREED_BY_ONE, SanctionEvent.LAPSE): SanctionState.LAPSED,
    (SanctionState.CARRIED_OUT, SanctionEvent.LIFT): SanctionState.LIFTED,
}
_CONFIRMED: Final = Phrase("You confirmed a removal behind this sanction. Somebody else must decide.")
_SAME_PERSON: Final = Phrase(
    "Your account and one that confirmed a removal behind this sanction count as one person, because one created the "
    "other or reset its password, or one person did so for both. You can reject it, but somebody else must agree."
)
OPEN_STATES: Final = frozenset({SanctionState.PROPOSED, SanctionState.AGREED_BY_ONE})
_ACT: Final = {Measure.RESTRICT: SellerAct.RESTRICT, Measure.CLOSE: SellerAct.SUSPEND}


def next_state(state: SanctionState, event: SanctionEvent) -> SanctionState:
    """The state after an event. Raises Conflict (the event cannot happen in this state)."""
    following = _TRANSITIONS.get((state, event))
    if following is None:
        raise Conflict(
            "The sanction is {state}, so it cannot {event}.",
            state=state.value.replace("_", " "),
            event=event.value.replace("_", " "),
        )
    return following


@dataclass(frozen=True, slots=True)
class EarlierSanction:
    """An earlier sanction of the same seller, with the strikes at its proposal."""

    measure: Measure
    state: SanctionState
    total: float


@dataclass(frozen=True, slots=True)
class Rung:
    """A seller's position on the ladder: the measure to propose now, None for no proposal, and the reason."""

    proposed: Measure | None
    reason: Message


def rung(total: float, earlier: Collection[EarlierSanction], policy: SanctionPolicy) -> Rung:
    """The measure that a seller's strikes call for after another strike.

    A measure is not proposed again while it is open or in force, or after a refusal at as many strikes, so that a
    repeated proposal cannot bypass a colleague's refusal. A more severe measure is proposed beside the one in force.
    """
    strikes = total_message(total)
    for measure, threshold in ((Measure.CLOSE, policy.close_from), (Measure.RESTRICT, policy.restrict_from)):
        if total >= threshold:
            reason = message(f"rung.{measure}", strikes=strikes, threshold=threshold)
            return Rung(None if _is_already_decided(measure, total, earlier) else measure, reason)
    if total >= policy.warned_from:
        return Rung(None, message("rung.warning", strikes=strikes, threshold=policy.restrict_from))
    return Rung(None, message("rung.none", strikes=strikes, threshold=policy.warned_from))


def seller_warning(hit: Hit, *, strikes: StrikePolicy, policy: SanctionPolicy) -> Message:
    """The message to the seller of a removed listing about the consequence for the account.

    Digital Services Act, Article 23(1): a suspension requires a prior warning.
    """
    if hit.void is not None:
        return message("account.void")
    if hit.weight == 0:
        return message("account.no_strike")
    return message(
        "account.strike",
        strikes=message("account.strikes.half") if hit.weight == 0.5 else message("account.strikes", n=hit.weight),
        date=(hit.at + timedelta(days=strikes.expires_days)).date(),
        days=strikes.same_incident_days,
        restrict=policy.restrict_from,
        close=policy.close_from,
    )


def is_still_carried(measure: Measure, total: float, policy: SanctionPolicy) -> bool:
    """Whether the remaining strikes still carry a measure."""
    return total >= (policy.close_from if measure is Measure.CLOSE else policy.restrict_from)


def _is_already_decided(measure: Measure, total: float, earlier: Collection[EarlierSanction]) -> bool:
    for sanction in earlier:
        in_hand = sanction.state in OPEN_STATES or sanction.state is SanctionState.CARRIED_OUT
        if in_hand and (sanction.measure is measure or sanction.measure is Measure.CLOSE):
            return True
        if sanction.measure is measure and sanction.state is SanctionState.REFUSED and sanction.total >= total:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's vote on a sanction, with organisation and reason. Only the latest vote counts."""

    user_id: str
    organisation: str
    agrees: bool
    reason: str


def organisation_for(person: Person, marketplace_id: str) -> str | None:
    """The organisation of a person's vote on a sanction: review team or account management; None without a role.

    A brand has no vote on accounts: it reports listings, and the marketplace is responsible for its sellers.
    """
    nobodys = ApprovalParties(marketplace_id, None, None, confirmed_by=frozenset(), confirmer="", causes=frozenset())
    return organisation_of(person, nobodys)


def why_no_vote(user_id: str, confirmed_by: Collection[str]) -> Phrase | None:
    """Why a person cannot vote on a sanction; None where they can."""
    return _CONFIRMED if user_id in confirmed_by else None


def why_no_agreement(user_id: str, confirmed_by: Collection[str], roots: Roots) -> Phrase | None:
    """Why a person can reject a sanction but not agree to it; None where they can do both.

    An account with a root in common with a confirmer's may be the confirmer's, who must not agree. Its rejection
    counts, because it is harmless.
    """
    return None if is_independent_of_all(roots, user_id, confirmed_by) else _SAME_PERSON


def check_vote(votes: Sequence[Vote], vote: Vote, confirmed_by: Collection[str], roots: Roots) -> None:
    """Refuse a vote that cannot count.

    Raises Forbidden (the person confirmed a removal behind the sanction, or agrees and counts as one person with a
    confirmer), Invalid (the reason is missing) or Conflict (the person has already voted so).
    """
    refused = why_no_vote(vote.user_id, confirmed_by)
    if refused is None and vote.agrees:
        refused = why_no_agreement(vote.user_id, confirmed_by, roots)
    if refused is not None:
        raise Forbidden(refused)
    if not vote.reason.strip():
        raise Invalid("Give a reason.")
    answer = {earlier_vote.user_id: earlier_vote for earlier_vote in votes}.get(vote.user_id)
    if answer is not None and answer.agrees is vote.agrees:
        raise Conflict("You have already voted this way. Somebody of another organisation must agree.")


def event_of_votes(votes: Sequence[Vote], confirmed_by: Collection[str], roots: Roots) -> SanctionEvent:
    """The event that the votes lead to.

    One rejection ends the proposal, because the sanction is then in doubt. The next strike can lead to a new proposal.
    Otherwise one person of the review team and one of account management must agree. Neither may have confirmed a
    removal behind it. No two of these people may have a root in common (`serving.accounts.rules.second_person`).
    """
    latest = {vote.user_id: vote for vote in votes}.values()
    if any(not vote.agrees for vote in latest):
        return SanctionEvent.REFUSE
    return SanctionEvent.CARRY_OUT if _has_agreement(latest, confirmed_by, roots) else SanctionEvent.AGREE


def _has_agreement(votes: Collection[Vote], confirmed_by: Collection[str], roots: Roots) -> bool:
    apart = [vote for vote in votes if is_independent_of_all(roots, vote.user_id, confirmed_by)]
    return any(
        (vote.organisation, other.organisation) == (REVIEW_TEAM, PROGRAMME)
        and are_independent(roots, vote.user_id, other.user_id)
        for vote in apart
        for other in apart
    )


def useful_voters(
    votes: Sequence[Vote], confirmed_by: Collection[str], organisations: Mapping[str, str], roots: Roots
) -> frozenset[str]:
    """Those of these people whose agreement now brings the sanction nearer; `organisations` has that of each."""
    free = [Vote(user_id, organisation, True, "") for user_id, organisation in organisations.items()]
    with_one = frozenset(vote.user_id for vote in free if _has_agreement([*votes, vote], confirmed_by, roots))
    if with_one:
        return with_one
    pairs = (pair for pair in combinations(free, 2) if _has_agreement(pair, confirmed_by, roots))
    return frozenset(vote.user_id for pair in pairs for vote in pair)


def act_for(in_force: Collection[Measure]) -> SellerAct:
    """The action for the measures in force: that of the most severe measure, or to restore the seller."""
    if Measure.CLOSE in in_force:
        return _ACT[Measure.CLOSE]
    return _ACT[Measure.RESTRICT] if in_force else SellerAct.RESTORE


def sanction_statement(act: SellerAct, cause: SanctionCause) -> Statement:
    """The statement of reasons of an action on an account. It names no linked account, which is a third party."""
    is_restored = act is SellerAct.RESTORE
    why = "restore" if is_restored else cause.value
    return Statement(
        decision=message(f"sanction.decision.{act.value}"),
        ground=message(f"sanction.ground.{why}"),
        facts=message(f"sanction.facts.{why}"),
        automated_means=message("sanction.means"),
        redress=message("sanction.redress.restore") if is_restored else REDRESS,
        duration=None if is_restored else message(f"sanction.duration.{act.value}"),
    )
