"""A sanction of a seller: what strikes call for, who must agree, and what the marketplace is asked then.

People decide: what proposes a sanction is confirmed removals and nothing else, and no score has a voice. Standard
library only.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from features.message import Message, message
from models.errors import Conflict, Forbidden, Invalid
from models.policies.sellers import SanctionPolicy, StrikePolicy
from models.strikes import Hit, in_words
from serving.accounts.rules.access import Person
from serving.accounts.rules.second_person import Inviters, behind_others
from serving.takedowns.rules.approval import DESK, PROGRAMME, Bearing, organisation_of


class Measure(StrEnum):
    """What is done about a seller; closing is the graver."""

    RESTRICT = "restrict"
    CLOSE = "close"


class SanctionState(StrEnum):
    """Only `carried_out` does anything to the seller."""

    PROPOSED = "proposed"
    AGREED_BY_ONE = "agreed_by_one"
    CARRIED_OUT = "carried_out"
    REFUSED = "refused"
    LAPSED = "lapsed"
    LIFTED = "lifted"


class SanctionEvent(StrEnum):
    """What can happen to a sanction."""

    AGREE = "agree"
    CARRY_OUT = "carry_out"
    REFUSE = "refuse"
    LAPSE = "lapse"  # Nobody decided in time, or its ground is gone.
    LIFT = "lift"


class SanctionCause(StrEnum):
    """What a sanction is proposed for."""

    STRIKES = "strikes"
    LINKED = "linked"  # Another account of a component in which one was sanctioned.


class SellerAct(StrEnum):
    """What the marketplace is asked to do about a seller: each says how things stand from now on."""

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
OPEN_STATES: Final = frozenset({SanctionState.PROPOSED, SanctionState.AGREED_BY_ONE})
_ACT: Final = {Measure.RESTRICT: SellerAct.RESTRICT, Measure.CLOSE: SellerAct.SUSPEND}


def next_state(state: SanctionState, event: SanctionEvent) -> SanctionState:
    """The state after an event.

    Raises
    ------
    Conflict
        The event cannot happen in this state.
    """
    following = _TRANSITIONS.get((state, event))
    if following is None:
        raise Conflict(
            "The sanction is {state}, so it cannot {event}.",
            state=state.value.replace("_", " "),
            event=event.value.replace("_", " "),
        )
    return following


@dataclass(frozen=True, slots=True)
class Earlier:
    """A sanction of the same seller: how it stands, and the strikes it was proposed at."""

    measure: Measure
    state: SanctionState
    total: float


@dataclass(frozen=True, slots=True)
class Rung:
    """Where a seller stands on the ladder, in words, and what is to be proposed now; None where nothing is."""

    proposed: Measure | None
    reason: str


def rung(total: float, earlier: Collection[Earlier], policy: SanctionPolicy) -> Rung:
    """What a seller's strikes call for after another hit.

    Nothing is proposed a second time while it is open or in force, nor after somebody refused it at as many strikes:
    a colleague's no is not got round by asking again. What is graver than the one in force is proposed beside it.
    """
    for measure, threshold, what in (
        (Measure.CLOSE, policy.close_from, "close the account"),
        (Measure.RESTRICT, policy.restrict_from, "restrict the account"),
    ):
        if total >= threshold:
            reason = f"{in_words(total).capitalize()}; from {threshold:g} on people decide whether to {what}."
            return Rung(None if _is_settled(measure, total, earlier) else measure, reason)
    if total >= policy.warned_from:
        return Rung(None, f"{in_words(total).capitalize()}: a warning. From {policy.restrict_from:g} on people decide.")
    return Rung(None, f"{in_words(total).capitalize()}: nothing follows below {policy.warned_from:g}.")


def warning(hit: Hit, *, strikes: StrikePolicy, policy: SanctionPolicy) -> Message:
    """What the seller of a removed listing is told that it means for the account.

    Digital Services Act, Article 23(1): who is suspended was warned before.
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


def holds(measure: Measure, total: float, policy: SanctionPolicy) -> bool:
    """Whether the strikes that are left still carry a measure."""
    return total >= (policy.close_from if measure is Measure.CLOSE else policy.restrict_from)


def _is_settled(measure: Measure, total: float, earlier: Collection[Earlier]) -> bool:
    for one in earlier:
        in_hand = one.state in OPEN_STATES or one.state is SanctionState.CARRIED_OUT
        if in_hand and (one.measure is measure or one.measure is Measure.CLOSE):
            return True
        if one.measure is measure and one.state is SanctionState.REFUSED and one.total >= total:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person says of a sanction, for which organisation and why. A later one replaces an earlier one."""

    user_id: str
    organisation: str
    agrees: bool
    reason: str


def organisation_for(person: Person, marketplace_id: str) -> str | None:
    """For whom somebody speaks on a sanction: the desk or the brand programme; None where it is not their business.

    A brand has no voice about an account: it accuses listings, and the marketplace answers for its sellers.
    """
    nobodys = Bearing(marketplace_id, None, None, confirmed_by=frozenset(), confirmer="", causes=frozenset())
    return organisation_of(person, nobodys)


def why_no_vote(user_id: str, confirmed_by: Collection[str]) -> str | None:
    """Why no voice of somebody's about a sanction could count, in words; None where one can."""
    if user_id in confirmed_by:
        return "You confirmed a removal that this rests on; somebody else must decide."
    return None


def why_no_agreement(user_id: str, confirmed_by: Collection[str], invited_by: Inviters) -> str | None:
    """Why somebody can refuse a sanction and not agree to it, in words; None where they can do both.

    Whoever let a confirmer in may be the confirmer, who must not agree. Their no stands: it harms nobody.
    """
    if user_id in behind_others({user_id, *confirmed_by}, invited_by):
        return (
            "You let in whoever confirmed a removal that this rests on, by an invitation or a link for a new password; "
            "you can refuse it, and somebody else must agree."
        )
    return None


def check_vote(given: Sequence[Vote], vote: Vote, confirmed_by: Collection[str], invited_by: Inviters) -> None:
    """Refuse a voice that cannot count.

    Raises
    ------
    Forbidden
        The person confirmed one of the removals behind it, or agrees and let in who did.
    Invalid
        There is no reason.
    Conflict
        They have said the same before.
    """
    refused = why_no_vote(vote.user_id, confirmed_by)
    if refused is None and vote.agrees:
        refused = why_no_agreement(vote.user_id, confirmed_by, invited_by)
    if refused is not None:
        raise Forbidden(refused)
    if not vote.reason.strip():
        raise Invalid("Give a reason.")
    answer = {one.user_id: one for one in given}.get(vote.user_id)
    if answer is not None and answer.agrees is vote.agrees:
        raise Conflict("You have said so already; somebody of another organisation must agree.")


def follows(given: Sequence[Vote], confirmed_by: Collection[str], invited_by: Inviters) -> SanctionEvent:
    """What the voices come to.

    One no ends it: a sanction that a colleague has a reason against is not beyond doubt, and the next strike may ask
    again. Two must agree, one of the desk and one of the brand programme, neither of whom confirmed what it rests on.
    Of all of these, whoever let another in does not count (`serving.accounts.rules.second_person`).
    """
    latest = {one.user_id: one for one in given}.values()
    if any(not one.agrees for one in latest):
        return SanctionEvent.REFUSE
    behind = behind_others({*confirmed_by, *(one.user_id for one in latest)}, invited_by)
    agreeing = {one.organisation for one in latest if one.user_id not in behind.union(confirmed_by)}
    return SanctionEvent.CARRY_OUT if agreeing >= {DESK, PROGRAMME} else SanctionEvent.AGREE


def act_for(in_force: Collection[Measure]) -> SellerAct:
    """What the marketplace is asked for, given the measures in force: the gravest, or to restore the seller."""
    if Measure.CLOSE in in_force:
        return _ACT[Measure.CLOSE]
    return _ACT[Measure.RESTRICT] if in_force else SellerAct.RESTORE
